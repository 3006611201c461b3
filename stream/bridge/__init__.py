"""The bridges by kind. A new one is a module beside this file and a line in `KINDS`.

Such a module offers `Options`, a pydantic model of what the configuration may say beside `kind` and `feed`, and
`create(feed: FeedSettings, options: Options, feeds: Mapping[str, FeedSettings]) -> Bridge`, where `feeds` are all feeds
by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Final, cast

from pydantic import BaseModel

from stream.bridge.base import Bridge
from stream.config import Settings, SourceSettings

KINDS: Final = {
    "nycflights13": "stream.bridge.nycflights13",
    "psutil": "stream.bridge.psutil",
    "replay": "stream.bridge.replay",
}


def options(kind: str, values: Mapping[str, Any]) -> BaseModel:
    """The checked options of a bridge; raises pydantic's ValidationError, or KeyError for an unknown kind."""
    return cast(BaseModel, _module(kind).Options.model_validate(dict(values)))


def create(source: SourceSettings, settings: Settings) -> Bridge:
    """A bridge, not running yet."""
    feeds = {feed.name: feed for feed in settings.feeds}
    checked = options(source.kind, source.options)
    return cast(Bridge, _module(source.kind).create(feeds[source.feed], checked, feeds))


def _module(kind: str) -> ModuleType:
    return import_module(KINDS[kind])
