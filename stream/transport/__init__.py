"""The transports by kind. A new one is a module beside this file and a line in `KINDS`.

Such a module offers `Options`, a pydantic model of what the configuration may say, and
`create(options: Options) -> Transport`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Final, cast

from pydantic import BaseModel

from stream.transport.base import Transport

KINDS: Final = {
    "kafka": "stream.transport.kafka",
    "sqlite": "stream.transport.sqlite",
}


def options(kind: str, values: Mapping[str, Any]) -> BaseModel:
    """The checked options of a transport; raises pydantic's ValidationError, or KeyError for an unknown kind."""
    return cast(BaseModel, _module(kind).Options.model_validate(dict(values)))


def create(kind: str, values: Mapping[str, Any]) -> Transport:
    """A transport, not started yet."""
    return cast(Transport, _module(kind).create(options(kind, values)))


def _module(kind: str) -> ModuleType:
    return import_module(KINDS[kind])
