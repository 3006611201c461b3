"""The claims script on robustness: what its disturbances change and what not, and a small run of all of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.claims import robustness as script
from benchmarks.claims import trials
from benchmarks.claims.networks import sized
from liquid.training import Sequences

N, DURATION = 200, 40.0


def made(name: str) -> Sequences:
    return script.sequences([0], N, DURATION, script.DISTURBANCES[name])


def times(data: Sequences) -> np.ndarray:
    return data.gaps.cumsum(axis=1)


def counted(data: Sequences) -> np.ndarray:
    assert data.weight is not None
    return data.weight > 0


def test_noise_is_in_the_samples_only() -> None:
    usual, noisy = made("none"), made("noise 0.4")
    np.testing.assert_array_equal(noisy.gaps, usual.gaps)
    np.testing.assert_array_equal(noisy.target, usual.target)
    added = np.std((noisy.x - usual.x)[counted(usual)])
    assert added == pytest.approx(0.35, abs=0.02)  # the same numbers, 0.4 and 0.05 times


@pytest.mark.parametrize(("name", "share"), [("30 % dropped", 0.7), ("60 % dropped", 0.4)])
def test_dropped_samples_leave_the_others_as_they_are(name: str, share: float) -> None:
    usual, dropped = made("none"), made(name)
    assert counted(dropped).sum() / counted(usual).sum() == pytest.approx(share, abs=0.03)
    for a, b, a_here, b_here, a_target, b_target in zip(
        times(usual), times(dropped), counted(usual), counted(dropped), usual.target, dropped.target, strict=True
    ):
        before = dict(zip(a[a_here].round(6), a_target[a_here, 0], strict=True))
        for time, target in zip(b[b_here].round(6), b_target[b_here, 0], strict=True):
            assert before[time] == pytest.approx(target)


@pytest.mark.parametrize(("name", "rate"), [("none", 1), ("rate x 0.5", 0.5), ("rate x 2", 2)])
def test_rates_are_samples_per_unit_of_time(name: str, rate: float) -> None:
    data = made(name)
    assert counted(data).sum() / (N * (DURATION - script.WARMUP)) == pytest.approx(rate, rel=0.02)
    assert times(data).max() <= DURATION


def test_a_moved_or_stretched_signal_has_such_targets() -> None:
    usual, moved, stretched = made("none"), made("offset 0.5"), made("scale x 2")
    here = counted(usual)
    np.testing.assert_allclose(moved.target[here], usual.target[here] + 0.5)
    np.testing.assert_allclose(moved.x, usual.x + 0.5)
    np.testing.assert_allclose(stretched.target, usual.target * 2)


def test_target_is_the_signal_one_unit_ahead() -> None:
    data = script.sequences([1], 300, DURATION, script.Disturbance(noise=0, rate=20))
    checked = 0
    for t, x, target in zip(times(data), data.x[..., 0], data.target[..., 0], strict=True):
        inside = (t >= script.WARMUP) & (t < DURATION - script.AHEAD - 0.2)
        np.testing.assert_allclose(np.interp(t[inside] + script.AHEAD, t, x), target[inside], atol=0.01)
        checked += inside.sum()
    assert checked > 150_000


@pytest.mark.parametrize("name", script.CELLS)
def test_networks_have_about_the_same_number_of_parameters(name: str) -> None:
    budget = script.Settings().budget
    assert abs(sized(name, 1, 1, budget).param_count / budget - 1) < 0.05


def test_quick_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "OUT", tmp_path)
    monkeypatch.setattr(script, "CELLS", ("CfC", "GRU"))
    monkeypatch.setenv("COLUMNS", "400")
    app = typer.Typer()
    app.command()(script.main)
    done = CliRunner().invoke(app, ["--quick", "--seeds", "2"])
    assert done.exit_code == 0, done.output
    assert len(list(tmp_path.glob("robustness/*/*.json"))) == 2 * (len(script.QUICK.rates) + 2)
    assert all(word in done.output for word in ("60 % dropped", "last sample held", "CfC", "GRU"))
    assert CliRunner().invoke(app, ["--cell", "abacus"]).exit_code == 2
    assert CliRunner().invoke(app, ["--write", "--cell", "CfC"]).exit_code == 2
