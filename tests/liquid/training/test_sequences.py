from typing import Any

import numpy as np
import pytest

from liquid.training import Sequences


def arrays(**other: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n, length = 4, 5
    weight = np.ones((n, length))
    weight[0, 3:], weight[1, 2:], weight[2, 2:], weight[2, 0] = 0, 0, 0, 0
    return {
        "x": rng.normal(size=(n, length, 2)),
        "gaps": rng.exponential(size=(n, length)),
        "target": rng.normal(size=(n, length, 3)),
        "weight": weight,
        **other,
    }


def test_last_samples_that_count() -> None:
    assert Sequences(**arrays()).ends.tolist() == [2, 1, 1, 4]
    assert Sequences(**arrays(weight=None)).ends.tolist() == [4, 4, 4, 4]


def test_a_subset_is_cut_behind_what_counts() -> None:
    given = arrays()
    given["target"][given["weight"] == 0] = 0
    part = Sequences(**given).subset([2, 0])
    assert len(part) == 2
    for name in ("x", "gaps", "target", "weight"):
        np.testing.assert_array_equal(getattr(part, name), given[name][[2, 0], :3])
    assert part.ends.tolist() == [1, 2]
    assert len(Sequences(**given).subset(np.array([True, False, False, True]))) == 2


def test_batches_hold_every_sequence_once() -> None:
    data = Sequences(**arrays(target=np.arange(4), last=True))
    assert [part.target.tolist() for part in data.batches(3)] == [[0, 1, 2], [3]]
    shuffled = [part.target.tolist() for part in data.batches(3, np.random.default_rng(0))]
    assert [len(part) for part in shuffled] == [3, 1]
    assert sorted(shuffled[0] + shuffled[1]) == [0, 1, 2, 3]
    assert shuffled != [[0, 1, 2], [3]]
    with pytest.raises(ValueError, match="a batch of 0 sequences"):
        next(data.batches(0))


def test_reading_at_the_ends() -> None:
    given = arrays(target=np.zeros((4, 3)), last=True)
    given["weight"][1, 1] = 7
    data = Sequences(**given)
    y = np.random.default_rng(1).normal(size=(4, 5, 3))
    np.testing.assert_array_equal(data.read(y), [y[0, 2], y[1, 1], y[2, 1], y[3, 4]])
    assert data.counted().tolist() == [1, 7, 1, 1]
    dread = np.random.default_rng(2).normal(size=(4, 3))
    assert np.sum(data.spread(dread, y) * y) == pytest.approx(np.sum(dread * data.read(y)))
    every = Sequences(**arrays())
    assert every.read(y) is y
    assert every.spread(y, y) is y
    np.testing.assert_array_equal(every.counted(), given["weight"] > 0)
    np.testing.assert_array_equal(Sequences(**arrays(weight=None)).counted(), np.ones((4, 5)))


def test_of_their_own_lengths() -> None:
    x = [np.ones((2, 1)), np.full((3, 1), 2.0)]
    gaps = [[0.0, 1.0], [0.5, 0.5, 0.5]]
    data = Sequences.ragged(x, gaps, [[1, 0], [1, 1, 0]])
    assert data.x[..., 0].tolist() == [[1, 1, 0], [2, 2, 2]]
    assert data.gaps.tolist() == [[0, 1, 0], [0.5, 0.5, 0.5]]
    assert data.target.tolist() == [[1, 0, 0], [1, 1, 0]]
    assert data.weight is not None
    assert data.weight.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert Sequences.ragged(x, gaps, [[1.0], [2.0]], last=True).target.tolist() == [[1], [2]]
    with pytest.raises(ValueError, match=r"x\[1\] has shape \(3, 1\), but its gaps are 2"):
        Sequences.ragged(x, [[1, 1], [1, 1]], [0, 1], last=True)
    with pytest.raises(ValueError, match="2 sequences, 2 gaps and 1 targets"):
        Sequences.ragged(x, gaps, [0])


def test_types() -> None:
    given = arrays()
    single = Sequences(**{k: v.astype(np.float32) for k, v in given.items()})
    assert [a.dtype for a in (single.x, single.gaps, single.target)] == ["float32"] * 3
    whole = Sequences(np.ones((1, 2, 1), int), np.ones((1, 2), int), np.ones((1, 2, 1), int))
    assert [a.dtype for a in (whole.x, whole.gaps, whole.target)] == ["float64"] * 3
    assert Sequences(**arrays(target=np.zeros((4, 5), np.int8))).target.dtype == np.int8


def test_targets_that_do_not_count_may_be_missing() -> None:
    given = arrays()
    given["target"][given["weight"] == 0] = np.nan
    target = Sequences(**given).target
    assert np.isfinite(target).all()
    counts = given["weight"] > 0
    np.testing.assert_array_equal(target[counts], given["target"][counts])


@pytest.mark.parametrize(
    ("error", "message", "change"),
    [
        (ValueError, "x is empty", {"x": np.ones((4, 0, 2)), "gaps": np.ones((4, 0))}),
        (ValueError, r"x\[0, 0, 0\] is nan", {"x": np.full((4, 5, 2), np.nan)}),
        (TypeError, "x is float16", {"x": np.ones((4, 5, 2), np.float16)}),
        (TypeError, "x holds complex128", {"x": np.ones((4, 5, 2), complex)}),
        (ValueError, r"gaps has shape \(4, 4\)", {"gaps": np.ones((4, 4))}),
        (ValueError, r"gaps\[0, 0\] is -1.0, but must be at least 0", {"gaps": -np.ones((4, 5))}),
        (ValueError, r"target has shape \(4, 6, 1\)", {"target": np.ones((4, 6, 1))}),
        (ValueError, r"target\[0, 0, 0\] is nan", {"target": np.full((4, 5, 1), np.nan)}),
        (ValueError, "numbers need a last axis", {"target": np.ones((4, 5))}),
        (ValueError, r"class numbers .* = \(4, 5\) are expected", {"target": np.ones((4, 6), int)}),
        (ValueError, r"class numbers \(sequences\) = \(4,\) are", {"target": np.ones(3, int), "last": True}),
        (ValueError, r"target has shape \(4, 5, 3\)", {"last": True}),
        (ValueError, r"weight\[0, 0\] is -1", {"weight": -np.ones((4, 5))}),
        (ValueError, "weight is 0 in all of sequence 2", {"weight": (np.arange(4) != 2)[:, None] * np.ones((4, 5))}),
    ],
)
def test_what_is_refused(error: type[Exception], message: str, change: dict[str, Any]) -> None:
    with pytest.raises(error, match=message):
        Sequences(**arrays(**change))
