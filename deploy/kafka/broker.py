#!/usr/bin/env python3
"""A real one-node Kafka broker for development, tests and the demo: `broker.py up | down | status`.

The jars come from Maven Central through Maven; everything is kept under one directory (`.kafka/`, git-ignored):
libs/ (jars), data/ (the log), broker.log, broker.pid, server.properties (rendered). Needs only Python's standard
library, Java 17 or newer, and Maven for the first start.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEFAULT_HOME = HERE.parent.parent / ".kafka"
PACKAGES = "default-jre-headless maven"
FINE, NOT_RUNNING, ENVIRONMENT = 0, 1, 3


class BrokerError(Exception):
    """What is wrong, where, and what to do: one line each."""


class Broker:
    """The broker that lives in `home`, listening on 127.0.0.1:`port`."""

    def __init__(self, home: Path, libs: Path, port: int, controller_port: int, heap: str) -> None:
        self.home, self.libs, self.port, self.controller_port, self.heap = home, libs, port, controller_port, heap
        self.data, self.log, self.pid_file = home / "data", home / "broker.log", home / "broker.pid"

    def pid(self) -> int | None:
        """The running broker's process id, None if there is none (a stale pid file is not a broker)."""
        try:
            pid = int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if "kafka.Kafka" in command_line(pid) else None

    def running_port(self) -> int:
        """The port the running broker was started with (it may differ from the one asked for now)."""
        for line in (self.home / "server.properties").read_text().splitlines():
            if line.startswith("listeners=PLAINTEXT://"):
                return int(line.split(",")[0].rsplit(":", 1)[1])
        raise BrokerError(f"{self.home / 'server.properties'} has no listeners line\nwhere: {self.home}\ndo: remove it")

    def up(self, timeout: float) -> None:
        if self.pid() is not None:
            if self.running_port() != self.port:
                raise BrokerError(
                    f"a broker from {self.home} is already running on port {self.running_port()}\n"
                    f"where: asked for port {self.port}\ndo: `broker.py down` first, or use the running one"
                )
            self.wait_ready(timeout)
            return
        for port in (self.port, self.controller_port):
            if port_taken(port):
                raise BrokerError(
                    f"port {port} is taken by another program\nwhere: 127.0.0.1:{port}\n"
                    "do: stop that program, or choose other ports with --port and --controller-port"
                )
        java = need("java")
        self.fetch_jars()
        self.data.mkdir(parents=True, exist_ok=True)
        self.write_properties()
        if not (self.data / "meta.properties").exists():
            self.format(java)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [
                    java, f"-Xmx{self.heap}", "-XX:+UseSerialGC",
                    f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
                    "-cp", f"{self.libs}/*", "kafka.Kafka", str(self.home / "server.properties"),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home, start_new_session=True,
            )  # fmt: skip
        self.pid_file.write_text(f"{process.pid}\n")
        self.wait_ready(timeout, process)

    def down(self, timeout: float) -> bool:
        """Stop the broker; False if none was running."""
        pid = self.pid()
        if pid is None:
            self.pid_file.unlink(missing_ok=True)
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while self.pid() is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        if self.pid() is not None:
            print(f"Kafka did not stop within {timeout:.0f} s: killed", file=sys.stderr)
            os.kill(pid, signal.SIGKILL)
        self.pid_file.unlink(missing_ok=True)
        return True

    def fetch_jars(self) -> None:
        pom = HERE / "pom.xml"
        stamp = self.libs / "pom.sha256"
        wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted:
            return
        maven = need("mvn")
        print("Getting Kafka's jars with Maven (once, about 45 MB)...", flush=True)
        shutil.rmtree(self.libs, ignore_errors=True)
        done = subprocess.run(
            [maven, "-B", "-q", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={self.libs}"],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise BrokerError(
                f"Maven could not get Kafka's jars\nwhere: {pom}\n"
                f"do: check the network or ~/.m2/settings.xml; Maven said:\n{(done.stdout + done.stderr)[-2000:]}"
            )
        stamp.write_text(wanted)

    def write_properties(self) -> None:
        text = (HERE / "server.properties").read_text() + (
            f"\nlisteners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}\n"
            f"controller.quorum.bootstrap.servers=127.0.0.1:{self.controller_port}\n"
            f"log.dirs={self.data}\n"
        )
        (self.home / "server.properties").write_text(text)

    def format(self, java: str) -> None:
        tool = [java, "-cp", f"{self.libs}/*", "kafka.tools.StorageTool"]
        cluster = subprocess.run([*tool, "random-uuid"], capture_output=True, text=True)
        # `=`: an id may begin with a dash.
        done = subprocess.run(
            [*tool, "format", "--standalone", f"--cluster-id={cluster.stdout.strip()}",
             "-c", str(self.home / "server.properties")],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise BrokerError(f"the log could not be formatted\nwhere: {self.data}\ndo: {done.stderr[-2000:]}")

    def wait_ready(self, timeout: float, process: subprocess.Popen[bytes] | None = None) -> None:
        deadline = time.monotonic() + timeout
        while not answers(self.port):
            if process is not None and process.poll() is not None:
                self.pid_file.unlink(missing_ok=True)
                raise BrokerError(f"Kafka stopped while starting (exit code {process.returncode})\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise BrokerError(f"Kafka is not ready after {timeout:.0f} s\n{self.log_tail()}")
            time.sleep(0.1)

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return f"where: {self.log}, which ends with:\n  " + "\n  ".join(lines) + "\ndo: read that log"


def command_line(pid: int) -> str:
    """The command a process runs, "" if there is no such process."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout


def answers(port: int) -> bool:
    """True once the broker lists itself in the cluster's metadata, that is: when it takes work."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            # Metadata request v1 for no topics: key 3, version 1, correlation id, no client id, empty array.
            body = struct.pack(">hhihi", 3, 1, 1, -1, 0)
            connection.sendall(struct.pack(">i", len(body)) + body)
            head = b""
            while len(head) < 12 and (more := connection.recv(12 - len(head))):
                head += more
            # Response: size, correlation id, number of brokers, ...
            return len(head) == 12 and struct.unpack(">iii", head)[2] > 0
    except OSError:
        return False


def port_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def need(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        name = {"java": "Java (17 or newer)", "mvn": "Maven"}[program]
        raise BrokerError(
            f"{name} is not installed\nwhere: no `{program}` on the PATH\n"
            f"do: on Debian or Ubuntu `apt-get install -y {PACKAGES}`, elsewhere see your package manager"
        )
    return path


def install() -> None:
    """Install Java and Maven where that is possible without asking: as root on a Debian."""
    if shutil.which("java") and shutil.which("mvn"):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise BrokerError(
            "--install needs root and apt-get\nwhere: Java or Maven is missing\n"
            f"do: install them yourself, for example `sudo apt-get install -y {PACKAGES}`"
        )
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update -q", f"apt-get install -q -y --no-install-recommends {PACKAGES}"):
        done = subprocess.run(command.split(), env=environment, capture_output=True, text=True)
        if done.returncode:
            raise BrokerError(f"`{command}` failed\nwhere: {done.stderr[-1000:]}\ndo: install {PACKAGES} by hand")


def main() -> int:
    parser = argparse.ArgumentParser(
        description="A one-node Kafka broker for development, tests and the demo.",
        epilog="examples:  broker.py up     broker.py up --port 19092 --controller-port 19093     broker.py down",
    )
    parser.add_argument("command", choices=("up", "down", "status"))
    parser.add_argument("--port", type=int, default=9092, help="where clients connect (default 9092)")
    parser.add_argument("--controller-port", type=int, help="the broker's own second port (default: --port + 1)")
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help="data, log and pid file (default .kafka)")
    parser.add_argument("--libs", type=Path, help="where the jars are or will be (default <home>/libs)")
    parser.add_argument("--heap", default="512m", help="Java heap (default 512m)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait for start or stop (default 60)")
    parser.add_argument("--install", action="store_true", help="as root on Debian: install missing Java and Maven")
    given = parser.parse_args()
    home = given.home.resolve()
    libs = (given.libs or home / "libs").resolve()
    broker = Broker(home, libs, given.port, given.controller_port or given.port + 1, given.heap)
    try:
        if given.command == "up":
            if given.install:
                install()
            home.mkdir(parents=True, exist_ok=True)
            broker.up(given.timeout)
            print(f"Kafka is up at 127.0.0.1:{given.port}  (log: {broker.log}; stop: make kafka-down)")
        elif given.command == "down":
            print("Kafka is down" if broker.down(given.timeout) else "Kafka was not running")
        else:
            pid = broker.pid()
            if pid is None:
                print("Kafka is not running (start: make kafka-up)")
                return NOT_RUNNING
            port = broker.running_port()
            state = "ready" if answers(port) else "starting"
            print(f"Kafka is {state} at 127.0.0.1:{port}  (pid {pid}, log: {broker.log})")
    except BrokerError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return ENVIRONMENT
    return FINE


if __name__ == "__main__":
    sys.exit(main())
