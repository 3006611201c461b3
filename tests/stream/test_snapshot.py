import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.snapshot import DirtyRows
from stream.transport.base import TopicPartition

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


def touch(rows, source, *pairs):
    slots, offsets = zip(*pairs, strict=True)
    rows.touch(source, np.array(slots), np.array(offsets))


def test_replay_begins_at_the_oldest_unsaved_row():
    rows = DirtyRows()
    assert rows.replay_from(A, 10) == 10
    touch(rows, A, (0, 5), (1, 6), (0, 7))
    assert rows.replay_from(A, 8) == 5
    assert list(rows.take(1)) == [(A, 0)]
    assert rows.replay_from(A, 8) == 6
    touch(rows, A, (0, 8))
    assert list(rows.take(1)) == [(A, 1)]
    assert rows.replay_from(A, 9) == 8


def test_partitions_are_taken_in_proportion_and_forgotten_alone():
    rows = DirtyRows()
    touch(rows, A, *((slot, slot) for slot in range(90)))
    touch(rows, B, *((slot, slot) for slot in range(100, 110)))
    taken = [source for source, _ in rows.take(10)]
    assert taken.count(A) == 9
    assert taken.count(B) == 1
    rows.forget(A)
    assert len(rows) == 9
    assert rows.replay_from(A, 50) == 50
    touch(rows, A, (0, 51))  # clean again after being forgotten
    assert rows.replay_from(A, 52) == 51


@given(st.lists(st.tuples(st.lists(st.integers(0, 30), max_size=20), st.integers(0, 5)), max_size=30))
def test_against_the_obvious(steps):
    rows, since, offset = DirtyRows(), {}, 0
    for slots, limit in steps:
        for slot in slots:
            since.setdefault(slot, offset)
            offset += 1
        rows.touch(A, np.array(slots, np.int64), np.arange(offset - len(slots), offset))
        expected = sorted(since, key=since.__getitem__)[:limit]
        assert [slot for _, slot in rows.take(limit)] == expected
        for slot in expected:
            del since[slot]
        assert len(rows) == len(since)
        assert rows.replay_from(A, offset) == min(since.values(), default=offset)
