import runpy
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from liquid.search import Found, Genome, Measured, Space, front, measure, search
from liquid.search.data import oscillation, read_csv, series_task
from liquid.search.genome import BLOCKS, WIRED, WIRED_BLOCKS
from liquid.search.report import front_table, plot_front
from liquid.training import load_model, save_model

mpl.use("Agg")
SMALL = Space(blocks=("cfc", "gru"), widths=(2, 3), depth=2, wirings=("full",))


@pytest.fixture(scope="module")
def task():  # type: ignore[no-untyped-def]
    return series_task(*oscillation(400), length=16, epochs=2)


class TestTask:
    def test_targets_are_the_changes_to_come(self) -> None:
        time, values = oscillation(200)
        task = series_task(time, values, length=8)
        known = values[: len(task.train) * 8]
        scaled = ((values - known.mean()) / known.std())[:, 0]
        unit = np.median(np.diff(time))
        np.testing.assert_allclose(task.train.x[0, :, 0], scaled[1:9], rtol=1e-5)
        np.testing.assert_allclose(task.train.gaps[0], np.diff(time)[:8] / unit, rtol=1e-5)
        np.testing.assert_allclose(task.train.target[0, :, 0], np.diff(scaled)[1:9], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(np.expm1(task.train.x[0, :, 1]), np.diff(time)[1:9] / unit, rtol=1e-4)

    def test_useless_rows_are_left_out(self) -> None:
        time, values = oscillation(100)
        clean = series_task(time, values, length=8)
        time, values = np.insert(time, 5, [time[4], time[2], np.nan]), np.insert(values, 5, [[9], [9], [9]], axis=0)
        values = np.append(values, [[np.nan]], axis=0)
        dirty = series_task(np.append(time, time[-1] + 1), values, length=8)
        np.testing.assert_array_equal(dirty.train.x, clean.train.x)

    def test_too_little_data(self) -> None:
        with pytest.raises(ValueError, match=r"20 usable rows make 1 windows of 16"):
            series_task(*oscillation(20), length=16)
        with pytest.raises(ValueError, match="never changes"):
            series_task(np.arange(100.0), np.ones((100, 1)), length=8)

    def test_from_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("when,kW,note\n2020-01-01 00:00,1.5,a\n2020-01-01T00:01Z,x,b\n60,2,c\n,3,d\n")
        time, values = read_csv(path, "when", ["kW"])
        np.testing.assert_array_equal(time, [1577836800, 1577836860, 60, np.nan])
        np.testing.assert_array_equal(values[:, 0], [1.5, np.nan, 2, 3])
        with pytest.raises(ValueError, match=r"no column kw; it has when, kW, note"):
            read_csv(path, "when", ["kw"])


class TestGenome:
    @pytest.mark.parametrize("block", BLOCKS)
    def test_every_block_becomes_a_network(self, block: str, tmp_path: Path) -> None:
        for wiring in WIRED if block in WIRED_BLOCKS else [""]:
            network = Genome(((block, wiring),), 4, "gate", True, 0.01).network(3, 2)
            assert (network.inputs, network.outputs) == (3, 2)
            params = network.init(0)
            save_model(tmp_path / "model.npz", params)
            assert load_model(tmp_path / "model.npz")[0] == network

    def test_the_text_says_it_all(self) -> None:
        genome = Genome((("ltc", "ncp"), ("cfc", "")), 8, "add", True, 0.01)
        assert str(genome) == "ltc(ncp) > cfc x8 add norm"

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"blocks": ("cfg",)}, "blocks has cfg, but known are cfc, "),
            ({"widths": ()}, "widths is empty"),
            ({"depth": 0}, "depth must be at least 1"),
            ({"rates": (0.1, 0.01)}, "rates are"),
        ],
    )
    def test_impossible_spaces(self, wrong: dict[str, object], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            Space(**wrong)  # type: ignore[arg-type]


def test_what_is_measured(task) -> None:  # type: ignore[no-untyped-def]
    genome = Genome((("gru", ""),), 3, "none", False, 0.01)
    network = genome.network(2, 1)
    found = measure(genome, task)
    assert 0.1 < found.error < 3
    assert found.latency > 0
    assert found.memory == 4 * network.state_size
    assert found.params == network.param_count
    assert measure(genome, task).error == found.error


def test_the_front_is_what_nothing_beats() -> None:
    genomes = [Genome((("cfc", ""),), width, "none", False, 0.01) for width in range(2, 7)]
    values = [(1.0, 5.0, 10), (2.0, 1.0, 10), (1.5, 6.0, 12), (1e9, 0.1, 1), (1.0, 5.0, 10)]
    results = [Found(g, Measured(*v, 1)) for g, v in zip(genomes, values, strict=True)]
    assert front(results) == [results[1], results[0], results[4]]
    assert front([*results, results[1]]) == [results[1], results[0], results[4]]


def test_a_search_goes_on_from_its_journal(task, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    journal, seen = tmp_path / "deep" / "search.journal", []
    first = search(task, SMALL, trials=3, journal=journal, after_each=seen.append)
    assert first == seen
    assert len(first) == 3
    again = search(task, SMALL, trials=5, journal=journal, after_each=seen.append)
    assert again[:3] == first
    assert len(again) == 5 == len(seen)
    assert search(task, SMALL, trials=5, journal=journal, after_each=seen.append) == again
    assert len(seen) == 5
    with pytest.raises(ValueError, match="is of another space"):
        search(task, Space(blocks=("cfc",)), trials=6, journal=journal)
    with pytest.raises(ValueError, match="trials is 0"):
        search(task, SMALL, trials=0)


def test_evolution_finds_the_better_genome(task) -> None:  # type: ignore[no-untyped-def]
    results = search(task, SMALL, trials=8)
    chosen = front(results)
    assert min(f.measured.error for f in chosen) == min(f.measured.error for f in results)
    ax = plot_front(results, chosen)
    ax.figure.canvas.draw()
    assert len(ax.texts) == len(chosen)
    mpl.pyplot.close(ax.figure)
    assert front_table(chosen, len(results)).row_count == len(chosen)


def test_from_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    time, values = oscillation(300)
    path.write_text("time,value\n" + "".join(f"{t},{v}\n" for t, v in zip(time, values[:, 0], strict=True)))
    options = ["--trials", "2", "--epochs", "1", "--length", "16", "--blocks", "cfc", "--widths", "2", "--depth", "1"]

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["liquid.search", str(path), *options, *arguments])
        with pytest.raises(SystemExit) as end:
            runpy.run_module("liquid.search", run_name="__main__")
        return int(end.value.code or 0)

    assert run("--plot", str(tmp_path / "front.png")) == 0
    assert (tmp_path / "front.png").stat().st_size > 1000
    assert "Pareto front" in capsys.readouterr().out
    assert run("--value", "volume") == 2
    assert "no column volume" in capsys.readouterr().out
