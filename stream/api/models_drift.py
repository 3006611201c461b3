"""Answers about drift."""

from __future__ import annotations

from pydantic import Field

from stream.api.models import Answer, Number, example


class PastDrift(Answer):
    onset: Number = Field(description="When the change began to show, estimated.")
    began: float = Field(description="When it was known.")
    ended: Number = Field(description="When the new regime was the reference; null: not yet.")


class Drift(Answer):
    """What one test says: whether values (`input`), forecast errors (`error`), misses of the intervals (`calibration`)
    or the gaps between events (`rhythm`) have changed for good."""

    statistic: float = Field(description="1.0 is the line: at most one false alarm in 10,000 quiet events.")
    active: bool
    since: Number = Field(description="Onset of the drift there is now; null where there is none.")
    peak: Number = Field(description="Largest statistic of the newest drift; null before the first.")
    drifts: int = Field(description="How many have begun so far.")
    learned: int = Field(description="Events that the reference has seen; it begins anew when a drift begins.")
    needed: int = Field(description="Events that a reference needs before it is tested against.")
    history: list[PastDrift] = Field(description="The newest drifts that are kept, newest first.")


class DriftReport(Answer):
    model_config = example(
        series="JFK.AA",
        feed="flights",
        drift={
            "input": {
                "statistic": 1.12,
                "active": True,
                "since": 1360346400.0,
                "peak": 1.12,
                "drifts": 1,
                "learned": 212,
                "needed": 400,
                "history": [{"onset": 1360346400.0, "began": 1360353600.0, "ended": None}],
            }
        },
    )

    series: str
    feed: str
    drift: dict[str, Drift]
