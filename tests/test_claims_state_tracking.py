"""The claims script on state tracking: its tasks against their definitions, its networks, and a small run of all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.claims import state_tracking as script
from benchmarks.claims.tracking_models import ENTRIES, network, start
from benchmarks.claims.tracking_tasks import CYCLE, SWAP, TASKS


def symbols(x: np.ndarray) -> list[list[int]]:
    return x.argmax(axis=-1).tolist()


@pytest.mark.parametrize(("name", "modulus"), [("parity", 2), ("addition", 5)])
def test_sums(name: str, modulus: int) -> None:
    data = TASKS[name](0).sequences(np.random.default_rng(0), 5, 12)
    for read, states in zip(symbols(data.x), data.target.tolist(), strict=True):
        assert states == [sum(read[: t + 1]) % modulus for t in range(12)]
        assert max(read) < modulus


def test_permutations_are_followed_and_all_120_occur() -> None:
    data = TASKS["permutations"](0).sequences(np.random.default_rng(0), 40, 200)
    for read, states in zip(symbols(data.x), data.target.tolist(), strict=True):
        things, seen = list("abcde"), {}
        for symbol, state in zip(read, states, strict=True):
            things = [things[i] for i in (SWAP, CYCLE)[symbol]]
            assert seen.setdefault(state, things) == things
        assert len({tuple(value) for value in seen.values()}) == len(seen)
    assert len(np.unique(data.target)) == 120


def test_random_automata_differ_and_leave_no_state_behind() -> None:
    automata = [TASKS["automaton"](seed) for seed in range(8)]
    assert len({a.after.tobytes() for a in automata}) == 8
    for automaton in automata:
        data = automaton.sequences(np.random.default_rng(0), 20, 300)
        assert np.unique(data.target).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("task", TASKS)
def test_networks_have_about_the_same_number_of_parameters(task: str) -> None:
    settings, automaton = script.settings_of(task), TASKS[task](0)
    nets = [network(e, automaton.symbols, automaton.states, settings.width, settings.budget) for e in ENTRIES.values()]
    sizes = np.array([net.cell.param_count for net in nets])
    assert (abs(sizes / settings.budget - 1) < 0.15).all(), sizes


def test_bounded_cells_see_numbers_between_0_and_1_at_first() -> None:
    entry = ENTRIES["Liquid-S4 hadamard, tracking"]
    net = network(entry, symbols=5, states=5, width=16, budget=3000)
    assert set(np.round(start(entry, net, 0)["cell.0.0.weight"] * np.sqrt(5), 6).ravel()) == {0, 1}


def test_training_learns() -> None:
    settings = script.Settings(updates=150, flawless=20, lengths=(2, 4), tested=(4,), tests=64)
    entry, task = ENTRIES["CfC"], TASKS["parity"](0)
    net = network(entry, task.symbols, task.states, 16, 2000)
    params = start(entry, net, 0)
    assert script.train(net, params, task, entry, settings, seed=0) <= 150
    assert script.right(net, params, task, settings, seed=0)[4] > 0.9


def test_quick_run_keeps_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "KEPT", tmp_path)
    app = typer.Typer()
    app.command()(script.main)
    call = ["--quick", "--task", "parity"]
    done = CliRunner().invoke(app, [*call, "--seeds", "2"])
    assert done.exit_code == 0, done.output
    assert len(list(tmp_path.iterdir())) == 2 * len(ENTRIES)
    kept = tmp_path / "parity, CfC, 0, 4.json"
    known = json.loads(kept.read_text())
    known["result"]["16"] = 0.123
    kept.write_text(json.dumps(known))
    assert "0.123" in CliRunner().invoke(app, [*call, "--seeds", "1", "--cell", "CfC"]).output
    assert CliRunner().invoke(app, ["--cell", "abacus"]).exit_code == 2
    assert CliRunner().invoke(app, ["--write", "--task", "parity"]).exit_code == 2
