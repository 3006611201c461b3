"""What a person declares about a series: configuration, not learned state.

Kept beside the rows, not in them: a saved row fits whatever is declared later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

#: One series' options as the kernel reads them; what is not declared is infinite.
OPTIONS = np.dtype([("minimum", "f8"), ("maximum", "f8")], align=True)


@dataclass(frozen=True)
class SeriesOptions:
    """Options of a series.

    Parameters
    ----------
    minimum, maximum : bounds that the values cannot pass (0 for a count, 0 and 100 for a percentage). No forecast
        and no interval goes beyond; a value that does is taken as it is. None: no bound.

    Raises
    ------
    ValueError : a bound that is not finite, or a minimum that is not below the maximum.
    """

    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        for name in ("minimum", "maximum"):
            bound = getattr(self, name)
            if bound is not None and not math.isfinite(bound):
                raise ValueError(f"{name} must be a finite number, not {bound}")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise ValueError(f"minimum must be below maximum, not {self.minimum:g} and {self.maximum:g}")

    def fill(self, record: np.void) -> None:
        """Write them into a record of OPTIONS."""
        record["minimum"] = -math.inf if self.minimum is None else self.minimum
        record["maximum"] = math.inf if self.maximum is None else self.maximum


def options_array(count: int) -> np.ndarray:
    """`count` records with nothing declared."""
    options = np.zeros(count, OPTIONS)
    if count:
        SeriesOptions().fill(options[0])
        options[1:] = options[0]
    return options
