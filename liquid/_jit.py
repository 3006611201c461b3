"""The one place that configures Numba: compiler flags and the on-disk cache.

Compiled kernels are kept in ``<base>/numba/<fingerprint>``, where the base is the environment variable
``LIQUIDSTREAM_CACHE`` or the user's cache folder. Numba's own index only notices a change in the file of the function
itself, not in the functions it calls, so the fingerprint covers every source file of the package, the versions of
Python and Numba, and the CPU. When the folder cannot be written, kernels are compiled in memory in each process.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, overload

import numba
from llvmlite.binding import get_host_cpu_name  # type: ignore[import-untyped]
from platformdirs import user_cache_dir

# Sums may be reordered and products fused, as vector code needs, but NaN and infinity keep their meaning
# (no "nnan", no "ninf"): kernels meet bad input and must see it.
FASTMATH = frozenset({"reassoc", "contract", "arcp", "nsz"})
KEEP_DAYS = 30
#: Names this process in the cache.
PROCESS = uuid.uuid4().hex[:12]

F = TypeVar("F", bound=Callable[..., Any])


def fingerprint(package: Path) -> str:
    """Name of the cache folder for the sources under `package` on this machine."""
    digest = hashlib.sha256()
    for part in (numba.__version__, platform.python_version(), get_host_cpu_name()):
        digest.update(part.encode() + b"\0")
    for source in sorted(package.rglob("*.py")):
        digest.update(source.relative_to(package).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def prepare_cache(package: Path) -> Path | None:
    """The cache folder, made and writable, or None. Folders of other versions unused for `KEEP_DAYS` are removed."""
    base = Path(os.environ.get("LIQUIDSTREAM_CACHE") or user_cache_dir("liquidstream"))
    if not base.is_absolute():  # a user without a home
        return None
    folder = base / "numba" / fingerprint(package)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)  # marks it as in use
    except OSError:
        return None
    remove_stale(folder)
    return folder


def remove_stale(current: Path) -> None:
    oldest = time.time() - KEEP_DAYS * 86400
    for other in current.parent.iterdir():
        if other != current and re.fullmatch("[0-9a-f]{16}", other.name):
            with contextlib.suppress(OSError):  # another process may be doing the same
                if other.stat().st_mtime < oldest:
                    shutil.rmtree(other)


CACHE = prepare_cache(Path(__file__).parent)


@overload
def njit(function: F, /) -> F: ...
@overload
def njit(**options: Any) -> Callable[[F], F]: ...
def njit(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """`numba.njit` with this package's flags: cached, without the GIL, division by zero as in IEEE 754.

    Options given here (``inline="always"``, ``fastmath=False``, ...) take precedence.
    """
    if function is None:
        return lambda f: njit(f, **options)
    settings = {"cache": CACHE is not None, "nogil": True, "error_model": "numpy", "fastmath": set(FASTMATH), **options}
    # Numba reads the folder while it decorates; a program around us keeps its own setting for its own functions.
    config: Any = numba.config
    others = config.CACHE_DIR
    config.CACHE_DIR = str(CACHE or "")
    try:
        kernel = numba.njit(function, **settings)
    finally:
        config.CACHE_DIR = others
    _name_files(kernel)
    return kernel


def _name_files(kernel: Any) -> None:
    """Give the files of what this process compiles names of their own.

    Numba numbers them: of two processes that save a kernel for different types at the same time, one may replace the
    other's code and leave the other's entry in the index, and the next process runs the wrong code. With own names the
    worst is that an entry is lost and compiled again.
    """
    files = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    if files is not None:
        files._data_name_pattern = files._data_name_pattern.replace(".{number", f".{PROCESS}.{{number")
