"""A real broker for the tests marked `kafka`: started once, on free ports, in a directory of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "deploy" / "kafka" / "broker.py"
LIBS = SCRIPT.parent.parent.parent / ".kafka" / "libs"


class KafkaBroker:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.port, self._controller_port = free_ports(2)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def up(self) -> None:
        done = self._run("up")
        if done.returncode:
            reason = f"no Kafka broker: {done.stderr.strip()}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)

    def down(self) -> None:
        self._run("down")

    def pause(self) -> None:
        """Freeze the broker: connections stay open, nothing is answered."""
        os.kill(self._pid(), signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._pid(), signal.SIGCONT)

    def _pid(self) -> int:
        return int((self.home / "broker.pid").read_text())

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        ports = [f"--port={self.port}", f"--controller-port={self._controller_port}"]
        return subprocess.run(
            [sys.executable, str(SCRIPT), command, f"--home={self.home}", f"--libs={LIBS}", "--timeout=180", *ports],
            capture_output=True,
            text=True,
            timeout=400,
        )


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    broker.up()
    try:
        yield broker
    finally:
        broker.down()


@pytest.fixture
def name() -> str:
    """Unlike any name another test uses: for groups and topics."""
    return f"t{uuid.uuid4().hex[:8]}"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]
    finally:
        for probe in sockets:
            probe.close()
