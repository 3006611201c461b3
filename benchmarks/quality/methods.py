"""Which methods a command compares, and what their results depend on."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Iterable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import typer

import liquid
from liquid.tiers import TIERS

OURS = "liquidstream"
#: Folders of the package that our model is made of, beside its top.
_PARTS = ("anomaly", "drift", "features", "learning", "packing")


def chosen(text: str, known: Collection[str]) -> list[str]:
    """The names in a list with commas, or `all`, or `none`.

    Raises typer.BadParameter for a name that is not known."""
    if text in ("all", "none"):
        return list(known) if text == "all" else []
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"no {name!r}; known are: all, none, {', '.join(known)}")
    return names


def known_tier(name: str) -> str:
    """The name; raises typer.BadParameter where there is no such tier."""
    if name not in TIERS:
        raise typer.BadParameter(f"no tier {name!r}; there are {', '.join(TIERS)}")
    return name


def of_ours(run: Callable[..., Any], tiers: Iterable[str], **config: str) -> dict[str, Callable[..., Any]]:
    """By method, our model and its other tiers: what runs a series and takes the method's name."""
    runs: dict[str, Callable[..., Any]] = {OURS: partial(run, **config)}
    for tier in map(known_tier, tiers):
        runs[f"{OURS} {tier}"] = partial(_as_ours, run, tier=tier, **config)
    return runs


def _as_ours(run: Callable[..., Any], series: Any, _: str, **config: str) -> Any:
    return run(series, OURS, **config)


def fingerprint(kind: type | None, *more: str) -> str:
    """Changes with the code of a method; for our model (kind None) with that of the package."""
    digest = sha256(repr(more).encode())
    if kind is None:
        top = Path(liquid.__file__).parent
        for folder in (top, *(top / part for part in _PARTS)):
            for path in sorted(folder.glob("*.py")):
                digest.update(path.read_bytes())
    else:
        for base in kind.__mro__:
            if base.__module__.startswith("benchmarks."):
                digest.update(inspect.getsource(sys.modules[base.__module__]).encode())
    return digest.hexdigest()
