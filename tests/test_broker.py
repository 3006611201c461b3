"""deploy/kafka/broker.py: what it says, and that it can be asked twice."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.kafka_broker import KafkaBroker

pytest_plugins = ("tests.kafka_broker",)

SCRIPT = Path(__file__).parent.parent / "deploy" / "kafka" / "broker.py"


def call(*arguments: object, path: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=None if path is None else {"PATH": path})


def test_nothing_runs(tmp_path: Path) -> None:
    status = call("status", "--home", tmp_path)
    assert (status.returncode, status.stdout) == (1, "Kafka is not running (start: make kafka-up)\n")
    down = call("down", "--home", tmp_path)
    assert (down.returncode, down.stdout) == (0, "Kafka was not running\n")


def test_the_process_of_another_program_is_not_a_broker(tmp_path: Path) -> None:
    (tmp_path / "broker.pid").write_text("1\n")
    assert call("status", "--home", tmp_path).returncode == 1
    assert call("down", "--home", tmp_path).stdout == "Kafka was not running\n"


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = call("up", "--home", tmp_path, "--port", port)
    assert up.returncode == 3
    assert up.stderr.splitlines()[0] == f"error: port {port} is taken by another program"


def test_without_java(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    up = call("up", "--home", tmp_path, "--port", port, path="/nowhere")
    assert up.returncode == 3
    assert "Java (17 or newer) is not installed" in up.stderr
    assert "apt-get install -y default-jre-headless maven" in up.stderr


@pytest.mark.kafka
def test_up_twice_and_status(kafka_broker: KafkaBroker) -> None:
    kafka_broker.up()
    status = call("status", "--home", kafka_broker.home)
    assert (status.returncode, status.stdout.split("  ")[0]) == (0, f"Kafka is ready at {kafka_broker.address}")
    other = call("up", "--home", kafka_broker.home, "--port", kafka_broker.port + 1)
    assert other.returncode == 3
    assert "is already running on port" in other.stderr
