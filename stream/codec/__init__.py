"""The codecs by name. A new one is a module beside this file and a line in `FORMATS`.

Such a module offers `create(feed: FeedSettings) -> Codec`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from stream.codec.base import Codec

if TYPE_CHECKING:
    from stream.config import FeedSettings

FORMATS: Final = {
    "json": "stream.codec.json",
}


def create(feed: FeedSettings) -> Codec:
    return cast(Codec, import_module(FORMATS[feed.format]).create(feed))
