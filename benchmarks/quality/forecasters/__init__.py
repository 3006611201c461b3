"""Forecasters by name; a new one is a file here and a line below."""

from __future__ import annotations

from benchmarks.quality.forecasters.base import Forecaster, Hints
from benchmarks.quality.forecasters.ewma import Ewma
from benchmarks.quality.forecasters.holt import Holt
from benchmarks.quality.forecasters.holt_winters import HoltWinters
from benchmarks.quality.forecasters.last_value import LastValue
from benchmarks.quality.forecasters.rls import Rls
from benchmarks.quality.forecasters.seasonal_naive import SeasonalNaive, WeeklyNaive
from benchmarks.quality.forecasters.snarimax import Snarimax

__all__ = ["FORECASTERS", "Forecaster", "Hints"]

FORECASTERS: dict[str, type[Forecaster]] = {
    "last value": LastValue,
    "seasonal naive": SeasonalNaive,
    "seasonal naive week": WeeklyNaive,
    "damped Holt": Holt,
    "EWMA": Ewma,
    "RLS lags + calendar": Rls,
    "river SNARIMAX": Snarimax,
    "river HoltWinters": HoltWinters,
}
