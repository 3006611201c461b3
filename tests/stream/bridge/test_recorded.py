"""Files as recorded events: the records that a feed would get, in the order of their times."""

import gzip
import json
from pathlib import Path

import numpy as np

from stream.bridge.recorded import from_files, ordered
from stream.config import FeedSettings
from stream.transport.base import Output


def feed(**settings: object) -> FeedSettings:
    return FeedSettings.model_validate({"name": "f", **settings})


def test_csv_rows_become_objects_with_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("when,sensor,x,y\n2013-01-02,007,1.5,\n2013-01-01,7,-3,open\n")
    recorded = from_files([path], feed(series="{sensor}", time={"field": "when"}, values=["x"]))
    assert [json.loads(output.value) for output in recorded.outputs] == [
        {"when": "2013-01-01", "sensor": "7", "x": -3, "y": "open"},
        {"when": "2013-01-02", "sensor": "007", "x": 1.5, "y": None},
    ]
    assert [output.key for output in recorded.outputs] == [b"7", b"007"]
    assert {output.topic for output in recorded.outputs} == {"f"}
    assert recorded.times.tolist() == [1356998400.0, 1357084800.0]
    assert recorded.span == 86400.0


def test_json_lines_stay_as_they_are_and_files_are_merged(tmp_path: Path) -> None:
    late, early = b'{"series":"s", "time":20, "value":1}', b'{"series":"s","time":10,"values":{"a":1}}'
    broken = b"\xff{nonsense"
    (tmp_path / "a.jsonl").write_bytes(late + b"\n" + broken + b"\n\n")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(early + b"\n"))
    recorded = from_files([tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"], feed())
    assert [output.value for output in recorded.outputs] == [early, late, broken]
    assert [output.key for output in recorded.outputs] == [b"s", b"s", None]


def test_equal_times_and_missing_times_keep_their_order() -> None:
    nan = np.nan
    outputs = [Output("t", None, bytes([i])) for i in range(7)]
    recorded = ordered(np.array([nan, 5.0, nan, 3.0, nan, 5.0, 4.0]), outputs)
    assert [output.value[0] for output in recorded.outputs] == [0, 3, 6, 1, 2, 4, 5]
    assert np.all(np.diff(recorded.times) >= 0)
    assert len(ordered(np.array([nan, nan]), outputs[:2])) == 2
    assert len(ordered(np.empty(0), [])) == 0
    assert ordered(np.empty(0), []).span == 0.0
