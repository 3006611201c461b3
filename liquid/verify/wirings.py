"""Checks of `wirings.npz`, a table of wirings made with ncps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liquid.interop import wiring_of
from liquid.verify.case import Case, Failure
from liquid.verify.checks import Check, check


def check_wirings(case: Case) -> Iterator[Check]:
    """`config` lists ncps's specs by key; arrays are ``<key>/adjacency`` and ``<key>/sensory``.

    Raises
    ------
    Failure, ValueError : what is unknown or missing.
    """
    named = set()
    for row in case.config:
        if not isinstance(row, dict):
            raise Failure(f"the configuration lists {row!r}, which describes no wiring")
        key = row["key"]
        wiring = wiring_of(row["spec"]).build(row["input_dim"])
        for name, ours in (("adjacency", wiring.adjacency), ("sensory", wiring.sensory)):
            named.add(f"{key}/{name}")
            yield check("wirings", f"{key}/{name}", ours, case[f"{key}/{name}"], 0.0)
        facts: dict[str, Any] = {
            "units": wiring.units,
            "output_dim": wiring.outputs,
            "layers": [list(layer) for layer in wiring.layers],
            "synapses": wiring.synapses,
            "sensory_synapses": wiring.sensory_synapses,
        }
        for name, value in facts.items():
            if name in row:
                yield Check("wirings", f"{key} {name}", float(row[name] != value), 0.0)
    if unknown := sorted(case.arrays.keys() - named):
        raise Failure(f"the configuration has no key for {', '.join(unknown)}")
