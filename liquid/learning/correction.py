"""What a forecast gets wrong just now: a small readout on top of it that forgets within a thousand events.

Its row is a constant, the forecast's own move, the level and the distance of the nearest analog, all zero at distance
0; so it shrinks or stretches the forecast and shifts it, as the last errors ask for.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from liquid._jit import njit
from liquid.features.origin import CONSTANT, LEVEL
from liquid.learning import rls

SIZE: Final = 4
FORGETTING: Final = 0.999
PRIOR: Final = 0.005
MOST: Final = 4.0  # trace of P beyond which it is not divided by FORGETTING
_ANALOG: Final = LEVEL + 2

#: w: the weights. p: their packed covariance.
CORRECTION = np.dtype([("w", "f4", (SIZE,)), ("p", "f4", (rls.packed(SIZE),))], align=True)


@njit
def start(c):
    """As if nothing had been seen."""
    rls.reset(c.p, SIZE, PRIOR)


@njit
def fill(x, move, row):
    """The row of a forecast that says the value will `move` so far. x : the row of `origin.fill`. row : (SIZE,) out."""
    row[0] = x[CONSTANT]
    row[1] = move
    row[2] = x[LEVEL]
    row[3] = x[_ANALOG]


@njit
def recode(c, factor, shift):
    """z becomes z * factor - shift: the constant takes the shift of the level, the rest has no unit."""
    c.w[0] = min(max(c.w[0] * factor + c.w[2] * shift, -1e4), 1e4)
    rls.transform(c.p, SIZE, 0, factor, 2, shift)
