"""Weights to and from the real library: outputs, states and gradients against torch's autograd."""

from functools import cached_property
from typing import Any

import numpy as np
import pytest

from liquid.cells import Cell, Params
from liquid.interop import from_ncps, rename, to_ncps, wiring_of

torch = pytest.importorskip("torch")
pytest.importorskip("ncps")
from ncps.torch import LTC, CfC  # noqa: E402
from ncps.wirings import NCP, AutoNCP, FullyConnected, Random  # noqa: E402

pytestmark = pytest.mark.peers

BATCH, LENGTH = 3, 12
CLOSE = 2e-14  # of the larger of 1 and the largest number
SEEDS = range(25)
KINDS = {"AutoNCP": AutoNCP, "NCP": NCP, "FullyConnected": FullyConnected, "Random": Random}


def pick(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[rng.integers(len(choices))]


def random_wiring(rng: np.random.Generator, whole: bool) -> dict[str, Any]:
    """Arguments of a wiring; `whole` for one whose outputs are all neurons of its last layer."""
    kind, seed = pick(rng, "AutoNCP", "NCP", "FullyConnected", "Random"), int(rng.integers(1000))
    if kind == "AutoNCP":
        units = int(rng.integers(8, 24))
        outputs = int(rng.integers(1, units - 4))
        return {"kind": kind, "units": units, "output_size": outputs, "sparsity_level": 0.6, "seed": seed}
    if kind == "NCP":
        neurons = {"inter_neurons": 5, "command_neurons": 4, "motor_neurons": int(rng.integers(1, 4))}
        synapses = {"sensory_fanout": 2, "inter_fanout": 2, "recurrent_command_synapses": 3, "motor_fanin": 2}
        return {"kind": kind, **neurons, **synapses, "seed": seed}
    units = int(rng.integers(2, 9))
    outputs = units if whole else int(rng.integers(1, units + 1))
    if kind == "FullyConnected":
        return {"kind": kind, "units": units, "output_dim": outputs, "erev_init_seed": seed}
    return {"kind": kind, "units": units, "output_dim": outputs, "sparsity_level": 0.4, "random_seed": seed}


def real_wiring(spec: dict[str, Any]) -> Any:
    arguments = dict(spec)
    return KINDS[arguments.pop("kind")](**arguments)


def random_cfc(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "mode": pick(rng, "default", "pure", "no_gate"),
        "mixed_memory": pick(rng, False, False, True),
        "proj_size": pick(rng, None, None, 3),
    }


def random_plain(rng: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    hidden = {
        "activation": pick(rng, "lecun_tanh", "silu", "relu", "tanh", "gelu"),
        "backbone_units": int(rng.integers(1, 20)),
        "backbone_layers": int(rng.integers(4)),
        "backbone_dropout": pick(rng, 0.0, 0.0, 0.2),
    }
    return int(rng.integers(1, 12)), random_cfc(rng) | hidden


def random_wired(rng: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    settings = random_cfc(rng)
    return random_wiring(rng, settings["proj_size"] is not None), settings


def random_ltc(rng: np.random.Generator) -> tuple[Any, dict[str, Any]]:
    units = int(rng.integers(1, 9)) if rng.random() < 0.4 else random_wiring(rng, False)
    return units, {
        "mixed_memory": pick(rng, False, False, True),
        "input_mapping": pick(rng, "affine", "affine", "linear", None),
        "output_mapping": pick(rng, "affine", "affine", "linear", None),
        "ode_unfolds": int(rng.integers(1, 8)),
        "epsilon": pick(rng, 1e-8, 1e-5),
        "implicit_param_constraints": pick(rng, True, False),
    }


class Model:
    """A module of ncps with random weights, and what it makes of random sequences."""

    def __init__(self, module: Any, inputs: int, rng: np.random.Generator) -> None:
        self.module = module.double().eval()
        for name, parameter in module.named_parameters():
            if name.endswith(("put_w", "put_b")):  # away from 1 and 0
                parameter.data += torch.tensor(0.2 * rng.normal(size=parameter.shape))
        states = 2 if module.use_mixed else 1
        self.x = torch.tensor(rng.normal(size=(BATCH, LENGTH, inputs)), requires_grad=True)
        self.ts = torch.tensor(rng.lognormal(-0.5, 0.9, size=(BATCH, LENGTH)), requires_grad=True)
        first = rng.uniform(-0.5, 0.5, size=(states, BATCH, module.state_size))
        self.first = [torch.tensor(state, requires_grad=True) for state in first]
        self.y, self.last = self.run(self.module)

    def run(self, module: Any) -> tuple[Any, list[Any]]:
        """Step by step with one gap per sequence, which the library's own loop cannot do."""
        outputs, state = [], list(self.first)
        for t in range(LENGTH):
            if module.use_mixed:
                state = list(module.lstm(self.x[:, t], tuple(state)))
            y, state[0] = module.rnn_cell(self.x[:, t], state[0], self.ts[:, t : t + 1])
            outputs.append(module.fc(y) if hasattr(module, "fc") else y)
        return torch.stack(outputs, 1), state

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.x.detach().numpy(), self.ts.detach().numpy(), joined(self.first)

    @cached_property
    def gradients(self) -> dict[str, np.ndarray]:
        """Of the sum of squares of outputs and last state."""
        loss = (self.y**2).sum() + sum((state**2).sum() for state in self.last)
        named = {name: p for name, p in self.module.named_parameters() if p.requires_grad}
        given = [*named.values(), self.x, self.ts, *self.first]
        found = torch.autograd.grad(loss, given, allow_unused=True)
        arrays = [np.zeros(p.shape) if g is None else g.numpy() for g, p in zip(found, given, strict=True)]
        n = len(named)
        inputs = {"x": arrays[n], "ts": arrays[n + 1], "first": np.concatenate(arrays[n + 2 :], axis=1)}
        return rename(dict(zip(named, arrays[:n], strict=True))) | inputs


def joined(state: list[Any]) -> np.ndarray:
    return np.concatenate([part.detach().numpy() for part in state], axis=1)


def close(got: np.ndarray, want: np.ndarray, what: str) -> None:
    error = np.max(np.abs(got - want)) / max(1.0, np.max(np.abs(want)))
    assert error <= CLOSE, f"{what}: {error:.2g}"


def check(model: Model, cell: Cell, params: Params) -> None:
    x, ts, first = model.arrays()
    y, last = cell.run(params, x, ts, first)
    close(y, model.y.detach().numpy(), "y")
    close(last, joined(model.last), "last state")
    back = cell.grad(params, x, ts, 2 * y, first, 2 * last)
    found = {**back.params, "x": back.x, "ts": back.gaps, "first": back.state}
    wanted = dict(model.gradients)
    assert found.keys() == wanted.keys()
    # torch has an LTC's gap in a reciprocal, whose rounding grows as the gap shrinks
    found["ts"], wanted["ts"] = (np.minimum(ts, 1.0) * array["ts"] for array in (found, wanted))
    for name, gradient in wanted.items():
        close(found[name], gradient, name)


def saved_back(model: Model, cell: Cell, params: Params, fresh: Any, **settings: Any) -> None:
    """Into a module with other weights; strictly: no name may be missing or left over."""
    fresh = fresh.double().eval()
    arrays = to_ncps(cell, params, **settings)
    fresh.load_state_dict({name: torch.tensor(value) for name, value in arrays.items()}, strict=True)
    close(model.run(fresh)[0].detach().numpy(), model.y.detach().numpy(), "saved back")
    for name, value in model.module.state_dict().items():
        np.testing.assert_array_equal(arrays[name], value.numpy(), err_msg=name)


@pytest.fixture(params=SEEDS)
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    torch.manual_seed(request.param)
    torch.set_num_threads(1)
    return np.random.default_rng(request.param)


def test_cfc(rng: np.random.Generator) -> None:
    units, settings = random_plain(rng)
    inputs = int(rng.integers(1, 5))
    model = Model(CfC(inputs, units, **settings), inputs, rng)
    cell, params = from_ncps(model.module)
    check(model, cell, params)
    again, same = from_ncps(model.module.state_dict(), mode=cell.mode, activation=cell.activation)
    assert again == cell
    np.testing.assert_array_equal(same.flat, params.flat)
    dropout = settings["backbone_dropout"]
    saved_back(model, cell, params, CfC(inputs, units, **settings), backbone_dropout=dropout)


def test_wired_cfc(rng: np.random.Generator) -> None:
    spec, settings = random_wired(rng)
    inputs = int(rng.integers(1, 5))
    model = Model(CfC(inputs, real_wiring(spec), **settings), inputs, rng)
    cell, params = from_ncps(model.module.state_dict(), wiring=spec, mode=settings["mode"])
    assert cell.wiring == wiring_of(spec)
    check(model, cell, params)
    for same, _ in (from_ncps(model.module), from_ncps(model.module.state_dict(), mode=settings["mode"])):
        check(model, same, params)
    saved_back(model, cell, params, CfC(inputs, real_wiring(spec), **settings))


def test_ltc(rng: np.random.Generator) -> None:
    units, settings = random_ltc(rng)
    inputs = int(rng.integers(1, 5))
    wired = isinstance(units, dict)

    def module() -> Any:
        return LTC(inputs, real_wiring(units) if wired else units, **settings)

    model = Model(module(), inputs, rng)
    cell, params = from_ncps(model.module)
    check(model, cell, params)
    solver = {name: settings[name] for name in ("ode_unfolds", "epsilon", "implicit_param_constraints")}
    again, same = from_ncps(model.module.state_dict(), **({"wiring" if wired else "units": units} | solver))
    assert again.built.outputs == cell.built.outputs
    check(model, again, same)
    masked, same = from_ncps(model.module.state_dict(), outputs=cell.outputs, **solver)
    np.testing.assert_array_equal(masked.built.adjacency, cell.built.adjacency)
    check(model, masked, same)
    saved_back(model, cell, params, module())


def test_a_wiring_used_twice_is_refused() -> None:
    """ncps draws it again for the second model, so that it is no longer the first one's."""
    wiring = AutoNCP(12, 3)
    first = CfC(2, wiring)
    CfC(2, wiring)
    with pytest.raises(ValueError, match="leave the wiring out to use the masks"):
        from_ncps(first)
    cell, _ = from_ncps(first.state_dict())
    assert cell.outputs == 3
