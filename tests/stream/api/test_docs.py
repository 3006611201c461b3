"""docs/api.md: its commands work, and what it says of limits is so."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stream.api import events, live, messages, problems, query

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", TEXT, re.S)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("command", COMMANDS)
def test_commands(running, tmp_path, command):
    (tmp_path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    script = "set -eo pipefail\n" + command.replace("localhost:8080", running.service.address)
    script = script.replace("events?feed=flights", "events?feed=spare")  # other tests count what is in flights
    done = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": "/usr/bin:/bin", "CURL_HOME": str(tmp_path)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert done.stdout


def test_limits():
    assert len(COMMANDS) == 9
    assert f"{events.MAX_BODY // 2**20} MiB or {events.MAX_RECORDS:,} records" in TEXT
    assert f"{messages.MOST_ITEMS:,} with the highest" in TEXT
    assert f"falls {live.QUEUED} messages behind" in TEXT
    assert f"`{query.MAX_HORIZON / 86400:.0f}d`" in TEXT


def test_every_kind_of_problem_is_listed():
    sources = Path(problems.__file__).parent.glob("*.py")
    slugs = {slug for source in sources for slug in re.findall(r'ProblemError\(\d{3}, "([a-z-]+)"', source.read_text())}
    slugs |= {"not-found", "method-not-allowed", "invalid-request"}
    listed = set(re.findall(r"`([a-z-]+)`", TEXT.partition("Kinds:")[2]))
    assert listed - {"errors"} == slugs
