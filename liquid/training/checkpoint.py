"""Files of trainings and models: arrays by name in a `.npz`, the rest as JSON in it; nothing is ever unpickled.

A file is complete or absent: it is written beside its place and moved there.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from liquid.cells.base import Recurrent
from liquid.cells.describe import from_dict, to_dict
from liquid.cells.params import Array, Params
from liquid.equilibrium import Equilibrium
from liquid.training.network import Network

VERSION = 1
HEAD = "__head__"
KINDS: dict[str, type] = {"equilibrium": Equilibrium, "network": Network}


class FileError(ValueError):
    """A file that is not what it should be."""


def write(path: Path | str, kind: str, facts: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write `arrays` and JSON `facts`, so that `read` of the same `kind` gives them back."""
    path = Path(path)
    head = json.dumps({"format": f"liquid {kind}", "version": VERSION, **facts})
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w") as content:  # np.savez cannot hold an array named "file"
                for key, array in {HEAD: np.array(head), **arrays}.items():
                    with content.open(zipfile.ZipInfo(f"{key}.npy"), "w", force_zip64=True) as entry:
                        np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def read(path: Path | str, kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """The facts and arrays of a file.

    Raises
    ------
    FileNotFoundError : there is none.
    FileError : damaged, of another kind or of another version.
    """
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise FileError(f"{path} is no .npz file, or not a whole one")
            file.seek(0)
            with np.load(file, allow_pickle=False) as content:
                arrays = dict(content)
        facts = json.loads(str(arrays.pop(HEAD, "null")))
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError, NotImplementedError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path} is damaged: {error}") from error
    if not isinstance(facts, dict) or facts.get("format") != f"liquid {kind}":
        found = facts.get("format") if isinstance(facts, dict) else "another .npz file"
        raise FileError(f"{path} is no liquid {kind} but {found}")
    if facts.get("version") != VERSION:
        raise FileError(f"{path} has version {facts.get('version')}, but this program reads version {VERSION}")
    return facts, arrays


def save_model(path: Path | str, params: Params) -> None:
    """Write parameters and the configuration of their cell or network; see `load_model`."""
    write(path, "model", {"model": to_dict(params.owner, KINDS)}, dict(params))


def load_model(path: Path | str) -> tuple[Recurrent, Params]:
    """The cell or network and its parameters from a file of `save_model`."""
    facts, arrays = read(path, "model")
    try:
        model = from_dict(facts["model"], KINDS)
        return model, model.pack(arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path} holds no model that is known here: {error}") from error
