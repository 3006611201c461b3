import io
import time

import pytest
from rich.console import Console

from stream import warmup
from stream.config import Settings


def console():
    return Console(file=io.StringIO(), force_terminal=False, width=200)


def test_the_kernels_of_every_feed_are_ready():
    settings = Settings(feeds=[{"name": "f"}, {"name": "g", "horizons": [60]}])
    warmup.warm_up(settings, console())
    again = console()
    assert warmup.warm_up(settings, again) < 5
    assert warmup.warm_up(None, again) < 5


def test_a_long_compilation_is_announced(monkeypatch):
    monkeypatch.setattr(warmup, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr("liquid.model.warm", lambda config: time.sleep(0.2))
    shown = console()
    assert warmup.warm_up(None, shown) >= 0.2
    assert "Compiling" in shown.file.getvalue()


def test_an_error_is_not_swallowed(monkeypatch):
    monkeypatch.setattr("liquid.model.warm", lambda config: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        warmup.warm_up(None, console())
