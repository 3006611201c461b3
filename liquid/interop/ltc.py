"""LTC of ncps."""

from __future__ import annotations

from typing import Any

import numpy as np

from liquid.cells import LTC
from liquid.cells.params import Array
from liquid.interop.settings import Settings, shape_of, zero_or_one
from liquid.interop.source import CELL, Weights
from liquid.interop.wirings import wiring_of
from liquid.wirings import FullyConnected, Spec, explicit

MASKS = ("sparsity_mask", "sensory_sparsity_mask")


def ltc_cell(weights: Weights, dtype: str, given: dict[str, Any]) -> LTC:
    """The cell that weights, masks among them, are for."""
    settings = Settings(given, "an LTC")
    inputs, units = shape_of(weights, f"{CELL}sensory_w")
    settings.drop("return_sequences", "batch_first")
    settings.same("input_size", inputs)
    found: dict[str, Any] = {
        "mixed_memory": "lstm.input_map.weight" in weights,
        "input_mapping": _mapping(weights, "input"),
        "output_mapping": _mapping(weights, "output"),
    }
    for name, value in found.items():
        settings.same(name, value, none_is_unknown=False)
    stated = settings.take("units", None)
    if stated is not None and stated != units:
        raise ValueError(f"units is {stated!r}, but the weights are those of units {units!r}")
    outputs = len(weights[f"{CELL}output_w"]) if f"{CELL}output_w" in weights else None
    wiring = settings.take("wiring", None)
    if wiring is not None:
        spec = wiring_of(wiring)
    elif stated is not None:
        spec = FullyConnected(units, units)
    else:
        spec = wiring_from_masks(weights, outputs or settings.take("outputs", units))
    if outputs is not None:
        settings.same("outputs", outputs)
    cell = LTC(
        inputs=inputs,
        wiring=spec,
        dtype=dtype,
        ode_unfolds=settings.take("ode_unfolds", 6),
        epsilon=settings.take("epsilon", 1e-8),
        implicit_param_constraints=settings.take("implicit_param_constraints", True),
        **found,
    )
    settings.finish()
    if cell.units != units:
        raise ValueError(f"the weights are those of {units} neurons, but the wiring has {cell.units}")
    for name, mask in masks_of(cell).items():
        if not np.array_equal(weights.get(name, mask), mask):
            raise ValueError(
                f"{name} is not that of the wiring (ncps draws a wiring anew, and adds synapses, for each model that "
                "it is given to): leave the wiring out to use the masks alone"
            )
    return cell


def wiring_from_masks(weights: Weights, outputs: int) -> Spec:
    """The wiring behind an LTC's masks. The signs are those of the reversal potentials, where the wiring's went."""
    signed = []
    for name, potential in zip(MASKS, ("erev", "sensory_erev"), strict=True):
        shape_of(weights, CELL + name)
        mask = zero_or_one(name, weights[CELL + name])
        signed.append(np.where(weights[CELL + potential] < 0, -mask, mask))
    return explicit(signed[0], signed[1], outputs)


def masks_of(cell: LTC) -> dict[str, Array]:
    """By ncps's names."""
    signs = cell.built.adjacency, cell.built.sensory
    return {CELL + name: np.abs(sign).astype(cell.dtype) for name, sign in zip(MASKS, signs, strict=True)}


def _mapping(weights: Weights, side: str) -> str | None:
    if f"{CELL}{side}_b" in weights:
        return "affine"
    return "linear" if f"{CELL}{side}_w" in weights else None
