import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid import SeriesOptions
from liquid.clocks import CLOCKS
from liquid.features import bank, origin, phase
from liquid.features.bank import CFC, FEATURES, LIQUID_S4, NONE, bank_dtype
from liquid.features.origin import CALENDAR, CONSTANT, DETAILS, LEVEL, ROW, origin_dtype
from liquid.features.phase import DAY, WEEK, table_dtype
from liquid.learning.decoder import INPUTS
from liquid.options import options_array
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.bank import Bank
from tests.liquid.naive.origin import CALENDAR as CALENDAR_NAMES
from tests.liquid.naive.origin import NAMES, Context, Origin, row
from tests.liquid.naive.phase import Table
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED

KINDS = [NONE, LIQUID_S4, CFC]
ORIGIN = origin_dtype(DETAILS, bank.FEATURES)


class Scene:
    """A bank, tables and an origin that have seen a while, with their twins."""

    def __init__(self, kind: int, seed: int = 0, timezone: str | None = None) -> None:
        self.timezone = timezone
        self.options = options_array(1)[0]
        SeriesOptions(timezone=timezone).fill(self.options)
        rng = np.random.default_rng(seed)
        self.kind = kind
        self.bank, self.twin_bank = record(bank_dtype(FEATURES)), Bank(kind)
        self.bank["period"] = self.twin_bank.period = 24.0
        self.day, self.twin_day = record(table_dtype(48)), Table(48, DAY)
        self.week, self.twin_week = record(table_dtype(168)), Table(168, WEEK)
        before, time = 0.0, 1.7e9
        for k in range(400):
            gap, z = float(rng.exponential()), float(np.float32(rng.normal()))
            time += 3600 * gap
            bank.observe(self.bank, kind, gap, before, z, k == 0)
            self.twin_bank.observe(gap, before, z, k == 0)
            for table, twin, period, rate in (
                (self.day, self.twin_day, DAY, 0.6),
                (self.week, self.twin_week, WEEK, 0.1),
            ):
                phase.learn(table, time, period, z, rate)
                twin.learn(time, z, rate)
            before = z
        self.origin = record(ORIGIN)
        self.twin = Origin(time, before, self.twin_bank.fast, self.twin_bank.slow, 0.25, -0.5)
        self.twin.mode = list(self.twin_bank.mode)
        self.twin.now = [float(np.float32(v)) for v in rng.normal(size=DETAILS)]
        self.then = rng.normal(size=DETAILS).astype(np.float32)
        for name in ("time", "z", "fast", "slow", "dz", "slope", "now"):
            self.origin[name] = getattr(self.twin, name)
        self.origin["bank"][:4] = self.bank["mode"]

    def mine(self, distance: float, age: float, stored: bool = False) -> tuple[np.ndarray, np.ndarray]:
        x, u, work = np.empty(ROW, np.float32), np.empty(INPUTS, np.float32), np.empty(bank.FEATURES, np.float32)
        tables, d = (self.day, self.week), (self.options, CLOCKS.table)
        self.origin["stored"] = stored
        origin.fill(self.origin, DETAILS, self.bank, self.kind, tables, d, age, self.then, distance, 3600.0, x, u, work)
        return x, u

    def expected(self, distance: float, age: float) -> tuple[np.ndarray, np.ndarray]:
        context = Context(self.twin_bank, self.twin_day, self.twin_week, age, 3600.0, self.timezone)
        return row(self.twin, self.then.tolist(), distance, context)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("age", [0.0, DAY - 1, DAY, WEEK - 1, WEEK, 1e9])
@pytest.mark.parametrize("timezone", [None, "Asia/Kathmandu", "America/New_York"])
def test_row_equals_twin(kind: int, age: float, timezone: str | None) -> None:
    scene = Scene(kind, timezone=timezone)
    for distance in (0.0, 1e-6, 0.4, 1.0, 7.0, 24.0, 1e3, 1e9):
        for mine, expected in zip(scene.mine(distance, age), scene.expected(distance, age), strict=True):
            np.testing.assert_allclose(mine, expected, atol=2 * ACCUMULATED)


@pytest.mark.parametrize("kind", KINDS)
def test_row_vanishes_at_distance_0(kind: int) -> None:
    scene = Scene(kind)
    scene.then = scene.origin["now"]
    assert not scene.mine(0.0, 1e9)[0].any()
    assert scene.mine(3.0, 1e9)[0].any()


def test_positions_that_a_recoding_treats_apart() -> None:
    assert len(NAMES) == ROW
    assert tuple(NAMES.index(name) for name in CALENDAR_NAMES) == CALENDAR
    assert (NAMES.index("constant"), NAMES.index("level")) == (CONSTANT, LEVEL)


def test_a_stored_cfc_origin_brings_its_own_features() -> None:
    scene = Scene(CFC)
    scene.origin["bank"] = np.arange(bank.FEATURES)
    x, _ = scene.mine(5.0, 1e9, stored=True)
    np.testing.assert_array_equal(x[-bank.FEATURES :], np.arange(bank.FEATURES))


def test_a_copy_is_whole_and_apart() -> None:
    source, target = Scene(LIQUID_S4).origin, record(ORIGIN)
    origin.copy(source, target)
    assert target.tobytes() == source.tobytes()
    origin.recode(source, 0.5, 1.0)
    assert target.tobytes() != source.tobytes()


def test_recoding_equals_twin() -> None:
    scene = Scene(LIQUID_S4)
    origin.recode(scene.origin, 0.4, -1.25)
    scene.twin.recode(0.4, -1.25)
    for name in ("z", "fast", "slow", "dz", "slope", "now"):
        np.testing.assert_allclose(scene.origin[name], getattr(scene.twin, name), atol=ACCUMULATED)
    modes = [v for x in scene.twin.mode for v in (x.real, x.imag)]
    np.testing.assert_allclose(scene.origin["bank"][:4], modes, atol=ACCUMULATED)


@relaxed
@given(
    st.sampled_from(KINDS),
    st.sampled_from((-1e15, 0.0, 1.7e9, 1e15)),
    st.sampled_from((-1e4, 0.0, 1e4)),
    st.sampled_from((0.0, 5e-324, 1e-9, 1.0, 1e12, 1e24)),
    st.sampled_from((1e-9, 1.0, 1e9)),
)
def test_odd_input_stays_finite(kind: int, time: float, z: float, distance: float, unit: float) -> None:
    scene = Scene(kind)
    scene.origin["time"], scene.origin["z"] = time, z
    x, u, work = np.empty(ROW, np.float32), np.empty(INPUTS, np.float32), np.empty(bank.FEATURES, np.float32)
    o = scene.origin
    tables, declared = (scene.day, scene.week), (scene.options, CLOCKS.table)
    origin.fill(o, DETAILS, scene.bank, kind, tables, declared, 1e9, scene.then, distance, unit, x, u, work)
    assert np.isfinite(x).all()
    assert np.isfinite(u).all()
    assert np.abs(u).max() <= 5
    origin.recode(o, 1e3, 1e30)
    assert not_finite(o) == []
