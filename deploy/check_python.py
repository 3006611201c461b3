"""Stop with a clear message where Python is too old or cannot make virtual environments."""

import importlib.util
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"liquidstream needs Python 3.11 or newer.\n  found: {sys.version.split()[0]} at {sys.executable}\n"
        "  do:    make PYTHON=python3.11 ..."
    )
if importlib.util.find_spec("ensurepip") is None:
    sys.exit(
        "This Python cannot make virtual environments (no ensurepip).\n"
        f"  found: {sys.executable}\n  do:    apt-get install python3-venv (Debian, Ubuntu)"
    )
