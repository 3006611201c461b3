"""`liquidstream backtest` as a user meets it: files in, files out, row for row."""

import csv
import dataclasses
import datetime
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from liquid import Model, ModelConfig
from liquid.results import BANDS
from stream.backtest import Choice, backtest_file, register, targets
from stream.files import FileError

START = 1_600_000_000


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, ["backtest", *map(str, arguments)])


def rows(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return list(csv.DictReader(text.decode().splitlines()))


def wave(n: int = 400) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (10 + 3 * np.sin(np.arange(n) / 24 * 2 * np.pi) + rng.normal(size=n) * 0.3).round(3)


def write(path: Path, lines: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def hourly(path: Path, values: np.ndarray) -> Path:
    return write(path, ["timestamp,value", *(f"{START + 3600 * i},{v}" for i, v in enumerate(values.tolist()))])


def test_every_row_is_what_the_model_says_event_by_event(tmp_path: Path) -> None:
    values = wave()
    source = hourly(tmp_path / "a.csv", values)
    result = run(source, "--out", tmp_path / "out", "--horizon", "6h", "--horizon", "1h")
    assert result.exit_code == 0, result.output
    out = rows(tmp_path / "out" / "a.csv")
    bands = ["forecast", "lower50", "upper50", "lower80", "upper80", "lower95", "upper95"]
    assert list(out[0]) == [
        "timestamp", "value", "score", "alert_score", "state", "notify", "expected", "lower", "upper",
        *(f"{band}_6h" for band in bands), *(f"{band}_1h" for band in bands),
    ]  # fmt: skip
    model = Model(ModelConfig(horizons=(3600.0, 21600.0)))
    slot = np.array([model.slot("a")])
    for i, row in enumerate(out):
        (expected,) = model.run(slot, np.array([START + 3600.0 * i]), values[i : i + 1])
        assert row["timestamp"] == str(START + 3600 * i)
        assert row["value"] == str(values[i])
        assert row["notify"] == str(expected["notify"])
        for name in ("score", "alert_score", "expected", "lower", "upper"):
            assert row[name] == ("" if np.isnan(expected[name]) else str(float(expected[name])))
        for name, band in zip(BANDS, bands, strict=True):
            for k, horizon in enumerate(("1h", "6h")):
                number = float(expected[name][k])
                assert row[f"{band}_{horizon}"] == ("" if np.isnan(number) else str(number))
    assert out[0]["state"] == "learning"


def test_rows_without_an_event_keep_their_place(tmp_path: Path) -> None:
    values = wave()
    whole = hourly(tmp_path / "whole.csv", values)
    lines = whole.read_text().splitlines()
    bad = [f"{START + 30},", f"{START + 40},NaN", f"{START + 50},broken", ",5.0", "yesterday,5.0", f"{START},inf"]
    holed = write(tmp_path / "holed.csv", [*lines[:2], *bad[:3], *lines[2:300], *bad[3:], *lines[300:], bad[0]])
    assert run(whole, holed, "--out", tmp_path / "out").exit_code == 0
    expected, out = rows(tmp_path / "out" / "whole.csv"), rows(tmp_path / "out" / "holed.csv")
    assert len(out) == len(expected) + 7
    strange = {1, 2, 3, 302, 303, 304, len(out) - 1}
    assert [row for i, row in enumerate(out) if i not in strange] == expected
    for i in strange:
        assert out[i]["score"] == out[i]["expected"] == out[i]["upper"] == ""
        assert out[i]["state"] == out[i - 1]["state"]
    assert [out[i]["value"] for i in (1, 2, 3)] == ["", "NaN", "broken"]
    assert out[303]["timestamp"] == "yesterday"


def test_the_label_is_never_seen(tmp_path: Path) -> None:
    values = wave()
    values[300:306] += 40
    labels = np.zeros(len(values), int)
    labels[300:306] = 1
    for name, shown in (("a", labels), ("b", 1 - labels)):
        lines = [f"{START + 3600 * i},{v},{y}" for i, (v, y) in enumerate(zip(values, shown, strict=True))]
        write(tmp_path / f"{name}.csv", [f"timestamp,value,{'label' if name == 'a' else 'Label'}", *lines])
    hourly(tmp_path / "c.csv", values)
    result = run(*(tmp_path / f"{n}.csv" for n in "abc"), "--out", tmp_path / "out", "--horizon", "1h", "--json")
    assert result.exit_code == 0, result.output
    a, b, c = (rows(tmp_path / "out" / f"{n}.csv") for n in "abc")
    assert a == b == c
    summary = json.loads(result.stdout)
    first, opposite, unlabelled = summary["files"]
    assert first["events"] == first["hits"] == 1
    assert first["vus_pr"] > 0.5
    assert first["events_told_of"] == 1
    assert first["notifications"] >= first["notifications_right"] >= 1
    assert opposite["events"] == 2
    assert "hits" not in unlabelled
    assert summary["total"]["rows"] == 3 * len(values)
    assert first["horizons"]["1h"]["scored"] > 0


def test_several_value_columns(tmp_path: Path) -> None:
    a, b = wave(), wave()[::-1].copy()
    a[350] += 60
    lines = [f"{START + 3600 * i},{x},text,{y if i % 3 else ''}" for i, (x, y) in enumerate(zip(a, b, strict=True))]
    source = write(tmp_path / "two.csv", ["timestamp,a,note,b", *lines])
    assert run(source, "--out", tmp_path / "out", "--horizon", "1h").exit_code == 0
    out = rows(tmp_path / "out" / "two.csv")
    assert list(out[0])[:7] == ["timestamp", "a", "b", "score", "alert_score", "state", "notify"]
    assert {"a_score", "b_alert_score", "b_state", "a_expected", "b_lower", "a_upper95_1h"} <= set(out[0])
    for row in out:
        for name in ("score", "alert_score"):
            assert float(row[name]) == max(float(row[f"{c}_{name}"] or "-inf") for c in "ab")
    assert out[0]["b_score"] == ""
    alone = hourly(tmp_path / "a.csv", a)
    assert run(alone, "--out", tmp_path / "out", "--horizon", "1h").exit_code == 0
    assert [row["score"] for row in rows(tmp_path / "out" / "a.csv")] == [row["a_score"] for row in out]


def test_a_series_column_tells_series_apart(tmp_path: Path) -> None:
    values = wave(100)
    lines = [f"{START + 3600 * i},{s},{v * k}" for i, v in enumerate(values) for s, k in (("x", 1), ("y", -2))]
    source = write(tmp_path / "s.csv", ["timestamp,series,value", *lines])
    assert run(source, "--out", tmp_path / "out").exit_code == 0
    assert run(hourly(tmp_path / "x.csv", values), "--out", tmp_path / "out").exit_code == 0
    out = [{k: v for k, v in row.items() if k != "series"} for row in rows(tmp_path / "out" / "s.csv")]
    assert out[::2] == rows(tmp_path / "out" / "x.csv")


def test_more_than_four_horizons_of_any_length(tmp_path: Path) -> None:
    source = hourly(tmp_path / "a.csv", wave())
    horizons = ["1d", "90m", "1s", "60m", "1h", "1000d", "2d"]
    arguments = [x for h in horizons for x in ("--horizon", h)]
    assert run(source, "--out", tmp_path / "out", *arguments).exit_code == 0
    out = rows(tmp_path / "out" / "a.csv")
    assert [name for name in out[0] if name.startswith("forecast_")] == [f"forecast_{h}" for h in horizons]
    for row in out[200:]:
        assert row["forecast_60m"] == row["forecast_1h"]
        for h in horizons:
            assert float(row[f"lower95_{h}"]) <= float(row[f"forecast_{h}"]) <= float(row[f"upper95_{h}"])


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.csv.gz"])
def test_no_row_and_one_row(tmp_path: Path, name: str) -> None:
    header, row = ([], '{"timestamp":5,"value":1}') if "jsonl" in name else (["timestamp,value"], "5,1")
    for lines in (header, [*header, row]):
        source = write(tmp_path / name, lines)
        result = run(source, "--out", tmp_path / "out", "--horizon", "1h", "--format", "csv")
        assert result.exit_code == 0, result.output
        out = rows(tmp_path / "out" / name.replace("jsonl", "csv"))
        assert [row["timestamp"] for row in out] == ["5"] * (len(lines) - len(header))


def test_disorder_and_duplicates_are_taken_in_file_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    stamps = START + rng.integers(0, 50, 300) * 60
    source = write(tmp_path / "a.csv", ["timestamp,value", *(f"{t},{i % 7}" for i, t in enumerate(stamps))])
    assert run(source, "--out", tmp_path / "out", "--horizon", "1m").exit_code == 0
    out = rows(tmp_path / "out" / "a.csv")
    assert [row["timestamp"] for row in out] == [str(t) for t in stamps]
    assert all(row["score"] for row in out)


def test_json_lines(tmp_path: Path) -> None:
    values = wave()
    hourly(tmp_path / "a.csv", values)
    lines = [json.dumps({"time": START + 3600 * i, "values": {"v": v}}) for i, v in enumerate(values.tolist())]
    write(tmp_path / "b.jsonl", [*lines, "{broken"])
    both = (tmp_path / "a.csv", tmp_path / "b.jsonl")
    assert run(*both, "--out", tmp_path / "out", "--horizon", "1h", "--format", "jsonl").exit_code == 0
    a, b = (list(map(json.loads, (tmp_path / "out" / f"{n}.jsonl").read_text().splitlines())) for n in "ab")
    assert b[-1]["time"] is b[-1]["v"] is b[-1]["score"] is None
    assert [r["score"] for r in a] == [r["score"] for r in b[:-1]]
    assert b[5]["time"] == START + 3600 * 5
    assert b[5]["v"] == values[5]
    assert a[-1]["forecast_1h"] == b[-2]["forecast_1h"]


def test_blocks_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = hourly(tmp_path / "a.csv", wave())
    whole = backtest_file(source, tmp_path / "whole.csv", Choice({"1h": 3600.0}))
    monkeypatch.setattr("stream.backtest.CELLS", 7)
    pieces = backtest_file(source, tmp_path / "pieces.csv", Choice({"1h": 3600.0}))
    assert (tmp_path / "whole.csv").read_bytes() == (tmp_path / "pieces.csv").read_bytes()
    (a,), (b,) = whole.boards[0].scores(), pieces.boards[0].scores()
    assert dataclasses.astuple(a) == pytest.approx(dataclasses.astuple(b))


def test_names_are_kept_and_folders_mirrored_when_names_repeat(tmp_path: Path) -> None:
    a, b, c = tmp_path / "x" / "a.csv", tmp_path / "y" / "z" / "a.csv", tmp_path / "y" / "c.jsonl.gz"
    out = tmp_path / "out"
    assert targets([a, c], out) == {a: out / "a.csv", c: out / "c.jsonl.gz"}
    assert targets([a, b, c], out) == {a: out / "x/a.csv", b: out / "y/z/a.csv", c: out / "y/c.jsonl.gz"}
    assert targets([a, c, a], out, "csv") == {a: out / "a.csv", c: out / "c.csv.gz"}
    with pytest.raises(FileError, match="replace an input"):
        targets([a], a.parent)
    with pytest.raises(FileError, match="one file"):
        targets([a, a.with_suffix(".jsonl")], out, "csv")


@pytest.mark.parametrize(
    ("lines", "arguments", "what"),
    [
        (["when,value", "1,2"], [], "no time column"),
        (["timestamp,value", "1,2"], ["--values", "price"], "no column 'price'"),
        (["timestamp,value", "1,2"], ["--horizon", "soon"], "horizon"),
        (["timestamp,value", "1,2"], ["--horizon", "0s"], "longer than zero"),
        (["timestamp,note", "1,x"], [], "no column of numbers"),
        (["timestamp,value,label", "1,2,0"], ["--values", "label"], "must not see"),
        (["timestamp,a,score", "1,2,0"], [], "output"),
    ],
)
def test_errors_are_three_lines(tmp_path: Path, lines: list[str], arguments: list[str], what: str) -> None:
    result = run(write(tmp_path / "a.csv", lines), "--out", tmp_path / "out", *arguments)
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Compiling")]
    assert len(lines) == 3
    assert what in lines[0]
    assert not (tmp_path / "out" / "a.csv").exists()
    assert list((tmp_path / "out").glob(".*")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".a.csv.part").symlink_to("/dev/full")
    result = run(hourly(tmp_path / "a.csv", wave()), "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "cannot write: No space left" in result.stderr


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    good = hourly(tmp_path / "good.csv", wave(50))
    result = run(tmp_path / "missing.csv", good, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "missing.csv" in result.stderr
    assert len(rows(tmp_path / "out" / "good.csv")) == 50


def test_tables_as_others_export_them(tmp_path: Path) -> None:
    """A spreadsheet's table, one with an index and a label of another name: all the same series."""
    values = wave()
    plain = hourly(tmp_path / "plain.csv", values)
    moments = [datetime.datetime.fromtimestamp(START + 3600 * i, datetime.UTC) for i in range(len(values))]
    german = [f"{t:%d.%m.%Y %H:%M:%S};{str(v).replace('.', ',')}" for t, v in zip(moments, values, strict=True)]
    write(tmp_path / "german.csv", ["sep=;", "Zeit;Messwert", *german])
    indexed = [f"{i},{t.isoformat()},{v},{i == 200}" for i, (t, v) in enumerate(zip(moments, values, strict=True))]
    write(tmp_path / "indexed.csv", [",Time Stamp,value,is_anomaly", *indexed])
    lines = [f"{t:%m/%d/%Y %I:%M:%S %p}\t{v}" for t, v in zip(moments, values, strict=True)]
    (tmp_path / "wide.tsv").write_text("\n".join(["# made by hand", "when\tvalue", *lines]), encoding="utf-16")
    names = ("plain.csv", "german.csv", "indexed.csv", "wide.tsv")
    assert run(*(tmp_path / name for name in names), "--out", tmp_path / "out").exit_code == 0
    expected = [row["score"] for row in rows(tmp_path / "out" / "plain.csv")]
    assert [row["score"] for row in rows(tmp_path / "out" / "german.csv")] == expected
    assert [row["score"] for row in rows(tmp_path / "out" / "indexed.csv")] == expected
    assert [line.split("\t")[2] for line in (tmp_path / "out" / "wide.tsv").read_text().splitlines()[1:]] == expected
    assert plain.exists()


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["2024-03-30,20", "2024-03-31,21"], "no header line"),
        (["date,time,value", "2024-03-30,00:00,1", "2024-03-30,01:00,2"], "times that cannot be read in column 'time'"),
        (["timestamp,value", "2024-03-30,1 kW"], "no numbers in column 'value': '1 kW'"),
        (["timestamp,value", "2024-03-31,1", "2024-03-30,2", "2024-03-29,2"], "most rows are older"),
        (["date,value", "01/02/2024,1", "03/02/2024,2"], "which is the day and which the month in column 'date'?"),
        (["x,value", "1,2"], "no time column"),
    ],
)
def test_files_that_would_be_misread_are_refused(tmp_path: Path, lines: list[str], what: str) -> None:
    result = run(write(tmp_path / "a.csv", lines), "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert what in result.stderr.splitlines()[0]
    assert len(result.stderr.splitlines()) == 3


def test_time_format_and_series_column(tmp_path: Path) -> None:
    lines = [f"{1 + i // 24:02d}/01/2024 {i % 24:02d}h,{s},{v}" for i, v in enumerate(wave(200)) for s in "xy"]
    source = write(tmp_path / "a.csv", ["when,place,value", *lines])
    asked = ("--time-column", "when", "--series", "place", "--out", tmp_path / "out")
    assert run(source, *asked).exit_code == 2
    assert run(source, *asked, "--time-format", "%d/%m/%Y %Hh").exit_code == 0
    out = rows(tmp_path / "out" / "a.csv")
    assert [row["score"] for row in out[::2]] == [row["score"] for row in out[1::2]]
    assert out[-1]["expected"]


def test_what_is_odd_about_a_file_is_said(tmp_path: Path) -> None:
    lines = hourly(tmp_path / "a.csv", wave(100)).read_text().splitlines()
    lines[50], lines[51] = lines[51], lines[50]
    lines[10] = f"{START},"
    result = run(write(tmp_path / "a.csv", lines), "--out", tmp_path / "out", "--horizon", "10m")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-3:] == [
        "a.csv: 1 of 100 rows without a time or a number, the first is row 10",
        "a.csv: 1 rows run back in time; they count as events of the newest time before",
        "a.csv: no forecasts scored for 10m; rows are 1h apart",
    ]
