import math
import pickle

import numpy as np
import pytest

from liquid import EVIDENCE, LEVELS, IncompatibleRow, Model, ModelConfig, Result
from liquid.anomaly.alerts import LEARNING
from liquid.model import Forecast, warm
from liquid.results import ALERTS, SEVERITIES, STATES, result_dtype
from liquid.row import VERSION
from tests.liquid.checks import bits
from tests.liquid.odd import DAY, HOUR, stream

TWO = ModelConfig(horizons=(HOUR, DAY))


@pytest.fixture
def model() -> Model:
    """One series, "daily", that is ready."""
    model = Model(TWO)
    times, values = stream("daily", 700)
    model.run(np.full(700, model.slot("daily")), times, values)
    return model


# -- settings


def test_defaults() -> None:
    config = ModelConfig()
    assert config == TWO
    assert (config.tier, config.bank, config.decoder) == ("full", "liquid_s4", "cfc")
    assert Model().config == config
    assert LEVELS == (0.5, 0.8, 0.95)
    assert len(EVIDENCE) == 10


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizons": ()}, "1 to 4 horizons are possible, not 0"),
        ({"horizons": (1.0, 2.0, 3.0, 4.0, 5.0)}, "1 to 4 horizons are possible, not 5"),
        ({"horizons": (0.0,)}, "positive seconds in ascending order"),
        ({"horizons": (-1.0, 1.0)}, "positive seconds in ascending order"),
        ({"horizons": (2.0, 1.0)}, "positive seconds in ascending order"),
        ({"horizons": (1.0, 1.0)}, "positive seconds in ascending order"),
        ({"horizons": (math.nan,)}, "positive seconds in ascending order"),
        ({"horizons": (1.0, math.inf)}, "positive seconds in ascending order"),
        ({"horizons": (1e300,)}, "at most 1e.12 seconds"),
        ({"tier": "huge"}, "tier must be one of compact, standard, full, not 'huge'"),
        ({"bank": "lstm"}, "bank must be one of none, liquid_s4, cfc, not 'lstm'"),
        ({"decoder": "mlp"}, "decoder must be one of none, cfc, liquid_s4, not 'mlp'"),
    ],
)
def test_wrong_settings_say_what_is_possible(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelConfig(**settings)


def test_fingerprint_names_everything_that_a_row_depends_on() -> None:
    configs = [
        TWO,
        ModelConfig(horizons=(HOUR,)),
        ModelConfig(horizons=(HOUR, DAY + 0.25)),
        ModelConfig(horizons=(HOUR, 1e6 * DAY)),
        ModelConfig(horizons=(HOUR, 1e6 * DAY + 1)),
        ModelConfig(bank="none"),
        ModelConfig(bank="cfc"),
        ModelConfig(decoder="none"),
        ModelConfig(decoder="liquid_s4"),
    ]
    assert len({config.fingerprint() for config in configs}) == len(configs)
    assert ModelConfig(horizons=(3600, 86400)).fingerprint() == TWO.fingerprint()
    assert f"v{VERSION}/" in TWO.fingerprint()


# -- one event at a time


def test_update_gives_what_run_gives() -> None:
    one, many = Model(TWO), Model(TWO)
    times, values = stream("daily", 60)
    out = many.run(np.zeros(60, int), times, values)
    for time, value, expected in zip(times, values, out, strict=True):
        result = one.update("any name", time, value)
        assert isinstance(result, Result)
        for field in ("time", "value", "expected", "lower", "upper", "score"):
            assert getattr(result, field) == pytest.approx(expected[field], rel=0, abs=0, nan_ok=True)
        assert result.state == STATES[expected["state"]]
        assert result.severity == SEVERITIES[expected["severity"]]
        assert result.alert == ALERTS[expected["alert"]]
        assert [f.horizon for f in result.forecasts] == [HOUR, DAY]
        assert isinstance(result.forecasts[0], Forecast)
        means = [f.mean for f in result.forecasts]
        assert means == pytest.approx(list(expected["mean"]), rel=0, abs=0, nan_ok=True)
    last = result.forecasts[1]
    assert last.lower95 < last.lower80 < last.lower50 < last.mean < last.upper50 < last.upper80 < last.upper95


@pytest.mark.parametrize(("time", "value"), [(math.nan, 1.0), (0.0, math.inf), (1e16, 0.0)])
def test_update_refuses_what_is_not_finite(model: Model, time: float, value: float) -> None:
    before = model.row_bytes(0)
    with pytest.raises(ValueError, match="time and value must be finite numbers"):
        model.update("daily", time, value)
    assert model.row_bytes(0) == before


# -- slots


def test_series_get_slots_in_order_and_keep_them() -> None:
    model = Model(TWO, capacity=0)
    names = [f"series {k}" for k in range(50)]
    for k, name in enumerate(names):
        assert model.slot(name) == k
        model.update(name, 0.0, float(k))
    assert [model.slot(name) for name in names] == list(range(50))
    assert list(model.series()) == names
    assert model.rows["value"][:50].tolist() == list(range(50))
    assert (model.rows["clock"]["events"][:50] == 1).all()
    assert (model.rows["offset"] == -1).all()


def test_reserve_keeps_the_rows_and_adds_fresh_ones(model: Model) -> None:
    before, fresh = model.row_bytes(0), model.row_bytes(1)
    model.reserve(1000)
    assert len(model.rows) >= 1000
    assert model.row_bytes(0) == before
    assert {model.row_bytes(k) for k in range(1, len(model.rows))} == {fresh}
    model.reserve(3)
    assert len(model.rows) >= 1000


@pytest.mark.parametrize("slots", [[16], [-1], [0, 99]])
def test_run_refuses_slots_that_do_not_exist(slots: list[int]) -> None:
    with pytest.raises(IndexError, match=r"slots must be in 0\.\.15"):
        Model(TWO).run(slots, np.zeros(len(slots)), np.zeros(len(slots)))


def test_run_refuses_arrays_of_different_length() -> None:
    with pytest.raises(ValueError, match="differ in length: 2, 2, 1, 2"):
        Model(TWO).run([0, 0], [0.0, 1.0], [0.0])
    with pytest.raises(ValueError, match="differ in length: 1, 1, 1, 2"):
        Model(TWO).run([0], [0.0], [0.0], [1, 2])


def test_run_takes_any_arrays_and_none(model: Model) -> None:
    assert len(model.run([], [], [])) == 0
    assert model.run([], [], []).dtype == result_dtype(2)
    strided = np.arange(20.0)[::2]
    a, b = Model(TWO), Model(TWO)
    plain = a.run([0] * 10, strided.tolist(), strided.tolist())
    assert bits(b.run(np.zeros(10, np.int32), strided, strided.astype(np.float32))) == bits(plain)


# -- saving


def test_a_saved_row_is_bytes_that_only_depend_on_the_events(model: Model) -> None:
    other = Model(TWO, capacity=100)
    times, values = stream("daily", 700)
    other.run(np.full(700, 63), times, values)
    assert other.row_bytes(63) == model.row_bytes(0)
    assert len(model.row_bytes(0)) < model.row_size + 100


def test_loading_what_was_saved_gives_the_same_bytes(model: Model) -> None:
    saved = model.row_bytes(0)
    other = Model(TWO)
    other.load_row(7, saved)
    assert other.row_bytes(7) == saved
    assert other.describe(7) == model.describe(0)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"\0",
        lambda data: b"something else entirely",
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[3:],
        lambda data: data.replace(f"v{VERSION}/".encode(), f"v{VERSION + 1}/".encode(), 1),
        lambda data: data.replace(b"liquid_s4", b"none", 1),
        lambda data: data.replace(b"86400", b"86401", 1),
        lambda data: pickle.dumps({"row": data}),
    ],
)
def test_loading_refuses_what_is_no_row_of_this_model(model: Model, change) -> None:
    before = model.row_bytes(0)
    with pytest.raises(IncompatibleRow, match=rf"the saved row is .*; this model reads v{VERSION}/full/"):
        model.load_row(0, change(before))
    assert model.row_bytes(0) == before


@pytest.mark.parametrize(
    "config", [ModelConfig(horizons=(HOUR,)), ModelConfig(bank="cfc"), ModelConfig(decoder="none")]
)
def test_loading_refuses_rows_of_other_settings(model: Model, config: ModelConfig) -> None:
    with pytest.raises(IncompatibleRow, match="this model reads"):
        Model(config).load_row(0, model.row_bytes(0))


def test_a_row_that_is_reset_is_fresh(model: Model) -> None:
    model.reset_row(0)
    assert model.row_bytes(0) == model.row_bytes(1)
    assert model.update("daily", 0.0, 1.0).state == "learning"


def test_slots_that_do_not_exist_cannot_be_loaded_or_reset(model: Model) -> None:
    with pytest.raises(IndexError):
        model.load_row(99, model.row_bytes(0))
    with pytest.raises(IndexError):
        model.reset_row(99)


# -- facts


def test_describe(model: Model) -> None:
    facts = model.describe(0)
    times, values = stream("daily", 700)
    assert facts["events"] == 700
    assert facts["state"] == "ready"
    assert facts["ready_after"] == LEARNING
    assert (facts["time"], facts["value"]) == (times[-1], values[-1])
    assert facts["clamped"] == 0
    assert facts["bytes"] == model.row_size
    assert 0 < facts["unit"] < HOUR
    assert model.describe(1)["events"] == 0
    assert model.describe(1)["period"] is None


def test_describe_knows_the_period() -> None:
    model = Model(TWO)
    times, values = stream("cycle", 1500)
    model.run(np.zeros(1500, int), times, values)
    assert model.describe(0)["period"] == pytest.approx(31 * 60, rel=0.03)


def test_a_series_is_ready_after_learning() -> None:
    model = Model(TWO)
    times, values = stream("walk", LEARNING + 1)
    out = model.run(np.zeros(LEARNING + 1, int), times, values)
    assert [STATES[s] for s in out["state"][-3:]] == ["learning", "ready", "ready"]
    assert out["events"].tolist() == list(range(1, LEARNING + 2))


def test_warm_compiles_and_leaves_nothing_behind() -> None:
    warm(TWO)
    assert not Model(TWO).rows["clock"]["events"].any()
