"""Wirings of ncps as ours: from its objects, and from its class names and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from liquid.wirings import NCP, AutoNCP, FullyConnected, Random, Spec, explicit

# Our class, our fields by ncps's arguments, and its defaults where they are not ours (None: as `units`).
KINDS: dict[str, tuple[type[Spec], dict[str, str], dict[str, Any]]] = {
    "AutoNCP": (
        AutoNCP,
        {"units": "units", "output_size": "outputs", "sparsity_level": "sparsity", "seed": "seed"},
        {},
    ),
    "NCP": (
        NCP,
        {
            "inter_neurons": "inter",
            "command_neurons": "command",
            "motor_neurons": "motor",
            "sensory_fanout": "sensory_fanout",
            "inter_fanout": "inter_fanout",
            "recurrent_command_synapses": "recurrent_command",
            "motor_fanin": "motor_fanin",
            "seed": "seed",
        },
        {},
    ),
    "FullyConnected": (
        FullyConnected,
        {
            "units": "units",
            "output_dim": "outputs",
            "self_connections": "self_connections",
            "erev_init_seed": "seed",
        },
        {"output_dim": None},
    ),
    "Random": (
        Random,
        {"units": "units", "output_dim": "outputs", "sparsity_level": "sparsity", "random_seed": "seed"},
        {"output_dim": None, "sparsity_level": 0.0},
    ),
}


def wiring_of(source: Any) -> Spec:
    """One of our recipes from what ncps would call a wiring.

    Parameters
    ----------
    source : a recipe of ours, returned as it is; a mapping such as ``{"kind": "AutoNCP", "units": 19,
        "output_size": 4}`` with the class's name and arguments in ncps; or a built wiring of ncps, copied synapse by
        synapse.

    Raises
    ------
    ValueError : unknown kind or argument, or a wiring not built yet.
    """
    if isinstance(source, Spec):
        return source
    if isinstance(source, Mapping):
        return _from_arguments(dict(source))
    if not hasattr(source, "adjacency_matrix"):
        raise TypeError(f"{type(source).__name__} is not a wiring: give one of liquid.wirings or of ncps.wirings")
    if source.sensory_adjacency_matrix is None:
        raise ValueError("the wiring is not built yet: it does not know its inputs")
    layers = tuple(tuple(map(int, source.get_neurons_of_layer(i))) for i in range(source.num_layers))
    return explicit(
        np.sign(source.adjacency_matrix),
        np.sign(source.sensory_adjacency_matrix),
        int(source.output_dim),
        layers if len(layers) > 1 else (),
    )


def _from_arguments(arguments: dict[str, Any]) -> Spec:
    kind = arguments.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"there is no wiring of kind {kind!r}: known are {', '.join(KINDS)}")
    make, names, defaults = KINDS[kind]
    if unknown := arguments.keys() - names.keys():
        raise ValueError(f"{kind} has no argument {', '.join(sorted(unknown))}: known are {', '.join(names)}")
    fields = {names[name]: value for name, value in {**defaults, **arguments}.items()}
    if "outputs" in fields and fields["outputs"] is None:
        fields["outputs"] = fields.get("units")
    try:
        return make(**fields)
    except TypeError as error:
        raise ValueError(f"{kind}: {error}") from None
