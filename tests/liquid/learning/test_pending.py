import numpy as np
import pytest

from liquid.features.origin import origin_dtype
from liquid.learning import pending
from tests.liquid.checks import not_finite, record

DETAILS, FEATURES, EXPERTS = 2, 4, 3
ROUNDED = 2.0**-8
CODES = 4 + FEATURES + 2 * DETAILS + EXPERTS


def kept(size: float = 1.0, z: float = 0.3) -> tuple[np.void, np.void, np.ndarray, np.ndarray, float]:
    """A pending forecast and what it was made of, moves about as large as `size`; longer arrays than are kept."""
    rng = np.random.default_rng(0)
    o = record(origin_dtype(DETAILS + 1, FEATURES + 2))
    o["time"], o["z"] = 1.7e9 + 0.25, z
    for name in ("dz", "slope"):
        o[name] = size * rng.normal()
    o["bank"] = size * rng.normal(size=FEATURES + 2)
    for name in ("fast", "slow"):
        o[name] = z + size * rng.normal()
    o["now"] = z + size * rng.normal(size=DETAILS + 1)
    then = (o["now"] + size * rng.normal(size=DETAILS + 1)).astype(np.float32)
    experts = (z + size * np.append(0.0, rng.normal(size=EXPERTS - 1))).astype(np.float32)
    p = record(pending.pending_dtype(DETAILS, FEATURES, EXPERTS))
    blended = z + size / 3
    pending.keep(p, DETAILS, FEATURES, o, then, experts, blended, np.zeros(CODES + 9, np.float32))
    return p, o, then, experts, blended


def recalled(p: np.void, part: float = 1.0) -> tuple[np.void, np.ndarray, np.ndarray, float]:
    o = record(origin_dtype(DETAILS + 1, FEATURES + 2))
    then, experts = np.zeros(DETAILS + 1, np.float32), np.zeros(EXPERTS, np.float32)
    number = np.zeros(CODES + 9, np.float32)
    blended = pending.recall(p, part, DETAILS, FEATURES, o, then, experts, number)
    return o, then, experts, blended


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e3])
@pytest.mark.parametrize("z", [0.0, -2.7])
def test_moves_come_back_within_their_rounding(size: float, z: float) -> None:
    p, o, then, experts, blended = kept(size, z)
    o2, then2, experts2, blended2 = recalled(p)
    assert (o2["time"], o2["z"]) == (o["time"], o["z"])
    near = {"atol": 3 * ROUNDED * size + 1e-6 * abs(z), "rtol": ROUNDED}
    for name in ("fast", "slow", "dz", "slope"):
        np.testing.assert_allclose(o2[name], o[name], **near)
    np.testing.assert_allclose(o2["bank"][:FEATURES], o["bank"][:FEATURES], rtol=ROUNDED)
    np.testing.assert_allclose(o2["now"][:DETAILS], o["now"][:DETAILS], **near)
    np.testing.assert_allclose(then2[:DETAILS], then[:DETAILS], **near)
    np.testing.assert_allclose(experts2, experts, **near)
    assert experts2[0] == np.float32(z)
    assert blended2 == pytest.approx(blended, abs=ROUNDED * size + 1e-6)
    half = recalled(p, 0.5)[1][:DETAILS]
    np.testing.assert_allclose(half, (o2["now"][:DETAILS] + then2[:DETAILS]) / 2, atol=1e-6 * (size + abs(z)))


@pytest.mark.parametrize(("factor", "shift"), [(0.5, 0.0), (3.0, -2.0), (1e-3, 1.0), (0.0, 0.0)])
def test_recoding_moves_everything(factor: float, shift: float) -> None:
    p = kept()[0]
    o, then, experts, blended = recalled(p)
    pending.recode(p, factor, shift, np.zeros(CODES, np.float32))
    o2, then2, experts2, blended2 = recalled(p)
    near = {"atol": 10 * ROUNDED * factor + 1e-6}
    for name in ("z", "fast", "slow"):
        np.testing.assert_allclose(o2[name], o[name] * factor - shift, **near)
    np.testing.assert_allclose(o2["bank"], o["bank"] * factor, **near)
    np.testing.assert_allclose(then2[:DETAILS], then[:DETAILS] * factor - shift, **near)
    np.testing.assert_allclose(experts2, experts * factor - shift, **near)
    assert blended2 == pytest.approx(blended * factor - shift, abs=near["atol"])


def test_modes_are_forgotten_alone() -> None:
    p = kept()[0]
    before = p["code"].copy()
    pending.forget_modes(p, FEATURES)
    assert (np.flatnonzero(p["code"] != before) == 4 + np.arange(FEATURES)).all()
    assert not recalled(p)[0]["bank"].any()


@pytest.mark.parametrize("factor", [0.0, 1e-300, 1e300])
def test_nothing_becomes_infinite(factor: float) -> None:
    p = kept(1e4, 1e4)[0]
    pending.recode(p, factor, factor, np.zeros(CODES, np.float32))
    o, then, experts, blended = recalled(p)
    assert not_finite(o) == []
    assert np.isfinite([*then, *experts, blended]).all()
