import json
import logging
import subprocess
import sys

SCRIPT = """
import logging
from stream import logs
from stream.config import LogSettings
logs.configure(LogSettings.model_validate(%r))
log = logs.logger("part")
log.debug("unseen")
log.info("started", feeds=["a"])
try:
    1 / 0
except ZeroDivisionError as error:
    log.error("failed", exc_info=error)
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("of a library")
"""


def lines(**settings):
    done = subprocess.run([sys.executable, "-c", SCRIPT % settings], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_is_one_object_a_line():
    started, failed, foreign = map(json.loads, lines(json=True))
    assert {k: started[k] for k in ("level", "event", "part", "feeds")} == {
        "level": "info", "event": "started", "part": "part", "feeds": ["a"],
    }  # fmt: skip
    assert failed["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert (foreign["level"], foreign["event"], foreign["logger"]) == ("warning", "of a library", "library")


def test_lines_for_people():
    text = "\n".join(lines())
    assert "started" in text
    assert "feeds=['a']" in text
    assert "ZeroDivisionError" in text
    assert "of a library" in text
    assert "unseen" not in text
    assert "chatter" not in text
    assert "\x1b" not in text


def test_levels():
    assert "unseen" in "\n".join(lines(level="debug"))
    assert "started" not in "\n".join(lines(level="warning"))
    assert logging.getLevelName("ERROR") == logging.ERROR
