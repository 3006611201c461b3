"""Every command and every program in the README works as it stands there."""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kafka_broker import KafkaBroker, free_ports, kafka_broker

__all__ = ["kafka_broker"]

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SHELL = [text for language, text in BLOCKS if language == "sh"]
PYTHON = [text for language, text in BLOCKS if language == "python"]
BIN = Path(sys.executable).parent


def commands(start: str) -> list[str]:
    """The shell commands of the README that begin so, continued lines joined."""
    joined = "\n".join(SHELL).replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip().startswith(start)]


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **environment}
    return subprocess.run(["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=300)


@contextmanager
def running(command: str, folder: Path, port: int, **environment: str) -> Iterator[None]:
    """A service from the README, until it is ready; stopped gently at the end."""
    env = {**os.environ, "LIQUIDSTREAM__API__PORT": str(port), **environment}
    words = [str(BIN / "liquidstream"), *command.split()[1:]]
    process = subprocess.Popen(words, cwd=folder, env=env, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 180
        while True:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status == 200:
                    break
            assert time.monotonic() < deadline, "not ready in time"
            time.sleep(0.2)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 0


def test_every_block_is_known_to_this_file() -> None:
    known = ("make ", "liquidstream ", "curl ")
    lines = [line for text in SHELL for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    assert all(line.startswith(known) for line in lines), lines
    assert len(PYTHON) == 3


def test_python() -> None:
    text = PYTHON[0]
    assert len(text.strip().splitlines()) <= 13
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(text, "README.md", "exec"), {})
    lines = said.getvalue().splitlines()
    spike = 20 + 3 * math.sin((30.0 * 2500 + 2500 * 7 % 11) / 1800) + 9
    assert any(line.startswith(f"{spike:.1f} at") for line in lines), lines
    assert lines[-1].endswith("in ten minutes and in an hour")


def test_the_library_in_python() -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(PYTHON[2], "README.md", "exec"), {})
    assert float(said.getvalue().split()[1]) > 0.8, said.getvalue()


@pytest.mark.parametrize("command", commands("make "))
def test_make_targets_exist(command: str) -> None:
    done = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.slow
def test_make_demo(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "demo", "SECONDS=8"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    (command,) = [line for line in done.stdout.splitlines() if "liquidstream demo" in line]
    assert command.split()[1:] == ["demo", "--seconds", "8"]
    done = shell("liquidstream demo --seconds 8 --port 0", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "events" in done.stdout


@pytest.mark.slow
def test_http(tmp_path: Path) -> None:
    (command,) = [c for c in commands("liquidstream run") if "embedded" in c]
    (port,) = free_ports(1)
    path = str(tmp_path / "log.db")
    with running(command, ROOT, port, LIQUIDSTREAM__TRANSPORT__PATH=path, LIQUIDSTREAM__SOURCES="[]"):
        for curl in commands("curl "):
            # the result of the event that was just sent may take a moment
            again = "--retry 8 --retry-delay 1 --retry-all-errors " if "explain" in curl or "drift" in curl else ""
            options = f"curl -sS -f {again}"
            done = shell(curl.replace("localhost:8080", f"localhost:{port}").replace("curl ", options), tmp_path)
            if "forecast" in curl:  # of a series with one event, just sent
                assert done.returncode in (0, 22), done.stderr
            else:
                assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_backtest(tmp_path: Path) -> None:
    rows = "".join(f"{60 * i},{10 + math.sin(i / 20):.4f}\n" for i in range(500))
    (tmp_path / "data.csv").write_text("timestamp,value\n" + rows)
    (command,) = commands("liquidstream backtest")
    done = shell(command, tmp_path)
    assert done.returncode == 0, done.stderr
    out = (tmp_path / "results" / "data.csv").read_text().splitlines()
    assert len(out) == 501
    assert "forecast_1h" in out[0]
    assert "upper95_1d" in out[0]


@pytest.mark.slow
@pytest.mark.kafka
def test_kafka(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    (command,) = [c for c in commands("liquidstream run") if "kafka" in c]
    (port,) = free_ports(1)
    with running(command, ROOT, port, LIQUIDSTREAM__TRANSPORT__BOOTSTRAP=kafka_broker.address):
        text = PYTHON[1].replace("127.0.0.1:9092", kafka_broker.address)
        # in a process of its own: the client leaves sockets to the garbage collector
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all('"series":"boiler"' in line for line in lines)
