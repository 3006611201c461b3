"""The row of one series: its whole state, fixed in size, contiguous, without pointers."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from liquid import detector, drift, forecaster_state
from liquid.features import clock, rings, scale
from liquid.tiers import TIERS

#: Raised whenever the layout or the meaning of a field changes.
VERSION: Final = 3


@lru_cache
def row_dtype(tier: str, horizons: int) -> np.dtype:
    """Layout of a row.

    Parameters
    ----------
    tier : one of TIERS. horizons : number of fixed horizons.
    """
    sizes = TIERS[tier]
    return np.dtype(
        [
            ("offset", "i8"),  # last input offset applied, -1: none
            ("clock", clock.CLOCK),
            ("scale", scale.SCALE),
            ("value", "f8"),
            ("rings", rings.rings_dtype(sizes.levels, sizes.length, sizes.blocks_ahead)),
            ("detector", detector.detector_dtype(sizes)),
            ("forecaster", forecaster_state.forecaster_dtype(horizons, sizes)),
            ("drift", drift.drift_dtype(sizes.scores, sizes.windows)),
        ],
        align=True,
    )


#: Work space of one thread.
WORK: Final = np.dtype(
    [("forecaster", forecaster_state.WORK), ("detector", detector.WORK), ("drift", drift.WORK)], align=True
)
