from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid import Model, ModelConfig
from liquid import results as res
from liquid.learning.rls import packed
from liquid.tiers import TIERS
from tests.liquid.checks import bits, leaves, not_finite, unpack
from tests.liquid.naive.model import Model as Twin
from tests.liquid.odd import DAY, HOUR, STREAMS, bad_events, relaxed, stream
from tests.liquid.tolerances import BOUND, CONSTANT, DOUBLE, FORECAST, FORECAST_MEDIAN, SCORE, SHARE, SHARE_TIES, TIES

TWO = ModelConfig(horizons=(HOUR, DAY))
CONFIGS = {
    "two horizons": TWO,
    "exchanged": ModelConfig(horizons=(HOUR, DAY), bank="cfc", decoder="liquid_s4"),
    "bare": ModelConfig(horizons=(HOUR, DAY), bank="none", decoder="none"),
    "compact": ModelConfig(horizons=(HOUR, DAY), tier="compact"),
    "standard": ModelConfig(horizons=(HOUR, DAY), tier="standard"),
    "one horizon": ModelConfig(horizons=(HOUR,), bank="cfc", decoder="cfc"),
}
#: The mean first, then its bounds.
EXPECTED = ("expected", "lower50", "upper50", "lower80", "upper80", "lower", "upper")
AHEAD = res.BANDS


def run(config: ModelConfig, times: np.ndarray, values: np.ndarray) -> tuple[Model, np.ndarray]:
    model = Model(config, capacity=1)
    return model, model.run(np.zeros(len(times), int), times, values)


def assert_equals_twin(name: str, config: ModelConfig, n: int) -> None:
    times, values = stream(name, n)
    with patch.dict(TIERS, {k: t._replace(packed=False) for k, t in TIERS.items()}):  # packing: test_packing.py
        _, mine = run(config, times, values)
    twin, step, rows = Twin(config), np.zeros(n + 1), []
    for k in range(n):
        rows += twin.run([0], times[k : k + 1], values[k : k + 1])
        step[k + 1] = twin.series[0].scale.step
    theirs = {field: np.array([getattr(r, field) for r in rows]) for field in mine.dtype.names}

    for field in ("events", "state", "flags", "alert"):
        np.testing.assert_array_equal(mine[field], theirs[field], field)
    drifting = np.flatnonzero(mine["drift"] != theirs["drift"])  # where a statistic reaches its line within rounding
    assert len(drifting) <= TIES * n, drifting  # of long streams: drift/test_drift.py
    np.testing.assert_allclose(mine["gap"], theirs["gap"], rtol=DOUBLE)
    tied = np.abs(mine["score"] - theirs["score"]) > SCORE
    assert tied.mean() <= TIES, np.flatnonzero(tied)
    np.testing.assert_allclose(mine["alert_score"][~tied], theirs["alert_score"][~tied], atol=SCORE)
    parted = np.abs(mine["shares"] - theirs["shares"]).max(1) > SHARE
    assert parted[~tied].mean() <= SHARE_TIES, np.flatnonzero(parted)
    np.testing.assert_allclose(mine["alert_peak"], theirs["alert_peak"], atol=SCORE)
    np.testing.assert_array_equal(mine["alert_begin"], theirs["alert_begin"])
    clear = ~tied & (np.abs(theirs["score"][:, None] - [1, 1.5, 2, 2.5]).min(1) > SCORE)
    np.testing.assert_array_equal(mine["severity"][clear], theirs["severity"][clear])

    def compare(fields: tuple[str, ...], size: np.ndarray) -> None:
        for field in fields:
            tolerance = CONSTANT if name == "constant" else FORECAST if field == fields[0] else BOUND
            np.testing.assert_array_equal(np.isnan(mine[field]), np.isnan(theirs[field]), field)
            off = np.nan_to_num(np.abs(mine[field] - theirs[field])) / np.maximum(size, 1e-300)
            assert off.max() < tolerance, (field, off.argmax())
            assert np.median(off) < FORECAST_MEDIAN, field

    # what was expected is in the scale before the event, what lies ahead in the one after it
    compare(EXPECTED, np.nan_to_num(theirs["upper"] - theirs["lower"]) + step[:-1])
    compare(AHEAD, np.nan_to_num(theirs["hi95"] - theirs["lo95"]) + step[1:, None])
    apart = np.abs(theirs["value"] - theirs["expected"]) > FORECAST * step[:-1]
    np.testing.assert_array_equal(mine["direction"][apart], theirs["direction"][apart])


@pytest.mark.parametrize("name", STREAMS)
def test_equals_twin(name: str) -> None:
    assert_equals_twin(name, TWO, 400)


@pytest.mark.parametrize("name", ["daily", "cycle"])
@pytest.mark.parametrize("config", ["exchanged", "bare", "one horizon", "compact"])
def test_other_settings_equal_twin(name: str, config: str) -> None:
    assert_equals_twin(name, CONFIGS[config], 350)


@pytest.mark.slow
@pytest.mark.parametrize("name", STREAMS)
def test_equals_twin_until_every_level_of_the_shape_memory_is_in_use(name: str) -> None:
    assert_equals_twin(name, TWO, 1500)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["daily", "silences", "ticks", "walk"])
@pytest.mark.parametrize("config", ["exchanged", "bare", "one horizon", "compact", "standard"])
def test_other_settings_equal_twin_for_long(name: str, config: str) -> None:
    assert_equals_twin(name, CONFIGS[config], 1200)


# -- batches


def interleaved(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Events of all streams, mixed: slots, times, values."""
    names = list(STREAMS)
    rng = np.random.default_rng(0)
    slots = rng.integers(0, len(names), n)
    events = {k: stream(name, n) for k, name in enumerate(names)}
    at = np.zeros(len(names), int)
    times, values = np.zeros(n), np.zeros(n)
    for i, s in enumerate(slots):
        times[i], values[i] = events[s][0][at[s]], events[s][1][at[s]]
        at[s] += 1
    return slots, times, values


SLOTS, TIMES, VALUES = interleaved(6000)


@pytest.fixture(scope="module")
def whole() -> tuple[Model, np.ndarray]:
    """All events in one batch."""
    model = Model(TWO, capacity=len(STREAMS))
    return model, model.run(SLOTS, TIMES, VALUES)


@settings(relaxed, max_examples=8)
@given(st.lists(st.integers(0, len(SLOTS)), max_size=30), st.integers(0, 9))
def test_batches_do_not_matter(whole: tuple[Model, np.ndarray], cuts: list[int], more: int) -> None:
    """Any cuts, any capacity: the same results and the same rows, bit for bit."""
    model = Model(TWO, capacity=len(STREAMS) + more)
    parts = [
        model.run(SLOTS[a:b], TIMES[a:b], VALUES[a:b])
        for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(SLOTS)], strict=True)
    ]
    assert bits(np.concatenate(parts)) == bits(whole[1])
    assert [model.row_bytes(s) for s in range(len(STREAMS))] == [whole[0].row_bytes(s) for s in range(len(STREAMS))]


def test_one_by_one_is_the_same(whole: tuple[Model, np.ndarray]) -> None:
    model = Model(TWO, capacity=len(STREAMS))
    n = 1500
    results = [model.run(SLOTS[k : k + 1], TIMES[k : k + 1], VALUES[k : k + 1]) for k in range(n)]
    assert bits(np.concatenate(results)) == bits(whole[1][:n])


def test_series_and_slots_do_not_touch_each_other(whole: tuple[Model, np.ndarray]) -> None:
    """Each series alone, in another slot of another slab, gives its part of the whole."""
    for s in range(len(STREAMS)):
        own = s == SLOTS
        model = Model(TWO, capacity=40)
        results = model.run(np.full(own.sum(), 39 - s), TIMES[own], VALUES[own])
        assert bits(results) == bits(whole[1][own])
        assert model.row_bytes(39 - s) == whole[0].row_bytes(s)
        model.rows["clock"]["events"][39 - s] = 0
        assert not model.rows["clock"]["events"].any()


def test_a_moved_row_goes_on_as_if_nothing_had_happened(whole: tuple[Model, np.ndarray]) -> None:
    """Saved at random moments and loaded into another slot of another model: bit for bit the same."""
    rng = np.random.default_rng(1)
    model = Model(TWO, capacity=len(STREAMS))
    place = np.arange(len(STREAMS))
    results = []
    for a, b in zip(range(0, 6000, 500), range(500, 6001, 500), strict=True):
        results.append(model.run(place[SLOTS[a:b]], TIMES[a:b], VALUES[a:b]))
        saved = [model.row_bytes(p) for p in place]
        model = Model(TWO, capacity=3 * len(STREAMS))
        place = rng.permutation(3 * len(STREAMS))[: len(STREAMS)]
        for p, data in zip(place, saved, strict=True):
            model.load_row(p, data)
    assert bits(np.concatenate(results)) == bits(whole[1])
    assert [model.row_bytes(p) for p in place] == [whole[0].row_bytes(s) for s in range(len(STREAMS))]


def test_nothing_of_the_future_is_known() -> None:
    """Whatever comes later, what was said before stays."""
    times, values = stream("daily", 600)
    changed = values.copy()
    changed[400:] = 1e9
    _, a = run(TWO, times, values)
    _, b = run(TWO, times, changed)
    assert bits(a[:400]) == bits(b[:400])
    # what was expected of event 400 was said before it came
    for field in EXPECTED:
        assert a[field][400] == b[field][400]
    assert a["score"][400] < b["score"][400]


# -- offsets


def test_replayed_events_are_skipped() -> None:
    times, values = stream("daily", 300)
    zeros, offsets = np.zeros(300, int), np.arange(300) * 3
    model, plain = Model(TWO, capacity=1), Model(TWO, capacity=1)
    expected = plain.run(zeros, times, values)
    first = model.run(zeros, times, values, offsets)
    assert bits(first) == bits(expected)
    before = model.row_bytes(0)
    again = model.run(zeros, times, values, offsets)
    assert (again["flags"] == res.SKIPPED).all()
    assert model.row_bytes(0) == before


@settings(relaxed, max_examples=15)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=6))
def test_replays_from_anywhere_change_nothing(starts: list[int]) -> None:
    """Run on, fall back to any earlier offset, run on: as if each event had come once."""
    times, values = stream("cycle", 200)
    model, plain = Model(TWO, capacity=1), Model(TWO, capacity=1)
    reached = 0
    for start in starts:
        stop = min(start + 80, 200)
        if start <= reached:
            out = model.run(np.zeros(stop - start, int), times[start:stop], values[start:stop], range(start, stop))
            assert ((out["flags"] & res.SKIPPED) > 0).tolist() == [k < reached for k in range(start, stop)]
            reached = max(reached, stop)
    plain.run(np.zeros(reached, int), times[:reached], values[:reached], range(reached))
    assert model.row_bytes(0) == plain.row_bytes(0)


def test_offsets_are_kept_per_row() -> None:
    model = Model(TWO, capacity=2)
    out = model.run([0, 1, 0, 1], [0.0, 0.0, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0], [5, 5, 5, 6])
    assert out["flags"].tolist() == [0, 0, res.SKIPPED, 0]
    assert model.rows["offset"].tolist() == [5, 6]


# -- bad input


@pytest.mark.parametrize(
    ("time", "value"),
    [(0.0, np.nan), (0.0, np.inf), (0.0, -np.inf), (np.nan, 0.0), (np.inf, 0.0), (1.1e15, 0.0), (-1e300, 0.0)],
)
def test_an_event_without_finite_time_and_value_is_rejected_and_leaves_no_trace(time: float, value: float) -> None:
    times, values = stream("daily", 100)
    model, _ = run(TWO, times, values)
    before = model.row_bytes(0)
    out = model.run([0], [time], [value])[0]
    assert out["flags"] == res.REJECTED
    assert all(np.isnan(out[field]).all() for field in (*EXPECTED, *AHEAD))
    assert (out["score"], out["alert"], out["events"]) == (0, 0, 0)
    assert model.row_bytes(0) == before
    model.run([0], [time], [value], [7])
    assert model.rows["offset"][0] == 7


def test_time_that_stands_still_or_runs_back_is_flagged_and_learned_from() -> None:
    out = run(TWO, np.array([10.0, 20.0, 20.0, 5.0, 30.0]), np.arange(5.0))[1]
    assert out["flags"].tolist() == [0, 0, res.TIME_CLAMPED, res.TIME_CLAMPED, 0]
    assert out["gap"].tolist() == [0, 10, 0, 0, 10]
    assert out["events"].tolist() == [1, 2, 3, 4, 5]
    assert out["time"].tolist() == [10, 20, 20, 5, 30]


def assert_sane(model: Model, out: np.ndarray) -> None:
    """What must hold whatever came."""
    r = model.rows[0]
    assert not_finite(r) == []
    for p, w in (("covariance", "readout"), ("unit_covariance", "unit_readout")):
        size = len(r["forecaster"][w])
        assert len(r["forecaster"][p]) == packed(size)
        assert (np.diag(unpack(r["forecaster"][p], size)) > 0).all()
    predictor = r["detector"]["predictor"]
    assert (np.diag(unpack(predictor["p"], len(predictor["w"]))) > 0).all()

    taken = out[(out["flags"] & (res.REJECTED | res.SKIPPED)) == 0]
    documented = {*EXPECTED, *AHEAD}
    for name, field in leaves(taken):
        if field.dtype.kind == "f" and name not in documented:
            assert np.isfinite(field).all(), name
    assert all(np.isnan(taken[name][:3]).all() for name in EXPECTED)
    assert all(np.isfinite(taken[name][3:]).all() for name in EXPECTED)
    assert all(np.isnan(taken[name][:2]).all() and np.isfinite(taken[name][2:]).all() for name in AHEAD)
    assert (taken["score"] >= 0).all()
    assert (taken["shares"] >= 0).all()
    evidence = taken["shares"].any(axis=1)
    np.testing.assert_allclose(taken["shares"][evidence].sum(1), 1, atol=1e-5)
    assert evidence[taken["score"] > 0].all()
    for low, high in pairwise(("lower", "lower80", "lower50", "expected", "upper50", "upper80", "upper")):
        assert (taken[low][3:] <= taken[high][3:]).all()
    for low, high in pairwise(("lo95", "lo80", "lo50", "mean", "hi50", "hi80", "hi95")):
        assert (taken[low][2:] <= taken[high][2:]).all()

    ahead = model.forecast(0, [0.0, 1e-9, 1.0, DAY, 1e15], [1e-9, 0.5, 0.8, 0.95, 1 - 1e-9])
    assert all(np.isfinite(v).all() == (len(taken) > 2) for k, v in ahead.items() if k != "time")


MODELS = [Model(CONFIGS[name], capacity=1) for name in ("two horizons", "exchanged", "bare")]


@settings(relaxed, max_examples=150)
@given(bad_events())
def test_bad_input_never_makes_a_row_or_a_result_unsound(events: tuple[np.ndarray, np.ndarray]) -> None:
    for model in MODELS:
        model.reset_row(0)
        with np.errstate(all="ignore"):
            assert_sane(model, model.run(np.zeros(len(events[0]), int), *events))


@pytest.mark.slow
@settings(relaxed, max_examples=2500)
@given(bad_events(most=1500))
def test_bad_input_never_makes_a_row_or_a_result_unsound_in_long_streams(events: tuple[np.ndarray, np.ndarray]) -> None:
    for model in MODELS:
        model.reset_row(0)
        with np.errstate(all="ignore"):
            assert_sane(model, model.run(np.zeros(len(events[0]), int), *events))


@pytest.mark.parametrize("name", STREAMS)
def test_streams_are_sane(name: str) -> None:
    assert_sane(*run(TWO, *stream(name, 3000)))


def test_first_cells_are_taken_around_the_first_value() -> None:
    """The centre is known from the first event on: a large level leaves no mark in the coarse blocks."""
    model, _ = run(TWO, *stream("offset", 100))
    assert np.abs(model.rows[0]["rings"]["code"][:, 0]).max() < 100
