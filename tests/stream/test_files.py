"""Reading event files: what is in them comes out, whatever they look like."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from stream.files import FileError, Table
from stream.reading import numbers


def read(path: Path, block: int = 3) -> dict[str, list[object]]:
    with Table(path, block) as table:
        blocks = list(table.blocks())
        assert all(list(b) == table.names for b in blocks)
        return {name: [cell for b in blocks for cell in b[name]] for name in table.names}


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "A.CSV"])
def test_csv_keeps_cells_as_text(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, "timestamp, value\n1,1.50\n2,\n\n3,x\n4,1e3\n5,NaN\n6,2\n7,3\n")
    assert read(path) == {
        "timestamp": ["1", "2", "3", "4", "5", "6", "7"],
        "value": ["1.50", "", "x", "1e3", "NaN", "2", "3"],
    }


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson.gz"])
def test_json_lines_keep_values_and_lift_the_members_of_values(tmp_path: Path, name: str) -> None:
    text = '{"time":1,"values":{"a":1.5,"b":null}}\nnonsense\n[1]\n\n{"time":"2013-01-01","values":{"b":2}}\n'
    assert read(written(tmp_path, name, text)) == {
        "time": [1, None, None, "2013-01-01"],
        "a": [1.5, None, None, None],
        "b": [None, None, None, 2],
    }


def test_csv_dialects(tmp_path: Path) -> None:
    expected = {"timestamp": ["1", "2"], "a;b": ["x,y", ""]}
    assert read(written(tmp_path, "a.csv", '\ufefftimestamp,"a;b"\r\n1,"x,y"\r\n2\r\n')) == expected
    assert read(written(tmp_path, "b.csv", "timestamp;v\n1;2\n")) == {"timestamp": ["1"], "v": ["2"]}
    assert read(written(tmp_path, "c.csv", "timestamp\tv\n1\t2\t9\n")) == {"timestamp": ["1"], "v": ["2"]}


def test_bytes_that_are_not_utf8_spoil_only_their_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"timestamp,value\n1,\xff\xfe\n2,5\n")
    assert np.isnan(numbers(read(path)["value"])).tolist() == [True, False]


def test_files_without_rows(tmp_path: Path) -> None:
    assert read(written(tmp_path, "a.csv", "timestamp,value\n")) == {"timestamp": [], "value": []}
    assert read(written(tmp_path, "a.jsonl", "")) == {"timestamp": [], "value": []}


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.csv", b"", "no header"),
        ("a.csv", b"t,v,v\n1,2,3\n", "same name"),
        ("a.xlsx", b"", "unknown kind"),
        ("a.csv.gz", b"timestamp,value\n1,2\n", "cannot read on"),
        ("b.csv.gz", gzip.compress(b"timestamp,value\n" + b"1,2\n" * 9999)[:60], "cannot read on"),
    ],
    ids=["empty", "repeated-name", "kind", "not-gzip", "cut-gzip"],
)
def test_errors_say_what_where_and_what_to_do(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError) as error:
        read(tmp_path / name)
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert what in lines[0]
    assert name in lines[1]


def test_missing_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(FileError, match="folder"):
        read(tmp_path / "d.csv")
    with pytest.raises(FileError, match="No such file"):
        read(tmp_path / "no.csv")
