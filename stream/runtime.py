"""The running service: transport, worker, sources and API in one process."""

from __future__ import annotations

import gc
import math
import queue
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from stream import bridge, transport
from stream.bridge.base import Bridge, BridgeThread
from stream.config import Settings
from stream.engine import FeedEngine
from stream.history import History
from stream.logs import logger
from stream.metrics import Metrics
from stream.pipeline import Emitted
from stream.restore import restore
from stream.server import ApiServer, bind
from stream.transport.base import Output, Record, Transport, TransportError
from stream.worker import RUNNING, Worker

EXIT_OK = 0
EXIT_FAILED = 3

#: Commits that the charts may be behind before they miss some.
QUEUED_COMMITS = 256

RATE_SECONDS = 10.0

#: A signal that comes again after this long ends the process at once.
PATIENCE_SECONDS = 1.0

SOURCE_STOP_SECONDS = 5.0
API_STOP_SECONDS = 5.0
WORKER_STOP_SECONDS = 120.0


class Service:
    """Everything that `run` starts. The API reads it; nothing else needs to know how the parts are joined.

    Attributes
    ----------
    settings : the checked configuration. engines : by feed name. history : recent results and alerts.
    address : where the API answers, None while it does not. started_at : epoch seconds.
    failure : what ended the service, None while it is well.

    Parameters
    ----------
    listener : is handed all results, after each commit and in the worker's thread; must be quick.
    """

    def __init__(self, settings: Settings, listener: Callable[[list[Emitted]], None] | None = None) -> None:
        self.settings = settings
        self._listener = listener
        self.engines = {feed.name: FeedEngine(feed, settings.model) for feed in settings.feeds}
        self.history = History(settings.history.per_series)
        self.address: str | None = None
        self.started_at = time.time()
        self.failure: str | None = None
        self._metrics = Metrics()
        self._transport: Transport = transport.create(settings.transport.kind, settings.transport.options)
        self._worker = Worker(self._transport, self.engines, settings.commit, self._metrics, self._deliver)
        self._charts = _Charts(self.history, self.engines)
        self._rate = _Rate()
        self._ended = threading.Event()
        self._stopping = False
        self._threads: dict[str, threading.Thread] = {}
        self._sources: list[BridgeThread] = []
        self._api: ApiServer | None = None
        self._log = logger("service")

    # What the API and the sources use.

    def append(self, outputs: Sequence[Output]) -> None:
        """Append records to the log, durably. Raises TransportError."""
        self._transport.append(outputs)

    def tail(self, topic: str, count: int) -> list[Record]:
        """About the newest `count` committed records of a topic, oldest first."""
        return self._transport.tail(topic, count)

    def lag(self) -> int:
        """Records that wait to be processed, as of the last commit."""
        return self._worker.lag

    def ready(self) -> tuple[bool, str]:
        """Whether partitions are assigned and restored, and if not, why."""
        return self._worker.state == RUNNING, self._worker.state

    def stats(self) -> dict[str, Any]:
        """events, events_per_second, series, open_alerts, lag, rejected (by reason), started_at."""
        return {
            "events": self._rate.total,
            "events_per_second": round(self._rate.per_second(), 1),
            "series": sum(map(len, self.engines.values())),
            "open_alerts": self.history.open_alerts(),
            "lag": self._worker.lag,
            "rejected": dict(Counter(self._worker.rejected)),
            "started_at": self.started_at,
        }

    def metrics(self) -> tuple[bytes, str]:
        """The Prometheus page and its content type."""
        return self._metrics.page()

    # Its life.

    def run(self) -> int:
        """Start, work until SIGTERM, SIGINT or a failure, stop. Gives the exit code."""
        asked = math.inf

        def end(number: int, _: Any) -> None:
            nonlocal asked
            asked = min(asked, time.monotonic())
            if time.monotonic() > asked + PATIENCE_SECONDS:  # asked again, and not by the same stroke
                signal.signal(number, signal.SIG_DFL)
                signal.raise_signal(number)
            self.end()

        before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            try:
                self.start()
                self.wait()
            finally:
                code = self.stop()
            return code
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self) -> None:
        """Start every part; returns when the API listens. Raises AddressError."""
        tune_collector()
        bridges = [bridge.create(source, self.settings) for source in self.settings.sources]
        if self.settings.api.enabled:
            from stream.api.app import create_app

            self._api = ApiServer(create_app(self), bind(self.settings.api))
            self._spawn("api", self._api.run)
            if self._api.wait_until_up():
                self.address = self._api.address
        self._spawn("charts", self._charts.run)
        self._spawn("worker", self._work)
        for one in bridges:
            self._sources.append(BridgeThread(one, self, self._source_failed))
            self._sources[-1].start()
        self._log.info("started", address=self.address, feeds=[feed.name for feed in self.settings.feeds])

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for `end` or a part that failed. False when `timeout` seconds passed first."""
        return self._ended.wait(timeout)

    def end(self) -> None:
        """Ask for the end; any thread and any signal handler may."""
        self._ended.set()

    def stop(self) -> int:
        """Stop in order: sources, API, worker (it commits and saves every row), charts. Gives the exit code."""
        self._stopping = True
        self.end()  # open live streams end with it
        for source in self._sources:
            if not source.stop(SOURCE_STOP_SECONDS):
                self._log.warning("a source did not end in time", source=source.bridge.name)
        if self._api:
            self._api.stop()
            self._join("api", API_STOP_SECONDS)
        self._worker.stop()
        if not self._join("worker", WORKER_STOP_SECONDS):
            self._fail("worker", f"did not stop within {WORKER_STOP_SECONDS:.0f} s")
        elif "worker" not in self._threads:
            self._transport.close()  # which the worker does at its end
        self._charts.stop()
        self._join("charts", API_STOP_SECONDS)
        self._log.info("stopped", events=self._rate.total)
        return EXIT_FAILED if self.failure else EXIT_OK

    def _work(self) -> None:
        self._charts.restore(self._transport)  # before the first commit, which would otherwise be seen twice
        self._worker.run()

    def _spawn(self, name: str, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                self._log.debug("thread failed", thread=name, exc_info=error)
                self._fail(name, str(error) or repr(error))
            else:
                if not self._stopping:
                    self._fail(name, "ended by itself")

        self._threads[name] = thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()

    def _join(self, name: str, timeout: float) -> bool:
        if thread := self._threads.get(name):
            thread.join(timeout)
            return not thread.is_alive()
        return True

    def _fail(self, part: str, reason: str) -> None:
        self.failure = self.failure or f"{part}: {reason}"
        self._ended.set()

    def _source_failed(self, source: Bridge, error: Exception) -> None:
        self._fail(f"source {source.name}", str(error) or repr(error))

    def _deliver(self, emitted: list[Emitted]) -> None:
        self._rate.add(sum(len(batch.ids) for batch in emitted))
        if self._listener:
            self._listener(emitted)
        if not self._charts.offer(emitted):
            self._metrics.history_dropped.inc(sum(len(batch.ids) for batch in emitted))


def tune_collector() -> None:
    """Let Python's collector run seldom: events live from one commit to the next, which makes it look at everything
    again and again for nothing."""
    gc.set_threshold(100_000, 20, 100)


class _Charts:
    """Keeps the history filled from its own thread, so that charts never slow the worker."""

    def __init__(self, history: History, engines: Mapping[str, FeedEngine]) -> None:
        self._history, self._engines = history, engines
        self._queue: queue.Queue[list[Emitted] | None] = queue.Queue(QUEUED_COMMITS)

    def restore(self, transport: Transport) -> None:
        """Take in what earlier runs left."""
        for engine in self._engines.values():
            try:
                restore(self._history, transport, engine.feed)
            except TransportError as error:
                logger("charts").warning("old results cannot be read", feed=engine.feed.name, reason=str(error))

    def offer(self, emitted: list[Emitted]) -> bool:
        """False when the queue is full: these results will be missed."""
        try:
            self._queue.put_nowait(emitted)
        except queue.Full:
            return False
        return True

    def run(self) -> None:
        while (emitted := self._queue.get()) is not None:
            for feed, ids, results, alerts, feedback in emitted:
                self._history.add(feed, ids, results, alerts, feedback)

    def stop(self) -> None:
        with suppress(queue.Full):  # the thread is gone
            self._queue.put(None, timeout=API_STOP_SECONDS)


class _Rate:
    """Events in total, and per second over the last `RATE_SECONDS`."""

    def __init__(self) -> None:
        self.total = 0
        self._recent: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self._lock = threading.Lock()

    def add(self, events: int) -> None:
        with self._lock:
            self.total += events
            self._recent.append((time.monotonic(), self.total))

    def per_second(self) -> float:
        now = time.monotonic()
        with self._lock:
            while len(self._recent) > 1 and self._recent[1][0] < now - RATE_SECONDS:
                self._recent.popleft()
            began, before = self._recent[0]
            return (self.total - before) / max(min(now - began, RATE_SECONDS), 1e-3)
