"""Forecasts of a series, event by event; whoever forecasts sees an event only after having forecast it."""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time

import numpy as np

from benchmarks.quality.forecasters import FORECASTERS, Forecaster, Hints
from benchmarks.quality.methods import OURS
from benchmarks.quality.sets import Series
from liquid import Model, ModelConfig


@dataclass(frozen=True)
class Forecasts:
    """mean : (n, 1 + horizons); column 0 is of the row itself, made before it came, the others of `horizon` after it.
    asked : (n,) rows at which there are forecasts. seconds : processor time that it took.

    bands : (n, 1 + horizons, 4), lower and upper end at 80 % and at 95 %; (0,) where there are none."""

    mean: np.ndarray
    asked: np.ndarray
    seconds: float
    bands: np.ndarray


def forecasts(s: Series, name: str, **config: str) -> Forecasts:
    """The forecasts of one forecaster, or of our model (`OURS`; `config` goes to its ModelConfig)."""
    return _ours(s, config) if name == OURS else _baseline(s, FORECASTERS[name])


def run(s: Series, name: str, **config: str) -> dict[str, np.ndarray]:
    """`forecasts` as arrays, for the store."""
    return {k: np.asarray(v) for k, v in vars(forecasts(s, name, **config)).items()}


def _baseline(s: Series, kind: type[Forecaster]) -> Forecasts:
    n = len(s.time)
    asked = np.ones(n, bool)
    if kind.origins is not None:
        asked[:] = False
        asked[np.unique(np.linspace(s.warm_up, n - 1, kind.origins).astype(int))] = True
    mean = np.full((n, 1 + len(s.horizons)), np.nan)
    start = process_time()
    forecaster = kind(Hints.of(s))
    for i, (t, y) in enumerate(zip(s.time.tolist(), s.value.tolist(), strict=True)):
        if i and asked[i]:
            mean[i, 0] = forecaster.next(t)
        forecaster.learn(t, y)
        if asked[i]:
            mean[i, 1:] = forecaster.ahead()
    return Forecasts(mean, asked, process_time() - start, np.zeros(0))


def _ours(s: Series, config: dict[str, str]) -> Forecasts:
    model = Model(ModelConfig(horizons=s.horizons, **config), capacity=1)
    start = process_time()
    out = model.run(np.zeros(len(s.time), int), s.time, s.value)
    seconds = process_time() - start
    bands = np.stack(
        [
            np.column_stack((out[of_next], out[of_horizons]))
            for of_next, of_horizons in zip(
                ("lower80", "upper80", "lower", "upper"), ("lo80", "hi80", "lo95", "hi95"), strict=True
            )
        ],
        axis=2,
    )
    mean = np.column_stack((out["expected"], out["mean"]))
    return Forecasts(mean, np.ones(len(s.time), bool), seconds, bands)
