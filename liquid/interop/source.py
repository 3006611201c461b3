"""What weights come in: a torch module, a state dict of tensors or arrays, or an .npz file of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from liquid.cells.params import Array
from liquid.interop.wirings import wiring_of

Weights = dict[str, Array]

CELL = "rnn_cell."
TORCH_ACTIVATIONS = {"LeCun": "lecun_tanh", "SiLU": "silu", "ReLU": "relu", "Tanh": "tanh", "GELU": "gelu"}


def weights_of(source: Any, prefix: str) -> Weights:
    """Arrays by name, the names as in a state dict of ncps's CfC or LTC, whose cell is called ``rnn_cell``.

    A state dict of the cell alone gets that name put in front.
    """
    if isinstance(source, str | Path):
        with np.load(source) as file:
            named: Mapping[str, Any] = dict(file)
    elif isinstance(source, Mapping):
        named = source
    elif callable(getattr(source, "state_dict", None)):
        named = source.state_dict()
    else:
        raise TypeError(f"weights are a module, a state dict or the path of an .npz file, not {type(source).__name__}")
    found = {name.removeprefix(prefix): _array(value) for name, value in named.items() if name.startswith(prefix)}
    if not found:
        raise ValueError(f"there are no weights named {prefix}...; names are {', '.join(list(named)[:5])}, ...")
    if any(name.startswith(CELL) for name in found):
        return found
    return {CELL + name: value for name, value in found.items()}


def settings_of(source: Any) -> dict[str, Any]:
    """What a module of ncps tells beyond its weights, as keyword arguments of `from_ncps`."""
    if not callable(getattr(source, "state_dict", None)):
        return {}
    cell = getattr(source, "rnn_cell", source)
    found: dict[str, Any] = {}
    if hasattr(cell, "_ode_unfolds"):
        found = {
            "ode_unfolds": cell._ode_unfolds,
            "epsilon": cell._epsilon,
            "implicit_param_constraints": cell._implicit_param_constraints,
        }
    elif hasattr(cell, "_layers"):
        found["mode"] = cell._layers[0].mode
    elif hasattr(cell, "mode"):
        found["mode"] = cell.mode
        if cell.backbone is not None:
            found["activation"] = TORCH_ACTIVATIONS[type(cell.backbone[1]).__name__]
    else:
        raise TypeError(f"{type(source).__name__} is not a CfC or LTC of ncps")
    if hasattr(cell, "_wiring"):
        found["wiring"] = wiring_of(cell._wiring)
    return found


def _array(value: Any) -> Array:
    return np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
