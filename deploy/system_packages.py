"""Install the Debian packages that the whole test suite needs (Chromium, Java, Maven), or say how."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NEEDED = {"chromium": "chromium", "chromedriver": "chromium-driver", "java": "default-jre-headless", "mvn": "maven"}


def main() -> int:
    missing = sorted({package for command, package in NEEDED.items() if shutil.which(command) is None})
    if not missing:
        return 0
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(
            f"Some tests need programs that are not here: {', '.join(missing)}.\n"
            "  where: tests marked kafka or browser; they are skipped with this reason (in CI they fail)\n"
            f"  do:    sudo {' '.join(command)}",
            file=sys.stderr,
        )
        return 0
    print(f"Installing Debian packages: {', '.join(missing)} ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update", "-qq"], [command[0], "-qq", *command[1:]]):
        done = subprocess.run(step, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"`{' '.join(step)}` failed with exit status {done.returncode}", file=sys.stderr)
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
