"""For machines: is it alive, is it ready, what do its counters say."""

from __future__ import annotations

from fastapi import APIRouter, Response

from stream.api.context import Running
from stream.api.models import Alive, Ready
from stream.api.problems import ProblemError, documented

router = APIRouter(tags=["service"])


@router.get("/healthz")
def alive() -> Alive:
    """200 as long as the process answers."""
    return Alive(status="alive")


@router.get("/readyz", responses=documented(503))
def ready(service: Running) -> Ready:
    """200 when partitions are assigned and their state is restored; 503 with the reason until then."""
    is_ready, why = service.ready()
    if not is_ready:
        raise ProblemError(503, "not-ready", "Not ready", why)
    return Ready(status="ready")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(service: Running) -> Response:
    """Counters in Prometheus' text format."""
    body, content_type = service.metrics()
    return Response(body, headers={"Content-Type": content_type})
