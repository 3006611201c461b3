"""Forecasts at any horizon with any interval, made when they are asked for."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query

from liquid.model import forecast_row
from liquid.results import LEVELS
from stream.api import models
from stream.api.context import SERIES_PROBLEMS, Known, Running, Series, elsewhere
from stream.api.encoding import finite, finites
from stream.api.problems import invalid
from stream.api.query import horizon as seconds_of
from stream.engine import FeedEngine
from stream.units import duration

router = APIRouter(tags=["series"])

_MOST = 24


@router.get("/v1/series/{series:path}/forecast", responses=SERIES_PROBLEMS)
def forecast(
    service: Running,
    series: Series,
    horizon: Annotated[
        list[str] | None,
        Query(max_length=_MOST, description="How far ahead, like 90s, 1h30m or 7d; default: those of the feed."),
    ] = None,
    level: Annotated[
        list[float] | None,
        Query(max_length=_MOST, description="Interval levels, 0 < level < 1; default 0.5, 0.8 and 0.95."),
    ] = None,
) -> models.Forecasts:
    """What comes after the series' newest event (`origin`), at any horizons and interval levels.

    Means and bounds are null before the series has had three events."""
    horizons = dict.fromkeys(horizon or [duration(ahead) for ahead in series.feed.horizons])
    ahead = [_seconds(text) for text in horizons]
    levels = list(dict.fromkeys(_level(one) for one in level or LEVELS))
    facts, made = _made(service.engines[series.feed.name], series, ahead, levels)
    held: dict[tuple[float, float], dict[str, float | None]] = {}
    for record in service.engines[series.feed.name].held(series.id):
        held.setdefault((record.horizon, record.level), {})[record.window] = finite(record.share)
    columns = zip(
        horizons, ahead, made["time"].tolist(), finites(made["mean"]), made["lower"], made["upper"], strict=True
    )
    return models.Forecasts(
        series=series.id,
        feed=series.feed.name,
        origin=facts["time"],
        value=finite(facts["value"]),
        forecasts=[
            models.Forecast(
                horizon=text,
                seconds=seconds,
                time=time,
                mean=mean,
                intervals=[
                    models.Interval(level=one, lower=low, upper=high, held=held.get((seconds, one)))
                    for one, low, high in zip(levels, finites(lower), finites(upper), strict=True)
                ],
            )
            for text, seconds, time, mean, lower, upper in columns
        ],
    )


def _made(
    engine: FeedEngine, series: Known, ahead: list[float], levels: list[float]
) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """The forecasts and the facts of the very event that they were made from."""
    found = engine.read(series.id)
    if found is None:
        raise elsewhere(series.id)
    facts, row, options = found
    return facts, forecast_row(row, engine.model.config, ahead, levels, options)


def _seconds(text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise invalid("query.horizon", str(error)) from None


def _level(level: float) -> float:
    if not 0 < level < 1:
        hint = f"; write {level / 100:g} for {level:g} %" if 1 < level < 100 else ""
        raise invalid("query.level", f"a level lies between 0 and 1, this one is {level:g}{hint}")
    return level
