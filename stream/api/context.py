"""What every route needs: the running service, and which series of which feed a request means."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple
from urllib.parse import unquote

from fastapi import Depends, Path, Query, Request

from stream.api.problems import ProblemError, documented
from stream.config import FeedSettings
from stream.runtime import Service


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Running = Annotated[Service, Depends(_service)]

FeedName = Annotated[
    str | None, Query(alias="feed", description="Name of a feed; may be left out where it is clear.", max_length=150)
]


def feed_of(service: Service, name: str | None) -> FeedSettings | None:
    """The feed of that name, None for None; a feed that is not configured is a problem."""
    if name is None:
        return None
    try:
        return service.settings.feed(name)
    except KeyError:
        known = [feed.name for feed in service.settings.feeds]
        detail = f"There is no feed {name!r}. The feeds are: {', '.join(known)}."
        raise ProblemError(404, "unknown-feed", "Unknown feed", detail, feeds=known) from None


class Known(NamedTuple):
    """A series that exists. facts : as of `Model.describe`, None where another worker has its state."""

    feed: FeedSettings
    id: str
    facts: dict[str, Any] | None


def _known(
    service: Running,
    series: Annotated[str, Path(description="Series id, percent-encoded (`/` as `%2F`).", examples=["JFK.AA"])],
    feed: FeedName = None,
) -> Known:
    return known(service, unquote(series), feed)  # `paths.EncodedIds` keeps ids encoded until here


def known(service: Service, series: str, feed: str | None) -> Known:
    """The series of that id, in that feed or the only one that has it; raises ProblemError."""
    chosen = feed_of(service, feed)
    feeds = [chosen] if chosen else list(service.settings.feeds)
    holders = set(service.history.feeds_of(series))
    found = [
        Known(one, series, facts)
        for one in feeds
        if (facts := service.engines[one.name].describe(series)) or one.name in holders
    ]
    if len(found) > 1:
        names = [known.feed.name for known in found]
        detail = f"Series {series!r} is in the feeds {', '.join(names)}: add ?feed={names[0]} or another of them."
        raise ProblemError(409, "ambiguous-series", "Which feed?", detail, feeds=names)
    if not found:
        raise _unknown(service, series, chosen)
    return found[0]


def elsewhere(series: str) -> ProblemError:
    """A series is known, but its state is not here."""
    detail = f"The state of series {series!r} is not on this worker at the moment."
    return ProblemError(503, "not-ready", "Not ready", detail)


Series = Annotated[Known, Depends(_known)]

#: What `Series` may answer instead.
SERIES_PROBLEMS = documented(404, 409, 422, 503)


def _unknown(service: Service, series: str, feed: FeedSettings | None) -> ProblemError:
    ready, why = service.ready()
    if not ready:
        detail = f"Series {series!r} is not known yet: {why}."
        return ProblemError(503, "not-ready", "Not ready", detail)
    where = f" in feed {feed.name!r}" if feed else ""
    detail = f"There is no series {series!r}{where}. GET /v1/series?search=... lists what there is."
    return ProblemError(404, "unknown-series", "Unknown series", detail)
