"""The promise of exactly once over Kafka: a real worker process, killed with SIGKILL while it works."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from liquid.feedback import MARKS
from stream.feedback import Feedback, requests
from stream.transport.base import Output
from stream.transport.base import TopicPartition as FeedPartition
from stream.transport.kafka import KafkaTransport, Options

if TYPE_CHECKING:
    from tests.kafka_broker import KafkaBroker

pytest_plugins = ("tests.kafka_broker",)
pytestmark = [pytest.mark.kafka, pytest.mark.slow]

EVENTS, SERIES, PARTITIONS, KILLS = 50_000, 500, 4, 3
SAID = EVENTS // 1000  # records of feedback
OUTPUTS = ("results", "forecasts", "alerts", "drift", "feedback", "dlq")

CONFIG = """
transport:
  {{kind: kafka, bootstrap: "{address}", group: "{feed}", partitions: {partitions},
   session_timeout: 2s, commit_timeout: 4s}}
commit: {{interval: 200ms, max_events: 1000, snapshot_rows: 40}}
feeds: [{{name: "{feed}", topics: ["{topic}"], horizons: [1m, 1h]}}]
api: {{enabled: false}}
"""


class Worker:
    """`liquidstream run` in a process of its own, for a feed and a consumer group of the same name."""

    def __init__(self, folder: Path, address: str, topic: str, feed: str) -> None:
        self.address, self.topic, self.feed = address, topic, feed
        self.config = folder / f"{feed}.yaml"
        self.config.write_text(CONFIG.format(address=address, topic=topic, feed=feed, partitions=PARTITIONS))
        self.log = folder / f"{feed}.log"

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        command = [Path(sys.executable).with_name("liquidstream"), "run", "--config", self.config]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def shares(self) -> list[int]:
        """How many partitions each member of the group has."""
        with KafkaAdminClient(bootstrap_servers=self.address) as admin:
            members = admin.describe_groups([self.feed])[self.feed]["members"]
        assigned = [member["member_assignment"] or {"assigned_partitions": []} for member in members]
        return [sum(len(part["partitions"]) for part in one["assigned_partitions"]) for one in assigned]

    def wait_for(self, process: subprocess.Popen[bytes], inputs: int) -> None:
        """Until so many inputs are committed as done."""
        deadline = time.monotonic() + 240
        with KafkaConsumer(bootstrap_servers=self.address, group_id=self.feed, enable_auto_commit=False) as consumer:
            while sum(consumer.committed(TopicPartition(self.topic, p)) or 0 for p in range(PARTITIONS)) < inputs:
                assert process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.05)

    def finish(self) -> None:
        """One life to the end of the input and a clean stop."""
        with self.running() as process:
            self.wait_for(process, EVENTS + SAID)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=120) == 0, self.log.read_text()

    def outputs(self) -> list[tuple[tuple[str, bytes], tuple[bytes, bytes]]]:
        """((kind of output, input it is of), (key, value)) of all that a committed reader sees."""
        found = []
        for kind in OUTPUTS:
            for record in committed(self.address, f"{self.feed}.{kind}"):
                headers = dict(record.headers)
                place = headers.get("ce_id") or b"/".join(headers[f"dlq.{k}"] for k in ("topic", "partition", "offset"))
                found.append(((kind, place), (record.key, record.value)))
        return found


def committed(address: str, topic: str) -> list[Any]:
    partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
    with KafkaAdminClient(bootstrap_servers=address) as admin:
        written = admin.list_partition_offsets(dict.fromkeys(partitions, -1))
    with KafkaConsumer(
        bootstrap_servers=address, isolation_level="read_committed", enable_auto_commit=False, max_poll_records=5000
    ) as consumer:
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        found = []
        while any(consumer.position(p) < written[p].offset for p in partitions):
            for records in consumer.poll(timeout_ms=500).values():
                found += records
        return found


def produce(address: str, topic: str) -> None:
    """Events of many series over all partitions, one in a hundred cannot be read; and feedback on some series."""
    rng = random.Random(7)
    transport = KafkaTransport(Options(bootstrap=address, group=topic, partitions=PARTITIONS))
    batch = []
    for i in range(EVENTS):
        series = rng.randrange(SERIES)
        body = b'{"series":"s%d","time":%d,"value":%f}' % (series, 1_600_000_000 + i, rng.gauss(series % 7, 1))
        batch.append(Output(topic, b"s%d" % series, body if rng.random() > 0.01 else b"nonsense %d" % i))
        if i % 1000 == 999:
            (request,) = requests(
                Feedback(f"s{series}", rng.choice(MARKS), i, {"level": 1.0}), [FeedPartition(topic, 0)]
            )
            batch.append(request._replace(partition=None))  # by its key, as the events of the series
    transport.append(batch)
    transport.close()


@pytest.fixture(scope="module")
def undisturbed(kafka_broker: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Worker:
    """A worker that had its input without any trouble."""
    topic = f"t{uuid.uuid4().hex[:8]}"
    produce(kafka_broker.address, topic)
    worker = Worker(tmp_path_factory.mktemp("undisturbed"), kafka_broker.address, topic, f"{topic}-undisturbed")
    worker.finish()
    return worker


def assert_the_same(got: Worker, expected: Worker, told: str) -> None:
    """Each input has one answer, and every output is what it is without trouble, in every byte."""
    outputs = got.outputs()
    repeated = [place for place, count in Counter(place for place, _ in outputs).items() if count > 1]
    assert not repeated, told
    assert sum(kind in ("results", "dlq") for (kind, _), _ in outputs) == EVENTS
    assert sum(kind == "feedback" for (kind, _), _ in outputs) == SAID
    assert dict(outputs) == dict(expected.outputs()), told


def test_killed_at_random_the_outputs_are_those_of_an_undisturbed_run(
    undisturbed: Worker, name: str, tmp_path: Path
) -> None:
    disturbed = Worker(tmp_path, undisturbed.address, undisturbed.topic, f"{name}-disturbed")
    rng = random.Random()
    kills = sorted(rng.sample(range(1000, EVENTS // 2), KILLS))
    for inputs in kills:
        with disturbed.running() as process:
            disturbed.wait_for(process, inputs)
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
            assert process.wait() == -signal.SIGKILL
    assert len(committed(disturbed.address, f"{disturbed.feed}.results")) < EVENTS * 0.9, "killed too late"
    disturbed.finish()
    assert_the_same(disturbed, undisturbed, f"killed after {kills}")


def test_two_workers_of_which_one_is_killed(undisturbed: Worker, name: str, tmp_path: Path) -> None:
    """Partitions move twice: from a living worker to one that joins, and from a dead one to the other."""
    shared = Worker(tmp_path, undisturbed.address, undisturbed.topic, f"{name}-shared")
    with shared.running() as first, shared.running() as second:
        while shared.shares() != [PARTITIONS // 2] * 2:
            assert first.poll() is second.poll() is None, shared.log.read_text()
            time.sleep(0.05)
        time.sleep(0.5)
        first.kill()
        assert len(committed(shared.address, f"{shared.feed}.results")) < EVENTS * 0.9, "killed too late"
        shared.wait_for(second, EVENTS + SAID)
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=120) == 0, shared.log.read_text()
    assert_the_same(shared, undisturbed, shared.log.read_text())
