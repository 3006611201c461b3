import doctest
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

import liquid.inspection
from liquid.cells import make
from liquid.cells.base import Recurrent
from liquid.inspection import ablation, activity, neuron_names, saliency, time_constants
from liquid.inspection.plots import plot_ablation, plot_activity, plot_saliency, plot_time_constants
from liquid.training import Network
from liquid.wirings import AutoNCP, FullyConnected

mpl.use("Agg")
NCP = AutoNCP(8, 2)
MODELS: dict[str, Recurrent] = {
    "cfc": make("cfc", inputs=2, units=3, backbone_units=4),
    "cfc with projection": make("cfc", inputs=2, units=3, backbone_layers=0, projection=2),
    "mixed": make("cfc", inputs=2, units=2, backbone_layers=0, mixed_memory=True),
    "wired": make("wired_cfc", inputs=2, wiring=NCP),
    "wired with projection": make("wired_cfc", inputs=2, wiring=NCP, projection=3),
    "ltc": make("ltc", inputs=2, wiring=NCP),
    "gru": make("gru", inputs=2, units=3),
    "s4": make("liquid_s4", inputs=2, modes=2),
}
MODELS["network"] = Network(cell=MODELS["wired"], outputs=3)  # type: ignore[arg-type]
DIRECT = MODELS.keys() - {"s4"}


class Run:
    def __init__(self, name: str) -> None:
        rng = np.random.default_rng(4)
        self.model = MODELS[name]
        self.params = self.model.init(2)
        self.x = rng.normal(size=(2, 7, 2))
        self.gaps = rng.lognormal(-0.5, 0.5, size=(2, 7))
        self.state = rng.normal(scale=0.3, size=(2, self.model.state_size))
        self.all = self.model, self.params, self.x, self.gaps, self.state


@pytest.fixture(params=MODELS)
def run(request: pytest.FixtureRequest) -> Run:
    return Run(request.param)


def test_documented_example() -> None:
    assert doctest.testmod(liquid.inspection).failed == 0


def test_names() -> None:
    assert neuron_names(MODELS["wired"])[:2] == ("inter 4", "inter 5")
    assert neuron_names(MODELS["ltc"])[:3] == ("motor 0", "motor 1", "command 2")
    assert neuron_names(MODELS["mixed"]) == ("unit 0", "unit 1", "memory 0", "memory 1")
    assert neuron_names(MODELS["network"]) == neuron_names(MODELS["wired"])
    assert neuron_names(MODELS["s4"])[0] == "state 0"
    assert neuron_names(make("ltc", inputs=1, wiring=FullyConnected(2, 1))) == ("neuron 0", "neuron 1")


def test_activity_is_the_run(run: Run) -> None:
    found = activity(*run.all)
    y, last = run.model.run(*run.all[1:])
    np.testing.assert_array_equal(found.y, y)
    np.testing.assert_array_equal(found.states[:, -1], last)
    np.testing.assert_allclose(np.diff(found.times), run.gaps[:, 1:])
    assert len(found.names) == found.states.shape[2]


class TestTimeConstants:
    def test_of_ltc_are_those_of_its_conductance(self) -> None:
        run = Run("ltc")
        found = time_constants(*run.all)
        states = run.model.states(*run.all[1:])
        want = run.model.time_constants(run.params, states[:, 3], run.x[:, 4])  # type: ignore[attr-defined]
        np.testing.assert_array_equal(found[:, 4], want)

    def test_of_others_are_what_a_step_leaves(self) -> None:
        """A real mode of S4D decays by its own rate, whatever the gap."""
        cell = make("s4d", inputs=1, modes=3, measure="real", dt_min=0.5, dt_max=0.5)
        gaps = np.array([[0.3, 1.0, 0.0, 4.0]])
        found = time_constants(cell, cell.init(0), np.ones((1, 4, 1)), gaps)
        np.testing.assert_allclose(found[0, [0, 1, 3]], np.broadcast_to(2 / np.arange(1.0, 4), (3, 3)))
        assert (found[0, 2] == np.inf).all()

    def test_never_nan(self, run: Run) -> None:
        run.gaps[0, 1] = 0.0
        found = time_constants(*run.all)
        assert found.shape[:2] == run.gaps.shape
        assert (found >= 0).all()


class TestSaliency:
    def test_gradient_is_the_slope(self, run: Run) -> None:
        found = saliency(*run.all, output=1, at=4)
        x, h = run.x.copy(), 1e-6
        for place in ((0, 1, 0), (1, 4, 1), (0, 5, 0)):
            values = []
            for sign in (1, -1):
                x[place] += sign * h
                values.append(run.model.run(run.params, x, run.gaps, run.state)[0][place[0], 4, 1])
                x[place] -= sign * h
            assert found.x[place] == pytest.approx((values[0] - values[1]) / (2 * h), abs=1e-6)
        assert not found.x[:, 5:].any()

    def test_integrated_gradients_add_up_to_the_change(self, run: Run) -> None:
        found = saliency(*run.all, method="integrated", baseline=0.5, steps=200)
        ends = [run.model.run(run.params, x, run.gaps, run.state)[0][:, -1, 0] for x in (run.x, 0.5 + 0 * run.x)]
        np.testing.assert_allclose(found.x.sum(axis=(1, 2)) + found.missing, ends[0] - ends[1])
        np.testing.assert_allclose(found.missing, 0, atol=2e-4 * max(1, np.abs(ends).max()))

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [({"at": 7}, "at is 7"), ({"output": 9}, "output is 9"), ({"method": "x"}, "method"), ({"steps": 0}, "steps")],
    )
    def test_bad_arguments(self, wrong: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            saliency(*Run("cfc").all, **{"method": "integrated", **wrong})


class TestAblation:
    @pytest.mark.parametrize("name", ["cfc", "gru"])
    def test_by_hand(self, name: str) -> None:
        """One neuron, step by step; outputs of these cells are their states."""
        run = Run(name)
        neuron, state, without = 1, run.state.copy(), []
        state[:, neuron] = 0
        for t in range(run.x.shape[1]):
            _, state = run.model.step(run.params, state, run.x[:, t], run.gaps[:, t])
            state[:, neuron] = 0
            without.append(state)
        whole, _ = run.model.run(*run.all[1:])
        for found in (ablation(*run.all).effect[neuron], ablation(*run.all, neurons=[neuron]).effect[0]):
            np.testing.assert_allclose(found, np.stack(without, axis=1) - whole, rtol=1e-14, atol=1e-14)

    @pytest.mark.parametrize("name", MODELS)
    def test_outputs_lack_the_neuron_at_once(self, name: str) -> None:
        run = Run(name)
        found = ablation(*run.all)
        assert found.direct == (name in DIRECT)
        if name == "ltc":  # a silenced motor neuron leaves the addend of its output
            whole, _ = run.model.run(*run.all[1:])
            np.testing.assert_allclose((whole + found.effect[0])[..., 0], run.params["rnn_cell.output_b"][0])

    def test_a_neuron_that_nothing_reads_does_not_matter(self) -> None:
        model = Network(cell=make("cfc", inputs=2, units=3, backbone_layers=0), outputs=1)
        params = model.init(0)
        for head in ("ff1", "ff2", "time_a", "time_b"):
            params[f"cell.rnn_cell.{head}.weight"][:, 2 + 1] = 0
        params["readout.weight"][:, 1] = 0
        x, gaps = np.random.default_rng(0).normal(size=(1, 9, 2)), np.ones((1, 9))
        found = ablation(model, params, x, gaps)
        assert not found.effect[1].any()
        assert found.effect[0].any()
        assert found.ranking()[-1] == ("unit 1", 0.0)
        assert {name for name, _ in found.ranking(at=3)} == {"unit 0", "unit 1", "unit 2"}

    def test_held_at_its_mean_a_constant_neuron_is_not_missed(self) -> None:
        model = make("cfc", inputs=1, units=2, backbone_layers=0)
        params = model.init(0)
        for head in ("ff1", "ff2"):
            params[f"rnn_cell.{head}.weight"][0] = 0
            params[f"rnn_cell.{head}.bias"][0] = 0.7
        x, gaps = np.random.default_rng(0).normal(size=(1, 9, 1)), np.ones((1, 9))
        state = [[np.tanh(0.7), 0.0]]
        assert np.abs(ablation(model, params, x, gaps, state, hold="mean").effect[0]).max() < 1e-12
        assert np.abs(ablation(model, params, x, gaps, state).effect[0]).max() > 0.1

    def test_bad_arguments(self) -> None:
        with pytest.raises(ValueError, match="neurons must be of 0 to 2"):
            ablation(*Run("cfc").all, neurons=[3])
        with pytest.raises(ValueError, match="hold is 'one'"):
            ablation(*Run("cfc").all, hold="one")


def test_pictures() -> None:
    run = Run("ltc")
    found, times = activity(*run.all), np.cumsum(run.gaps, axis=1)
    axes = [
        plot_activity(found),
        plot_time_constants(times, time_constants(*run.all), found.names),
        plot_saliency(times, saliency(*run.all), ["current", "voltage"], sequence=1),
        plot_ablation(times, ablation(*run.all)),
    ]
    for ax in axes:
        ax.figure.canvas.draw()
        assert ax.collections[0].get_array().size
        mpl.pyplot.close(ax.figure)
    assert [t.get_text() for t in axes[0].get_yticklabels()] == list(found.names)
    assert [t.get_text() for t in axes[2].get_yticklabels()] == ["current", "voltage"]
