"""The topics a worker needs: made where they are missing, checked where they exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import structlog
from kafka import TopicPartition as KafkaPartition
from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType

from stream.transport.base import Output, TopicPartition, TransportError
from stream.transport.kafka_options import MEBIBYTE, Options

log = structlog.get_logger(part="kafka")

#: Room beside the value in a record that quotes another one (a dead letter): key, headers, framing.
OVERHEAD: Final = 16 * 1024

#: A compacted topic never compacts its newest segment, hence small ones.
SNAPSHOT_CONFIGS: Final = {
    "cleanup.policy": "compact",
    "segment.bytes": str(32 * MEBIBYTE),
    "min.cleanable.dirty.ratio": "0.3",
    "max.message.bytes": str(MEBIBYTE),
}


class Topics:
    """Thread-compatible, not thread-safe: each caller has its own or takes a lock."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.input_limit = MEBIBYTE
        self._limits: dict[str, int] = {}
        self._snapshot_partitions = 0
        self._admin = self._connect()

    def close(self) -> None:
        self._admin.close()

    @property
    def written(self) -> list[str]:
        """The topics that transactions write to: the outputs prepared so far, the snapshots."""
        return [*sorted(self._limits), self.options.snapshots_topic]

    def prepare_inputs(self, topics: Iterable[str]) -> int:
        """Make missing input topics; gives the largest number of partitions among them."""
        topics = sorted(topics)
        self._make({topic: {} for topic in topics})
        configs = self._configs(topics)
        self.input_limit = max([MEBIBYTE, *(int(c.get("max.message.bytes", 0)) for c in configs.values())])
        return max(len(found) for found in self._partitions(topics).values())

    def prepare_snapshots(self, partitions: int) -> None:
        """The snapshots topic needs as many partitions as the largest input: those of input partition p go to its p."""
        if partitions <= self._snapshot_partitions:
            return
        topic = self.options.snapshots_topic
        self._make({topic: SNAPSHOT_CONFIGS}, partitions)
        policy = self._configs([topic])[topic].get("cleanup.policy", "compact")
        if "compact" not in policy or "delete" in policy:
            raise TransportError(
                f"topic {topic!r} has cleanup.policy={policy}, so the broker would throw away saved states\n"
                f"where: {self.options.bootstrap}\n"
                "do: set cleanup.policy=compact on it, or choose another transport.group"
            )
        there = len(self._partitions([topic])[topic])
        if there < partitions:
            log.info("a topic grows", topic=topic, partitions=partitions)
            self._do(f"topic {topic!r} could not be given {partitions} partitions",
                     lambda admin: admin.create_partitions({topic: partitions}))  # fmt: skip
            self._admin.wait_for_topics([topic])
        self._snapshot_partitions = max(there, partitions)

    def prepare_outputs(self, topics: Iterable[str]) -> None:
        """Make missing output topics. A dead letter carries its input, so they must take whatever an input takes."""
        new = sorted(set(topics) - self._limits.keys())
        if not new:
            return
        self._make({topic: {"max.message.bytes": str(self.input_limit + 4 * OVERHEAD)} for topic in new})
        for topic, config in self._configs(new).items():
            self._limits[topic] = int(config.get("max.message.bytes", MEBIBYTE))

    def fit(self, outputs: Sequence[Output]) -> list[Output]:
        """Outputs as their topics, made where missing, can take them.

        Only a dead letter can be too long, when its input came compressed: it is cut, and says so in a header, rather
        than holding up everything behind it."""
        self.prepare_outputs({output.topic for output in outputs})
        limits = {topic: limit - OVERHEAD for topic, limit in self._limits.items()}
        return [o if len(o.value) <= limits[o.topic] else _cut(o, limits[o.topic]) for o in outputs]

    def written_end(self, partition: TopicPartition) -> int:
        """The end of a partition including what is not committed yet."""
        wanted = KafkaPartition(*partition)
        found = self._do(f"the end of {wanted} is unknown", lambda admin: admin.list_partition_offsets({wanted: -1}))
        return int(found[wanted].offset)

    def exists(self, topic: str) -> bool:
        return bool(self._partitions([topic])[topic])

    def _make(self, topics: Mapping[str, Mapping[str, str]], partitions: int | None = None) -> None:
        missing = [topic for topic, found in self._partitions(topics).items() if not found]
        if not missing:
            return
        if not self.options.create_topics:
            raise TransportError(
                f"topic {missing[0]!r} does not exist\nwhere: {self.options.bootstrap}\n"
                "do: create it, or set transport.create_topics: true"
            )
        wanted = {
            topic: {
                "num_partitions": partitions or self.options.partitions,
                "replication_factor": self.options.replication,
                "configs": dict(topics[topic]),
            }
            for topic in missing
        }
        try:
            self._admin.create_topics(wanted, wait_for_metadata=True)
        except errors.TopicAlreadyExistsError:
            self._admin.wait_for_topics(missing)  # another worker was faster
        except errors.KafkaError as error:
            raise self._failed(f"topic {missing[0]!r} could not be created", error) from error
        for topic in missing:
            log.info("created a topic", topic=topic, partitions=partitions or self.options.partitions)

    def _partitions(self, topics: Iterable[str]) -> dict[str, list[Any]]:
        names = list(topics)
        found = self._do("the topics could not be listed", lambda admin: admin.describe_topics(names))
        for topic in found:
            if topic["error_code"] == errors.TopicAuthorizationFailedError.errno:
                raise self._failed(f"no permission for topic {topic['name']!r}", errors.TopicAuthorizationFailedError())
        return {name: [] for name in names} | {topic["name"]: topic["partitions"] for topic in found}

    def _configs(self, topics: list[str]) -> dict[str, dict[str, str]]:
        """Settings of topics; nothing for a topic whose settings we may not see."""
        wanted = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
        try:
            found = self._admin.describe_configs(wanted, config_filter="all").get("topic", {})
        except errors.AuthorizationError:
            found = {}
        return {
            topic: {name: entry["value"] for name, entry in found.get(topic, {}).items() if entry["value"] is not None}
            for topic in topics
        }

    def _connect(self) -> Any:
        try:
            return self.options.admin()
        except errors.KafkaError as error:
            secured = ", or check user, password and certificates in transport.options" if self.options.options else ""
            raise TransportError(
                f"no Kafka broker answers: {error}\nwhere: transport.bootstrap {self.options.bootstrap!r}\n"
                f"do: start one (`make kafka-up`), or set transport.bootstrap to the right address{secured}"
            ) from error

    def ask(self, question: Callable[[Any], Any]) -> Any:
        """Put a question to the admin client; raises what the client raises. After the broker was away it may not find
        it again by itself, hence a second attempt with a new one."""
        try:
            return question(self._admin)
        except errors.RetriableError:
            former, self._admin = self._admin, self._connect()  # the former one stays where there is no other yet
            former.close()
        return question(self._admin)

    def _do(self, what: str, action: Callable[[Any], Any]) -> Any:
        try:
            return self.ask(action)
        except errors.KafkaError as error:
            raise self._failed(what, error) from error

    def _failed(self, what: str, error: Exception) -> TransportError:
        return TransportError(
            f"{what}: {error}\nwhere: {self.options.bootstrap}\ndo: see the broker's log and its ACLs"
        )


def _cut(output: Output, limit: int) -> Output:
    note = ("truncated-from", b"%d" % len(output.value))
    return output._replace(value=output.value[:limit], headers=(*output.headers, note))
