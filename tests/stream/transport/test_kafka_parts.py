"""Parts of the Kafka transport that need no broker."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from stream.configfile import load
from stream.transport.base import Mark
from stream.transport.kafka import Options
from stream.transport.kafka_group import decode_replay_from, encode_replay_from
from stream.transport.kafka_reader import shares
from stream.transport.kafka_writer import in_time


@pytest.mark.parametrize("name", ["group_id", "isolation_level", "ssl_context_typo", "sasl_", "bootstrap_servers"])
def test_only_security_settings_reach_the_clients(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be set here; allowed are security_"):
        Options(options={name: "x"})


def test_security_settings_reach_every_client() -> None:
    given = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "sasl_plain_password": "secret"}
    options = Options(options=given)
    assert options._common("reader").items() >= given.items()
    assert "secret" not in repr(options)


def test_a_named_worker_keeps_its_transactional_id_and_others_never_share_one() -> None:
    assert (
        Options(group="g", instance="w").transactional_id()
        == "g-w"
        == Options(group="g", instance="w").transactional_id()
    )
    assert Options(group="g").transactional_id() != Options(group="g").transactional_id()


@pytest.mark.parametrize("group", ["", "a b", "a/b"])
def test_a_group_can_name_a_topic(group: str) -> None:
    with pytest.raises(ValidationError):
        Options(group=group)


def test_the_metadata_of_a_commit() -> None:
    assert decode_replay_from(encode_replay_from(Mark(20, 7)), 20) == 7


@pytest.mark.parametrize("metadata", [None, "", "from another tool", "replay_from=", "replay_from=-3", "replay_from=x"])
def test_offsets_that_other_tools_set_need_no_replay(metadata: str | None) -> None:
    assert decode_replay_from(metadata, 20) == 20


def test_replay_never_begins_after_what_is_done() -> None:
    assert decode_replay_from("replay_from=30", 20) == 20


@pytest.mark.parametrize(
    ("available", "count", "expected"),
    [
        ({0: 100, 1: 100}, 10, {0: 5, 1: 5}),
        ({0: 100, 1: 3}, 10, {0: 7, 1: 3}),
        ({0: 2, 1: 3}, 10, {0: 2, 1: 3}),
        ({0: 100, 1: 100, 2: 100}, 10, {0: 4, 1: 3, 2: 3}),
        ({0: 0}, 10, {0: 0}),
    ],
)
def test_shares(available: dict[int, int], count: int, expected: dict[int, int]) -> None:
    assert shares(available, count) == expected


def test_in_time() -> None:
    assert in_time(lambda: None, 5) is None
    failure = ValueError("x")

    def fail() -> None:
        raise failure

    assert in_time(fail, 5) is failure
    hung = threading.Event()
    began = time.monotonic()
    assert isinstance(in_time(lambda: hung.wait(60) and None, 0.1), TimeoutError)
    assert time.monotonic() - began < 5
    hung.set()


def test_the_documented_configuration_shows_every_key_with_its_default() -> None:
    shown = load(Path(__file__).parents[3] / "deploy" / "kafka.yaml").transport.options
    assert shown.keys() == Options.model_fields.keys()
    assert Options.model_validate(shown) == Options()
