import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid.cells import LiquidS4, Params
from liquid.cells._s4_kernels import MIN_DAMPING, SMALL
from liquid.cells.convolution import discretise
from liquid.cells.liquid_s4 import FORGETTING
from liquid.training import AdamW, Network, Sequences, fit, predict
from tests.liquid.cells import twin
from tests.liquid.golden import REFERENCE

FORMS = [("exact", "zoh"), *product(("hadamard", "plain"), ("zoh", "bilinear"))]
CONFIGS = [{"recurrence": r, "discretisation": d, "measure": m} for (r, d), m in product(FORMS, ("lin", "real"))]


def label(config: dict[str, Any]) -> str:
    return "-".join(str(v) for v in config.values())


def example(config: dict[str, Any], length: int = 6) -> tuple[LiquidS4, Params, np.ndarray, np.ndarray, np.ndarray]:
    """A cell whose gates are all used: some inputs reach the limit of damping."""
    rng = np.random.default_rng(1)
    cell = LiquidS4(inputs=2, modes=3, dt_min=0.1, dt_max=1.0, **config)
    params = cell.init(3)
    for name in params:
        if name.startswith("B_"):
            params[name][:] += 0.3 * rng.normal(size=params[name].shape)
    x = 0.5 * rng.normal(size=(2, length, 2))
    x[0, 2] *= 4
    gaps = rng.lognormal(-0.5, 0.6, size=(2, length))
    gaps[1, 3], gaps[0, 1] = 0.0, 1e-5
    return cell, params, x, gaps, 0.5 * rng.normal(size=(2, cell.state_size))


@pytest.mark.parametrize("config", CONFIGS, ids=label)
def test_equals_its_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps, state = example(config)
    want, states = twin.liquid_s4(config, *(twin.extended(params), *map(twin.LONG, (x, gaps, state))))
    np.testing.assert_allclose(cell.run(params, x, gaps, state)[0], want.astype(float), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(cell.states(params, x, gaps, state), states.astype(float), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("config", CONFIGS, ids=label)
def test_gradients_are_the_slopes_of_the_twin(config: dict[str, Any]) -> None:
    cell, params, x, gaps, state = example(config)
    rng = np.random.default_rng(2)
    dy, dstate = rng.normal(size=x.shape), rng.normal(size=state.shape)
    given = twin.extended({**params, "x": x, "gaps": gaps, "state": state})

    def loss(name: str, value: np.ndarray) -> np.ndarray:
        moved = {**given, name: value}
        y, states = twin.liquid_s4(config, moved, moved["x"], moved["gaps"], moved["state"])
        return np.sum(y * dy) + np.sum(states[:, -1] * dstate)

    back = cell.grad(params, x, gaps, dy, state, dstate)
    found = {**back.params, "x": back.x, "gaps": back.gaps, "state": back.state}
    for name, gradient in found.items():
        want = twin.slope(lambda v, name=name: loss(name, v), given[name]).astype(float)
        close = twin.DIFFERENCES * max(1.0, np.abs(want).max())
        np.testing.assert_allclose(gradient, want, rtol=0, atol=close, err_msg=name)


@pytest.mark.parametrize("config", CONFIGS, ids=label)
def test_traces_give_the_gradient_of_each_output_through_the_whole_past(config: dict[str, Any]) -> None:
    cell, params, x, gaps, first = example(config)
    dy = np.random.default_rng(3).normal(size=x.shape)
    state, traces = first, cell.zero_traces(2)
    for t in range(x.shape[1]):
        y, state, traces = cell.online_step(params, state, traces, x[:, t], gaps[:, t])
        online = cell.online_grad(params, state, traces, x[:, t], dy[:, t])
        alone = np.zeros_like(dy[:, : t + 1])
        alone[:, t] = dy[:, t]
        exact = cell.grad(params, x[:, : t + 1], gaps[:, : t + 1], alone, first)
        np.testing.assert_allclose(online.flat, exact.params.flat, rtol=1e-12, atol=1e-13)
    whole, last = cell.run(params, x, gaps, first)
    np.testing.assert_allclose(y, whole[:, -1], rtol=1e-14)
    np.testing.assert_allclose(state, last, rtol=1e-14)


@pytest.mark.parametrize("measure", ["lin", "real"])
def test_exact_form_may_be_cut_anywhere(measure: str) -> None:
    """It solves the equation for a constant input, so two halves of a gap are the gap."""
    cell, params, x, gaps, state = example({"measure": measure})
    u, gap = x[:, 2], gaps[:, 2]
    y, whole = cell.step(params, state, u, gap)
    _, half = cell.step(params, state, u, 0.3 * gap)
    again, rest = cell.step(params, half, u, 0.7 * gap)
    np.testing.assert_allclose(rest, whole, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(again, y, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("config", [c for c in CONFIGS if c["recurrence"] != "hadamard"], ids=label)
def test_no_time_changes_nothing(config: dict[str, Any]) -> None:
    cell, params, x, _, state = example(config)
    _, after = cell.step(params, state, x[:, 0], [0.0, 0.0])
    np.testing.assert_array_equal(after, state)


@pytest.mark.parametrize("measure", ["lin", "real"])
@pytest.mark.parametrize("size", [1.0, 100.0, 1e6])
def test_exact_form_stays_bounded(measure: str, size: float) -> None:
    """|x| <= |B u| / (MIN_DAMPING |Re lambda|), whatever comes in."""
    rng = np.random.default_rng(0)
    cell = LiquidS4(inputs=1, modes=4, measure=measure, dt_min=1.0, dt_max=1.0)
    params = cell.init(0)
    x = size * rng.choice([-1.0, 1.0], size=(1, 4000, 1))
    states = cell.states(params, x, rng.exponential(size=(1, 4000)))
    decay = np.exp(params["log_A_real"]).min()
    assert np.abs(states).max() <= size / (MIN_DAMPING * decay)


@pytest.mark.parametrize("discretisation", ["zoh", "bilinear"])
@pytest.mark.parametrize("measure", ["lin", "real"])
def test_tracking_starts_with_multipliers_of_any_sign(discretisation: str, measure: str) -> None:
    cell = LiquidS4(
        inputs=2, modes=200, recurrence="hadamard", tracking=True, measure=measure, discretisation=discretisation
    )
    a, b, _ = discretise(cell, cell.init(0), 1.0)
    m = a + b
    np.testing.assert_allclose(a, np.exp(-FORGETTING), rtol=1e-6)
    assert (np.abs(m) < 1).all()
    quarters = np.histogram(m.real, np.linspace(-1, 1, 5))[0]
    assert (quarters > 50).all()
    assert (np.ptp(m.imag) > 1.9) == (measure == "lin")


def test_tracking_starts_the_exact_form_with_turns() -> None:
    """Hardly damped, by any angle."""
    cell = LiquidS4(inputs=1, modes=400, tracking=True, dt_min=0.01, dt_max=0.01)
    params = cell.init(0)
    first = np.ones((1, 2, 400)) * np.array([[1.0], [0.0]])
    still, turned = (cell.step(params, first.reshape(1, -1), [[u]], [1.0])[1].reshape(2, 400) for u in (0.0, 1.0))
    np.testing.assert_allclose(still, np.exp(-FORGETTING) * first[0], rtol=1e-12)
    m = np.array([1, 1j]) @ (turned - (cell.step(params, 0 * first.reshape(1, -1), [[1.0]], [1.0])[1]).reshape(2, 400))
    np.testing.assert_allclose(np.abs(m), np.exp(-FORGETTING), rtol=1e-9)
    assert (np.histogram(np.angle(m), np.linspace(-np.pi, np.pi, 5))[0] > 70).all()


@pytest.mark.parametrize("tracking", [True, False])
def test_parity_is_learned_from_such_a_start(tracking: bool) -> None:
    """On 30 samples, and then right over 200: the sign of a real mode does not drift. From B = 1 it is not learned."""

    def bits(count: int, length: int, seed: int) -> Sequences:
        u = np.random.default_rng(seed).integers(0, 2, size=(count, length))
        return Sequences(u[..., None].astype(float), np.ones(u.shape), target=np.cumsum(u, axis=1) % 2)

    cell = LiquidS4(
        inputs=1, modes=16, recurrence="hadamard", measure="real", tracking=tracking, dt_min=1.0, dt_max=1.0
    )
    network, data, long = Network(cell=cell, outputs=2), bits(256, 30, 0), bits(16, 200, 1)
    fitted = fit(
        network, network.init(0), data, loss="cross_entropy", epochs=30, batch_size=16, clip=1.0,
        optimiser=AdamW(rate=0.02), progress=False,
    )  # fmt: skip
    right = np.mean(predict(network, fitted.params, long)[:, 100:].argmax(-1) == long.target[:, 100:])
    assert right == 1.0 if tracking else right < 0.6


def test_unstable_hadamard_form_is_an_error() -> None:
    cell = LiquidS4(inputs=1, modes=2, recurrence="hadamard", measure="real", dt_min=1.0, dt_max=1.0)
    with pytest.raises(FloatingPointError, match="the recurrence is unstable"):
        cell.run(cell.init(0), np.full((1, 2000, 1), 5.0), np.ones((1, 2000)))


def test_slope_of_the_gain_near_its_series() -> None:
    """Derivatives by the decay do not jump where the series takes over, nor lose digits at short gaps."""
    cell = LiquidS4(inputs=1, modes=1, recurrence="plain", measure="real", dt_min=1.0, dt_max=1.0)
    params = cell.init(0)
    for gap in (1e-8, 1e-4, 0.1, SMALL * (1 - 1e-9), SMALL * (1 + 1e-9), 3.0):
        back = cell.grad(params, np.ones((1, 1, 1)), [[gap]], np.zeros((1, 1, 1)), None, np.ones((1, 1)))
        z = twin.LONG(-gap)  # lambda is -1: d/d(lambda) of (e^z - 1) / lambda, times lambda
        terms = [(j + 1) * z**j / math.factorial(j + 2) for j in range(40)]
        want = -float(twin.LONG(gap) ** 2 * sum(terms))
        assert back.params["log_A_real"][0, 0] == pytest.approx(want, rel=1e-14)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300])
def test_odd_input_stays_in_its_channel_and_sequence(value: float) -> None:
    cell, params, x, gaps, state = example({})
    clean, _ = cell.run(params, x, gaps, state)
    x[0, 1, 0] = value
    y = np.empty_like(x)
    with np.errstate(all="ignore"):
        cell._forward(params.flat, x, gaps, state, y, np.empty((2, 0, cell.state_size)))
    np.testing.assert_array_equal(y[1], clean[1])
    np.testing.assert_array_equal(y[0, :, 1], clean[0, :, 1])
    assert np.isfinite(y[0, 1:, 0]).all() == math.isfinite(value)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"recurrence": "polyb"}, "recurrence is 'polyb', but must be one of exact, hadamard, plain"),
        ({"discretisation": "euler"}, "discretisation is 'euler'"),
        ({"measure": "fout"}, "measure is 'fout'"),
        ({"discretisation": "bilinear"}, "discretisation must be 'zoh'"),
        ({"modes": 0}, "modes is 0"),
        ({"tracking": True, "recurrence": "plain"}, "not plain with measure 'lin'"),
        ({"tracking": True, "measure": "real"}, "not exact with measure 'real'"),
        ({"dt_min": 0.0}, "dt_min, dt_max are 0.0, 0.1"),
    ],
)
def test_bad_configuration(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LiquidS4(inputs=1, **config)


# Vectors of the published code: its step matrices, and the recurrences run with them.


def reference_cell(case: dict[str, np.ndarray], recurrence: str, bilinear: bool) -> tuple[LiquidS4, Params]:
    """The cell with the modes behind the step matrices dA, dB (made in single precision), and a fixed time of 1."""
    a, b, c = case["dA"], case["dB"], case["dC"][0]
    lam = 2 * (a - 1) / (a + 1) if bilinear else np.log(a)
    gain = 1 / (1 - lam / 2) if bilinear else (a - 1) / lam
    cell = LiquidS4(
        inputs=a.shape[0],
        modes=a.shape[1],
        recurrence=recurrence,
        discretisation="bilinear" if bilinear else "zoh",
    )
    params = cell.empty_params()
    params["log_A_real"][:], params["A_imag"][:] = np.log(-lam.real), lam.imag
    params["B_real"][:], params["B_imag"][:] = (b / gain).real, (b / gain).imag
    params["C_real"][:], params["C_imag"][:] = c.real, c.imag
    params["D"][:] = case["D"][0]
    return cell, params


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("liquid_s4/diag_*.npz")), ids=lambda path: path.stem)
@pytest.mark.parametrize(("recurrence", "outputs"), [("plain", "y_rec_linear"), ("hadamard", "y_rec_hadamard")])
def test_reference_recurrences(path: Path, recurrence: str, outputs: str) -> None:
    with np.load(path) as case:
        cell, params = reference_cell(case, recurrence, "zoh" not in path.stem)
        x, want = case["u"].swapaxes(1, 2), case[outputs].swapaxes(1, 2)
        y, _ = cell.run(params, x, np.ones(x.shape[:2]))
        np.testing.assert_allclose(y, want, rtol=1e-12, atol=3e-14 * max(1.0, np.abs(want).max()))
        if recurrence == "plain" and "plain" in path.stem:
            for other in ("y_step", "y_conv"):
                np.testing.assert_allclose(y, case[other].swapaxes(1, 2), atol=3e-14 * max(1.0, np.abs(want).max()))


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("liquid_s4/diag_*_plain.npz")), ids=lambda path: path.stem)
def test_reference_discretisation(path: Path) -> None:
    """From lambda, B and log dt themselves, which the file has in single precision."""
    with np.load(path) as case:
        bilinear = "zoh" not in path.stem
        lam = case["w"]
        cell = LiquidS4(
            inputs=lam.shape[0],
            modes=lam.shape[1],
            recurrence="plain",
            discretisation="bilinear" if bilinear else "zoh",
        )
        params = cell.empty_params()
        params["log_dt"][:] = case["log_dt"]
        params["log_A_real"][:], params["A_imag"][:] = np.log(-lam.real), lam.imag
        params["B_real"][:], params["B_imag"][:] = case["B"].real, case["B"].imag
        ones = np.ones((1, 1, cell.inputs))
        first = cell.states(params, ones, [[1.0]]).reshape(cell.inputs, 2, cell.modes)
        np.testing.assert_allclose(first[:, 0] + 1j * first[:, 1], case["dB"], rtol=1e-7, atol=1e-9)
        _, second = cell.step(params, first.reshape(1, -1), 0 * ones[0], [1.0])
        parts = second.reshape(first.shape)
        np.testing.assert_allclose(parts[:, 0] + 1j * parts[:, 1], case["dA"] * case["dB"], rtol=1e-7, atol=1e-9)


NPLR = REFERENCE / "liquid_s4" / "nplr_legs_plain.npz"


@pytest.mark.skipif(not NPLR.exists(), reason="no folder of reference vectors")
def test_reference_s4_in_the_basis_of_its_modes() -> None:
    """HiPPO-LegS, diagonal plus low rank in S4, has the real eigenvalues -1, ..., -N: the same outputs from them."""
    with np.load(NPLR) as case:
        a, vectors = np.linalg.eig(case["dA"])
        np.testing.assert_allclose(a.imag, 0, atol=1e-9)
        inputs = np.linalg.solve(vectors, case["dB"][..., None])[..., 0]
        outputs = np.einsum("hn,hnm->hm", case["dC"][0], vectors)
        lam = 2 * (a.real - 1) / (a.real + 1)
        cell = LiquidS4(
            inputs=a.shape[0], modes=a.shape[1], recurrence="plain", discretisation="bilinear", measure="real"
        )
        params = cell.empty_params()
        params["log_A_real"][:], params["B_real"][:] = np.log(-lam), 1 - lam / 2
        params["C_real"][:], params["D"][:] = (outputs * inputs).real, case["D"][0]
        time = np.exp(case["log_dt"])[:, None]
        np.testing.assert_allclose(np.sort(-lam / time, axis=1)[:, :6], np.arange(1, 7) * np.ones((2, 1)), rtol=1e-3)
        x = case["u"].swapaxes(1, 2)
        y, _ = cell.run(params, x, np.ones(x.shape[:2]))
        np.testing.assert_allclose(y, case["y_rec_linear"].swapaxes(1, 2), atol=1e-10)
