import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from stream.cli import app
from stream.transport.base import Output
from stream.transport.sqlite import Options, SqliteTransport

PROGRAM = Path(sys.executable).with_name("liquidstream")
DEPLOY = Path(__file__).parents[2] / "deploy"
COMMANDS = sorted(get_command(app).commands)


def call(*arguments, **environment):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(
        f"transport: {{path: {tmp_path}/log.db}}\nfeeds: [{{name: f}}]\napi: {{port: 0}}\ncommit: {{interval: 50ms}}\n"
    )
    return path


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_a_screen_and_ends_with_two_examples(command):
    result = call(*command.split(), "--help", COLUMNS="100", LINES="50")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.rstrip().splitlines()]
    assert len(lines) <= 45
    examples = lines[lines.index("Examples:") + 1 :]
    assert sum("liquidstream" in line for line in examples) == 2


def test_version():
    result = call("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("liquidstream 0.")


def test_check_a_good_file():
    result = call("config", "--check", DEPLOY / "embedded.yaml")
    assert result.exit_code == 0
    assert "is fine: transport sqlite, feeds machine" in result.stdout


def test_check_a_bad_file(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("feeds: [{name: f}]\ncommit: {intervall: 1s}\n")
    result = call("config", "--check", path)
    assert result.exit_code == 1
    assert f"{path}:2: commit.intervall: unknown key, did you mean 'interval'?" in result.stderr


def test_print():
    result = call("config", "--print", DEPLOY / "embedded.yaml", "--set", "api.port=9000", "--set", "api.host=::")
    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout)["api"] | {} == {
        "enabled": True, "host": "::", "port": 9000, "next_free_port": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["config"],
        ["config", "--check", "a", "--print", "b"],
        ["config", "--print", DEPLOY / "embedded.yaml", "--set", "api.port"],
        ["run", "--config", "no/such/file.yaml"],
        ["run", "--set", "api.prt=1"],
        ["run", "--set", "api=1", "--set", "api.port=1"],
        ["run", "--colour"],
        ["serve"],
    ],
)
def test_wrong_use(arguments):
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert "Traceback" not in result.stderr


def test_warm():
    result = call("warm", "--config", DEPLOY / "embedded.yaml")
    assert result.exit_code == 0
    assert "kernels are ready" in result.stdout


def start(config, *arguments):
    return subprocess.Popen(
        [PROGRAM, "run", "--config", config, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def wait_until_started(process):
    seen = ""
    for line in process.stderr:
        seen += line
        if "started" in line:
            return seen
    raise AssertionError(seen)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_stops_cleanly_with_all_that_was_acknowledged(config, number, tmp_path):
    process = start(config)
    wait_until_started(process)
    log = SqliteTransport(Options(path=tmp_path / "log.db"))
    log.append([Output("f", None, b'{"series":"a","time":%d,"value":1}' % i) for i in range(10)])
    while len(log.tail("f.results", 100)) < 10:
        assert process.poll() is None
    process.send_signal(number)
    process.send_signal(number)  # as from a terminal and from a supervisor at once
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "stopped" in err
    assert "Traceback" not in err
    assert out == ""
    log.close()


def test_a_second_worker_on_the_same_log_is_an_error_of_the_environment(config):
    first = start(config)
    wait_until_started(first)
    second = start(config)
    _, err = second.communicate(timeout=60)
    assert second.returncode == 3
    *_, what, where, remedy = err.strip().splitlines()
    assert what == "a part of the service failed: worker"
    assert f"another worker (process {first.pid}) uses" in where
    assert "start again" in remedy
    first.terminate()
    first.communicate(timeout=60)
    assert first.returncode == 0


def test_a_log_that_cannot_be_opened_is_three_lines(config, tmp_path):
    (tmp_path / "log.db").write_bytes(b"something else entirely" * 100)
    process = start(config)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert err.strip().splitlines() == [
        "the transport does not work",
        f"{tmp_path}/log.db: file is not a database",
        f"check section `transport` of {config}",
    ]


def test_a_taken_port_is_three_lines(config):
    first = start(config)
    port = wait_until_started(first).partition("127.0.0.1:")[2].split()[0]
    second = start(config, "--set", f"api.port={port}", "--set", f"transport.path={config.parent}/other.db")
    _, err = second.communicate(timeout=60)
    assert second.returncode == 3
    assert f"port {port} is taken on 127.0.0.1" in err
    first.terminate()
    first.communicate(timeout=60)
