"""river's SNARIMAX: online autoregression of the differences (p = 10, d = 1), by standardised linear regression."""

from __future__ import annotations

from typing import Any

from river import time_series

from benchmarks.quality.forecasters.base import Hints
from benchmarks.quality.forecasters.grid import Grid


class Snarimax(Grid):
    def make(self, hints: Hints) -> Any:
        return time_series.SNARIMAX(p=10, d=1, q=0)
