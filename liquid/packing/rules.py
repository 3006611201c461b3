"""Which code keeps which field of a packed row."""

from __future__ import annotations

from typing import Final, NamedTuple

from liquid.packing import codes
from liquid.packing.codes import NEAREST, RANDOM, UPWARD


class Code(NamedTuple):
    """A code of `liquid.packing` with what it needs; base : path of the field that it refers to, in the same record
    (beginning with a dot) or of the row. part : only these items of the field."""

    code: int
    a: int = 0
    b: int = 0
    rounding: int = NEAREST
    base: str = ""
    part: slice | None = None


BYTES: Final = Code(codes.BYTES)
ZERO: Final = Code(codes.ZERO)
SIX: Final = Code(codes.SIX)
WHOLE: Final = Code(codes.WHOLE)
THREE: Final = Code(codes.THREE, rounding=RANDOM)


def _short(mantissa: int, least: int, rounding: int = RANDOM) -> Code:
    return Code(codes.SHORT, mantissa, least, rounding)


def _age(size: int) -> Code:
    return Code(codes.AGE8, size, base="clock.events")


def _same(base: str, part: slice | None = None) -> Code:
    return Code(codes.SAME, base=base, part=part)


#: The first pattern that a field's path matches says how it is kept; a code without base or part is for all its items.
#: What is not listed is kept by its type. Clock and counters of an event are kept once, as the clock's.
RULES: Final[tuple[tuple[str, tuple[Code, ...]], ...]] = (
    ("clock.decile", (SIX,)),
    ("clock.unit", (SIX,)),
    ("clock.cells", (WHOLE,)),
    ("clock.events", (WHOLE,)),
    ("clock.clamped", (WHOLE,)),
    ("scale.centre", (BYTES,)),
    ("scale.outside", (Code(codes.COUNT, 1),)),
    ("scale.age", (Code(codes.COUNT, 2),)),
    ("scale.*", (SIX,)),
    ("rings.blocks", (Code(codes.BLOCKS, base="clock.cells"),)),
    ("rings.sum", (SIX,)),
    ("rings.distance", (_short(10, -12, NEAREST),)),
    ("rings.curve", (_short(10, -8, NEAREST),)),
    ("rings.spread", (Code(codes.TINY, 0, -4),)),
    ("detector.predictor.variance", (SIX,)),
    ("detector.predictor.usual_gap", (SIX,)),
    ("detector.predictor.value", (_same("value"),)),
    ("detector.predictor.previous", (_short(11, -7, NEAREST),)),
    ("detector.predictor.w", (_short(10, -16),)),
    ("detector.predictor.p", (Code(codes.MATRIX),)),
    ("detector.evidence.flatline.run", (Code(codes.COUNT, 2),)),
    ("detector.evidence.flatline.longest", (Code(codes.COUNT, 2),)),
    ("detector.evidence.season.profile", (Code(codes.LINEAR, 16),)),
    ("detector.evidence.*.unused", (ZERO,)),
    ("detector.tail.count", (Code(codes.NUMBER, base="clock.events"),)),
    ("detector.episode.evidence", (BYTES,)),
    ("detector.episode.peak", (BYTES,)),
    ("detector.line.first", (_age(2),)),
    ("detector.line.last", (_age(2),)),
    ("detector.tail.last", (Code(codes.AGE4, 1, base=".count"),)),
    ("detector.shape.last", (Code(codes.AGE4, 1, base=".count"),)),
    ("detector.tail.begin", (Code(codes.AGE4, 1, base=".count"),)),
    ("detector.shape.begin", (Code(codes.AGE4, 1, base=".count"),)),
    ("detector.*.peak", (_short(10, -11, UPWARD),)),
    ("detector.*.used", (Code(codes.NIBBLES, base=".open"),)),
    ("detector.*.open", ()),
    ("detector.shape_evidence", (_short(11, -9, NEAREST),)),
    ("detector.habits.mean*", (SIX,)),
    ("detector.habits.count", (_same("clock.events"),)),
    ("detector.foresight.median", (_short(10, -14),)),
    ("detector.foresight.*", (_short(9, -40),)),
    ("detector.line.lately", (SIX,)),
    ("detector.line.own", (SIX,)),
    ("detector.episode.last", (_age(2),)),
    ("detector.episode.first", (_age(2),)),
    ("detector.episode.above", (_age(2),)),
    ("detector.episode.feedback.shift", (Code(codes.LINEAR, 200),)),
    ("detector.episode.feedback.event", (WHOLE,)),
    ("forecaster.bank.mode", (ZERO,)),
    ("forecaster.bank.*", (BYTES,)),
    ("forecaster.period.level", (Code(codes.SIGNED),)),
    ("forecaster.period.votes", (Code(codes.SIGNED),)),
    ("forecaster.period.*", (BYTES,)),
    ("forecaster.day.value", (Code(codes.TABLE, base=".visits"),)),
    ("forecaster.week.value", (Code(codes.TABLE, base=".visits"),)),
    ("forecaster.*.visits", ()),
    ("forecaster.week.phase", (Code(codes.SHARED),)),
    ("forecaster.hours.size", (Code(codes.LINEAR, 32),)),
    ("forecaster.origin.time", (_same("clock.time"),)),
    ("forecaster.origin.fast", (_same("forecaster.bank.fast"),)),
    ("forecaster.origin.slow", (_same("forecaster.bank.slow"),)),
    ("forecaster.*.stored", (ZERO,)),
    ("forecaster.origin.*", (BYTES,)),
    ("forecaster.made", (WHOLE,)),
    ("forecaster.delayed.mixed", (BYTES,)),
    ("forecaster.delayed.scale", (_short(10, -18, NEAREST),)),
    ("forecaster.held.time", (Code(codes.DAYS),)),
    ("forecaster.held.n", (Code(codes.SHARES, base=".inside"),)),
    ("forecaster.held.inside", ()),
    ("forecaster.seen", (WHOLE,)),
    ("forecaster.spacing", (_short(10, -12),)),
    ("forecaster.surprise", (_short(9, -24),)),
    ("forecaster.covariance", (Code(codes.MATRIX),)),
    ("forecaster.readout", (THREE,)),
    ("forecaster.decoder.*", (ZERO,)),
    ("forecaster.correction.w", (THREE,)),
    ("forecaster.correction.p", (Code(codes.MATRIX),)),
    ("forecaster.bucket.mixture.regret", (_short(10, -16),)),
    ("forecaster.bucket.mixture.largest", (Code(codes.TINY, 0, -10),)),
    ("forecaster.bucket.mixture.squares", (_short(9, -32),)),
    ("forecaster.bucket.mixture.weight", (Code(codes.WEIGHTS),)),
    ("forecaster.bucket.mixture.error", (_short(9, -32),)),
    ("forecaster.bucket.mixture.recent*", (_short(10, -24),)),
    ("forecaster.bucket.mixture.feedbacks", (Code(codes.REAL_COUNT, 1),)),
    ("forecaster.bucket.conformal.scale", (_short(9, -24),)),
    ("forecaster.bucket.conformal.feedbacks", (Code(codes.REAL_COUNT, 2),)),
    ("forecaster.bucket.conformal.seen", (Code(codes.REAL_COUNT, 2),)),
    ("forecaster.bucket.conformal.alpha", (_short(11, -10),)),
    ("forecaster.bucket.rows", (Code(codes.REAL_COUNT, 1),)),
    ("forecaster.bucket.change", (_short(9, -24),)),
    ("forecaster.bucket.error", (_short(9, -24),)),
    ("drift.*.status.onset", (SIX,)),
    ("drift.*.status.changed", (SIX,)),
    ("drift.*.status.statistic", (_short(10, -12, NEAREST),)),
    ("drift.*.status.peak", (_short(10, -12, NEAREST),)),
    ("drift.calibration.test.mean", (ZERO,)),
    ("drift.calibration.test.variance", (ZERO,)),
    ("drift.*.test.mean", (THREE,)),
    ("drift.input.own.spread", (SIX,)),
    ("drift.error.own.size", (SIX,)),
    ("drift.*.unused", (ZERO,)),
    ("drift.rhythm.own.mean", (THREE,)),
)
#: Where there are neither units nor features of a bank, nobody reads these.
WITHOUT_UNITS: Final[tuple[tuple[str, tuple[Code, ...]], ...]] = (
    ("forecaster.origin.dz", (ZERO,)),
    ("forecaster.origin.now", (ZERO,)),
)
#: Numbers of single precision that no rule names.
OTHERS: Final = _short(10, -14)
