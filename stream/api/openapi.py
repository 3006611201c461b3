"""The description of the interface at /openapi.json."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from stream.api import models, models_drift, models_explain
from stream.api.problems import MEDIA_TYPE

TAGS = [
    {"name": "events", "description": "Events in."},
    {"name": "series", "description": "Series with their newest results, forecasts and scores."},
    {"name": "alerts", "description": "Times of score >= 1."},
    {"name": "live", "description": "What is new, as it comes."},
    {"name": "service", "description": "Feeds, statistics, health."},
]


_SHAPES = {**vars(models), **vars(models_drift), **vars(models_explain)}


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
            for name, model in schema["components"]["schemas"].items():
                if "example" in model and (shape := _SHAPES.get(name)):
                    model["example"] = shape.model_config["json_schema_extra"]["example"]
            for unused in ("HTTPValidationError", "ValidationError"):
                schema["components"]["schemas"].pop(unused, None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _correct(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status.startswith(("4", "5")) and "application/json" in response.get("content", {}):
            response["content"][MEDIA_TYPE] = response["content"].pop("application/json")
