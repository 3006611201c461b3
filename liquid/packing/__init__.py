"""Packed rows: the state of a series in half the bytes.

A row is worked on in full precision; a packed tier keeps it in fewer bytes from event to event, every field by a code
(`codes`) that the field's rule names (`rules`). A code gives back exactly what it has once decoded, so that a field
that no event changes keeps its value for ever. What moves slowly is rounded up or down at random, with the
probability that leaves the mean right (stochastic rounding, Gupta et al. 2015, arXiv:1502.02551), where small steps
would be lost otherwise. Chance is a hash of event number and place, so the same events always give the same row.
"""

from __future__ import annotations

from liquid.packing.codes import MOST_VARIABLES, Packed, Views
from liquid.packing.layout import layout
from liquid.packing.read import unpack
from liquid.packing.write import pack

__all__ = ["MOST_VARIABLES", "Packed", "Views", "layout", "pack", "unpack"]
