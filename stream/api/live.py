"""Hands what is new to whoever watches: collects batches and gives every watcher a bounded queue of messages.

The thread that adds to the history only leaves its batch here; four times a second all that came is put together,
encoded once for all watchers with the same filter, and queued. Who does not take the messages in time is dropped.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, NamedTuple

from stream.api import rows
from stream.api.messages import items_of, message
from stream.history import Batch
from stream.logs import logger
from stream.runtime import Service

EVERY: Final = 0.25  # seconds between two messages of results
STATS_EVERY: Final = 1.0
QUEUED: Final = 64  # messages that a watcher may be behind
MOST_PENDING: Final = 200_000  # results that wait to be put together


class Watch(NamedTuple):
    """What a watcher wants to see; None: all."""

    feed: str | None
    series: str | None


@dataclass(eq=False)
class Watcher:
    """One open stream. `over` is set when the service stops, or when the watcher was too slow and is `dropped`."""

    watch: Watch
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(QUEUED))
    over: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: bool = False


class Live:
    """Lives in the event loop of the API; only `take` is called by other threads."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._watchers: set[Watcher] = set()
        self._pending: deque[Batch] = deque()
        self._waiting = 0  # results in _pending
        self._lock = threading.Lock()
        self._id = 0
        self._closed = False
        self._log = logger("api")

    def __len__(self) -> int:
        return len(self._watchers)

    def open(self, watch: Watch) -> Watcher:
        watcher = Watcher(watch)
        if self._closed:
            watcher.over.set()
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)

    def close(self) -> None:
        """End every stream, now and from here on."""
        self._closed = True
        for watcher in self._watchers:
            watcher.over.set()

    def take(self, batch: Batch) -> None:
        """Note what was added to the history. Never waits for anybody."""
        if not self._watchers:
            return
        with self._lock:
            self._pending.append(batch)
            self._waiting += len(batch.ids)
            while self._waiting > MOST_PENDING and len(self._pending) > 1:
                self._waiting -= len(self._pending.popleft().ids)

    async def run(self) -> None:
        """Serve the watchers until the service ends; then end the streams, which would keep the server open."""
        loop = asyncio.get_running_loop()
        stats_at = loop.time()
        while not self._service.wait(0):
            await asyncio.sleep(EVERY)
            batches = self._taken()
            if not self._watchers:
                continue
            with_stats = loop.time() >= stats_at
            if with_stats:
                stats_at = max(stats_at + STATS_EVERY, loop.time())
            watches = {watcher.watch for watcher in self._watchers}
            messages = await asyncio.to_thread(self._messages, batches, watches, with_stats)
            for watcher in list(self._watchers):
                self._give(watcher, messages.get(watcher.watch, []))
        self.close()

    def _taken(self) -> list[Batch]:
        with self._lock:
            batches = list(self._pending)
            self._pending.clear()
            self._waiting = 0
        return batches

    def _give(self, watcher: Watcher, messages: list[bytes]) -> None:
        try:
            for message in messages:
                watcher.queue.put_nowait(message)
        except asyncio.QueueFull:
            self._log.info("slow watcher dropped", feed=watcher.watch.feed, series=watcher.watch.series)
            watcher.dropped = True
            watcher.over.set()
            self.leave(watcher)

    def _messages(self, batches: list[Batch], watches: set[Watch], with_stats: bool) -> dict[Watch, list[bytes]]:
        self._id += 1
        try:
            stats = [message("stats", self._service.stats(), self._id)] if with_stats else []
            return {watch: [*self._news(batches, watch), *stats] for watch in watches}
        except Exception:
            self._log.exception("live messages lost")
            return {}

    def _news(self, batches: list[Batch], watch: Watch) -> list[bytes]:
        news = []
        seen = sorted((b for b in batches if watch.feed in (None, b.feed)), key=lambda b: b.feed)
        for feed, group in groupby(seen, key=lambda b: b.feed):
            if items := items_of(list(group), watch.series):
                news.append(message("result", {"feed": feed, "items": items}, self._id))
        for batch in seen:
            for episode in batch.episodes:
                if watch.series in (None, episode.series):
                    news.append(message("alert", rows.alert(episode), self._id))
        return news
