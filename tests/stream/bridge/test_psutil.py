"""The machine's own measurements arrive as records of the default mapping."""

import json
import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import ValidationError

from stream.bridge.psutil import Meter, Options, PsutilBridge
from stream.codec.json import JsonCodec
from stream.config import FeedSettings
from stream.transport.base import Output, Record, TopicPartition, TransportError


class Kept:
    def __init__(self, failures: int = 0) -> None:
        self.outputs: list[Output] = []
        self.failures = failures

    def append(self, outputs: Sequence[Output]) -> None:
        if self.failures:
            self.failures -= 1
            raise TransportError("full")
        self.outputs += outputs

    def tail(self, topic: str, count: int) -> list[Record]:
        return []

    def lag(self) -> int:
        return 0


def measured(log: Kept, count: int) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=PsutilBridge("machine", 0.01).run, args=(log, stop))
    thread.start()
    deadline = time.monotonic() + 20
    while len(log.outputs) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_records_are_what_the_feed_reads() -> None:
    log, begin = Kept(), time.time()
    measured(log, 5)
    records = [Record("machine", 0, i, 0, o.key, o.value) for i, o in enumerate(log.outputs)]
    decoded = JsonCodec(FeedSettings(name="machine")).decode(TopicPartition("machine", 0), records)
    assert decoded.rejects == []
    assert {"machine:cpu", "machine:memory"} <= set(decoded.events.ids)
    assert np.all(np.diff(decoded.events.times) >= 0)
    assert begin <= decoded.events.times[0] <= decoded.events.times[-1] <= time.time()
    assert 0 < json.loads(log.outputs[0].value)["values"]["memory"] < 100


def test_a_failed_append_costs_one_measurement() -> None:
    log = Kept(failures=2)
    measured(log, 3)
    assert len(log.outputs) >= 3


def test_rates_are_bytes_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = iter([{"disk": 1000, "network": 500}, {"disk": 3000, "network": 0}, {"network": 100}])
    clock = iter([10.0, 12.0, 13.0])
    monkeypatch.setattr("stream.bridge.psutil._bytes", lambda: next(counters))
    monkeypatch.setattr("stream.bridge.psutil.time.monotonic", lambda: next(clock))
    meter = Meter()
    first, second = meter.read(), meter.read()
    assert first["disk"] == 1000.0
    assert first["network"] == 0.0  # the counter began anew
    assert second["network"] == 100.0
    assert "disk" not in second


def test_options() -> None:
    assert Options(every="500ms").every == 0.5
    with pytest.raises(ValidationError):
        Options(every=0)
    with pytest.raises(ValidationError):
        Options.model_validate({"evry": 1})
