"""The commands over a folder of CSVs that nobody declared: tables, resuming, pages, and clear refusals."""

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.quality import detection, forecasts, page, prequential, store
from benchmarks.quality.folder import of_folder
from benchmarks.quality.labelled import dropped, labelled
from benchmarks.quality.page import Table, number, replaced
from stream.files import FileError

RUNNER = CliRunner(env={"COLUMNS": "200"})


def app(command) -> typer.Typer:
    out = typer.Typer()
    out.command()(command)
    return out


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    time = 1.6e9 + 600.0 * np.arange(400)
    value = np.sin(2 * np.pi * np.arange(400) / 36) + rng.normal(0, 0.1, 400)
    label = np.zeros(400, int)
    label[300:305] = 1
    value[300:305] += 3.0
    lines = [f"{t},{y},{k}" for t, y, k in zip(time, value, label, strict=True)]
    (tmp_path / "pump_1.csv").write_text("\n".join(["timestamp,value,label", *lines]))
    return tmp_path


def test_our_other_tiers_have_rows_of_their_own(folder, tmp_path) -> None:
    arguments = [str(folder), "--baselines", "none", "--mode", "full", "--horizons", "10m,1h"]
    arguments += ["--results", str(tmp_path / "results"), "--tier", "compact"]
    result = RUNNER.invoke(app(forecasts.main), arguments)
    assert result.exit_code == 0, result.output
    first = [line.split() for line in result.output.splitlines() if "liquidstream" in line]
    assert any(line[1:3] == ["liquidstream", "compact"] for line in first), result.output
    wrong = RUNNER.invoke(app(forecasts.main), [*arguments, "--tier", "huge"])
    assert wrong.exit_code == 2
    assert "no tier 'huge'; there are compact, standard, full" in " ".join(wrong.output.split())


def test_forecasts_of_any_folder_are_measured_once(folder, tmp_path, monkeypatch) -> None:
    arguments = [str(folder), "--baselines", "last value,EWMA", "--mode", "full", "--mode", "drop:0.5"]
    arguments += ["--horizons", "10m,1h", "--results", str(tmp_path / "results")]
    first = RUNNER.invoke(app(forecasts.main), arguments)
    assert first.exit_code == 0, first.output
    row = next(line for line in first.output.splitlines() if "last value" in line and "1.000" in line)
    assert row.count("1.000") >= 4
    assert len(list((tmp_path / "results").glob("*.npz"))) == 2 * 3

    def again(*_, **__):
        raise AssertionError("run again")

    monkeypatch.setattr(prequential, "forecasts", again)
    second = RUNNER.invoke(app(forecasts.main), arguments)
    assert second.exit_code == 0, second.output
    assert row in second.output
    for path in (tmp_path / "results").glob("*EWMA*"):
        path.unlink()
    third = RUNNER.invoke(app(forecasts.main), [*arguments, "--finished"])
    assert third.exit_code == 0, third.output
    assert row.split() in [line.split() for line in third.output.splitlines()]
    none = RUNNER.invoke(app(forecasts.main), [str(folder), "--finished", "--results", str(tmp_path / "empty")])
    assert none.exit_code == 2
    assert "nothing to report" in none.output


def test_detection_of_any_folder(folder, tmp_path) -> None:
    arguments = [str(folder), "--baselines", "rolling robust z", "--mode", "full", "--mode", "drop:0.4"]
    found = RUNNER.invoke(app(detection.main), [*arguments, "--results", str(tmp_path / "results")])
    assert found.exit_code == 0, found.output
    assert "liquidstream, from 2 on" in found.output
    assert "rolling robust z" in found.output


def test_unknown_names_are_refused_with_the_known_ones(folder) -> None:
    for command, wrong in ((forecasts.main, "--baselines=prophet"), (detection.main, "--mode=delta:1")):
        refused = RUNNER.invoke(app(command), [str(folder), wrong])
        assert refused.exit_code == 2
        assert "there are" in refused.output or "known are" in refused.output


def test_series_of_a_folder(folder) -> None:
    (s,) = of_folder(folder)
    assert (s.source, s.name, s.horizons, s.warm_up, len(s.time)) == (
        "pump_1",
        "value",
        (600.0, 3600.0, 14400.0),
        80,
        400,
    )
    (folder / "two.csv").write_text(
        "time,series,a,b\n" + "\n".join(f"{60 * (i // 2)},{'xy'[i % 2]},{i % 5},{i}" for i in range(200))
    )
    assert [s.name for s in of_folder(folder, (60.0,)) if s.source == "two"] == ["a x", "a y", "b x", "b y"]
    with pytest.raises(FileError, match="no CSV"):
        list(of_folder(folder / "none"))


def test_labelled_series_with_and_without_a_manifest(folder) -> None:
    (s,) = labelled(folder)
    assert (s.source, s.warm_up, s.label.sum()) == ("pump", 80, 5)
    assert s.window == pytest.approx(36, abs=1)
    less = dropped(s, 0.4)
    assert less.mode == "drop 0.4"
    assert 200 < len(less.time) < 280
    assert less.warm_up == np.searchsorted(less.time, s.time[80])
    (folder / "manifest.csv").write_text("file,source,score_from,vus_window\npump_1.csv,plant,100,50\n")
    (s,) = labelled(folder)
    assert (s.source, s.warm_up, s.window) == ("plant", 100, 50)


def test_a_result_depends_on_series_and_code(folder, tmp_path) -> None:
    (s,) = labelled(folder)
    paths = {
        store.task(tmp_path, print, series, "m", code).path
        for series in (s, dropped(s, 0.4))
        for code in ("one", "two")
    }
    assert len(paths) == 4


def test_slow_methods_come_last_and_may_be_limited(folder) -> None:
    (s,) = labelled(folder)
    less = dropped(s, 0.4)
    pairs = [(series, name) for series in (s, s, less) for name in ("slow", "quick")]
    names = [name for _, name in store.thinned_out(pairs, {"slow"}, None)]
    assert names == ["quick"] * 3 + ["slow"] * 3
    kept = store.thinned_out(pairs, {"slow"}, 1)
    assert [x.mode for x, name in kept if name == "slow"] == ["full", "drop 0.4"]


def test_tasks_run_in_other_processes_too(folder, tmp_path) -> None:
    (s,) = of_folder(folder)
    task = store.task(tmp_path / "results", prequential.run, s, "last value", "code")
    store.run_all([task], jobs=2)
    np.testing.assert_array_equal(store.load(task)["mean"][:, 1], s.value)


def test_numbers_and_tables_as_the_page_has_them() -> None:
    assert [number(x) for x in (0.5834, 1.0, -0.25, float("nan"))] == [".583", "1.000", "-.250", "–"]
    table = Table("Title", ["method", "x", "y"], strong={"ours"})
    table.add("ours", ".5", "")
    assert table.markdown().splitlines()[2:] == ["| method | x | y |", "|---|---:|---:|", "| **ours** | **.5** |  |"]


def test_only_the_text_between_the_marks_is_replaced() -> None:
    text = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n"
    assert replaced(text, "x", "new") == text.replace("old", "new")
    with pytest.raises(ValueError, match="lacks the marks"):
        replaced(text, "y", "new")


def test_the_page_has_a_place_for_both_commands() -> None:
    text = page.PAGE.read_text()
    for name in ("forecasts", "detection"):
        assert f"<!-- begin {name} -->" in text
        assert f"<!-- end {name} -->" in text
