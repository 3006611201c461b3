"""The shapes of explanations and feedback."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stream.api.models import Alert, Answer, Number, Severity, State


class Width(Answer):
    """How the 95 % interval came about."""

    half: float = Field(description="Half width, without declared bounds.")
    usual: float = Field(description="The same where a forecast is as hard as it mostly is.")
    widened: dict[str, float] = Field(description="Factors: spread of what followed similar moments, recent surprise.")
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
