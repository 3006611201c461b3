"""Models of ncps as cells with parameters, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells import LTC, Cell, CfC, Params, WiredCfC
from liquid.cells.params import Array
from liquid.interop import cfc, ltc
from liquid.interop.settings import type_of
from liquid.interop.source import CELL, Weights, settings_of, weights_of


def from_ncps(source: Any, *, prefix: str = "", dtype: str | None = None, **settings: Any) -> tuple[Cell, Params]:
    """A cell and its parameters with the outputs of a CfC or LTC of ncps's torch modules.

    Parameters
    ----------
    source : the module; its `state_dict()`, of tensors or arrays; or the path of an .npz file of one.
    prefix : of the names to use, where the model is a part of a larger one.
    dtype : of the cell; default that of the weights.
    settings : arguments of the module in ncps, such as `mode`, `activation`, `wiring`, `ode_unfolds`. Where they are
        left out, what a module or the weights' shapes tell is used, and for the rest ncps's defaults. `wiring` may be
        a wiring of `liquid.wirings` or of ncps; without one it is read from the masks. An LTC without an output
        mapping and a wiring needs `outputs`, unless all its neurons are.

    Raises
    ------
    ValueError : weights that are missing, left over or of the wrong shape, settings that they contradict.
    TypeError : `source` is none of the above.
    """
    found = weights_of(source, prefix)
    weights = rename(found, keep_masks=True)
    read = settings_of(source)
    for name in read.keys() & settings.keys():
        if name != "wiring" and settings[name] != read[name]:
            raise ValueError(f"{name} is {settings[name]!r}, but that of the module is {read[name]!r}")
    settings = {**read, **settings}
    dtype = dtype or type_of(found.values())
    cell: Cell
    if f"{CELL}layer_0.ff1.weight" in weights:
        masks = cfc.split_masks(weights)
        cell = cfc.wired_cell(weights, masks, dtype, settings)
    elif f"{CELL}ff1.weight" in weights:
        cell = cfc.plain_cell(weights, dtype, settings)
    elif f"{CELL}gleak" in weights:
        cell = ltc.ltc_cell(weights, dtype, settings)
    else:
        raise ValueError(f"these are not the weights of a CfC or LTC of ncps: {', '.join(sorted(found)[:8])}, ...")
    return cell, cell.pack(weights)


def to_ncps(cell: Cell, params: Mapping[str, ArrayLike], *, backbone_dropout: float = 0.0) -> dict[str, Array]:
    """The state dict, as arrays, of the module of ncps with the cell's outputs.

    Parameters
    ----------
    backbone_dropout : that of the module; it changes the names of hidden layers.

    Raises
    ------
    TypeError, ValueError : ncps has no such cell.
    """
    named: Weights = {name: np.array(value) for name, value in cell.pack(params).items()}
    if isinstance(cell, WiredCfC):
        for i, mask in enumerate(cfc.with_own(cell)):
            named[f"{CELL}layer_{i}.sparsity_mask"] = mask
        return named
    if isinstance(cell, CfC):
        return cfc.backbone_with_dropout(named) if backbone_dropout > 0 else named
    if isinstance(cell, LTC):
        if cell.solver != "fused":
            raise ValueError(f"solver is {cell.solver!r}, but ncps has only 'fused'")
        return named | ltc.masks_of(cell)
    raise TypeError(f"ncps has no {type(cell).__name__}")


def rename(weights: Mapping[str, Array], *, keep_masks: bool = False) -> Weights:
    """Arrays by our names, from arrays named as the parameters of a module of ncps, such as their gradients."""
    renamed = cfc.backbone_renamed(dict(weights))
    return {name: value for name, value in renamed.items() if keep_masks or not name.endswith("sparsity_mask")}
