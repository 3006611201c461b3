import numpy as np
import pytest

from liquid import EVIDENCE, Model, ModelConfig
from liquid import results as res
from liquid.anomaly import alerts
from liquid.detector import WORK, detector_dtype, observe, start
from liquid.tiers import TIERS
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.detector import Detector
from tests.liquid.odd import DAY, HOUR, STREAMS, stream
from tests.liquid.tolerances import SCORE, TIES

FULL = TIERS["full"]
TWO = ModelConfig(horizons=(HOUR, DAY))
N, AT = 3000, 2500  # events, and where something happens


@pytest.mark.parametrize("name", STREAMS)
def test_without_shape_equals_twin(name: str) -> None:
    mine, twin, work = record(detector_dtype(FULL)), Detector(FULL), record(WORK)
    start(mine)
    times, values = stream(name, 900)
    times = np.maximum.accumulate(times)
    off = []
    for n, (time, value) in enumerate(zip(times, values, strict=True)):
        gap = time - times[n - 1] if n else 0.0
        g, group = twin.observe(time, value, gap, n)
        off.append(abs(observe(mine, time, value, gap, n, work) - g))
        assert work["group"].sum() == pytest.approx(observe_total(work), rel=1e-9)
        assert list(group) == list(EVIDENCE)
    assert (np.array(off) > SCORE * alerts.LINE).mean() <= TIES
    assert not_finite(mine) == []


def observe_total(work: np.void) -> float:
    return float(sum(work["group"]))


# -- what must be seen


def usual(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A day with noise, hourly."""
    t = HOUR * np.arange(float(N))
    return t, 50 + 10 * np.sin(2 * np.pi * t / DAY) + np.random.default_rng(seed).normal(size=N)


def up(t: np.ndarray, v: np.ndarray) -> None:
    v[AT:] *= 1.8


def down(t: np.ndarray, v: np.ndarray) -> None:
    v[AT:] *= 0.2


def flat(t: np.ndarray, v: np.ndarray) -> None:
    v[AT:] = v[AT]


def absent(t: np.ndarray, v: np.ndarray) -> None:
    t[AT:] += 4 * DAY


def spike(t: np.ndarray, v: np.ndarray) -> None:
    v[AT] += 20


def noisy(t: np.ndarray, v: np.ndarray) -> None:
    v[AT:] += 5 * np.random.default_rng(9).normal(size=N - AT)


def no_day(t: np.ndarray, v: np.ndarray) -> None:
    v[AT:] = 50 + np.random.default_rng(9).normal(size=N - AT)


def late_day(t: np.ndarray, v: np.ndarray) -> None:
    v[AT:] = v[AT - 12 : N - 12]


HAPPENINGS = {  # event -> within how many events, the evidence that must speak
    up: (3, {"level", "surprise", "trend"}),
    down: (30, {"level", "surprise", "trend"}),
    flat: (72, {"flatline", "shape"}),
    absent: (2, {"gap"}),
    spike: (1, {"surprise", "level"}),
    noisy: (24, {"volatility", "surprise"}),
    no_day: (30, {"shape", "trend"}),
    late_day: (30, {"shape", "surprise", "trend"}),
}


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_what_happens_raises_the_score_above_the_line(happening, seed: int) -> None:
    within, speaking = HAPPENINGS[happening]
    t, v = usual(seed)
    happening(t, v)
    out = Model(TWO, capacity=1).run(np.zeros(N, int), t, v)
    seen = out[AT : AT + within]
    unusual = seen[seen["score"] >= 1]
    assert unusual["severity"].min() >= 1
    assert unusual["shares"][:, [EVIDENCE.index(name) for name in speaking]].sum(axis=1).max() > 0.1
    assert (seen["alert_begin"] > 0).any()  # an episode is open
    # and it was quiet before
    assert np.quantile(out["score"][1000:AT], 0.99) < 1


@pytest.mark.parametrize("seed", range(3))
def test_another_order_of_the_same_values_opens_an_alert(seed: int) -> None:
    rng = np.random.default_rng(seed)
    v = np.zeros(N)
    for k in range(1, N):
        v[k] = 0.8 * v[k - 1] + rng.normal()
    v[AT : AT + 200] = rng.permutation(v[AT - 200 : AT])
    out = Model(TWO, capacity=1).run(np.zeros(N, int), HOUR * np.arange(N), v)
    seen = out[AT : AT + 200]
    assert (seen["alert_begin"] > 0).any()
    assert seen["shares"][:, EVIDENCE.index("frequency")].max() > 0.3


@pytest.mark.parametrize(("happening", "side"), [(up, 1), (down, -1), (spike, 1)])
def test_direction_says_where_the_value_lies(happening, side: int) -> None:
    t, v = usual(0)
    happening(t, v)
    out = Model(TWO, capacity=1).run(np.zeros(N, int), t, v)
    assert out["direction"][AT] == side
    assert set(np.sign(out["value"] - out["expected"])[10:] - out["direction"][10:]) == {0.0}


def test_a_larger_spike_scores_higher() -> None:
    scores = []
    for size in (0, 8, 15, 30, 100, 1e4):
        t, v = usual(0)
        v[AT] += size
        scores.append(Model(TWO, capacity=1).run(np.zeros(N, int), t, v)["score"][AT])
    assert (np.diff(scores) > -0.05).all()  # the largest are as good as equal
    assert scores[-1] > 2.5 * max(scores[0], 0.5)


def test_a_spike_is_seen_again_the_next_time() -> None:
    t, v = usual(0)
    places = range(1200, N, 300)
    for k in places:
        v[k] += 25
    out = Model(TWO, capacity=1).run(np.zeros(N, int), t, v)
    assert (out["score"][list(places)] > 1).mean() > 0.8


# -- what must not be seen


@pytest.mark.parametrize(
    "values",
    [np.full(N, 3.0), np.zeros(N), np.sin(2 * np.pi * np.arange(N) / 24), np.arange(N) % 2.0],
    ids=["constant", "zero", "sine", "alternating"],
)
def test_what_never_changes_raises_no_alert(values: np.ndarray) -> None:
    out = Model(TWO, capacity=1).run(np.zeros(N, int), HOUR * np.arange(N), values)
    assert (out["alert"][alerts.LEARNING :] == res.OPENED).sum() == 0


@pytest.mark.parametrize("changed", [0, 300, 5000])
def test_what_has_long_stopped_to_change_raises_no_more_alerts(changed: int) -> None:
    """A constant is unusual only while the series has been otherwise for longer."""
    n = 40_000
    v = np.zeros(n)
    v[:changed] = np.random.default_rng(0).normal(size=changed)
    out = Model(TWO, capacity=1).run(np.zeros(n, int), 60.0 * np.arange(n), v)
    if changed == 0:
        assert out["score"].max() < 1
    if changed == 5000:
        assert out["score"][changed : changed + 300].max() >= 1
    assert (out["alert"][max(2 * changed, alerts.LEARNING) :] == res.OPENED).sum() == 0
    assert out["score"][-20_000:].max() < 1


def false_alerts(values: np.ndarray) -> float:
    """Events per opened alert after the first thousand."""
    n, series = values.shape
    model = Model(TWO, capacity=series)
    slots, times = np.tile(np.arange(series), n), np.repeat(HOUR * np.arange(n), series)
    out = model.run(slots, times, values.ravel()).reshape(n, series)
    return float((n - 1000) * series / max((out["alert"][1000:] == res.OPENED).sum(), 1))


def test_false_alerts_on_noise_come_about_as_seldom_as_promised() -> None:
    """One in about 1,300 events of white noise."""
    assert 1300 / 2.5 < false_alerts(np.random.default_rng(0).normal(size=(4000, 24))) < 1300 * 2.5


@pytest.mark.slow
@pytest.mark.parametrize("law", ["exponential", "laplace", "uniform", "logistic"])
def test_false_alerts_hardly_depend_on_the_law(law: str) -> None:
    assert 1300 / 3.5 < false_alerts(getattr(np.random.default_rng(0), law)(size=(4000, 24))) < 1300 * 6


@pytest.mark.slow
def test_false_alerts_are_seldom_where_neighbours_resemble_each_other() -> None:
    rng = np.random.default_rng(0)
    v = rng.normal(size=(4000, 24))
    for k in range(1, len(v)):
        v[k] += 0.8 * v[k - 1]
    assert false_alerts(v) > 1300 / 2.5
    assert false_alerts(np.cumsum(rng.normal(size=(4000, 24)), 0)) > 1300 / 2.5


def test_the_young_are_not_judged_harshly() -> None:
    """While learning, at most a few alerts more than later."""
    v = np.random.default_rng(1).normal(size=(1000, 24))
    out = Model(TWO, capacity=24)
    slots, times = np.tile(np.arange(24), 1000), np.repeat(HOUR * np.arange(1000), 24)
    opened = out.run(slots, times, v.ravel())["alert"].reshape(1000, 24) == res.OPENED
    assert opened[:100].sum() == 0
    assert opened.sum() < 24 * 1000 / 250
