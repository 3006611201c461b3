import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.learning import decoder
from liquid.learning.decoder import CFC, INPUTS, LIQUID_S4, NONE, UNITS, decoder_dtype
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.decoder import Decoder
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED, SINGLE

KINDS = [CFC, LIQUID_S4]
DISTANCES = (0.0, 0.1, 1.0, 6.0, 24.0, 1000.0)


def fresh() -> np.void:
    mine = record(decoder_dtype(UNITS))
    decoder.start(mine)
    return mine


def forward(mine: np.void, kind: int, u: np.ndarray, distance: float) -> tuple[np.ndarray, np.ndarray]:
    h, slope = np.zeros(UNITS, np.float32), np.zeros((4, UNITS), np.float32)
    decoder.forward(mine, kind, u.astype(np.float32), distance, h, slope)
    return h, slope


@pytest.mark.parametrize("kind", KINDS)
def test_equals_twin_through_training(kind: int) -> None:
    rng = np.random.default_rng(0)
    mine, twin = fresh(), Decoder(kind)
    readout = np.array([1.0, -0.5, 0.2, 2.0], np.float32)
    for k in range(400):
        u = rng.normal(size=INPUTS).astype(np.float32)
        distance, drive = DISTANCES[k % len(DISTANCES)], float(rng.normal())
        h, slope = forward(mine, kind, u, distance)
        far = 1 + distance / 10  # a turn of 1000 radians multiplies the rounding of its rate
        np.testing.assert_allclose(h, twin.forward(u, distance), atol=far * ACCUMULATED)
        expected = twin.slope(u, distance)
        np.testing.assert_allclose(slope, expected, atol=far * ACCUMULATED)
        decoder.learn(mine, u, slope, readout, drive)
        twin.learn(u, expected, readout, drive)
    np.testing.assert_allclose(mine["weight"], twin.weight, atol=10 * ACCUMULATED)
    assert mine["updates"] == twin.updates == 400


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("distance", DISTANCES)
def test_slopes_are_the_derivatives_by_the_bias(kind: int, distance: float) -> None:
    """Against central differences: moving a bias moves the pre-activation of its head."""
    u, e = np.random.default_rng(1).normal(size=INPUTS), 1e-3
    _, slope = forward(fresh(), kind, u, distance)
    for head in range(4):
        up, down = fresh(), fresh()
        up["weight"][head, :, INPUTS] += e
        down["weight"][head, :, INPUTS] -= e
        difference = (forward(up, kind, u, distance)[0] - forward(down, kind, u, distance)[0]) / (2 * e)
        np.testing.assert_allclose(slope[head], difference, atol=2e-3 * (1 + np.abs(slope[head]).max()))


@pytest.mark.parametrize("kind", [NONE, *KINDS])
def test_units_vanish_at_distance_0(kind: int) -> None:
    u = np.linspace(-5, 5, INPUTS)
    assert not forward(fresh(), kind, u, 0.0)[0].any()
    assert forward(fresh(), kind, u, 5.0)[0].any() == (kind != NONE)


@pytest.mark.parametrize("kind", KINDS)
def test_units_are_damped_far_ahead(kind: int) -> None:
    u = np.random.default_rng(2).normal(size=INPUTS)
    assert np.abs(forward(fresh(), kind, u, 1e6)[0]).max() < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_training_lowers_the_error(kind: int) -> None:
    """Steps against the gradient of (target - readout . h)^2 / 2."""
    rng = np.random.default_rng(3)
    mine = fresh()
    readout = np.ones(UNITS, np.float32)
    errors = []
    for _ in range(4000):
        u = np.clip(rng.normal(size=INPUTS), -5, 5)
        target = 0.5 * np.tanh(u[0]) * np.sign(u[1])  # needs a product of inputs
        h, slope = forward(mine, kind, u, 8.0)
        e = target - readout @ h
        decoder.learn(mine, u.astype(np.float32), slope, readout, -e)
        errors.append(e * e)
    assert np.mean(errors[-500:]) < 0.6 * np.mean(errors[:200])


def test_every_series_starts_from_the_same_weights() -> None:
    assert fresh()["weight"].tobytes() == decoder.initial_weights().tobytes()
    assert np.abs(fresh()["weight"]).max() < 3


@relaxed
@given(
    st.sampled_from(KINDS),
    st.lists(
        st.tuples(
            st.sampled_from((-5.0, -1e-30, 0.0, 5.0)),
            st.sampled_from((0.0, 5e-324, 1.0, 1e6, 1e24)),
            st.sampled_from((0.0, 1e-30, -1e4, 1e7)),
            st.sampled_from((0.0, 1.0, -1e4)),
        ),
        max_size=40,
    ),
)
def test_odd_input_stays_finite(kind: int, events: list[tuple[float, float, float, float]]) -> None:
    mine = fresh()
    for value, distance, drive, weight in events:
        u = np.full(INPUTS, value)
        h, slope = forward(mine, kind, u, distance)
        assert np.isfinite(h).all()
        assert np.isfinite(slope).all()
        decoder.learn(mine, u.astype(np.float32), slope, np.full(UNITS, weight, np.float32), drive)
    assert not_finite(mine) == []


def test_rmsprop_step_has_the_size_of_the_rate() -> None:
    mine = fresh()
    before = mine["weight"].copy()
    u = np.ones(INPUTS)
    _, slope = forward(mine, CFC, u, 5.0)
    decoder.learn(mine, u.astype(np.float32), slope, np.ones(UNITS, np.float32), 3.0)
    moved = np.abs(mine["weight"] - before)
    np.testing.assert_allclose(moved, decoder.RATE, rtol=1e-2, atol=SINGLE)
