"""The claims script on digits: its events, its networks, that its training learns, and a small run of all of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.claims import digits as script
from benchmarks.claims import trials
from benchmarks.claims.networks import MAKES, sized

pytest.importorskip("sklearn")


def test_events_give_back_the_image() -> None:
    rng = np.random.default_rng(0)
    for image in [*rng.integers(0, 17, (20, 8, 8)), np.zeros((8, 8)), np.full((8, 8), 16)]:
        change, times = script.events(image)
        assert times[-1] == script.PIXELS
        assert (np.abs(change[:-1]) == 1).all()
        drawn, on = np.zeros(script.PIXELS, bool), False
        for value, begin, end in zip(change[:-1], times[:-1], times[1:], strict=True):
            on = value > 0
            drawn[begin:end] = on
        np.testing.assert_array_equal(drawn.reshape(8, 8), image >= 8)


def test_gaps_are_irregular_with_mean_1() -> None:
    data = script.digits()
    assert data.weight is not None
    gaps = data.gaps[data.weight > 0]
    assert len(data) == 1797
    assert gaps.mean() == pytest.approx(1)
    assert len(np.unique(gaps)) > 10


def test_untimed_leaves_the_order_only() -> None:
    data = script.digits()
    found = script.untimed(data)
    assert (found.gaps == 1).all()
    np.testing.assert_array_equal(found.x, data.x)


def test_no_image_is_in_two_parts() -> None:
    data, settings = script.digits(), script.Settings()
    numbered = replace(data, target=np.arange(len(data)))
    found = [part.target for part in script.parts(numbered, settings, seed=3)]
    assert [len(part) for part in found] == [1097, 300, 400]
    assert len(np.unique(np.concatenate(found))) == 1797


@pytest.mark.parametrize("name", MAKES)
def test_networks_have_about_the_same_number_of_parameters(name: str) -> None:
    budget = script.Settings().budget
    assert abs(sized(name, 1, 10, budget).param_count / budget - 1) < 0.05


def test_training_learns() -> None:
    settings = script.Settings(epochs=10)
    assert script.trial(settings, "GRU", 0.02, seed=0, data=script.digits())["accuracy"] > 0.4


def test_quick_run_keeps_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "OUT", tmp_path)
    monkeypatch.setattr(script, "MAKES", {name: MAKES[name] for name in ("CfC", "GRU")})
    app = typer.Typer()
    app.command()(script.main)
    done = CliRunner().invoke(app, ["--quick", "--seeds", "2"])
    assert done.exit_code == 0, done.output
    kept = list(tmp_path.glob("digits/*/*.json"))
    assert len(kept) == 2 * (len(script.QUICK.rates) + 2)
    for path in kept:
        path.write_text(json.dumps({**json.loads(path.read_text()), "accuracy": 0.123}))
    assert "12.3" in CliRunner().invoke(app, ["--quick", "--seeds", "1", "--cell", "GRU"]).output
    assert "0.02" in CliRunner().invoke(app, ["--quick", "--seeds", "1", "--cell", "GRU", "--rate", "0.02"]).output
    assert CliRunner().invoke(app, ["--cell", "abacus"]).exit_code == 2
    assert CliRunner().invoke(app, ["--write", "--quick"]).exit_code == 2
