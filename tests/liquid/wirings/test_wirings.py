import json
from dataclasses import FrozenInstanceError, fields
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from liquid.wirings import NCP, WIRINGS, AutoNCP, Explicit, FullyConnected, Random, Spec, Wiring, explicit, make_wiring
from liquid.wirings.explicit import spelled_out
from tests.liquid.golden import REFERENCE

# (recipe, inputs, CRC-32 of the two matrices that ncps 1.0.1 builds, as int8)
OF_NCPS: list[tuple[Spec, int, int]] = [
    (FullyConnected(2, 1, False, 579362556), 1, 3493667474),
    (FullyConnected(32, 22, False, 2008052739), 1, 1162744167),
    (FullyConnected(12, 6, False, 1162779116), 9, 960687086),
    (FullyConnected(30, 12, True, 552547096), 9, 2372622783),
    (Random(2, 1, 0.75, 579362556), 1, 159303366),
    (Random(32, 22, 0.75, 2008052739), 1, 3246941002),
    (Random(12, 6, 0.1, 1162779116), 9, 357852213),
    (Random(30, 12, 0.9, 552547096), 9, 2644607090),
    (NCP(17, 11, 1, 14, 9, 16, 2, 2008052739), 1, 3640760727),
    (NCP(1, 1, 3, 1, 1, 0, 1, 1162779116), 9, 541975523),
    (NCP(16, 19, 8, 11, 19, 13, 16, 552547096), 9, 2631609676),
    (NCP(8, 6, 9, 4, 5, 17, 1, 1879383517), 17, 4123887454),
    (AutoNCP(10, 6, 0.1, 1162779116), 4, 472028263),
    (AutoNCP(21, 13, 0.75, 104252791), 4, 871239764),
    (AutoNCP(29, 15, 0.25, 1846923787), 18, 2161057218),
    (AutoNCP(19, 15, 0.1, 1338252685), 23, 1892166288),
]
NAMES_IN_NCPS = {
    "output_dim": "outputs", "output_size": "outputs", "sparsity_level": "sparsity", "random_seed": "seed",
    "erev_init_seed": "seed", "inter_neurons": "inter", "command_neurons": "command", "motor_neurons": "motor",
    "recurrent_command_synapses": "recurrent_command",
}  # fmt: skip
KINDS_IN_NCPS: dict[str, Any] = {
    "AutoNCP": AutoNCP, "NCP": NCP, "FullyConnected": FullyConnected, "Random": lambda sparsity=0.0, **k: Random(
        sparsity=sparsity, **k),
}  # fmt: skip
EXAMPLES: dict[str, dict[str, Any]] = {
    "auto_ncp": {"units": 12, "outputs": 3},
    "explicit": {"adjacency": ((0, 1), (-1, 1)), "sensory": ((1, 0), (0, 0), (-1, 1)), "outputs": 1},
    "fully_connected": {"units": 5, "outputs": 2},
    "ncp": {
        "inter": 6, "command": 4, "motor": 2, "sensory_fanout": 3, "inter_fanout": 2, "recurrent_command": 3,
        "motor_fanin": 3,
    },
    "random": {"units": 6, "outputs": 2},
}  # fmt: skip
INPUTS = 3


@pytest.fixture(params=EXAMPLES)
def spec(request: pytest.FixtureRequest) -> Spec:
    return make_wiring(request.param, **EXAMPLES[request.param])


@pytest.mark.parametrize(("spec", "inputs", "crc"), OF_NCPS, ids=str)
def test_the_wiring_of_ncps(spec: Spec, inputs: int, crc: int) -> None:
    wiring = spec.build(inputs)
    assert crc32(wiring.adjacency.tobytes() + wiring.sensory.tobytes()) == crc


def test_the_reference_wirings() -> None:
    path = REFERENCE / "ncps" / "wirings.npz"
    if not path.exists():
        pytest.skip("the reference vectors are not there")
    with np.load(path) as file:
        entries = json.loads(str(file["config"]))
        assert len(entries) >= 14
        for entry in entries:
            given = {NAMES_IN_NCPS.get(key, key): value for key, value in entry["spec"].items()}
            wiring = KINDS_IN_NCPS[given.pop("kind")](**given).build(entry["input_dim"])
            np.testing.assert_array_equal(wiring.adjacency, file[f"{entry['key']}/adjacency"])
            np.testing.assert_array_equal(wiring.sensory, file[f"{entry['key']}/sensory"])
            assert [list(layer) for layer in wiring.layers] == entry["layers"]
            assert wiring.outputs == entry["output_dim"]
            assert (wiring.synapses, wiring.sensory_synapses) == (entry["synapses"], entry["sensory_synapses"])


def test_every_wiring_has_an_example() -> None:
    assert EXAMPLES.keys() == WIRINGS.keys()


def test_unknown_name() -> None:
    with pytest.raises(ValueError, match="no wiring named 'ncq': choose one of auto_ncp, "):
        make_wiring("ncq")


def test_building_is_pure(spec: Spec) -> None:
    first, other, again = spec.build(INPUTS), None, None
    if not isinstance(spec, Explicit):
        other = spec.build(INPUTS + 1)
        assert other.inputs == INPUTS + 1
    again = spec.build(INPUTS)
    np.testing.assert_array_equal(first.adjacency, again.adjacency)
    np.testing.assert_array_equal(first.sensory, again.sensory)


def test_shapes(spec: Spec) -> None:
    wiring = spec.build(INPUTS)
    assert wiring.adjacency.shape == (spec.units, spec.units)
    assert wiring.sensory.shape == (INPUTS, spec.units)
    assert wiring.adjacency.dtype == wiring.sensory.dtype == np.int8
    assert (wiring.units, wiring.inputs, wiring.outputs) == (spec.units, INPUTS, spec.outputs)
    assert wiring.layers == spec.layers
    assert sorted(n for layer in wiring.layers for n in layer) == list(range(spec.units))
    assert wiring.synapses == np.abs(wiring.adjacency).sum()
    assert wiring.sensory_synapses == np.abs(wiring.sensory).sum()


def test_specs_are_values(spec: Spec) -> None:
    same = type(spec)(**{f.name: getattr(spec, f.name) for f in fields(spec)})  # type: ignore[arg-type]
    assert same == spec
    assert hash(same) == hash(spec)
    with pytest.raises(FrozenInstanceError):
        spec.outputs = 1


def test_a_wiring_is_read_only(spec: Spec) -> None:
    wiring = spec.build(INPUTS)
    for signs in (wiring.adjacency, wiring.sensory):
        with pytest.raises(ValueError, match="read-only"):
            signs[0, 0] = 0


def test_a_wiring_copies_its_matrices() -> None:
    adjacency, sensory = np.zeros((2, 2), np.int8), np.zeros((1, 2), np.int8)
    wiring = Wiring(adjacency, sensory, 1, ((0, 1),))
    adjacency[0, 1] = 1
    assert wiring.synapses == 0


def test_spelled_out(spec: Spec) -> None:
    wiring = spec.build(INPUTS)
    again = spelled_out(wiring).build(INPUTS)
    np.testing.assert_array_equal(again.adjacency, wiring.adjacency)
    np.testing.assert_array_equal(again.sensory, wiring.sensory)
    assert again.layers == wiring.layers
    assert again.outputs == wiring.outputs


def test_the_nineteen_neurons() -> None:
    spec = AutoNCP(19, 4)
    assert spec.ncp == NCP(9, 6, 4, 4, 3, 6, 3)
    wiring = spec.build(2)
    assert [wiring.kind(n) for n in (0, 3, 4, 9, 10, 18)] == ["motor", "motor", "command", "command", "inter", "inter"]
    inter, command, motor = wiring.layers
    assert [len(layer) for layer in wiring.layers] == [9, 6, 4]
    between = np.zeros_like(wiring.adjacency, bool)
    for sources, targets in ((inter, command), (command, command), (command, motor)):
        between[np.ix_(sources, targets)] = True
    assert not wiring.adjacency[~between].any()
    assert not wiring.sensory[:, command + motor].any()
    reached = np.abs(wiring.adjacency).sum(0)
    assert (reached[list(command + motor)] > 0).all()
    assert (np.abs(wiring.sensory).sum(0)[list(inter)] > 0).all()


def test_kinds_without_layers() -> None:
    wiring = FullyConnected(3, 1).build(1)
    assert [wiring.kind(n) for n in range(3)] == ["motor", "inter", "inter"]
    with pytest.raises(ValueError, match="no neuron 3: they are numbered 0 to 2"):
        wiring.kind(3)


REFUSED: list[tuple[type[Spec], dict[str, Any], str]] = [
    (AutoNCP, {"outputs": 10}, "outputs is 10, but 12 units allow at most units - 3"),
    (AutoNCP, {"outputs": 0}, "outputs is 0, but must be at least 1"),
    (AutoNCP, {"sparsity": 0.09}, r"sparsity is 0\.09, but must be between 0\.1 and 1"),
    (AutoNCP, {"sparsity": 1.01}, "sparsity is"),
    (AutoNCP, {"sparsity": float("nan")}, "sparsity is nan"),
    (AutoNCP, {"seed": -1}, "seed is -1, but must be at least 0"),
    (AutoNCP, {"seed": 2**32}, "seed is"),
    (NCP, {"inter": 0}, "inter is 0, but must be at least 1"),
    (NCP, {"sensory_fanout": 7}, "sensory_fanout is 7, but there are only 6 inter neurons"),
    (NCP, {"inter_fanout": 5}, "inter_fanout is 5, but there are only 4 command neurons"),
    (NCP, {"motor_fanin": 5}, "motor_fanin is 5, but there are only 4 command neurons"),
    (NCP, {"motor_fanin": 0}, "motor_fanin is 0"),
    (NCP, {"recurrent_command": -1}, "recurrent_command is -1"),
    (FullyConnected, {"units": 0}, "units is 0"),
    (FullyConnected, {"outputs": 6}, "outputs is 6, but there are only 5 units"),
    (Random, {"sparsity": 1.0}, r"sparsity is 1\.0, but must be at least 0 and less than 1"),
    (Random, {"sparsity": -0.1}, "sparsity is"),
    (Explicit, {"adjacency": ((0, 1),)}, "adjacency must have 1 rows of 1"),
    (Explicit, {"adjacency": ((0, 2), (0, 0))}, "adjacency may hold -1, 0 and 1 only"),
    (Explicit, {"sensory": ()}, "sensory must have 1 rows of 2"),
    (Explicit, {"sensory": ((1, 0, 0),)}, "sensory must have 1 rows of 2"),
    (Explicit, {"order": ((0,),)}, "order must name every neuron once"),
]


@pytest.mark.parametrize(("kind", "change", "message"), REFUSED, ids=lambda v: str(v)[:40])
def test_impossible_specs(kind: type[Spec], change: dict[str, Any], message: str) -> None:
    name = next(name for name, k in WIRINGS.items() if k is kind)
    with pytest.raises(ValueError, match=message):
        kind(**{**EXAMPLES[name], **change})


@pytest.mark.parametrize("value", [5.0, "5", True, None])
def test_whole_numbers_are_needed(value: Any) -> None:
    with pytest.raises(TypeError, match=r"units is .*, but must be a whole number"):
        FullyConnected(value, 1)
    with pytest.raises(TypeError, match=r"inputs is .*, but must be a whole number"):
        FullyConnected(2, 1).build(value)


def test_impossible_inputs(spec: Spec) -> None:
    with pytest.raises(ValueError, match="inputs is 0, but a wiring needs at least 1"):
        spec.build(0)


def test_explicit_arrays() -> None:
    with pytest.raises(ValueError, match="inputs is 2, but this wiring is for 3"):
        make_wiring("explicit", **EXAMPLES["explicit"]).build(2)
    with pytest.raises(ValueError, match=r"adjacency has shape \(2,\), but must have two axes"):
        explicit([1, 0], [[1, 0]], 1)
    with pytest.raises(ValueError, match="may hold -1, 0 and 1 only"):
        explicit([[0.5]], [[1]], 1)
    assert explicit(np.eye(2), np.ones((1, 2)), 1) == Explicit(((1, 0), (0, 1)), ((1, 1),), 1)
