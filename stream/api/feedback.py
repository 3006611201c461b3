"""What people say of alerts: useful, useless, or missed."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query

from stream.api import models_explain as models
from stream.api.context import FeedName, Known, Running, feed_of, known
from stream.api.problems import ProblemError, documented, invalid
from stream.api.query import Cursor, Limit, cursor_after
from stream.episodes import Episode
from stream.explanation import explained
from stream.feedback import Feedback, requests
from stream.runtime import Service
from stream.transport.base import TopicPartition, TransportError

router = APIRouter(tags=["alerts"])


@router.post("/v1/feedback", status_code=202, responses=documented(404, 409, 422, 503))
def say(service: Running, said: models.FeedbackRequest) -> models.FeedbackAccepted:
    """Say that an alert was useful or useless, or that there should have been one.

    It moves the alert line of the series (and by 0.3 of that those of all others that `match`), by a bounded amount
    that fades: *useless* raises it for the evidence of the alert, *useful* takes back half of what was raised,
    *missed* lowers it. 202 means that it is in the log, between two events of the series; `GET /v1/feedback` tells
    what it changed, after the next commit."""
    feedback, of = _missed(service, said) if said.mark == "missed" else _of_alert(service, said)
    sources = service.engines[of.feed.name].sources(feedback.series, feedback.pattern)
    if not sources:
        detail = f"No series {feedback.series!r} has its state in this process: ask the one that processes it."
        raise ProblemError(503, "not-ready", "Not ready", detail)
    try:
        service.append(requests(feedback, sources))
    except TransportError as error:
        raise ProblemError(503, "log-unavailable", "Log unavailable", f"Nothing was accepted: {error}.") from error
    return models.FeedbackAccepted(feed=of.feed.name, series=feedback.series, partitions=_names(sources))


@router.get("/v1/feedback", responses=documented(404, 422))
def said(
    service: Running,
    series: Annotated[str | None, Query(description="Only on this series.")] = None,
    feed: FeedName = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> models.FeedbackList:
    """Who said what of which alert, when, and what it changed: the newest first."""
    feed_of(service, feed)
    skip = cursor or 0
    found = service.history.feedback(feed, series)
    return models.FeedbackList(
        feedback=[
            models.FeedbackEntry(feed=name, **{field: getattr(one, field) for field in one.__struct_fields__})
            for name, one in found[skip : skip + limit]
        ],
        total=len(found),
        next=cursor_after(skip + limit, len(found)),
    )


def _of_alert(service: Service, said: models.FeedbackRequest) -> tuple[Feedback, Known]:
    if said.alert is None:
        raise invalid("body.alert", f"say which alert was {said.mark}: the `id` of one of GET /v1/alerts")
    alert = service.history.alert(said.alert)
    if alert is None:
        detail = f"No alert has the id {said.alert!r}, or it is not kept any more. GET /v1/alerts lists those that are."
        raise ProblemError(404, "unknown-alert", "Unknown alert", detail)
    if alert.feedback == said.mark and said.match is None:
        detail = f"Somebody has marked this alert as {said.mark} already; saying it twice changes nothing."
        raise ProblemError(409, "already-said", "Already said", detail)
    return _feedback(said, alert.series, alert.begin, alert.shares, alert), known(service, alert.series, alert.feed)


def _missed(service: Service, said: models.FeedbackRequest) -> tuple[Feedback, Known]:
    if said.alert is not None:
        raise invalid("body.alert", "what was missed is no alert: give `series` and `time`")
    if said.series is None or said.time is None:
        raise invalid(
            "body.series" if said.series is None else "body.time", "say which series missed an alert, and when"
        )
    of = known(service, said.series, said.feed)
    found = explained(service.engines[of.feed.name], service.history, of.feed, of.id, said.time)
    return _feedback(said, of.id, said.time, {} if found is None else found.shares, None), of


def _feedback(
    said: models.FeedbackRequest, series: str, when: float, shares: dict[str, float], alert: Episode | None
) -> Feedback:
    return Feedback(
        series=series if said.match is None else said.match,
        mark=said.mark,
        time=when,
        shares=shares,
        alert=None if alert is None else alert.id,
        pattern=said.match is not None,
        about="" if said.match is None else series,
        who=said.who,
        note=said.note,
        at=round(time.time(), 3),
    )


def _names(sources: list[TopicPartition]) -> list[str]:
    return [str(source) for source in sources]
