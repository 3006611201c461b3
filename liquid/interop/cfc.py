"""CfC of ncps, plain and wired."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from liquid.cells import CfC, WiredCfC
from liquid.cells.params import Array
from liquid.interop.settings import Settings, shape_of, zero_or_one
from liquid.interop.source import CELL, Weights
from liquid.interop.wirings import wiring_of
from liquid.wirings import Spec, explicit

BACKBONE = re.compile(rf"{re.escape(CELL)}backbone\.(\d+)\.")


def plain_cell(weights: Weights, dtype: str, given: dict[str, Any]) -> CfC:
    """The cell that weights, already under our names, are for."""
    settings = Settings(given, "a CfC")
    pure = _shared(settings, weights, f"{CELL}w_tau")
    units, features = shape_of(weights, f"{CELL}ff1.weight")
    layers = len({name for name in weights if BACKBONE.match(name)}) // 2
    joined = shape_of(weights, f"{CELL}backbone.0.weight")[1] if layers else features
    settings.same("units", units)
    settings.same("input_size", joined - units)
    settings.same("backbone_layers", layers)
    settings.drop("backbone_dropout", *([] if layers else ["backbone_units"]))
    cell = CfC(
        inputs=joined - units,
        units=units,
        dtype=dtype,
        backbone_layers=layers,
        **({"backbone_units": settings.same("backbone_units", features)} if layers else {}),
        activation=settings.take("activation", "lecun_tanh"),
        **_common(settings, weights, pure),
    )
    settings.finish()
    return cell


def wired_cell(weights: Weights, masks: list[Array], dtype: str, given: dict[str, Any]) -> WiredCfC:
    """As `plain_cell`; `masks` are ncps's, of each layer."""
    settings = Settings(given, "a wired CfC")
    pure = _shared(settings, weights, f"{CELL}layer_0.w_tau")
    inputs = masks[0].shape[1] - masks[0].shape[0]
    settings.same("input_size", inputs)
    settings.same("units", sum(len(mask) for mask in masks))
    settings.drop("activation")  # there is no hidden layer
    wiring = settings.take("wiring", None)
    cell = WiredCfC(
        inputs=inputs,
        wiring=wiring_from_masks(masks) if wiring is None else wiring_of(wiring),
        dtype=dtype,
        **_common(settings, weights, pure),
    )
    settings.finish()
    for i, (found, wanted) in enumerate(zip(masks, with_own(cell), strict=False)):
        if len(masks) != len(cell.masks) or not np.array_equal(found, wanted):
            raise ValueError(
                f"the mask of layer {i} is not that of the wiring (ncps draws a wiring anew, and adds synapses, for "
                "each model that it is given to): leave the wiring out to use the masks alone"
            )
    return cell


def wiring_from_masks(masks: list[Array]) -> Spec:
    """The wiring behind a wired CfC's masks; all its synapses excite, since masks have no signs.

    Neurons are numbered as in ncps, the last layer's first.
    """
    sizes = [len(mask) for mask in masks]
    units, ids, start = sum(sizes), [], sum(sizes)
    for n in sizes:
        start -= n
        ids.append(tuple(range(start, start + n)))
    adjacency = np.zeros((units, units), np.int8)
    sensory = np.zeros((masks[0].shape[1] - sizes[0], units), np.int8)
    for i, mask in enumerate(masks):
        n_in = mask.shape[1] - len(mask)
        if i and n_in != sizes[i - 1]:
            raise ValueError(f"layer {i} has {n_in} inputs, but the layer before it has {sizes[i - 1]} neurons")
        sources = adjacency[ids[i - 1][0] : ids[i - 1][-1] + 1] if i else sensory
        sources[:, ids[i]] = mask[:, :n_in].T
    return explicit(adjacency, sensory, sizes[-1], tuple(ids) if len(ids) > 1 else ())


def split_masks(weights: Weights) -> list[Array]:
    """Take the masks of a wired CfC out of its weights."""
    masks: list[Array] = []
    while (name := f"{CELL}layer_{len(masks)}.sparsity_mask") in weights:
        mask = zero_or_one(name, weights.pop(name))
        if mask.ndim != 2 or mask.shape[1] <= len(mask) or not mask[:, -len(mask) :].all():
            raise ValueError(f"{name} is not a mask of ncps: (neurons, inputs + neurons), all ones for the neurons")
        masks.append(mask)
    if not masks:
        raise ValueError(f"the weights lack {CELL}layer_0.sparsity_mask")
    return masks


def with_own(cell: WiredCfC) -> list[Array]:
    """The masks as ncps has them, with a layer's own neurons, which all see each other."""
    return [np.hstack([mask, np.ones((len(mask), len(mask)), mask.dtype)]) for mask in cell.masks]


def backbone_renamed(weights: Weights) -> Weights:
    """Number the hidden layers 0, 2, 4, ...; with dropout ncps numbers them 0, 2, 5, 8, ..."""
    numbers = sorted({int(match[1]) for name in weights if (match := BACKBONE.match(name))})
    order = {number: f"{CELL}backbone.{2 * i}." for i, number in enumerate(numbers)}
    return {BACKBONE.sub(lambda m: order[int(m[1])], name): value for name, value in weights.items()}


def backbone_with_dropout(weights: Weights) -> Weights:
    """The reverse of `backbone_renamed`."""

    def shifted(match: re.Match[str]) -> str:
        layer = int(match[1]) // 2
        return f"{CELL}backbone.{3 * layer - 1 if layer else 0}."

    return {BACKBONE.sub(shifted, name): value for name, value in weights.items()}


def _shared(settings: Settings, weights: Weights, tau: str) -> bool:
    settings.drop("return_sequences", "batch_first")
    settings.same("mixed_memory", "lstm.input_map.weight" in weights)
    return tau in weights


def _common(settings: Settings, weights: Weights, pure: bool) -> dict[str, Any]:
    mode = settings.take("mode", "pure" if pure else "default")
    if (mode == "pure") != pure:
        raise ValueError(f"mode is {mode!r}, but the weights are {'' if pure else 'not '}those of a pure CfC")
    projection = shape_of(weights, "fc.weight")[0] if "fc.weight" in weights else None
    return {
        "mode": mode,
        "mixed_memory": "lstm.input_map.weight" in weights,
        "projection": settings.same("proj_size", projection),
    }
