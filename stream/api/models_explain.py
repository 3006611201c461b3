"""The shapes of explanations and feedback."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from stream.api.models import Alert, Answer, Number, Severity, State
from stream.api.query import Moment


class Width(Answer):
    """How the 95 % interval came about."""

    half: float = Field(description="Half width, without declared bounds.")
    usual: float = Field(description="The same where a forecast is as hard as it mostly is.")
    widened: dict[str, float] = Field(
        description="Factors: spread of what followed similar moments, recent surprise, the level that was expected, "
        "its distance from the value before, the hour of the day; in the full tier also the readout's running error "
        "and how far the experts disagree."
    )
    cut: bool = Field(description="Whether declared bounds make it narrower.")


class Otherwise(Answer):
    """At which value it would have been otherwise; null: at none."""

    quiet_at: Number = Field(description="Of an event that alerts: the nearest value that would not have.")
    alerts_below: Number = Field(description="Of one that does not: it would have from this value down.")
    alerts_above: Number = Field(description="Or from this value up.")


class Line(Answer):
    """What raises (above 1) or lowers the alert line of 1.0, as factors."""

    young: float = Field(description="The series has seen few events.")
    budget: float = Field(description="It alerted lately.")
    feedback: dict[str, float] = Field(description="By group of evidence: what people said of its alerts.")
    rests_until: Number = Field(description="Until when no alert opens after the last one (cool_down).")


class SimilarAlert(Answer):
    alert: Alert
    distance: float = Field(description="0: the same kind of event; 1: nothing in common.")


class Explanation(Answer):
    """One event explained. Parts that need the state which met the event are null where it cannot be made again."""

    series: str
    feed: str
    field: str | None = Field(description="The field of the record that the value came from.")
    time: Number
    value: Number
    expected: Number
    lower80: Number
    upper80: Number
    lower: Number
    upper: Number
    score: Number
    severity: Severity
    state: State
    direction: Literal["above", "below", "none"]
    events: int = Field(description="Number of the event in its series, 1 for the first.")
    alerts: bool | None = Field(description="Whether it opened an alert, or kept one up.")
    exact: bool = Field(description="Whether the state made again is the one that met the event.")
    learned_from: int = Field(description="Events that the state made again has seen.")
    why: str
    text: list[str] = Field(description="All of this in sentences.")
    quiet: list[str] = Field(description="What keeps the series from alerting, in sentences.")
    shares: dict[str, float] = Field(description="Share of each group of evidence in the score, largest first.")
    interval: Width | None
    otherwise: Otherwise | None
    line: Line | None
    alert: Alert | None = Field(description="The alert that the event belongs to.")
    similar: list[SimilarAlert] = Field(description="Earlier alerts of the series, the most similar first.")


Mark = Literal["useful", "useless", "missed"]


class FeedbackRequest(Answer):
    """What somebody says: of an alert by its id, or of a moment at which a series should have alerted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"mark": "useless", "alert": "9f86d081884c7d65", "who": "ana", "note": "planned"}
        },
    )

    mark: Mark
    alert: str | None = Field(None, max_length=64, description="Id of the alert; not for what was missed.")
    series: str | None = Field(None, max_length=600, description="Series that missed an alert.")
    feed: str | None = Field(None, max_length=150, description="Its feed, where the id is in several.")
    time: Moment | None = Field(None, description="When it was missed: epoch seconds or ISO 8601.")
    match: str | None = Field(
        None, min_length=1, max_length=600, description="Say it of all series of the feed whose id matches: * and ?."
    )
    who: str = Field("", max_length=100)
    note: str = Field("", max_length=1000)


class FeedbackAccepted(Answer):
    """It is in the log and will take effect, even if the service is killed now."""

    feed: str
    series: str = Field(description="The series, or the pattern.")
    partitions: list[str] = Field(description="Where it was appended.")


class FeedbackEntry(Answer):
    """What somebody said, and what it changed."""

    feed: str
    series: str
    mark: Mark
    time: float = Field(description="Of the alert's begin, or when it was missed.")
    event: int = Field(description="Events that the series had seen; 0: it was not known, nothing changed.")
    before: dict[str, float] = Field(description="Factors of the line by group of evidence, those other than 1.")
    after: dict[str, float]
    alert: str | None
    pattern: str | None
    who: str
    note: str
    at: float = Field(description="When it was said.")


class FeedbackList(Answer):
    feedback: list[FeedbackEntry]
    total: int
    next: str | None = Field(description="Give it as `cursor` to get the next page; null on the last one.")
