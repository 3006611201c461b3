"""Without torch and ncps: see `tests.peers` for the real ones."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from liquid.cells import LTC, Cell, CfC, LiquidS4, Params, WiredCfC
from liquid.interop import from_ncps, rename, to_ncps, wiring_of
from liquid.wirings import NCP, AutoNCP, FullyConnected, Random

CELLS: dict[str, Cell] = {
    "bare": CfC(inputs=2, units=3, backbone_layers=0),
    "deep": CfC(inputs=1, units=3, backbone_units=4, backbone_layers=3, activation="silu"),
    "pure": CfC(inputs=2, units=3, backbone_units=4, mode="pure", mixed_memory=True),
    "no_gate": CfC(inputs=2, units=3, backbone_units=4, mode="no_gate", projection=2, dtype="float32"),
    "wired": WiredCfC(inputs=2, wiring=AutoNCP(9, 2), projection=3),
    "wired_pure": WiredCfC(inputs=2, wiring=NCP(3, 2, 1, 2, 1, 2, 2), mode="pure", mixed_memory=True),
    "ltc": LTC(inputs=2, units=3, ode_unfolds=2, mixed_memory=True),
    "ltc_wired": LTC(inputs=2, wiring=AutoNCP(9, 2), input_mapping="linear", implicit_param_constraints=False),
    "ltc_bare": LTC(inputs=1, wiring=Random(5, 2), input_mapping=None, output_mapping=None, epsilon=1e-5),
    "wired_full": WiredCfC(inputs=2, wiring=FullyConnected(4, 4), mode="no_gate"),
}
UNTOLD: dict[str, dict[str, Any]] = {
    "deep": {"activation": "silu"},
    "no_gate": {"mode": "no_gate"},
    "wired_full": {"mode": "no_gate"},
    "ltc": {"ode_unfolds": 2},
    "ltc_wired": {"implicit_param_constraints": False},
    "ltc_bare": {"epsilon": 1e-5, "outputs": 2},
}


class Tensor:
    """As much of torch's as is used."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def detach(self) -> "Tensor":
        return self

    cpu = detach

    def numpy(self) -> np.ndarray:
        return self._array


def answers(cell: Cell, params: Params) -> np.ndarray:
    rng = np.random.default_rng(0)
    return cell.run(params, rng.normal(size=(2, 9, cell.inputs)), rng.lognormal(size=(2, 9)))[0]


@pytest.mark.parametrize("name", CELLS)
def test_there_and_back(name: str) -> None:
    cell, params = CELLS[name], CELLS[name].init(1)
    state_dict = to_ncps(cell, params)
    again, same = from_ncps({key: Tensor(value) for key, value in state_dict.items()}, **UNTOLD.get(name, {}))
    assert again.dtype == cell.dtype
    np.testing.assert_array_equal(answers(again, same), answers(cell, params))
    back = to_ncps(again, same)
    assert back.keys() == state_dict.keys()
    for key, value in state_dict.items():
        np.testing.assert_array_equal(back[key], value)
        assert not np.shares_memory(value, params.flat)


@pytest.mark.parametrize("name", CELLS)
def test_with_all_settings_it_is_the_same_cell(name: str) -> None:
    cell = CELLS[name]
    settings: dict[str, Any] = {
        "mixed_memory": cell.mixed_memory,
        "input_size": cell.inputs,
        "return_sequences": False,
        "batch_first": True,
    }
    if isinstance(cell, LTC):
        names = ("input_mapping", "output_mapping", "ode_unfolds", "epsilon", "implicit_param_constraints")
        settings |= {name: getattr(cell, name) for name in names}
    else:
        settings |= {"mode": cell.mode, "proj_size": cell.projection}
    if isinstance(cell, CfC):
        settings |= {"units": cell.units, "activation": cell.activation, "backbone_layers": cell.backbone_layers}
        settings |= {"backbone_units": cell.backbone_units, "backbone_dropout": 0.0}
    else:
        settings["wiring"] = cell.wiring
    again, _ = from_ncps(to_ncps(cell, cell.init(0)), **settings)
    assert again == cell


def test_a_file_and_a_part_of_a_larger_model(tmp_path: Path) -> None:
    cell, params = CELLS["wired"], CELLS["wired"].init(1)
    larger = {f"net.rnn.{key}": value for key, value in to_ncps(cell, params).items()}
    np.savez(tmp_path / "weights.npz", **larger, **{"net.head.weight": np.ones(3)})
    again, same = from_ncps(tmp_path / "weights.npz", prefix="net.rnn.", dtype="float32")
    assert again.dtype == "float32"
    np.testing.assert_allclose(answers(again, same), answers(cell, params), atol=1e-6)


def test_the_state_dict_of_a_cell_alone() -> None:
    cell, params = CELLS["pure"], CELLS["pure"].init(1)
    alone = {k.removeprefix("rnn_cell."): v for k, v in to_ncps(cell, params).items() if k.startswith("rnn_cell.")}
    again, _ = from_ncps(alone)
    assert again == CfC(inputs=2, units=3, backbone_units=4, mode="pure")


def test_hidden_layers_with_dropout_have_other_names() -> None:
    cell, params = CELLS["deep"], CELLS["deep"].init(1)
    state_dict = to_ncps(cell, params, backbone_dropout=0.1)
    weights = sorted(key for key in state_dict if "backbone" in key and "weight" in key)
    assert weights == [f"rnn_cell.backbone.{i}.weight" for i in (0, 2, 5)]
    again, same = from_ncps(state_dict, activation="silu", backbone_dropout=0.1)
    np.testing.assert_array_equal(answers(again, same), answers(cell, params))
    assert rename(state_dict).keys() == dict(params).keys()


def test_a_module_says_what_its_weights_do_not() -> None:
    cell, params = CELLS["no_gate"], CELLS["no_gate"].init(1)
    inner = SimpleNamespace(mode="no_gate", backbone=[None, type("SiLU", (), {})()])
    module = SimpleNamespace(rnn_cell=inner, state_dict=lambda: to_ncps(cell, params))
    again, _ = from_ncps(module)
    assert (again.mode, again.activation) == ("no_gate", "silu")
    with pytest.raises(ValueError, match="mode is 'default', but that of the module is 'no_gate'"):
        from_ncps(module, mode="default")


def test_the_wiring_from_the_masks() -> None:
    wired = CELLS["wired"]
    again, _ = from_ncps(to_ncps(wired, wired.init(0)))
    assert again.built.layers == wired.built.layers
    for found, wanted in zip(again.masks, wired.masks, strict=True):
        np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(again.built.sensory, np.abs(wired.built.sensory))


def test_the_wiring_of_an_ltc_from_its_masks_and_potentials() -> None:
    wired = CELLS["ltc_wired"]
    again, _ = from_ncps(to_ncps(wired, wired.init(0)))
    np.testing.assert_array_equal(again.built.adjacency, wired.built.adjacency)
    np.testing.assert_array_equal(again.built.sensory, wired.built.sensory)
    assert again.outputs == wired.outputs


def test_an_ltc_by_its_units() -> None:
    cell, params = CELLS["ltc"], CELLS["ltc"].init(1)
    again, _ = from_ncps(to_ncps(cell, params), units=3, ode_unfolds=2)
    assert again == cell
    euler = replace(cell, solver="euler")
    with pytest.raises(ValueError, match="solver is 'euler', but ncps has only 'fused'"):
        to_ncps(euler, euler.init(0))


def broken(name: str, change: Any) -> dict[str, np.ndarray]:
    state_dict = to_ncps(CELLS[name], CELLS[name].init(0))
    change(state_dict)
    return state_dict


@pytest.mark.parametrize(
    ("name", "change", "settings", "message"),
    [
        ("bare", dict.clear, {}, "there are no weights named"),
        ("bare", lambda d: d.pop("rnn_cell.ff1.weight"), {}, "not the weights of a CfC or LTC"),
        ("bare", lambda d: d.pop("rnn_cell.ff2.bias"), {}, "parameters lack rnn_cell.ff2.bias"),
        ("bare", lambda d: d.update(extra=np.ones(1)), {}, "has no parameters named extra"),
        ("bare", lambda d: d.update({"rnn_cell.ff2.bias": np.ones(9)}), {}, "rnn_cell.ff2.bias has shape"),
        ("bare", lambda d: d.update({"rnn_cell.ff1.weight": np.ones(9)}), {}, "ff1.weight has shape .9,., but 2 axes"),
        ("bare", lambda d: d["rnn_cell.ff2.bias"].fill(np.nan), {}, "is nan"),
        ("bare", lambda d: None, {"mode": "pure"}, "mode is 'pure', but the weights are not those of a pure CfC"),
        ("pure", lambda d: None, {"mode": "default"}, "mode is 'default', but the weights are those of a pure CfC"),
        ("bare", lambda d: None, {"units": 4}, "units is 4, but the weights are those of units 3"),
        ("bare", lambda d: None, {"backbone_layers": 1}, "backbone_layers is 1, but .* backbone_layers 0"),
        ("bare", lambda d: None, {"mixed_memory": True}, "mixed_memory is True"),
        ("bare", lambda d: None, {"proj_size": 2}, "proj_size is 2"),
        ("bare", lambda d: None, {"ode_unfolds": 2}, "a CfC has no setting ode_unfolds"),
        ("wired", lambda d: d.pop("rnn_cell.layer_0.sparsity_mask"), {}, "lack rnn_cell.layer_0.sparsity_mask"),
        ("wired", lambda d: d["rnn_cell.layer_0.sparsity_mask"].fill(0.5), {}, "other numbers than 0 and 1"),
        ("wired", lambda d: d["rnn_cell.layer_0.sparsity_mask"].fill(0), {}, "is not a mask of ncps"),
        ("wired", lambda d: None, {"wiring": AutoNCP(9, 2, seed=1)}, "the mask of layer 0 is not that of the wiring"),
        ("wired", lambda d: None, {"units": 7}, "units is 7"),
        ("ltc", lambda d: d.pop("rnn_cell.sigma"), {}, "lack rnn_cell.sigma"),
        ("ltc", lambda d: d.pop("rnn_cell.sparsity_mask"), {}, "lack rnn_cell.sparsity_mask"),
        ("ltc", lambda d: d["rnn_cell.sparsity_mask"].fill(2), {}, "other numbers than 0 and 1"),
        ("ltc", lambda d: None, {"units": 4}, "units is 4, but the weights are those of units 3"),
        ("ltc", lambda d: None, {"wiring": AutoNCP(9, 2)}, "of 3 neurons, but the wiring has 9"),
        ("ltc", lambda d: None, {"input_mapping": None}, "input_mapping is None, but .* input_mapping 'affine'"),
        ("ltc", lambda d: None, {"outputs": 2}, "outputs is 2"),
        ("ltc", lambda d: None, {"mode": "pure"}, "an LTC has no setting mode"),
        ("ltc_wired", lambda d: None, {"wiring": AutoNCP(9, 2, seed=1)}, "mask is not that of the wiring"),
        ("ltc_wired", lambda d: None, {"units": 9}, "mask is not that of the wiring"),
    ],
)
def test_weights_that_do_not_fit(name: str, change: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_ncps(broken(name, change), **settings)


def test_other_things_are_refused() -> None:
    with pytest.raises(TypeError, match="not int"):
        from_ncps(3)
    with pytest.raises(TypeError, match="is not a CfC or LTC of ncps"):
        from_ncps(SimpleNamespace(state_dict=lambda: {"weight": np.ones(2)}))
    s4 = LiquidS4(inputs=1, modes=2)
    with pytest.raises(TypeError, match="ncps has no LiquidS4"):
        to_ncps(s4, s4.init(0))


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ({"kind": "AutoNCP", "units": 9, "output_size": 2}, AutoNCP(9, 2)),
        ({"kind": "AutoNCP", "units": 9, "output_size": 2, "sparsity_level": 0.3, "seed": 4}, AutoNCP(9, 2, 0.3, 4)),
        ({"kind": "FullyConnected", "units": 4}, FullyConnected(4, 4)),
        ({"kind": "FullyConnected", "units": 4, "erev_init_seed": 3}, FullyConnected(4, 4, seed=3)),
        ({"kind": "Random", "units": 4, "output_dim": 2}, Random(4, 2, 0.0)),
        (Random(4, 2), Random(4, 2)),
    ],
)
def test_wirings_by_the_arguments_of_ncps(source: Any, wanted: Any) -> None:
    assert wiring_of(source) == wanted


def test_a_built_wiring_object() -> None:
    built = AutoNCP(9, 2).build(3)
    like = SimpleNamespace(
        adjacency_matrix=built.adjacency.astype(np.int32),
        sensory_adjacency_matrix=built.sensory,
        output_dim=2,
        num_layers=3,
        get_neurons_of_layer=lambda i: list(built.layers[i]),
    )
    again = wiring_of(like).build(3)
    np.testing.assert_array_equal(again.adjacency, built.adjacency)
    np.testing.assert_array_equal(again.sensory, built.sensory)
    assert (again.outputs, again.layers) == (2, built.layers)
    like.sensory_adjacency_matrix = None
    with pytest.raises(ValueError, match="not built yet"):
        wiring_of(like)
    with pytest.raises(TypeError, match="int is not a wiring"):
        wiring_of(5)
    with pytest.raises(ValueError, match="FullyConnected: "):
        wiring_of({"kind": "FullyConnected"})
