"""The row of one series: its whole state, fixed in size, contiguous, without pointers."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from liquid import detector, drift, forecaster
from liquid.features import clock, rings, scale

#: Raised whenever the layout or the meaning of a field changes.
VERSION: Final = 3

#: (levels, blocks per level) of the shape memory.
TIERS: Final = {"full": (5, 512)}


@lru_cache
def row_dtype(tier: str, horizons: int) -> np.dtype:
    """Layout of a row.

    Parameters
    ----------
    tier : one of TIERS. horizons : number of fixed horizons.
    """
    levels, length = TIERS[tier]
    return np.dtype(
        [
            ("offset", "i8"),  # last input offset applied, -1: none
            ("clock", clock.CLOCK),
            ("scale", scale.SCALE),
            ("value", "f8"),
            ("rings", rings.rings_dtype(levels, length)),
            ("detector", detector.detector_dtype(levels)),
            ("forecaster", forecaster.forecaster_dtype(horizons)),
            ("drift", drift.STATE),
        ],
        align=True,
    )


#: Work space of one thread.
WORK: Final = np.dtype(
    [("forecaster", forecaster.WORK), ("detector", detector.WORK), ("drift", drift.WORK)], align=True
)
