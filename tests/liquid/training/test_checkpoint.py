import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid.cells import CfC, make
from liquid.training import FileError, Network, load_model, save_model
from liquid.training.checkpoint import read, write
from tests.liquid.cells.test_contract import INPUTS, VARIANTS


@pytest.mark.parametrize("name", VARIANTS)
def test_models_come_back(tmp_path: Path, name: str) -> None:
    kind, config = VARIANTS[name]
    network = Network(cell=make(kind, inputs=INPUTS, dtype="float32", **config), outputs=3)
    params = network.init(0)
    save_model(tmp_path / "model.npz", params)
    again, loaded = load_model(tmp_path / "model.npz")
    assert again == network
    np.testing.assert_array_equal(loaded.flat, params.flat)
    assert loaded.flat.dtype == "float32"
    y, _ = again.run(loaded, np.ones((1, 2, INPUTS)), np.ones((1, 2)))
    np.testing.assert_array_equal(y, network.run(params, np.ones((1, 2, INPUTS)), np.ones((1, 2)))[0])


def test_a_cell_alone_is_a_model(tmp_path: Path) -> None:
    cell = CfC(inputs=1, units=2)
    save_model(tmp_path / "cell.npz", cell.init(3))
    again, loaded = load_model(tmp_path / "cell.npz")
    assert again == cell
    np.testing.assert_array_equal(loaded.flat, cell.init(3).flat)


def test_facts_and_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    arrays = {"a/b.c": np.arange(3), "file": np.float32(2.5) * np.ones((1, 2), np.float32)}
    write(path, "training", {"best": 3, "large": 2**100}, arrays)
    facts, found = read(path, "training")
    assert facts == {"format": "liquid training", "version": 1, "best": 3, "large": 2**100}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    with np.load(path, allow_pickle=False) as file:
        assert set(file.files) == {"a/b.c", "file", "__head__"}


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    write(path, "model", {"n": 1}, {})

    def no_space(handle: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="no space"):
        write(path, "model", {"n": 2}, {})
    assert read(path, "model")[0]["n"] == 1
    assert os.listdir(tmp_path) == ["a.npz"]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "model.npz"
    save_model(path, CfC(inputs=1, units=2).init(0))
    return path


@pytest.mark.parametrize("cut", [0, 1, 10, 100, 0.5, -1])
def test_cut_files(good: Path, cut: float) -> None:
    whole = good.read_bytes()
    good.write_bytes(whole[: int(cut * len(whole)) if cut == 0.5 else int(cut)])
    with pytest.raises(FileError, match=r"model.npz is (no .npz file|damaged)"):
        load_model(good)


def test_any_changed_byte_of_the_arrays_is_noticed(good: Path) -> None:
    whole = bytearray(good.read_bytes())
    at = whole.index(CfC(inputs=1, units=2).init(0).flat[:4].tobytes())
    whole[at] ^= 1
    good.write_bytes(whole)
    with pytest.raises(FileError, match="damaged"):
        load_model(good)


def test_other_files(tmp_path: Path, good: Path) -> None:
    other = tmp_path / "other.npz"
    with pytest.raises(FileNotFoundError):
        load_model(other)
    other.write_text("hello")
    with pytest.raises(FileError, match=r"no \.npz file"):
        load_model(other)
    np.savez(other, a=np.ones(2))
    with pytest.raises(FileError, match=r"is no liquid model but another \.npz file"):
        load_model(other)
    np.savez(other, a=np.array([{}], object), allow_pickle=True)
    with pytest.raises(FileError, match="damaged"):
        load_model(other)
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("a.txt", "text")
    with pytest.raises(FileError):
        load_model(other)
    with pytest.raises(FileError, match="is no liquid training but liquid model"):
        read(good, "training")


def with_head(path: Path, **changes: Any) -> Path:
    with np.load(path) as file:
        arrays = dict(file)
    head = {**json.loads(str(arrays["__head__"])), **changes}
    np.savez(path, **{**arrays, "__head__": np.array(json.dumps(head))})
    return path


def test_versions_and_models_that_are_not_known(good: Path) -> None:
    with pytest.raises(FileError, match="has version 99, but this program reads version 1"):
        load_model(with_head(good, version=99))
    with pytest.raises(FileError, match=r"no model that is known here: there is no kind 'cells\.x'"):
        load_model(with_head(good, version=1, model={"kind": "cells.x"}))
    with pytest.raises(FileError, match=r"no model that is known here: .*has shape"):
        load_model(with_head(good, model={"kind": "cells.cfc", "inputs": 2, "units": 2}))
    with pytest.raises(FileError, match="no model that is known here"):
        load_model(with_head(good, model=[]))
