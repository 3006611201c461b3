"""The shapes of the answers. Times are epoch seconds; a number that is not known is null."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["none", "warning", "minor", "major", "critical"]
State = Literal["learning", "ready"]
Number = float | None


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


def example(**members: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"example": members})


ALERT: dict[str, Any] = {
    "id": "9f86d081884c7d65",
    "series": "JFK.AA",
    "feed": "flights",
    "state": "open",
    "begin": 1360346400.0,
    "end": None,
    "peak": 2.31,
    "peak_time": 1360353600.0,
    "severity": "major",
    "direction": "above",
    "value": 41.0,
    "expected": 14.2,
    "lower": 6.1,
    "upper": 22.3,
    "shares": {"shape": 0.61, "level": 0.39},
    "why": "41 min, expected 6 to 22; mostly shape of the last cycles",
    "notified": 1360348200.0,
    "feedback": "useful",
}

SERIES: dict[str, Any] = {
    "id": "JFK.AA",
    "feed": "flights",
    "time": 1360353600.0,
    "value": 41.0,
    "expected": 14.2,
    "lower": 6.1,
    "upper": 22.3,
    "score": 2.31,
    "severity": "major",
    "state": "ready",
    "events": 1834,
    "ready_after": 500,
    "unit_seconds": 1800.0,
    "sparkline": [[1360350000.0, 12.0], [1360353600.0, 41.0]],
    "open_alert": ALERT,
}


class Alert(Answer):
    """A time of score >= 1 in one series. Value, expectation, shares and sentence are those of its strongest moment."""

    model_config = example(**ALERT)

    id: str
    series: str
    feed: str
    state: Literal["open", "closed"]
    begin: float
    end: Number
    peak: Number = Field(description="Highest score so far; 1.0 is the line.")
    peak_time: Number
    severity: Severity
    direction: Literal["above", "below", "none"]
    value: Number
    expected: Number
    lower: Number
    upper: Number
    shares: dict[str, float] = Field(description="Share of each group of evidence in the score.")
    why: str
    notified: Number = Field(description="When it became worth waking somebody; null: it has not.")
    feedback: Literal["useful", "useless", "missed"] | None = Field(description="What somebody last said of it.")


class AlertList(Answer):
    alerts: list[Alert]
    total: int
    next: str | None = Field(description="Give it as `cursor` to get the next page; null on the last one.")


class Series(Answer):
    """A series and its newest result."""

    model_config = example(**SERIES)

    id: str
    feed: str
    time: Number
    value: Number
    expected: Number = Field(description="What was expected of this value before it came.")
    lower: Number = Field(description="95 % interval.")
    upper: Number
    score: Number = Field(description="1.0 is the alert line.")
    severity: Severity
    state: State
    events: int
    ready_after: int | None = Field(description="Events after which the series is ready.")
    unit_seconds: Number = Field(description="The series' usual gap.")
    sparkline: list[tuple[float, float]] = Field(description="The newest points (time, value), at most 60.")
    open_alert: Alert | None


class SeriesList(Answer):
    series: list[Series]
    total: int = Field(description="Series that pass the filter, on all pages.")
    next: str | None = Field(description="Give it as `cursor` to get the next page; null on the last one.")


class Coverage(Answer):
    """What an interval promised and what it held."""

    model_config = example(promised=0.8, real=0.789, n=1834)

    promised: float
    real: Number = Field(description="Share of values inside the interval; null where n is 0.")
    n: int = Field(description="Results counted: those that are kept and had an interval.")


class Held(Answer):
    """What one interval really held in a window of time before the newest event."""

    horizon: str | None = Field(description="How far ahead; null is the next event.")
    window: str = Field(description="`day`, `week` or `month` (30 days), by the time of events.")
    level: float = Field(description="The share that was promised.")
    share: Number = Field(description="Share of values inside the interval; null where n is 0.")
    n: int = Field(description="Forecasts that were compared with a value, evenly spread over their horizon.")


class SeriesDetail(Series):
    model_config = example(
        **SERIES,
        label="Departure delay",
        unit="min",
        horizons=["1h", "1d"],
        gap=1680.0,
        lower50=11.6,
        upper50=16.8,
        lower80=8.9,
        upper80=19.4,
        period_seconds=86400.0,
        bytes=11264,
        coverage={
            "0.5": {"promised": 0.5, "real": 0.497, "n": 1834},
            "0.8": {"promised": 0.8, "real": 0.789, "n": 1834},
            "0.95": {"promised": 0.95, "real": 0.947, "n": 1834},
        },
        held=[{"horizon": "1h", "window": "week", "level": 0.95, "share": 0.951, "n": 163}],
    )

    label: str | None = Field(description="What the feed's values are, for people.")
    unit: str | None
    horizons: list[str] = Field(description="Horizons that are forecast at every event.")
    gap: Number = Field(description="Seconds between the newest event and the one before.")
    lower50: Number
    upper50: Number
    lower80: Number
    upper80: Number
    period_seconds: Number = Field(description="Length of the cycle that was found; null where there is none.")
    bytes: int | None = Field(description="Size of the series' state.")
    coverage: dict[str, Coverage]
    held: list[Held]


class Interval(Answer):
    level: float
    lower: Number
    upper: Number
    held: dict[str, Number] | None = Field(
        description="Share of values that such intervals really held in the last day, week and month, null where none "
        "was compared; null for other horizons than those of the feed and other levels than 0.5, 0.8 and 0.95."
    )


class Forecast(Answer):
    horizon: str
    seconds: float
    time: float
    mean: Number
    intervals: list[Interval]


class Forecasts(Answer):
    """Made from the series' newest event, at `origin`."""

    model_config = example(
        series="JFK.AA",
        feed="flights",
        origin=1360353600.0,
        value=41.0,
        forecasts=[
            {
                "horizon": "1h",
                "seconds": 3600.0,
                "time": 1360357200.0,
                "mean": 33.5,
                "intervals": [
                    {
                        "level": 0.8,
                        "lower": 18.0,
                        "upper": 51.2,
                        "held": {"day": 0.75, "week": 0.812, "month": 0.803},
                    }
                ],
            }
        ],
    )

    series: str
    feed: str
    origin: float
    value: Number
    forecasts: list[Forecast]


class Scores(Answer):
    """Results of one series as columns of equal length, oldest first."""

    model_config = example(
        series="JFK.AA",
        feed="flights",
        time=[1360350000.0, 1360353600.0],
        value=[12.0, 41.0],
        expected=[13.8, 14.2],
        lower50=[11.5, 11.6],
        upper50=[16.2, 16.8],
        lower80=[8.7, 8.9],
        upper80=[19.0, 19.4],
        lower=[6.0, 6.1],
        upper=[22.0, 22.3],
        score=[0.12, 2.31],
        severity=["none", "major"],
    )

    series: str
    feed: str
    time: list[Number]
    value: list[Number]
    expected: list[Number]
    lower50: list[Number]
    upper50: list[Number]
    lower80: list[Number]
    upper80: list[Number]
    lower: list[Number]
    upper: list[Number]
    score: list[Number]
    severity: list[Severity]


class Feed(Answer):
    model_config = example(
        name="flights",
        label="Departure delay",
        unit="min",
        joint=False,
        topics=["flights"],
        format="json",
        horizons=["1h", "1d"],
        series=63,
        open_alerts=2,
    )

    name: str
    label: str | None
    unit: str | None
    joint: bool = Field(description='Whether each series has one more, "<series>:joint", about its fields together.')
    topics: list[str]
    format: str
    horizons: list[str]
    series: int
    open_alerts: int


class FeedList(Answer):
    feeds: list[Feed]


class Rejected(Answer):
    model_config = example(index=3, error="not_a_number", message="field 'value' holds the text 'n/a'")

    index: int = Field(description="Position in the list, or line number from 0 in NDJSON.")
    error: str = Field(description="Reason code, as in the dead letters.")
    message: str


class Accepted(Answer):
    """The accepted events are in the log: they will be processed even if the service is killed now."""

    model_config = example(accepted=2, rejected=[])

    accepted: int
    rejected: list[Rejected]


class Alive(Answer):
    status: Literal["alive"]


class Ready(Answer):
    status: Literal["ready"]
