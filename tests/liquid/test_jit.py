import os
import subprocess
import sys
import time
from pathlib import Path

import numba
import numpy as np
import pytest

from liquid import _jit

CALLEE = """
from liquid._jit import njit

@njit
def callee(x):
    return x + {}
"""
CALLER = """
from liquid._jit import njit
from liquid.callee import callee

@njit
def caller(x):
    return callee(x)
"""
PROGRAM = """
from liquid._jit import CACHE
from liquid.caller import caller
print(caller(1.0), CACHE, sum(caller.stats.cache_hits.values()))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package of the same name, with a kernel that calls one in another file."""
    package = tmp_path / "liquid"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "_jit.py").write_bytes(Path(_jit.__file__).read_bytes())
    (package / "caller.py").write_text(CALLER)
    (package / "callee.py").write_text(CALLEE.format(1))
    return package


def run(package: Path, cache: Path, program: str = PROGRAM) -> tuple[float, str, int]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=package.parent,
        env={**os.environ, "LIQUIDSTREAM_CACHE": str(cache), "PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    value, folder, hits = done.stdout.split()
    return float(value), folder, int(hits)


def test_processes_that_save_at_the_same_time_do_not_mix_up_their_code(package: Path, tmp_path: Path) -> None:
    """The first saves code for whole numbers, unaware of the second's index, which is there already."""
    cache = tmp_path / "cache"
    halves = PROGRAM.replace("caller(1.0)", "caller(1.5)")
    assert run(package, cache, halves)[0] == 2.5
    unaware = """
from liquid.caller import caller
files = caller._cache._cache_file
files._load_index = dict
files._save_index = lambda overloads: None
print(caller(1), 0, 0)
"""
    assert run(package, cache, unaware)[0] == 2
    assert run(package, cache, halves)[0::2] == (2.5, 1)


def test_cache_is_reused_and_notices_a_change_in_a_callee(package: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    value, folder, hits = run(package, cache)
    assert (value, hits) == (2.0, 0)
    assert Path(folder).parent == cache / "numba"
    assert list(Path(folder).rglob("*.nbc"))
    assert run(package, cache) == (2.0, folder, 1)

    (package / "callee.py").write_text(CALLEE.format(9))
    value, changed, hits = run(package, cache)
    assert (value, hits) == (10.0, 0)
    assert changed != folder


def test_folder_that_cannot_be_written(package: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run(package, tmp_path / "file" / "cache") == (2.0, "None", 0)


def test_relative_base_is_not_used(monkeypatch: pytest.MonkeyPatch, package: Path) -> None:
    monkeypatch.setenv("LIQUIDSTREAM_CACHE", "~/cache")
    assert _jit.prepare_cache(package) is None


def test_only_stale_folders_of_ours_are_removed(tmp_path: Path) -> None:
    current, fresh, stale, foreign = (tmp_path / name for name in ("0" * 16, "1" * 16, "2" * 16, "precious"))
    old = time.time() - (_jit.KEEP_DAYS + 1) * 86400
    for folder in (current, fresh, stale, foreign):
        folder.mkdir()
        (folder / "file").write_text("")
    for folder in (current, stale, foreign):
        os.utime(folder, (old, old))
    _jit.remove_stale(current)
    assert sorted(tmp_path.iterdir()) == sorted([current, fresh, foreign])


def test_settings_of_other_users_of_numba_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", "/elsewhere")
    _jit.njit(lambda x: x, cache=False)
    assert numba.config.CACHE_DIR == "/elsewhere"


def test_flags_keep_nan_and_infinity() -> None:
    assert not _jit.FASTMATH & {"nnan", "ninf", "fast"}

    @_jit.njit(cache=False)
    def total(x):
        s = 0.0
        for v in x:
            s += v
        return s, s / 0.0, s != s

    assert total(np.array([1.0, 2.0])) == (3.0, np.inf, False)
    assert total(np.array([1.0, np.nan]))[2] is True
