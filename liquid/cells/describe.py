"""Configurations as plain dictionaries for JSON and back: frozen dataclasses from the registries, in one another.

>>> from liquid.cells import make
>>> to_dict(make("liquid_s4", inputs=1, modes=4))["modes"]
4
>>> from_dict({"kind": "cells.cfc", "inputs": 2, "units": 3, "mode": "pure"}).units
3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from liquid.cells import CELLS
from liquid.cells.layers import Stateless
from liquid.wirings import WIRINGS

KIND = "kind"
PLAIN = (str, int, float, bool, type(None))


def kinds() -> dict[str, type]:
    """What can be described, by registry and name; layers without a state, which only stacks hold, by their class."""
    layers = {layer.__name__: layer for layer in Stateless.__subclasses__()}
    registries: dict[str, Mapping[str, type]] = {"cells": CELLS, "layers": layers, "wirings": WIRINGS}
    return {f"{kind}.{name}": known for kind, registry in registries.items() for name, known in registry.items()}


def to_dict(value: Any, more: Mapping[str, type] | None = None) -> dict[str, Any]:
    """The fields of a registered dataclass and its `kind`, all the way down; tuples become lists.

    Parameters
    ----------
    more : further classes by their kind.

    Raises
    ------
    TypeError : it, or something in it, is of a class that is not registered.
    """
    known = {**kinds(), **(more or {})}
    names = [name for name, kind in known.items() if kind is type(value)]
    if not names:
        raise TypeError(f"{type(value).__name__} is in no registry, such as CELLS, so it has no name to be saved by")
    own = {f.name: getattr(value, f.name) for f in fields(value) if f.init}
    return {KIND: names[0], **{name: _plain(v, known) for name, v in own.items()}}


def from_dict(description: Mapping[str, Any], more: Mapping[str, type] | None = None) -> Any:
    """What `to_dict` described. Fields that are left out have their defaults.

    Raises
    ------
    ValueError : an unknown kind, or values that its class refuses.
    TypeError : unknown fields.
    """
    known = {**kinds(), **(more or {})}
    own = dict(description)
    kind = own.pop(KIND, None)
    if kind not in known:
        raise ValueError(f"there is no kind {kind!r}: it must be one of {', '.join(known)}")
    return known[kind](**{name: _alive(v, known) for name, v in own.items()})


def _plain(value: Any, known: Mapping[str, type]) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(v, known) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, PLAIN) else to_dict(value, known)


def _alive(value: Any, known: Mapping[str, type]) -> Any:
    if isinstance(value, list):
        return tuple(_alive(v, known) for v in value)
    return from_dict(value, known) if isinstance(value, Mapping) else value
