"""The Kafka demo: its data, its verdict, and all of it on a real broker."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient

from stream.codec import create
from stream.config import FeedSettings
from stream.demo_kafka_summary import Readback
from stream.demo_sensors import BROKEN, BROKEN_EVERY, FAULTS, SENSORS, simulate
from stream.transport.base import Record, TopicPartition

if TYPE_CHECKING:
    from tests.kafka_broker import KafkaBroker

pytest_plugins = ("tests.kafka_broker",)


def test_the_simulation_repeats_itself() -> None:
    assert simulate("t", 2000) == simulate("t", 2000)


def test_every_broken_record_is_rejected_and_no_other() -> None:
    records = simulate("t", BROKEN_EVERY * len(BROKEN)).records
    read = [Record("t", 0, i, 0, output.key, output.value) for i, output in enumerate(records)]
    decoded = create(FeedSettings(name="t")).decode(TopicPartition("t", 0), read)
    assert [reject.record.value for reject in decoded.rejects] == list(BROKEN)
    assert len(decoded.events) == BROKEN_EVERY * len(BROKEN)
    assert set(decoded.events.ids) == {name for name, *_ in SENSORS}


def test_faults_change_their_sensor() -> None:
    records, faults = simulate("t", 8000)
    assert [fault for fault, _ in faults] == list(FAULTS)
    fault, begin = faults[0]
    values = [
        json.loads(r.value) for r in records if r.value.startswith(b'{"series": "%s", "time"' % fault.series.encode())
    ]
    before = [v["value"] for v in values if begin - 3600 < v["time"] < begin]
    during = [v["value"] for v in values if begin <= v["time"] < begin + fault.lasts]
    assert min(during) > max(before)


@pytest.mark.parametrize(
    ("answers", "once"),
    [({b"a": 1, b"b": 1}, True), ({b"a": 1}, False), ({b"a": 2, b"b": 1}, False), ({b"a": 1, b"b": 1, b"c": 1}, False)],
)
def test_the_verdict(answers: dict[bytes, int], once: bool) -> None:
    assert Readback(2, answers=Counter(answers)).exactly_once is once


@pytest.mark.kafka
@pytest.mark.slow
def test_on_a_real_broker(kafka_broker: KafkaBroker) -> None:
    command = [sys.executable, "-m", "stream.demo_kafka", "--events", "2000", "--bootstrap", kafka_broker.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"each input answered exactly once +yes", done.stdout)
    with KafkaAdminClient(bootstrap_servers=kafka_broker.address) as admin:
        assert not [topic for topic in admin.list_topics() if topic.startswith("demo-")]


@pytest.mark.slow
def test_without_a_broker() -> None:
    command = [sys.executable, "-m", "stream.demo_kafka", "--bootstrap", "127.0.0.1:1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 3
    assert done.stderr.startswith("no Kafka broker answers")
