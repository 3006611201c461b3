"""The complete twin: what `Model.run` does, one event of one series at a time, in double precision."""

import math
from dataclasses import dataclass, field

from liquid import ModelConfig, SeriesOptions
from liquid import results as res
from liquid.anomaly.alerts import LEARNING
from liquid.features.rings import STEPS
from liquid.kernel import LARGEST, LATEST, NOTHING
from liquid.tiers import TIERS
from tests.liquid.naive import alertable, alerts, forecast
from tests.liquid.naive.clock import Clock
from tests.liquid.naive.detector import Detector
from tests.liquid.naive.drift import Drift, Seen
from tests.liquid.naive.forecaster import Forecaster
from tests.liquid.naive.line import LINE, youth
from tests.liquid.naive.period import Period
from tests.liquid.naive.rings import Rings
from tests.liquid.naive.scale import Scale
from tests.liquid.naive.wall import day_time

NAN = math.nan


@dataclass
class Result:
    """One row of `liquid.results`, by the same names."""

    time: float
    value: float
    gap: float = 0.0
    expected: float = NAN
    lower50: float = NAN
    upper50: float = NAN
    lower80: float = NAN
    upper80: float = NAN
    lower: float = NAN
    upper: float = NAN
    score: float = 0.0
    alert_score: float = 0.0
    alert_begin: float = 0.0
    alert_peak_time: float = 0.0
    alert_peak: float = 0.0
    events: int = 0
    shares: list[float] = field(default_factory=lambda: [0.0] * len(res.EVIDENCE))
    severity: int = 0
    notify: bool = False
    state: int = 0
    alert: int = 0
    direction: int = 0
    flags: int = 0
    drift: int = 0
    drift_onset: float = 0.0
    mean: list[float] = field(default_factory=list)
    lo50: list[float] = field(default_factory=list)
    hi50: list[float] = field(default_factory=list)
    lo80: list[float] = field(default_factory=list)
    hi80: list[float] = field(default_factory=list)
    lo95: list[float] = field(default_factory=list)
    hi95: list[float] = field(default_factory=list)


class Series:
    def __init__(self, config: ModelConfig, options: SeriesOptions | None = None) -> None:
        tier = TIERS[config.tier]
        self.options = options or SeriesOptions()
        self.horizons = config.horizons
        self.offset = -1
        self.clock = Clock()
        self.scale = Scale()
        self.rings = Rings(tier.levels, tier.length, tier.blocks_ahead)
        self.period = Period()
        self.detector = Detector(tier)
        self.forecaster = Forecaster(config.horizons, *config.kinds(), tier, self.options)
        self.drift = Drift(tier.scores, tier.windows)
        self.value = 0.0

    def take(self, time: float, value: float, offset: int = -1) -> Result:
        out = Result(time, value)
        if 0 <= offset <= self.offset:
            out.flags = res.SKIPPED
            return out
        self.offset = max(self.offset, offset)
        if not (math.isfinite(value) and abs(time) <= LATEST):
            out.flags = res.REJECTED
        else:
            self._event(time, max(-LARGEST, min(value, LARGEST)), out)
        missing = len(self.horizons) - len(out.mean)
        for name in res.BANDS:
            getattr(out, name).extend([NAN] * missing)
        return out

    def _event(self, time: float, value: float, out: Result) -> None:
        n = self.clock.events
        if n > 0 and time <= self.clock.time:
            time = self.clock.time
            out.flags = res.TIME_CLAMPED
        out.gap, cells = self.clock.advance(time)
        self.unit = max(self.clock.unit, 1e-9)
        gap = min(out.gap / self.unit, 1e6)
        if self.forecaster.seen > 0:
            self._expect(time, value, gap, out)
        deviation = self._rescale(value, n)
        self._shape(self.value if n > 0 else value, value, cells, deviation)
        self.value = value
        self._score(time, value, deviation, n, out)
        self._drift(time, value, out)
        if self.scale.step > 0:
            self._look_ahead(time, value, gap, out)

    def _z(self, value: float) -> float:
        return max(-1e4, min((value - self.scale.centre) / self.scale.step, 1e4))

    def _declare(self) -> None:
        o, f = self.options, self.forecaster
        f.low = -1e4 if o.minimum is None else self._z(o.minimum)
        f.high = 1e4 if o.maximum is None else self._z(o.maximum)
        f.whole = min(1 / self.scale.step, 1e4) if o.integer else 0.0

    def _bounds(self, mean: float, half) -> list[float]:
        """As results.BANDS, in value units."""
        c, s = self.scale.centre, self.scale.step
        at = c + s * mean
        down, up = (math.floor, math.ceil) if self.options.integer else (float, float)
        ends = [at]
        for h in half:
            width = s * h if s > NOTHING else 0.0
            ends += [down(at - width), up(at + width)]
        return [self._within(v) for v in ends]

    def _within(self, v: float) -> float:
        if self.options.minimum is not None:
            v = max(v, self.options.minimum)
        return v if self.options.maximum is None else min(v, self.options.maximum)

    def _expect(self, time: float, value: float, gap: float, out: Result) -> None:
        """What was expected of this value; learn from what came."""
        self._declare()
        view = self.forecaster.forecast(self.rings, 0, gap, self.unit)
        names = ("expected", "lower50", "upper50", "lower80", "upper80", "lower", "upper")
        for name, v in zip(names, self._bounds(view.mixed, view.half), strict=True):
            setattr(out, name, v)
        self.forecaster.feedback(view, time, self._z(value), gap, self.unit)

    def _rescale(self, value: float, n: int) -> float:
        known = self.scale.step > 0
        change = self.scale.observe(value, n)
        if change.recode and known:
            self.rings.recode(change.factor, change.shift)
            self.forecaster.recode(change.factor, change.shift)
        if change.followed:
            p = self.detector.predictor
            p.mean, p.variance = self.scale.centre, self.scale.step**2
        return change.deviation

    def _shape(self, previous: float, value: float, cells: int, deviation: float) -> None:
        """Shape memory, what the newest windows say, and the period."""
        before = [level.blocks for level in self.rings.level]
        step = self.scale.step
        for k in self.rings.push(previous, value, cells, self.scale.centre, step):
            level = self.rings.level[k]
            if level.enough:
                level.search(deviation / step * STEPS)
                self.detector.shape(k, level.distance)
            if self.period.look(level.codes, k, level.blocks, level.blocks - before[k]):
                self.forecaster.retune(self.period.period)
            self.forecaster.period = self.period.period  # which may be seen better without being another

    def _day_time(self, time: float) -> float:
        return day_time(self.options.timezone, self.options.periods, time)

    def _drift(self, time: float, value: float, out: Result) -> None:
        seen = Seen(time, self._day_time(time), out.gap, value)
        if math.isfinite(out.expected):
            seen.error = value - out.expected
            seen.missed80 = not out.lower80 <= value <= out.upper80
            seen.missed95 = not out.lower <= value <= out.upper
        out.drift, out.drift_onset = self.drift.observe(seen)

    def _score(self, time: float, value: float, deviation: float, n: int, out: Result) -> None:
        d = self.detector
        g, group = d.observe(self._day_time(time), value, out.gap, n)
        error = abs(value - out.expected) / deviation if math.isfinite(out.expected) else 0.0
        rank, ranked = d.rank(error, n, group)
        line = d.line.observe(g, value, n)
        episode = d.episode
        may_alert, may_rank = (
            alertable.alertable(d.feedback, self.options, x, value, out.expected, n) for x in (group, ranked)
        )
        said = (d.feedback, self.options, "frequency", d.frequency)
        may_alert = max(may_alert, alertable.apart(*said, value, out.expected, n) * line / (LINE * youth(n)))
        beyond = alertable.outside(self.options, value)
        verdict = episode.judge(line, g, may_alert, rank, may_rank, beyond, self.options.cool_down, n, time)
        out.score, strength, out.alert_score, out.alert, out.notify = verdict
        out.events = n + 1
        out.state = res.READY if n + 1 >= LEARNING else res.LEARNING
        out.severity = alerts.severity(strength)
        if episode.active or out.alert:
            out.alert_begin, out.alert_peak, out.alert_peak_time = episode.begin, episode.peak, episode.peak_time
        squares = [max(group[name], ranked[name]) for name in res.EVIDENCE]
        if any(squares):
            out.shares = [square / sum(squares) for square in squares]
        if math.isfinite(out.expected):
            out.direction = (value > out.expected) - (value < out.expected)

    def _look_ahead(self, time: float, value: float, gap: float, out: Result) -> None:
        f = self.forecaster
        self._declare()
        f.observe(time, self._z(value), gap)
        for m, horizon in enumerate(self.horizons):
            view = f.forecast(self.rings, m + 1, horizon / self.unit, self.unit)
            f.remember(m, view, horizon / self.unit)
            for name, v in zip(res.BANDS, self._bounds(view.mixed, view.half), strict=True):
                getattr(out, name).append(v)

    def forecast(self, horizon: float, level: float) -> tuple[float, float]:
        """Mean and half width in value units, any horizon (s)."""
        mean, half = forecast.forecast(self.forecaster, self.rings, horizon / self.unit, self.unit, level)
        step = self.scale.step
        return self.scale.centre + mean * step, half * step if step > NOTHING else 0.0


class Model:
    """Series by slot."""

    def __init__(self, config: ModelConfig, options: SeriesOptions | None = None) -> None:
        self.config = config
        self.options = options
        self.series: dict[int, Series] = {}

    def run(self, slots, times, values, offsets=None) -> list[Result]:
        offsets = [-1] * len(slots) if offsets is None else offsets
        return [
            self.series.setdefault(int(s), Series(self.config, self.options)).take(float(t), float(v), int(o))
            for s, t, v, o in zip(slots, times, values, offsets, strict=True)
        ]
