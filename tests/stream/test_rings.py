import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.rings import Rings

ROW = np.dtype([("n", "i8"), ("owner", "i8")])


def rows(series, first=0):
    out = np.zeros(len(series), ROW)
    out["n"] = np.arange(first, first + len(series))
    out["owner"] = series
    return out


@given(
    per_series=st.integers(1, 200),
    batches=st.lists(st.lists(st.integers(0, 6), max_size=300), max_size=8),
)
def test_equals_a_list_per_series(per_series, batches):
    rings = Rings(ROW, per_series=per_series, max_rows=100_000)
    lists: dict[int, list[int]] = {k: [] for k in range(7)}
    seen = 0
    for batch in batches:
        rings.append(np.array(batch, np.int64), rows(batch, seen))
        for i, k in enumerate(batch):
            lists[k].append(seen + i)
        seen += len(batch)
        rings.reserve(7)
        columns, real = rings.newest(np.arange(7), 60, ["n"])
        for k, want in lists.items():
            assert rings.read(k)["n"].tolist() == want[-per_series:]
            assert rings.read(k, 3)["n"].tolist() == want[-per_series:][-3:]
            assert columns[0][k][real[k]].tolist() == want[-per_series:][-60:]


@given(st.data())
def test_a_small_pool_gives_every_series_only_its_own_newest_rows(data):
    rings = Rings(ROW, per_series=130, max_rows=64 * 8)
    lists: dict[int, list[int]] = {k: [] for k in range(20)}
    seen = 0
    for _ in range(data.draw(st.integers(1, 12))):
        batch = data.draw(st.lists(st.integers(0, 19), max_size=150)) * data.draw(st.integers(1, 5))
        rings.append(np.array(batch, np.int64), rows(batch, seen))
        for i, k in enumerate(batch):
            lists[k].append(seen + i)
        seen += len(batch)
        for k, want in lists.items():
            got = rings.read(k)
            assert (got["owner"] == k).all()
            assert got["n"].tolist() == want[len(want) - len(got) :]
    assert sum(rings.count(k) for k in range(20)) <= 64 * 8


def test_a_full_pool_takes_from_the_longest_first():
    rings = Rings(ROW, per_series=640, max_rows=64 * 11)
    rings.append(np.zeros(640, np.int64), rows(np.zeros(640)))
    for k in range(1, 9):
        rings.append(np.full(64, k), rows(np.full(64, k)))
    assert [rings.count(k) for k in range(1, 9)] == [64] * 8
    assert rings.count(0) == 192


def test_a_series_that_lost_all_its_rows_starts_again():
    rings = Rings(ROW, per_series=64, max_rows=128)  # two blocks
    for k in range(3):
        rings.append(np.full(10, k), rows(np.full(10, k)))
    assert rings.count(0) == 0
    rings.append(np.zeros(5, np.int64), rows(np.zeros(5), 100))
    assert rings.read(0)["n"].tolist() == [100, 101, 102, 103, 104]


@pytest.mark.parametrize("series", [0, 5, 10_000])
def test_an_unknown_series_has_no_rows(series):
    assert len(Rings(ROW, per_series=10, max_rows=100).read(series)) == 0
