"""Errors as `application/problem+json` (RFC 9457): every answer that is not a success has this one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from stream.api.encoding import Json

MEDIA_TYPE: Final = "application/problem+json"

RETRY_AFTER: Final = 2  # seconds


class Mistake(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(examples=["query.level"])
    message: str = Field(examples=["0 < level < 1, this one is 80; write 0.8 for 80 %"])


class ProblemBody(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        title="Problem",
        json_schema_extra={
            "example": {
                "type": "urn:liquidstream:problem:unknown-series",
                "title": "Unknown series",
                "status": 404,
                "detail": "No series 'JFK.ZZ' in feed 'flights'. GET /v1/series?search=JFK lists what there is.",
            }
        },
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[Mistake] | None = Field(None, description="What is wrong where (422).")
    rejected: list[dict[str, Any]] | None = Field(None, description="Records that were refused (POST /v1/events).")
    feeds: list[str] | None = Field(None, description="Feeds to choose from (409, and 422 without `feed`).")


class ProblemError(Exception):
    """Raised anywhere in a request; becomes the answer.

    Parameters
    ----------
    slug : names the kind of problem: `type` is `urn:liquidstream:problem:<slug>`. detail : what is wrong, what to do.
    more : further members of the answer.
    """

    def __init__(self, status: int, slug: str, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {
            "type": f"urn:liquidstream:problem:{slug}",
            "title": title,
            "status": status,
            "detail": detail,
            **more,
        }

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        extra = {"Retry-After": str(RETRY_AFTER)} if self.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        return Json(self.body, self.status, {**extra, **(headers or {})}, media_type=MEDIA_TYPE)


def invalid(where: str, message: str, **more: Any) -> ProblemError:
    """422: the request does not say what it should."""
    return _invalid([{"where": where, "message": message}], **more)


def unexpected() -> ProblemError:
    """500: a defect of the service, told without its insides."""
    detail = "The service failed on this request; its log says why. Other requests are not affected."
    return ProblemError(500, "internal", "Internal error", detail)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` argument of a route for these statuses."""
    return {status: {"model": ProblemBody, "description": HTTPStatus(status).phrase} for status in statuses}


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)


def _invalid(errors: Sequence[Mapping[str, str]], **more: Any) -> ProblemError:
    detail = "; ".join(f"{error['where']}: {error['message']}" for error in errors)
    return ProblemError(422, "invalid-request", "Invalid request", detail, errors=list(errors), **more)


async def _on_problem(request: Request, error: Exception) -> Response:
    return cast(ProblemError, error).response()


async def _on_http(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    phrase = HTTPStatus(error.status_code).phrase
    details = {
        404: f"There is nothing at {request.url.path}. /openapi.json lists what there is.",
        405: f"{request.method} is not possible at {request.url.path}. /openapi.json lists what is.",
    }
    detail = details.get(error.status_code, str(error.detail))
    problem = ProblemError(error.status_code, phrase.lower().replace(" ", "-"), phrase, detail)
    return problem.response(error.headers)


async def _on_invalid(request: Request, error: Exception) -> Response:
    mistakes = cast(RequestValidationError, error).errors()
    problem = _invalid(
        [
            {"where": ".".join(map(str, m["loc"])), "message": str(m["msg"]).removeprefix("Value error, ")}
            for m in mistakes
        ]
    )
    return problem.response()
