"""The scripts of benchmarks/claims that need no long training run from end to end."""

import numpy as np
import pytest

from benchmarks.claims import length, sine


def test_length(capsys: pytest.CaptureFixture[str]) -> None:
    length.main(seeds=1, quick=True)
    assert "attention, all samples" in capsys.readouterr().out


def test_sine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sine, "CELLS", {name: sine.CELLS[name] for name in ("Neural ODE", "CfC")})
    sine.main(seeds=1, quick=True)
    assert "against the neural ODE" in capsys.readouterr().out


def test_targets_of_the_sine_are_ahead() -> None:
    data = sine.damped_sines(0, 500, 30)
    assert data.x.shape == (500, 30, 2)
    np.testing.assert_array_equal(data.gaps[:, 1:], data.x[:, :-1, 1])  # the time ahead is the next sample's gap
    steps = np.abs(data.target[:, :-1, 0] - data.x[:, 1:, 0])
    assert np.median(steps) < 0.02  # the noise only


def test_networks_are_as_large_as_the_budget_lets_them() -> None:
    for make_cell in sine.CELLS.values():
        network = sine.sized(make_cell, sine.BUDGET)
        assert 0.7 * sine.BUDGET < network.param_count <= sine.BUDGET
