"""Twin of liquid.forecaster."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from liquid import SeriesOptions, forecaster, forecaster_state
from liquid.features import bank as kinds
from liquid.learning import conformal
from liquid.learning import decoder as decoders
from liquid.tiers import TIERS, Tier
from tests.liquid.naive import analog, season
from tests.liquid.naive.bank import Bank
from tests.liquid.naive.conformal import Conformal
from tests.liquid.naive.coverage import Held
from tests.liquid.naive.deadband import Deadband
from tests.liquid.naive.decoder import Decoder
from tests.liquid.naive.delayed import Delayed
from tests.liquid.naive.hours import Hours
from tests.liquid.naive.mixture import Mixture
from tests.liquid.naive.origin import CALENDAR, DETAILS, Context, Origin, names, row
from tests.liquid.naive.phase import Table, hour_of_day
from tests.liquid.naive.rings import Rings
from tests.liquid.naive.rls import LeastSquares
from tests.liquid.naive.wall import wall

CAP = 1e4
DAY = 86400.0
HUBER = 2.0


def z_capped(v: float) -> float:
    return max(-CAP, min(v, CAP))


def short(v: float) -> float:
    """Rounded to the upper half of a float32."""
    bits = int(np.float32(v).view(np.uint32))
    bits += 0x7FFF + (bits >> 16 & 1)
    return float(np.uint32(bits >> 16 << 16).view(np.float32))


@dataclass
class View:
    """One forecast: what it was made from, and what it says (z)."""

    origin: Origin
    distance: float
    then: list[float]
    x: np.ndarray  # the row
    h: np.ndarray  # the decoder's units
    u: np.ndarray  # the decoder's inputs
    experts: np.ndarray
    blended: float = 0.0  # the weighted mean of the experts
    mixed: float = 0.0  # the forecast
    scale: float = 0.0
    widening: float = 1.0
    half: np.ndarray | None = None
    inputs: np.ndarray | None = None
    number: int = 0  # of the forecasts made for this horizon
    waiting: bool = True
    seasons: tuple[tuple[float, float], ...] = ()  # now and then, of the usual season and of the week; nan: not known

    def keep(self, before: float, factor: float) -> None:
        """What is kept of it: everything in moves away from the origin's value `before`, times factor, rounded."""
        o = self.origin
        self.then = [short((b - a) * factor) for a, b in zip(o.now, self.then, strict=True)]
        o.fast, o.slow, *o.now = (o.z + short((v - before) * factor) for v in (o.fast, o.slow, *o.now))
        self.then = [a + b for a, b in zip(o.now, self.then, strict=True)]
        o.dz, o.slope = short(o.dz * factor), short(o.slope * factor)
        o.mode = [complex(short(x.real * factor), short(x.imag * factor)) for x in o.mode]
        if o.features is not None:
            o.features = np.array([short(v * factor) for v in o.features])
        self.experts = np.array([o.z + short((v - before) * factor) for v in self.experts])
        self.experts[0] = o.z
        self.blended = o.z + short((self.blended - before) * factor)

    def recode(self, factor: float, shift: float) -> None:
        before = self.origin.z
        self.origin.z = max(-1e6, min(before * factor - shift, 1e6))
        self.keep(before, factor)


class Bucket:
    def __init__(self, inputs: int) -> None:
        self.mixture = Mixture(forecaster_state.LOG_PRIOR)
        self.conformal = Conformal(inputs)
        self.change = 1.0  # running |dz|
        self.error = 1.0  # running |error of the readout|
        self.rows = 0

    def recode(self, factor: float, shift: float) -> None:
        self.mixture.recode(factor)
        self.conformal.recode(factor, shift)
        self.change = max(1e-6, min(self.change * factor, 1e6))
        self.error = max(1e-6, min(self.error * factor, 1e6))


class Forecaster:
    """Horizons in seconds; everything else in units and z."""

    def __init__(
        self,
        horizons: tuple[float, ...],
        bank: int,
        decoder: int,
        tier: Tier = TIERS["full"],
        options: SeriesOptions | None = None,
    ) -> None:
        self.horizons = horizons
        options = options or SeriesOptions()
        self.timezone = options.timezone
        self.low, self.high, self.whole = -CAP, CAP, 0.0  # bounds, and the distance of two whole numbers, in z
        self.slots = tier.slots
        self.details = DETAILS[: tier.details]
        self.bank = Bank(bank, tier.bank)
        first, second = ((options.periods or ()) + (86400.0, 604800.0)[len(options.periods or ()) :])[:2]
        self.day, self.week = Table(tier.day, first), Table(tier.week, second)
        self.origin = Origin(now=[0.0] * tier.details)
        self.pending: list[deque[View]] = [deque(maxlen=tier.slots) for _ in horizons]
        self.first, self.second = first, second
        self.weekly = 0.0
        self.made = [0] * len(horizons)
        self.delayed = [Delayed(h, tier.errors) for h in horizons]
        self.hours = Hours()
        self.held = [Held() for _ in range(len(horizons) + 1)]
        self.seen = 0
        self.born = 0.0
        self.spacing = 1.0
        self.surprise = 0.0
        self.period = 0.0  # that was found, in units
        self.deadband = Deadband()
        self.names = names(tier.details, tier.bank)
        self.linear = LeastSquares(len(self.names), forecaster_state.PRIOR)
        self.units = LeastSquares(tier.units, forecaster_state.PRIOR_UNITS)
        self.decoder = Decoder(decoder, tier.units)
        self.correction = LeastSquares(4, 0.005)
        self.bucket = [Bucket(tier.inputs) for _ in range(len(horizons) + 1)]  # the next event, then the horizons

    # -- forecasts

    def look(self, rings: Rings, distance: float, unit: float) -> tuple[View, float]:
        """Experts `distance` after the newest origin, and the spread of the analogs there."""
        found = [analog.read(rings, distance, detail, self.origin.z) for detail in self.details]
        self.origin.now = [a.now for a in found]
        usual = season.read(rings, distance, self.period or self.first / unit)
        week = season.read(rings, distance, self.second / unit)
        z = self.origin.z
        usual = (z, z) if math.isnan(usual[0]) else usual
        before = usual if math.isnan(week[0]) or self.weekly <= 0.05 else week
        view = self._view(self.origin, [a.then for a in found], before, distance, unit)
        view.seasons = usual, week
        return view, found[0].spread

    def _view(
        self, origin: Origin, then: list[float], before: tuple[float, float], distance: float, unit: float
    ) -> View:
        context = Context(self.bank, self.day, self.week, self.origin.time - self.born, unit, self.timezone)
        x, u = row(origin, then, distance, context)
        h = self.decoder.forward(u, distance)
        z = origin.z
        soon = 1 - math.exp(-4 * distance)
        fast = z + (origin.fast - z) * soon
        linear = z_capped(z + self.linear.w @ x)
        full = z_capped(linear + self.units.w @ h)
        corrected = z_capped(full + self.correction.w @ self._correcting(x, full - z))
        moved = z + before[1] - before[0]
        seasons = z_capped(moved), z_capped(moved + (before[0] - z) * soon)
        experts = np.clip([z, fast, full, corrected, *seasons], self.low, self.high)
        return View(origin, distance, then, x, h, u, experts)

    def hour_of_day(self, time: float) -> int:
        return hour_of_day(wall(self.timezone, time) * DAY / self.first)

    def interval(self, view: View, m: int, distance: float, unit: float, spread: float, learning: bool) -> None:
        """Scale and half widths by bucket m."""
        b, c = self.bucket[m], self.bucket[m].conformal
        hour = self.hour_of_day(self.origin.time + distance * unit)
        move = view.mixed - self.origin.z
        disagreement = math.sqrt(b.mixture.weight @ (view.experts - view.mixed) ** 2)
        raw = np.array(
            [
                math.log(spread + 0.02),
                math.log(self.surprise + 1e-4),
                view.mixed,
                math.log(abs(move) + 0.02),
                self.hours.size[hour],
                math.log(b.error + 1e-4),
                math.log(disagreement + 0.02),
            ]
        )
        view.inputs, view.widening = c.inputs(raw, learning)
        first = self.bucket[0].conformal
        base = first.scale if first.feedbacks > 0 else 1.0
        walk = base * math.sqrt(max(distance / max(self.spacing, 1e-6), 1e-6))
        guess = min(walk, max(1.0, base))
        view.scale = (c.feedbacks * c.scale + 5 * guess) / (c.feedbacks + 5) * view.widening
        view.half = c.quantiles() * view.scale

    def forecast(self, rings: Rings, m: int, distance: float, unit: float, learning: bool = True) -> View:
        """By bucket m."""
        view, spread = self.look(rings, distance, unit)
        mixture = self.bucket[m].mixture
        view.blended = mixture.blend(view.experts)
        view.mixed = mixture.cautious(float(view.experts[0]), view.blended)
        self.interval(view, m, distance, unit, spread, learning)
        return view

    def remember(self, m: int, view: View, distance: float) -> None:
        """Keep a forecast of fixed horizon m, when the last one kept is old enough."""
        horizon = self.horizons[m]
        self.delayed[m].remember(self.origin.time, view.mixed, view.scale, view.widening, view.half, view.inputs)
        if self.pending[m]:
            passed = self.origin.time - self.pending[m][-1].origin.time
            if passed < horizon / self.slots * (1 - 1e-9):
                return
        self.made[m] += 1
        view.number = self.made[m]
        view.origin = self.origin.copy()
        if self.bank.kind == kinds.CFC:
            o = self.origin
            view.origin.features = self.bank.features(o.mode, distance, o.z, o.fast, o.slow)
        view.keep(view.origin.z, 1.0)
        self.pending[m].append(view)

    # -- learning

    def feedback(self, view: View, time: float, z: float, gap: float, unit: float) -> None:
        """The next-event forecast `view` met z; then every pending forecast that is due."""
        b = self.bucket[0]
        error = abs(z - view.mixed)
        if not math.isnan(view.seasons[1][0]):
            usual, week = (abs(z - then) + abs(z - self.origin.z - (then - now)) for now, then in view.seasons)
            if usual + week > 1e-3:
                self.weekly += 0.02 * ((usual - week) / (usual + week) - self.weekly)
        b.mixture.learn(view.experts, view.blended, z)
        if b.conformal.feedbacks > 10:
            self.hours.learn(self.hour_of_day(time), error / b.conformal.scale, self.seen)
        self._learn_interval(0, time, z, error, view, view.widening, view.inputs, 1)
        bounded = min(error, 8 * self.surprise + 1 / self.seen)
        self.surprise += max(0.1, 1 / self.seen) * (bounded - self.surprise)
        self.spacing += 0.02 * (min(gap, 100.0) - self.spacing)
        self._learn(b, view, z)
        for m in range(len(self.horizons)):
            self._learn_due(m, time, z, unit)
            self._due(m, time, z, unit)

    def _learn_interval(
        self, m: int, time: float, z: float, error: float, view, widening: float, x: np.ndarray, pending: int
    ) -> None:
        """Count and learn an error; where a declared bound alone explains it, it is one scale, and inside."""
        b = self.bucket[m]
        near = 1e-5 * (1 + abs(z))
        below = max(z, view.mixed - near) <= self.low
        above = min(z, view.mixed + near) >= self.high
        beyond = error - self.whole
        if below or above:
            error, beyond = max(error, min(1.0, b.conformal.quantiles()[1]) * view.scale), 0.0
        self.held[m].count(time, beyond, view.half)
        pace = conformal.NEXT_PACE if m == 0 else 1.0
        b.conformal.learn(error, beyond, view.scale, widening, x, pending, pace)

    def _learn_due(self, m: int, time: float, z: float, unit: float) -> None:
        b, horizon = self.bucket[m + 1], self.horizons[m]
        band = self.deadband.width()
        for p in self.delayed[m].due(time, unit):
            late = (time - p.time - horizon) / horizon
            off = abs(late)
            pending = self.delayed[m].pending(p)
            if band and late > conformal.ON_TIME:
                # the value in force then was the newest one, within the band
                value = self.origin.z
                self.held[m + 1].count(time, abs(value - p.mixed) - self.whole, p.half)
                low, high = max(value - band, self.low) - p.mixed, min(value + band, self.high) - p.mixed
                b.conformal.learn_within(low, high, self.whole, p.scale, math.exp(p.log_widening), p.x, pending, 1.0)
            elif off <= 0.1 + 1e-9:
                error = b.conformal.corrected(abs(z - p.mixed), p.scale, off)
                self._learn_interval(m + 1, time, z, error, p, math.exp(p.log_widening), p.x, pending)

    def _due(self, m: int, time: float, z: float, unit: float) -> None:
        horizon = self.horizons[m]
        early = min(horizon - 0.5 * unit, horizon * (1 - 1e-9))
        due = [p for p in self.pending[m] if p.waiting and time - p.origin.time >= early]
        for p in due:
            p.waiting = False
        if not due:
            return
        # of two equally far off, the one in the lower slot of the ring
        p = min(due, key=lambda p: (abs(time - p.origin.time - horizon), (p.number - 1) % self.slots))
        age = time - p.origin.time
        off = abs(age - horizon)
        if off > 0.5 * horizon:
            return
        b = self.bucket[m + 1]
        if off <= 0.1 * horizon + 1e-9:
            last = np.clip(p.origin.z, self.low, self.high)
            b.mixture.learn(np.array([last, *p.experts[1:]]), p.blended, z)
        then = [a0 + (a1 - a0) * age / horizon for a0, a1 in zip(p.origin.now, p.then, strict=True)]
        self._learn(b, self._view(p.origin, then, (0.0, 0.0), age / unit, unit), z)

    def _learn(self, b: Bucket, view: View, z: float) -> None:
        """One row of both readouts and one step of the decoder."""
        dz = z - view.origin.z
        b.rows += 1
        moved = min(abs(dz), 200 * b.change) if b.rows > 30 else abs(dz)
        b.change += max(1 / b.rows, 0.005) * (min(moved, CAP) - b.change)
        scale = 1 / max(b.change, 1e-3) * (moved / abs(dz) if dz else 1.0)
        limit = HUBER * b.error if b.rows > 30 else math.inf
        e0 = dz - self.linear.w @ view.x
        e1 = e0 - self.units.w @ view.h
        c = self._correcting(view.x, dz - e1)
        e2 = e1 - self.correction.w @ c
        self._step(self.linear, view.x, e0, scale, limit)
        weight = scale * math.sqrt(min(1.0, limit / abs(e2)) if e2 else 1.0)
        self.correction.update(c * weight, e2 * weight, 0.999, 4.0, 0.005)
        clipped = max(-limit, min(e1, limit))
        if self.decoder.kind != decoders.NONE:
            self._step(self.units, view.h, e1, scale, limit)
            if b.rows > 20:
                drive = -clipped / (b.error + 1e-6) * scale
                slope = self.decoder.slope(view.u, view.distance)
                self.decoder.learn(view.u, slope, self.units.w, drive)
        size = min(abs(e1), CAP, 4 * b.error if b.rows > 30 else math.inf)
        b.error = max(b.error + max(1 / b.rows, 0.01) * (size - b.error), 1e-6)

    def _correcting(self, x: np.ndarray, move: float) -> np.ndarray:
        """The row of the correction: constant, the forecast's own move, level, analog."""
        constant, level, analog = (
            x[self.names.index(name)] for name in ("constant", "level", f"analog level {DETAILS[0]}")
        )
        return np.array([constant, move, level, analog])

    @staticmethod
    def _step(squares: LeastSquares, x: np.ndarray, error: float, scale: float, limit: float) -> None:
        """Huber's weight multiplies the row, so that an outlier does not shrink P."""
        if abs(error) > limit:
            scale *= math.sqrt(limit / abs(error))
        most = 100 * len(x) * forecaster_state.PRIOR
        squares.update(x * scale, error * scale, forecaster.FORGETTING, most, forecaster_state.PRIOR)

    # -- state

    def observe(self, time: float, z: float, gap: float) -> None:
        """Take the event into bank, tables and origin."""
        first = self.seen == 0
        if first:
            self.born = time
        self.seen += 1
        before = z if first else self.origin.z
        if not first:
            self.deadband.observe(abs(z - before), gap > self.spacing)
        fast = self.bank.fast
        tame, previous = (z, z) if first else (max(fast - 8, min(v, fast + 8)) for v in (z, before))
        self.bank.observe(gap, previous, tame, first)
        self.day.learn(wall(self.timezone, time), tame, 0.6)
        self.week.learn(wall(self.timezone, time), tame, 0.1)
        slope = max(-3.0, min((z - before) / max(gap, 0.25), 3.0))
        o = self.origin
        self.origin = Origin(time, z, self.bank.fast, self.bank.slow, z_capped(z - before), slope)
        self.origin.mode, self.origin.now = list(self.bank.mode), o.now

    def retune(self, period: float) -> None:
        """A new period: the complex modes start again, here and in what is pending."""
        self.period = period
        self.bank.retune(period)
        for view in self._waiting():
            view.origin.mode = [0j, 0j]

    def _waiting(self) -> list[View]:
        return [view for pending in self.pending for view in pending]

    def recode(self, factor: float, shift: float) -> None:
        """z becomes z * factor - shift."""
        self.bank.recode(factor, shift)
        self.day.recode(factor, shift)
        self.week.recode(factor, shift)
        self.origin.recode(factor, shift)
        self.surprise = min(self.surprise * factor, CAP)
        self.deadband.recode(factor)
        for view in self._waiting():
            view.recode(factor, shift)
        for b in self.bucket:
            b.recode(factor, shift)
        for waiting in self.delayed:
            waiting.recode(factor, shift)
        self.linear.transform(reweigh(self.names, factor, shift))
        self.units.transform(np.eye(len(self.units.w)) * max(1e-3, min(factor, 1e3)))
        T = np.eye(4)
        T[0, 0], T[0, 2] = max(1e-3, min(factor, 1e3)), max(-1e3, min(shift, 1e3))
        self.correction.transform(T)
        for squares in (self.linear, self.units, self.correction):
            squares.w = np.clip(squares.w, -CAP, CAP)


def reweigh(names: tuple[str, ...], factor: float, shift: float) -> np.ndarray:
    """T: features that scale with z keep their weight, others' grow with z; the constant takes the level's shift."""
    g, s = max(1e-3, min(factor, 1e3)), max(-1e3, min(shift, 1e3))
    T = np.eye(len(names))
    for a, name in enumerate(names):
        if name in (*CALENDAR, "constant"):
            T[a, a] = g
    T[names.index("constant"), names.index("level")] = s
    return T
