import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from liquid.interop import wiring_of
from liquid.verify import report
from liquid.verify.__main__ import app
from liquid.verify.case import load
from liquid.verify.checks import distance
from liquid.verify.recurrent import model_of
from liquid.verify.tolerances import EXACT, MOST, allowed
from tests.liquid.golden import HERE

PLAIN, WIRED, MIXED = "cfc_default.npz", "wired_cfc_default.npz", "cfc_no_gate_gelu_mixed.npz"
Change = Callable[[dict[str, Any], dict[str, Any]], None]  # of the arrays and the configuration


def verify(folder: Path) -> Result:
    return CliRunner().invoke(app, [str(folder)])


def write(folder: Path, name: str, change: Change | None = None) -> Path:
    """A copy of a golden file of ours, changed."""
    case = load(HERE / name)
    arrays, config = {key: array.copy() for key, array in case.arrays.items()}, dict(case.config)
    if change:
        change(arrays, config)
    path = folder / name
    np.savez(path, config=json.dumps(config), **arrays)
    return path


def add(name: str, amount: float) -> Change:
    def change(arrays: dict[str, Any], config: dict[str, Any]) -> None:
        arrays[name].flat[arrays[name].size // 2] += amount

    return change


def setting(**changed: Any) -> Change:
    def change(arrays: dict[str, Any], config: dict[str, Any]) -> None:
        config["kwargs"] = {**config["kwargs"], **changed.pop("kwargs", {})}
        config.update(changed)

    return change


def without(*names: str) -> Change:
    return lambda arrays, config: [arrays.pop(name) for name in names]


def keep(*names: str) -> Change:
    return lambda arrays, config: [arrays.pop(name) for name in list(arrays) if name not in names]


def from_rest(arrays: dict[str, Any], config: dict[str, Any]) -> None:
    """A case that starts at 0, with gaps of 1: its results are those of the cell, which other tests check."""
    case = load(HERE / PLAIN)
    cell, params = model_of(case)
    x = arrays["x"]
    y, last = cell.run(params, x, np.ones(x.shape[:2]))
    keep("x", *(name for name in arrays if name.startswith("param/")))(arrays, config)
    arrays.update(y=y, hT=last)


def test_a_good_folder(tmp_path: Path) -> None:
    for name in (PLAIN, WIRED, MIXED):
        write(tmp_path, name)
    (tmp_path / "README.md").write_text("not looked at")
    result = verify(tmp_path)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert sum(line.count(" ok ") for line in lines) == 3
    assert lines[-1].startswith("3 files, ")
    assert lines[-1].endswith(", 0 failures")


def test_folders_in_it_count_too(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep", PLAIN)
    result = verify(tmp_path)
    assert result.exit_code == 0
    assert f"deep/{PLAIN}" in result.output


def test_files_that_the_index_lists_are_missed(tmp_path: Path) -> None:
    write(tmp_path, PLAIN)
    (tmp_path / "index.json").write_text(json.dumps({"cases": [{"file": PLAIN}, {"name": "cfc_other"}]}))
    result = verify(tmp_path)
    assert result.exit_code == 0
    assert "listed in index.json, but not there: cfc_other.npz" in result.output
    (tmp_path / "index.json").write_text("[]")
    assert "index.json" not in verify(tmp_path).output


@pytest.mark.parametrize(
    ("name", "array"),
    [
        *((PLAIN, array) for array in ("y", "h", "hT", "grad/x", "grad/ts", "grad/h0", "grad/rnn_cell.ff1.bias")),
        *((MIXED, array) for array in ("c", "cT", "grad/c0", "grad/lstm.recurrent_map.weight")),
        *((WIRED, array) for array in ("wiring/adjacency_matrix", "grad/rnn_cell.layer_1.ff2.weight")),
    ],
)
def test_one_wrong_number_is_found_and_named(tmp_path: Path, name: str, array: str) -> None:
    write(tmp_path, name, add(array, 1e-11))
    write(tmp_path, "s4_exact.npz")
    result = verify(tmp_path)
    assert result.exit_code == 1
    off = [line for line in result.output.splitlines() if "is off by" in line]
    assert len(off) == 1
    assert off[0].startswith(f"{name}: {array} is off by")
    assert result.output.splitlines()[-1].endswith(", 1 failures")


@pytest.mark.parametrize("array", ["x", "ts", "h0", "param/rnn_cell.backbone.0.weight"])
def test_one_wrong_number_that_goes_in_is_found(tmp_path: Path, array: str) -> None:
    write(tmp_path, PLAIN, add(array, 1e-9))
    result = verify(tmp_path)
    assert result.exit_code == 1
    assert f"{PLAIN}: grad/" in result.output


def test_not_a_number_is_off(tmp_path: Path) -> None:
    write(tmp_path, PLAIN, add("y", np.nan))
    result = verify(tmp_path)
    assert result.exit_code == 1
    assert f"{PLAIN}: y is off by inf" in result.output


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (PLAIN, setting(model="Mamba7"), "unknown model 'Mamba7'"),
        (PLAIN, setting(kwargs={"dampening": 3}), "a CfC has no setting dampening"),
        (PLAIN, setting(kwargs={"activation": "mish"}), "activation is 'mish', but must be one of"),
        (PLAIN, setting(kwargs={"mode": "pure"}), "mode is 'pure', but the weights are not those of a pure CfC"),
        (PLAIN, setting(units=5), "units is 5, but the weights are those of units 3"),
        (PLAIN, setting(dtype="float16"), "dtype is 'float16'"),
        (PLAIN, without("y"), "the file lacks y"),
        (PLAIN, without("grad/rnn_cell.ff1.bias"), "the file lacks grad/rnn_cell.ff1.bias"),
        (PLAIN, without("x"), "the file lacks x"),
        (PLAIN, keep("y"), "the file has no parameters"),
        (PLAIN, lambda arrays, config: config.update(kwargs=["gelu"]), "kwargs is ['gelu'], but must be settings by"),
        (PLAIN, lambda arrays, config: arrays.update(y=np.array("high")), "y holds <U4, not numbers"),
        (PLAIN, lambda arrays, config: arrays.update(loss=np.array("low")), "loss holds <U3, not numbers"),
        (PLAIN, lambda arrays, config: arrays.update(x=np.array("wide")), "x holds <U4, not numbers"),
        (PLAIN, lambda arrays, config: arrays.update(x=arrays["x"][0]), "x has shape (7, 2), but (batch, length,"),
        (PLAIN, lambda arrays, config: arrays.update(ts=arrays["ts"][:, :3]), "gaps has shape (2, 3), but"),
        (PLAIN, lambda arrays, config: arrays.update(ts=-arrays["ts"]), "must be at least 0"),
        (PLAIN, without("param/rnn_cell.ff2.bias"), "parameters lack rnn_cell.ff2.bias"),
        (PLAIN, lambda arrays, config: arrays.update(y=arrays["y"][:, :3]), "y has shape (2, 3, 3), but"),
        (PLAIN, lambda arrays, config: config.pop("model"), "neither a model"),
        (WIRED, setting(wiring={"kind": "Ring", "units": 8}), "no wiring of kind 'Ring'"),
        (WIRED, setting(wiring={"kind": "AutoNCP", "size": 8}), "AutoNCP has no argument size"),
        (WIRED, setting(wiring={"kind": "AutoNCP", "units": 8, "output_size": 2, "seed": 1}), "the mask of layer"),
        ("s4_exact.npz", setting(kwargs={"modus": 3}), "unexpected keyword argument 'modus'"),
    ],
)
def test_what_cannot_be_checked_fails_with_a_reason(tmp_path: Path, name: str, change: Change, message: str) -> None:
    write(tmp_path, name, change)
    result = verify(tmp_path)
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())


def test_an_unknown_array_is_mentioned(tmp_path: Path) -> None:
    write(tmp_path, PLAIN, lambda arrays, config: arrays.update(hessian=np.ones(2)))
    result = verify(tmp_path)
    assert result.exit_code == 0
    assert "1 files: hessian: not known, not checked" in result.output


def test_what_a_file_may_leave_out(tmp_path: Path) -> None:
    write(tmp_path, PLAIN, without("h", "hT", "grad/x", "grad/ts", "grad/h0"))
    result = verify(tmp_path)
    assert result.exit_code == 0, result.output
    assert "1 files: without h, hT, grad/x, grad/ts, grad/h0" in result.output


def test_without_a_start_and_gaps(tmp_path: Path) -> None:
    """As ncps: zeros and ones."""
    write(tmp_path, PLAIN, from_rest)
    result = verify(tmp_path)
    assert result.exit_code == 0, result.output
    assert "1 files: without ts, h0, h" in result.output


def test_forms_of_the_same_numbers(tmp_path: Path) -> None:
    def wide(arrays: dict[str, Any], config: dict[str, Any]) -> None:
        del config["dtype"]
        for name in ("ts", "grad/ts"):
            arrays[name] = arrays[name][..., None]
        arrays["loss"] = np.sum(arrays["y"] ** 2)[None]

    def whole(arrays: dict[str, Any], config: dict[str, Any]) -> None:
        from_rest(arrays, config)
        arrays.update(ts=np.ones(arrays["x"].shape[:2], int), h0=np.zeros((2, 3), np.int8))

    for change in (wide, whole):
        write(tmp_path, PLAIN, change)
        result = verify(tmp_path)
        assert result.exit_code == 0, result.output


def test_one_file(tmp_path: Path) -> None:
    result = verify(write(tmp_path, PLAIN))
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("1 files, ")
    assert PLAIN in result.output


def test_other_mistakes_in_a_file_stay_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(case: Any) -> Any:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(report, "check_wirings", broken)
    np.savez(tmp_path / "wirings.npz", config="[]")
    write(tmp_path, PLAIN)
    result = verify(tmp_path)
    assert result.exit_code == 1
    assert "wirings.npz: cannot be checked: ZeroDivisionError: division by zero" in result.output
    assert result.output.count(" ok ") == 1


def test_outputs_of_the_last_sample_alone(tmp_path: Path) -> None:
    """ncps with return_sequences=False."""
    write(tmp_path, PLAIN, lambda arrays, config: (arrays.update(y=arrays["y"][:, -1]), drop_gradients(arrays)))
    assert verify(tmp_path).exit_code == 0


def drop_gradients(arrays: dict[str, Any]) -> None:
    for name in [name for name in arrays if name.startswith("grad")]:
        del arrays[name]


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-400])


def not_zipped(path: Path) -> None:
    path.write_text("x,y\n1,2\n")


def pickled(path: Path) -> None:
    np.savez(path, config="{}", y=np.array([{}], object))


def one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones(3))


def not_json(path: Path) -> None:
    np.savez(path, config="{model: CfC")


def zipped_text(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [damaged, not_zipped, pickled, one_array, not_json, zipped_text, emptied])
def test_a_file_that_cannot_be_read(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(write(tmp_path, PLAIN))
    write(tmp_path, WIRED)
    result = verify(tmp_path)
    assert result.exit_code == 2
    assert f"{PLAIN}: cannot be read: " in result.output
    assert result.output.count(" ok ") == 1  # the other one is checked all the same


def test_an_unusable_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, reason in ((tmp_path / "none", "is not a folder"), (tmp_path / "empty", "has no .npz files")):
        result = verify(path)
        assert result.exit_code == 2
        assert f"{path} {reason}" in result.output.replace("\n", "")


def test_as_a_program() -> None:
    program = [sys.executable, "-m", "liquid.verify"]
    done = subprocess.run([*program, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Exit status" in done.stdout
    assert subprocess.run(program, capture_output=True, check=False).returncode == 2


def test_a_table_of_wirings(tmp_path: Path) -> None:
    spec = {"kind": "NCP", "inter_neurons": 4, "command_neurons": 3, "motor_neurons": 2, "sensory_fanout": 2}
    spec |= {"inter_fanout": 2, "recurrent_command_synapses": 3, "motor_fanin": 2, "seed": 5}
    wiring = wiring_of(spec).build(2)
    row = {"key": "w00", "spec": spec, "input_dim": 2, "units": 9, "synapses": wiring.synapses}
    arrays = {"w00/adjacency": wiring.adjacency, "w00/sensory": wiring.sensory}
    np.savez(tmp_path / "wirings.npz", config=json.dumps([row]), **arrays)
    assert verify(tmp_path).exit_code == 0
    np.savez(tmp_path / "wirings.npz", config=json.dumps([{**row, "synapses": 1}]), **arrays)
    result = verify(tmp_path)
    assert result.exit_code == 1
    assert "w00 synapses is off" in result.output
    np.savez(tmp_path / "wirings.npz", config=json.dumps([5]), **arrays)
    assert "the configuration lists 5, which describes no wiring" in verify(tmp_path).output
    np.savez(tmp_path / "wirings.npz", config=json.dumps([row]), **arrays, rest=np.ones(1))
    assert "has no key for rest" in verify(tmp_path).output


def test_distance() -> None:
    one = np.ones(2)
    assert distance(one, one) == 0
    assert distance(1.5 * one, one) == 0.5
    assert distance(110 * one, 100 * one) == pytest.approx(0.1)
    assert distance(one * np.nan, one) == distance(one, one * np.inf) == np.inf
    assert distance(np.zeros(0), np.zeros(0)) == 0


def test_tolerance_follows_the_model() -> None:
    """The floor for a harmless model; what a steep one makes of rounding; a limit for chaos."""
    given = {"x": np.linspace(1, 2, 50)}

    def steep(slope: float) -> float:
        return allowed("outputs", "float64", 50, lambda a: {"y": np.sin(slope * a["x"])}, given)

    floor = EXACT["outputs"]["float64"]
    assert steep(0.1) == floor
    assert floor < steep(1e3) < 1e-10
    assert steep(1e12) == MOST["float64"]
    many = allowed("gradients", "float64", 6000, lambda a: {"y": 0.0 * a["x"]}, given)
    assert many == pytest.approx(10 * EXACT["gradients"]["float64"])
