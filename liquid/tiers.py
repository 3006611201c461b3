"""Sizes of a row: how much of every part a tier keeps.

The kernels read sizes from the arrays, so that one source serves all tiers; a tier decides nothing else.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Tier(NamedTuple):
    """How much a row keeps.

    levels, length : of the shape memory, levels and blocks per level. blocks_ahead : of its continuation, in blocks.
    day, week : bins of the phase tables. details : analogs that the readout takes. bank : features of the state bank.
    units : of the decoder. slots : forecasts that wait for their target, per horizon; errors : those that
    wait for the intervals to learn from. inputs : that tell how wide the intervals are to be.
    sizes, hours : of the habits, bins of the value and of the day. means : EWMAs of the detector's predictor.
    scores, windows : of each test of drift. packed : whether rows are kept packed (`liquid.packing`).
    """

    levels: int
    length: int
    blocks_ahead: int
    day: int
    week: int
    details: int
    bank: int
    units: int
    slots: int
    errors: int
    inputs: int
    sizes: int
    hours: int
    means: int
    scores: int
    windows: int
    packed: bool = False


#: By name, from the smallest on.
TIERS: Final = {
    "compact": Tier(3, 84, 10, 24, 168, 1, 0, 0, 3, 3, 5, 5, 4, 2, 2, 2, True),
    "standard": Tier(5, 384, 18, 48, 168, 3, 2, 4, 9, 6, 5, 8, 24, 8, 4, 4),
    "full": Tier(5, 512, 18, 48, 168, 3, 6, 4, 14, 16, 7, 16, 24, 8, 4, 4),
}
