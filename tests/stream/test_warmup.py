import io
import os
import subprocess
import sys
import time

import pytest
from rich.console import Console

from liquid import ModelConfig
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


@pytest.mark.slow
def test_no_worker_computes_with_kernels_of_its_own(tmp_path):
    """A process that compiles kernels and one that loads them differ in the last bits, so both must load them."""
    code = """
import io, hashlib, numpy as np
from rich.console import Console
from liquid import Model
from stream.warmup import warm_up
warm_up(None, Console(file=io.StringIO()))
rng = np.random.default_rng(1)
slots = rng.integers(0, 50, 5000)
model = Model(capacity=50)
results = model.run(slots, np.arange(5000.0), rng.normal(slots % 7, 1), np.arange(5000))
print(hashlib.sha256(results.tobytes()).hexdigest(), hashlib.sha256(model.rows[:50].tobytes()).hexdigest())
"""
    environment = {**os.environ, "LIQUIDSTREAM_CACHE": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert first == second


def test_a_folder_of_the_same_name_is_not_taken_for_ours(tmp_path, monkeypatch):
    (tmp_path / "liquid").mkdir()
    (tmp_path / "liquid" / "__init__.py").write_text("raise RuntimeError('not this one')")
    monkeypatch.chdir(tmp_path)
    asked = []
    run = subprocess.run

    def briefly(command, **options):
        asked.append(command)
        return run([*command[:-1], "import liquid"], **options)

    monkeypatch.setattr(warmup.subprocess, "run", briefly)
    monkeypatch.setattr("liquid._jit.CACHE", tmp_path)
    warmup.fill_cache(ModelConfig(horizons=(1.0,)))
    assert len(asked) == 1
    assert list(tmp_path.glob("*.warm"))
