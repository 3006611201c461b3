"""Pictures of wirings, with the packages of the extra ``draw``: networkx and matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from typing import TYPE_CHECKING, Any

import numpy as np

from liquid.wirings.base import Wiring

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which do not depend on telling red from green; heads of arrows tell the signs apart as well.
SIGNS = {1: ("excitatory", "#0072B2", "-|>"), -1: ("inhibitory", "#D55E00", "-[,widthB=0.45,lengthB=0")}
KINDS = {"input": "#FFFFFF", "inter": "#DDDDDD", "command": "#F0E442", "motor": "#56B4E9"}
NODE_SIZE = 320.0
REACH = 1.5 * NODE_SIZE  # of a node as arrows see it, so that their heads stand clear of it


def graph(wiring: Wiring) -> Any:
    """The wiring as a networkx.DiGraph.

    Nodes are ``("input", i)`` and neuron ids, with the attribute `kind` ("input", "inter", "command" or "motor");
    edges have the attribute `sign`, 1 or -1.
    """
    nx = _package("networkx")
    g = nx.DiGraph()
    g.add_nodes_from((("input", i) for i in range(wiring.inputs)), kind="input")
    g.add_nodes_from((n, {"kind": wiring.kind(n)}) for n in range(wiring.units))
    for i, n in np.argwhere(wiring.sensory):
        g.add_edge(("input", int(i)), int(n), sign=int(wiring.sensory[i, n]))
    for a, b in np.argwhere(wiring.adjacency):
        g.add_edge(int(a), int(b), sign=int(wiring.adjacency[a, b]))
    return g


def draw(wiring: Wiring, ax: Axes | None = None, names: Sequence[str] | None = None) -> Axes:
    """Draw inputs and neurons as columns from left to right, or without layers the neurons as a ring.

    The colour and the head of an arrow show the sign of the synapse; synapses within a layer and of a neuron onto
    itself are bent.

    Parameters
    ----------
    ax : matplotlib axes to draw on; default: new ones.
    names : one for each input and, if wished, one for each output after them; default: numbers.

    Raises
    ------
    ImportError : networkx or matplotlib is missing; ``pip install liquidstream[draw]`` brings them.
    ValueError : the number of names fits neither.
    """
    nx, plt = _package("networkx"), _package("matplotlib.pyplot")
    named = _named(wiring, names)
    g, at = graph(wiring), positions(wiring)
    if ax is None:
        tallest = max(wiring.inputs, *map(len, wiring.layers)) if len(wiring.layers) > 1 else wiring.units // 2
        _, ax = plt.subplots(figsize=(9, min(max(0.45 * tallest, 4.5), 12)), layout="constrained")
    ax.set(xlim=(-0.4, max(x for x, _ in at.values()) + 0.4), ylim=(-0.62, 0.62))
    ax.set_axis_off()
    shown: list[Any] = []
    for kind, colour in KINDS.items():
        nodes = [n for n, k in g.nodes(data="kind") if k == kind]
        if nodes:
            shape = "s" if kind == "input" else "o"
            dots = nx.draw_networkx_nodes(
                g, at, nodes, NODE_SIZE, colour, shape, ax=ax, edgecolors="black", linewidths=0.8,
                label=f"{kind} ({len(nodes)})",
            )  # fmt: skip
            shown.append(dots)
    numbers = {n: str(n) if isinstance(n, int) else str(n[1]) for n in g}
    nx.draw_networkx_labels(g, at, numbers, font_size=8, ax=ax)
    for node, name in named.items():
        left = not isinstance(node, int)
        ax.annotate(
            name, at[node], (-13 if left else 13, 0), textcoords="offset points",
            ha="right" if left else "left", va="center", fontsize=9,
        )  # fmt: skip
    lines = _package("matplotlib.lines")
    for sign, (name, colour, head) in SIGNS.items():
        edges = [(a, b) for a, b, s in g.edges(data="sign") if s == sign]
        if not edges:
            continue
        bent = [(a, b) for a, b in edges if _bends(a, b, at, g)]
        for part, style in ((bent, "arc3,rad=0.35"), ([e for e in edges if e not in set(bent)], "arc3")):
            nx.draw_networkx_edges(
                g, at, part, edge_color=colour, arrowstyle=head, connectionstyle=style, node_size=REACH,
                width=1.0, alpha=0.75, arrowsize=9, ax=ax,
            )  # fmt: skip
        marker = ">" if sign > 0 else "|"
        shown.append(lines.Line2D([], [], color=colour, marker=marker, label=f"{name} ({len(edges)})"))
    ax.legend(handles=shown, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncol=len(shown), frameon=False, fontsize=9)
    return ax


def positions(wiring: Wiring) -> dict[Any, tuple[float, float]]:
    """Where `draw` puts the nodes of `graph`."""
    at: dict[Any, tuple[float, float]] = _column([("input", i) for i in range(wiring.inputs)], 0.0)
    if len(wiring.layers) > 1:
        for x, layer in enumerate(wiring.layers, start=1):
            at |= _column(list(layer), float(x))
        return at
    radius, middle = (0.5, 1.2) if wiring.units > 1 else (0.0, 1.0)
    for n in range(wiring.units):
        angle = 2 * pi * (n + 0.5) / wiring.units
        at[n] = middle + radius * cos(angle), radius * sin(angle)
    return at


def _column(nodes: list[Any], x: float) -> dict[Any, tuple[float, float]]:
    """From top to bottom, over the whole height."""
    return {n: (x, 0.5 - (i + 0.5) / len(nodes)) for i, n in enumerate(nodes)}


def _bends(a: Any, b: Any, at: dict[Any, tuple[float, float]], g: Any) -> bool:
    """Straight, it would run over other neurons of the column or over its counterpart."""
    return a != b and (at[a][0] == at[b][0] or g.has_edge(b, a))


def _named(wiring: Wiring, names: Sequence[str] | None) -> dict[Any, str]:
    nodes: list[Any] = [("input", i) for i in range(wiring.inputs)] + list(range(wiring.outputs))
    if names is None:
        return {}
    if isinstance(names, str) or len(names) not in (wiring.inputs, len(nodes)):
        raise ValueError(
            f"names must be {wiring.inputs} names of inputs, or those and {wiring.outputs} of outputs, not {names!r}"
        )
    return dict(zip(nodes, names, strict=False))


def _package(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"drawing needs {name.split('.')[0]}: pip install liquidstream[draw]") from error
