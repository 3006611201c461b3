"""The step that brings the dashboard's libraries."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from stream.web import ROOT, fetch


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A copy of the sources, without the libraries."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def root(bare: Path) -> Path:
    """One with them."""
    fetch.fetch()
    shutil.copytree(ROOT / "vendor", bare / "vendor")
    return bare


def npm_that(folder: Path, does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = folder / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\n{does}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")


def test_libraries_come_once(bare, monkeypatch):
    assert fetch.fetch(bare)
    assert fetch.is_current(bare)
    assert "uPlot" in (bare / "vendor/uplot/uPlot.esm.js").read_text()
    npm_that(bare, "exit 1", monkeypatch)
    assert not fetch.fetch(bare)


@pytest.mark.parametrize("spoil", ["lock", "file"])
def test_they_are_out_of_date_when_something_changed(root, spoil):
    if spoil == "lock":
        (root / "package-lock.json").write_text((root / "package-lock.json").read_text() + "\n")
    else:
        (root / "vendor/uplot/uPlot.min.css").unlink()
    assert not fetch.is_current(root)


def test_a_failure_leaves_the_old_libraries_and_says_what_npm_said(root, monkeypatch):
    (root / "package-lock.json").write_text((root / "package-lock.json").read_text() + "\n")
    npm_that(root, "echo 'no such registry' >&2; exit 7", monkeypatch)
    with pytest.raises(fetch.FetchError, match=r"(?s)exit code 7.*no such registry"):
        fetch.fetch(root)
    assert (root / "vendor/uplot/uPlot.esm.js").is_file()


def test_the_lock_file_names_hashes_and_no_host():
    text = (ROOT / "package-lock.json").read_text()
    packages = [package for name, package in json.loads(text)["packages"].items() if name]
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert "://" not in text
