"""Rows of a packed tier: nothing is lost but what rounding takes, the same everywhere and in any batches."""

from unittest.mock import patch

import numpy as np
import pytest

from liquid import Model, ModelConfig, row
from liquid.feedback import apply
from liquid.packing import codes, layout, pack, unpack
from liquid.packing.layout import Leaf, leaves, operations
from liquid.slab import packed_views, scratch, views
from liquid.tiers import TIERS
from tests.liquid.checks import not_finite
from tests.liquid.naive import packing as naive
from tests.liquid.odd import DAY, HOUR, STREAMS, stream

CONFIG = ModelConfig(horizons=(HOUR, DAY), tier="compact")
DTYPE = row.row_dtype("compact", 2)


def unpacked() -> Model:
    """A model of the same sizes that keeps its rows as they are worked on."""
    with patch.dict(TIERS, compact=TIERS["compact"]._replace(packed=False)):
        return Model(CONFIG, capacity=1)


def run(name: str, n: int) -> tuple[Model, np.ndarray]:
    model = Model(CONFIG, capacity=1)
    return model, model.run(np.zeros(n, int), *stream(name, n))


class Packer:
    """Packs single rows."""

    def __init__(self) -> None:
        self.plain = np.zeros(1, DTYPE)
        ops, first, size = layout(DTYPE)
        self.layout, self.memory = (ops, first), np.zeros(size, np.uint8)
        self.scratch = scratch()
        self.views = tuple(v[0] for v in views(self.plain))

    def there_and_back(self, n: int = 0) -> None:
        pack(self.layout, n, self.views, packed_views(self.memory), self.scratch)
        unpack(self.layout, self.views, packed_views(self.memory), self.scratch)


def items(leaf: Leaf) -> set[int]:
    """First bytes of all items of a field."""
    width = leaf.dtype.itemsize
    return {leaf.at + r * leaf.stride + k * width for r in range(leaf.records) for k in range(leaf.items)}


@pytest.mark.parametrize("horizons", [1, 2, 4])
def test_every_field_is_kept_once_and_in_a_place_of_its_own(horizons: int) -> None:
    dtype = row.row_dtype("compact", horizons)
    wanted = [at for leaf in leaves(dtype) for at in items(leaf)]
    found: list[int] = []
    for o in operations(dtype):
        width = o.leaf.dtype.itemsize
        many = o.items * o.width // width
        for r in range(o.leaf.records):
            found += [o.at + r * o.leaf.stride + k * width for k in range(many)]
            if o.code in (codes.TABLE, codes.NIBBLES):
                found += [o.base + r * o.base_step + k for k in range(many)]
            elif o.code == codes.SHARES:
                found += [o.base + r * o.base_step + 2 * k for k in range(o.a * o.b)]
    assert sorted(found) == sorted(wanted)
    size = layout(dtype)[2]

    assert size % 8 == 0
    assert (
        sum(o.size * o.leaf.records for o in operations(dtype))
        <= size
        < 8 + sum(o.size * o.leaf.records for o in operations(dtype))
    )


@pytest.mark.parametrize("name", STREAMS)
def test_what_is_read_and_written_back_is_the_same_to_the_bit(name: str) -> None:
    model, out = run(name, 400)
    before, record = model.row_bytes(0), model.read(0)[0]
    assert not_finite(record) == []
    model.write(0, record)
    assert model.row_bytes(0) == before
    assert np.isfinite(out["score"]).all()


@pytest.mark.parametrize("name", ["daily", "silences", "heavy"])
def test_an_event_is_taken_as_by_an_unpacked_row(name: str) -> None:
    n = 300
    times, values = stream(name, n)
    model, whole = run(name, n)
    one, plain = Model(CONFIG, capacity=1), unpacked()
    for k in range(n):
        plain.write(0, one.read(0)[0])
        out = plain.run([0], times[k : k + 1], values[k : k + 1])
        one.write(0, plain.read(0)[0])
        np.testing.assert_array_equal(out["mean"], whole["mean"][k : k + 1])
        np.testing.assert_array_equal(out["score"], whole["score"][k : k + 1])
    assert one.row_bytes(0) == model.row_bytes(0)


def test_batches_do_not_matter() -> None:
    n = 500
    times, values = stream("daily", n)
    model, whole = run("daily", n)
    parts = Model(CONFIG, capacity=3)
    out = [
        parts.run(np.full(len(t), 2), t, v)
        for t, v in zip(np.split(times, [1, 90, 91]), np.split(values, [1, 90, 91]), strict=True)
    ]
    assert np.concatenate(out)["mean"].tobytes() == whole["mean"].tobytes()
    assert parts.row_bytes(2) == model.row_bytes(0)
    assert [p.shape for p in parts.parts()] == [(3,)]


def test_forecasts_and_scores_are_nearly_those_of_an_unpacked_row() -> None:
    n = 2500
    times, values = stream("daily", n)
    mine = Model(CONFIG, capacity=1).run(np.zeros(n, int), times, values)
    theirs = unpacked().run(np.zeros(n, int), times, values)
    errors = [np.abs(values[800:] - out["expected"][800:]).mean() for out in (mine, theirs)]
    assert errors[0] < 1.03 * errors[1]
    widths = [(out["upper"] - out["lower"])[800:].mean() for out in (mine, theirs)]
    assert widths[0] == pytest.approx(widths[1], rel=0.1)
    assert np.corrcoef(mine["score"][800:], theirs["score"][800:])[0, 1] > 0.9


def test_feedback_is_kept() -> None:
    model, _ = run("daily", 100)
    record = model.read(0)[0]
    apply(record, "useless", {"level": 1.0})
    model.write(0, record)
    shift = model.read(0)["detector"]["episode"]["feedback"]["shift"][0]
    assert shift.max() == pytest.approx(0.1, abs=1e-6)


# -- codes against what they say


def numbers(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-12, 9, n)


def test_short_numbers_equal_twin() -> None:
    packer, n = Packer(), 0
    for o in operations(DTYPE):
        if o.code != codes.SHORT:
            continue
        at = o.at // 4
        for x in (*numbers(40, o.at), 0.0, 1e30, -1e30):
            packer.views[3][at] = x
            packer.there_and_back(n)
            n += 1
            allowed = naive.short(float(np.float32(x)), o.a, o.b, o.rounding)
            assert float(packer.views[3][at]) in allowed, (o.leaf.path, x, allowed)
    assert n > 1000


@pytest.mark.parametrize(
    "path", ["forecaster.readout", "forecaster.bucket.conformal.theta", "detector.evidence.season.profile"]
)
def test_rounding_at_random_keeps_the_mean(path: str) -> None:
    """A thousand events that do not move a number hardly move it; each moves it by a step at most."""
    packer = Packer()
    (leaf,) = (leaf for leaf in leaves(DTYPE) if leaf.path == path)
    x, found = np.float32(0.7654321), []
    for n in range(1000):
        packer.views[3][leaf.at // 4] = x
        packer.there_and_back(n)
        found.append(float(packer.views[3][leaf.at // 4]))
    low, high = sorted(set(found))
    assert low < x < high
    assert np.mean(found) == pytest.approx(float(x), abs=0.1 * (high - low))


def test_longer_numbers_equal_twin() -> None:
    packer = Packer()
    seen = set()
    for o in operations(DTYPE):
        for x in numbers(20, o.at):
            if o.code == codes.THREE:
                packer.views[3][o.at // 4] = x
                packer.there_and_back()
                assert float(packer.views[3][o.at // 4]) in naive.three(float(np.float32(x)))
            elif o.code == codes.SIX:
                packer.views[4][o.at // 8] = x
                packer.there_and_back()
                assert packer.views[4][o.at // 8] == naive.six(x)
            else:
                break
            seen.add(o.code)
    assert seen == {codes.THREE, codes.SIX}


def test_a_covariance_keeps_its_deviations_exactly_and_correlations_nearly() -> None:
    packer, rng = Packer(), np.random.default_rng(3)
    (o,) = (o for o in operations(DTYPE) if o.leaf.path == "forecaster.covariance")
    factor = rng.normal(size=(o.a, o.a)) * 10.0 ** rng.uniform(-3, 1, o.a)
    P = (factor.T @ factor).astype(np.float32)
    f = packer.plain[0]["forecaster"]["covariance"]
    f[:] = P[np.tril_indices(o.a)]
    packer.there_and_back()
    found = np.zeros_like(P)
    found[np.tril_indices(o.a)] = f
    np.testing.assert_array_equal(np.diag(found), np.diag(P))
    scale = np.sqrt(np.outer(np.diag(P), np.diag(P)))
    assert np.abs(np.tril(found - P) / scale).max() < 1.1 / 32767
    again = f.copy()
    packer.there_and_back(7)
    np.testing.assert_array_equal(f, again)
