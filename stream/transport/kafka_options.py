"""What the configuration may say about Kafka, and how the clients are set up from it."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from pydantic import BaseModel, ConfigDict, Field, field_validator

from stream.units import Duration

NAME: Final = r"^[A-Za-z0-9._-]+$"

#: Client settings that may be passed on: everything about security, and these.
SECURITY: Final = ("security_", "sasl_", "ssl_")
PASSED_ON: Final = ("client_dns_lookup", "metadata_max_age_ms", "proxy_url")

MEBIBYTE: Final = 1 << 20


class Options(BaseModel):
    """The `transport` section for `kind: kafka`.

    bootstrap : "host:port[,host:port]". group : the consumer group; workers of one group share the partitions.
    instance : a stable name of this worker; with it a restarted worker gets its partitions back at once instead of
    after `session_timeout`. Two workers may not have the same. partitions, replication : of topics that are created
    (replication -1: the broker's default). session_timeout : silence after which the group gives a worker's partitions
    to others. max_poll_interval : the same for a worker that lives but does not poll (restoring, for example).
    commit_timeout : how long a commit may take before its outcome counts as unknown. options : further settings of the
    clients by kafka-python's names (security_protocol, sasl_*, ssl_*).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bootstrap: str = Field("127.0.0.1:9092", min_length=1)
    group: str = Field("liquidstream", pattern=NAME, max_length=200)
    instance: str | None = Field(None, pattern=NAME, max_length=200)
    create_topics: bool = True
    partitions: int = Field(4, ge=1)
    replication: int = Field(-1, ge=-1)
    session_timeout: Duration = Field(10.0, ge=1)
    max_poll_interval: Duration = Field(300.0, ge=1)
    commit_timeout: Duration = Field(15.0, ge=0.1)
    options: dict[str, Any] = Field(default_factory=dict, repr=False)

    @field_validator("options")
    @classmethod
    def _known_to_every_client(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in given:
            if name not in KafkaAdminClient.DEFAULT_CONFIG or not (name in PASSED_ON or name.startswith(SECURITY)):
                allowed = ", ".join([*(f"{prefix}*" for prefix in SECURITY), *PASSED_ON])
                raise ValueError(f"{name!r} cannot be set here; allowed are {allowed}")
        return given

    @property
    def snapshots_topic(self) -> str:
        return f"{self.group}-snapshots"

    def transactional_id(self) -> str:
        """Stable for a named worker, so that its next life ends what this one leaves open; else never used again."""
        return f"{self.group}-{self.instance or uuid.uuid4().hex}"

    def unnamed_id(self) -> re.Pattern[str]:
        """What the transactional ids of this group's unnamed workers look like."""
        return re.compile(re.escape(self.group) + "-[0-9a-f]{32}")

    @property
    def transaction_timeout(self) -> float:
        """A little longer than the commit may take: what a killed worker leaves open holds up readers until then."""
        return self.commit_timeout + 1

    def admin(self) -> KafkaAdminClient:
        return KafkaAdminClient(**self._common("admin"))

    def reader(self) -> KafkaConsumer:
        """A consumer outside of any group, to be told what to read; sees committed records only."""
        return KafkaConsumer(
            **self._common("reader"),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
        )

    def member(self) -> KafkaConsumer:
        """The consumer that joins the group. Positions are set by hand, hence no reset."""
        return KafkaConsumer(
            **self._common("worker"),
            group_id=self.group,
            group_instance_id=self.instance,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            partition_assignment_strategy=(CooperativeStickyAssignor,),
            session_timeout_ms=round(self.session_timeout * 1000),
            heartbeat_interval_ms=round(min(3.0, self.session_timeout / 3) * 1000),
            max_poll_interval_ms=round(self.max_poll_interval * 1000),
        )

    def producer(self, transactional_id: str | None = None, max_record_bytes: int = MEBIBYTE) -> KafkaProducer:
        transaction: dict[str, Any] = {}
        if transactional_id is not None:
            transaction = {
                "transactional_id": transactional_id,
                "transaction_timeout_ms": round(self.transaction_timeout * 1000),
            }
        return KafkaProducer(
            **self._common("producer"),
            **transaction,
            linger_ms=20,
            batch_size=256 * 1024,
            max_request_size=max(4 * MEBIBYTE, max_record_bytes),
            max_block_ms=round(self.commit_timeout * 1000),
            retry_backoff_ms=20,
            allow_auto_create_topics=False,
        )

    def _common(self, role: str) -> dict[str, Any]:
        return {
            "bootstrap_servers": [server.strip() for server in self.bootstrap.split(",")],
            "client_id": f"{self.group}-{role}",
            "bootstrap_timeout_ms": 5_000,
            "reconnect_backoff_max_ms": 2_000,
            **self.options,
        }
