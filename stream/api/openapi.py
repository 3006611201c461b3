"""The description of the interface at /openapi.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from stream.api.models import Answer
from stream.api.problems import MEDIA_TYPE

TAGS = [
    {"name": "events", "description": "Events in."},
    {"name": "series", "description": "Series with their newest results, forecasts and scores."},
    {"name": "alerts", "description": "Times of score >= 1."},
    {"name": "live", "description": "What is new, as it comes."},
    {"name": "service", "description": "Feeds, statistics, health."},
]


def describe(app: FastAPI) -> None:
    """Say of every error that it is a problem (FastAPI takes all answers to be application/json), and give the examples
    back their nulls (it drops them)."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        known = app.openapi_schema is not None
        schema = plain()
        if not known:
            for path in schema["paths"].values():
                for operation in path.values():
                    _correct(operation["responses"])
            shapes = {shape.__name__: shape for shape in _below(Answer)}
            for name, model in schema["components"]["schemas"].items():
                if "example" in model and (shape := shapes.get(name)):
                    given: Any = shape.model_config["json_schema_extra"]
                    model["example"] = given["example"]
            for unused in ("HTTPValidationError", "ValidationError"):
                schema["components"]["schemas"].pop(unused, None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _below(shape: type[Answer]) -> Iterator[type[Answer]]:
    for one in shape.__subclasses__():
        yield one
        yield from _below(one)


def _correct(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status.startswith(("4", "5")) and "application/json" in response.get("content", {}):
            response["content"][MEDIA_TYPE] = response["content"].pop("application/json")
