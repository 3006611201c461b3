"""Golden vectors on disk: one .npz file per case, with its configuration as JSON under `config`."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liquid.cells.params import Array


class Unusable(Exception):
    """There is nothing to check, or no way to read it."""


class Failure(Exception):
    """A file that can be read, but not checked: what is unknown or missing in it."""


@dataclass(frozen=True)
class Case:
    """Arrays of a file by name, and its configuration (None without one)."""

    path: Path
    config: Any
    arrays: dict[str, Array]

    def __getitem__(self, name: str) -> Array:
        if name not in self.arrays:
            raise Failure(f"the file lacks {name}")
        return self.arrays[name]

    def axes(self, name: str, meaning: str) -> Array:
        """An array of numbers with so many axes.

        Parameters
        ----------
        meaning : of the axes, such as "batch, length".
        """
        array, count = self[name], len(meaning.split(", "))
        if array.dtype.kind not in "biufc":
            raise Failure(f"{name} holds {array.dtype}, not numbers")
        if array.ndim != count or not array.size:
            raise Failure(f"{name} has shape {array.shape}, but ({meaning}) is expected, with at least one of each")
        return array

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def section(self, name: str) -> dict[str, Array]:
        """Arrays named ``name/...``, without that."""
        return {key.removeprefix(f"{name}/"): a for key, a in self.arrays.items() if key.startswith(f"{name}/")}

    def joined(self, h: str, c: str) -> Array:
        """A state array with its LSTM memory, if the case has one."""
        return np.concatenate([self[h], self[c]], axis=-1) if c in self else self[h]


def load(path: Path) -> Case:
    """
    Raises
    ------
    Unusable : not an .npz file of numbers, cut short, or damaged.
    """
    try:
        if path.stat().st_size and not zipfile.is_zipfile(path):
            raise Unusable("cannot be read: not an .npz file, or cut short")
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = dict(file)
        if other := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
            raise Unusable(f"cannot be read: {', '.join(other)} in it is not an array")
        config = json.loads(str(arrays.pop("config"))) if "config" in arrays else None
    except (OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise Unusable(f"cannot be read: {str(error) or type(error).__name__}") from None
    return Case(path, config, arrays)


def files(folder: Path) -> list[Path]:
    """All .npz files under a folder; or the one that is given in its place.

    Raises
    ------
    Unusable : no such folder, or none in it.
    """
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise Unusable(f"{folder} is not a folder")
    found = sorted(path for path in folder.rglob("*.npz") if not path.is_dir())
    if not found:
        raise Unusable(f"{folder} has no .npz files")
    return found


def absent(folder: Path) -> list[str]:
    """Files that an `index.json` in the folder lists as cases, but that are not beside it."""
    missing = []
    for index in sorted(folder.rglob("index.json")):
        try:
            cases = json.loads(index.read_text())["cases"]
            names = [case["file"] if "file" in case else f"{case['name']}.npz" for case in cases]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        missing += [str((index.parent / name).relative_to(folder)) for name in names]
    return [name for name in missing if not (folder / name).exists()]
