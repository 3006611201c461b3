"""The state of a series' forecaster: its layout, how it starts, and how it follows another unit of the values."""

from __future__ import annotations

from typing import Final

import numpy as np

from liquid import intervals
from liquid._jit import njit
from liquid.features import bank, hours, origin, period, phase
from liquid.learning import conformal, correction, coverage, deadband, decoder, delayed, mixture, pending, rls
from liquid.tiers import Tier

#: Log of the weights that the experts start with; the seasons earn theirs.
LOG_PRIOR: Final = np.log(np.array([1.0, 1.0, 1.0, 1.0, 0.1, 0.1]))
EXPERTS: Final = len(LOG_PRIOR)
PRIOR: Final = 0.02
PRIOR_UNITS: Final = 0.01
CAP: Final = 1e4  # largest z that is kept


def bucket_dtype(tier: Tier) -> np.dtype:
    """What is learned per horizon: mixture, interval, running |dz| and |error| of the readout, rows learned."""
    return np.dtype(
        [
            ("mixture", mixture.mixture_dtype(EXPERTS)),
            ("conformal", conformal.conformal_dtype(tier.inputs)),
            ("change", "f4"),
            ("error", "f4"),
            ("rows", "f4"),
        ],
        align=True,
    )


def forecaster_dtype(horizons: int, tier: Tier) -> np.dtype:
    """State of the forecaster for `horizons` fixed horizons in the sizes of a tier; bucket 0 is the next event."""
    size = origin.row_size(tier.details, tier.bank)
    return np.dtype(
        [
            ("bank", bank.bank_dtype(tier.bank)),
            ("period", period.PERIOD),
            ("day", phase.table_dtype(tier.day)),
            ("week", phase.table_dtype(tier.week)),
            ("hours", hours.HOURS),
            ("origin", origin.origin_dtype(tier.details, tier.bank)),
            ("pending", pending.pending_dtype(tier.details, tier.bank, EXPERTS), (horizons, tier.slots)),
            ("waiting", "u1", (horizons, tier.slots)),
            ("made", "i8", (horizons,)),
            ("delayed", delayed.delayed_dtype(tier.errors, tier.inputs), (horizons,)),
            ("held", coverage.HELD, (horizons + 1,)),
            ("seen", "i8"),
            ("born", "f8"),
            ("spacing", "f4"),
            ("surprise", "f4"),
            ("weekly", "f4"),  # how much better the week before is than the season before, -1 to 1
            ("deadband", deadband.DEADBAND),
            ("readout", "f4", (size,)),
            ("covariance", "f4", (rls.packed(size),)),
            ("unit_readout", "f4", (tier.units,)),
            ("unit_covariance", "f4", (rls.packed(tier.units),)),
            ("decoder", decoder.decoder_dtype(tier.units)),
            ("correction", correction.CORRECTION),
            ("bucket", bucket_dtype(tier), (horizons + 1,)),
        ],
        align=True,
    )


#: Work space of one thread: rows, gains and inputs. origin : that is looked ahead from. season : a season before, now
#: and at the target; seasons : of the first season and of the week, nan where unknown. blended : of the experts;
#: mixed : the forecast. low, high, whole : see `declare`.
WORK = np.dtype(
    [
        ("x", "f4", (origin.ROW,)),
        ("scaled", "f4", (origin.ROW,)),
        ("gain", "f4", (origin.ROW,)),
        ("u", "f4", (decoder.INPUTS,)),
        ("bank", "f4", (bank.FEATURES,)),
        ("origin", origin.origin_dtype(origin.DETAILS, bank.FEATURES)),
        ("then", "f4", (origin.DETAILS,)),
        ("season", "f4", (2,)),
        ("seasons", "f4", (2, 2)),
        ("number", "f4", (4 + bank.FEATURES + 2 * origin.DETAILS + EXPERTS,)),
        ("slope", "f4", (4, decoder.UNITS)),
        ("h", "f4", (decoder.UNITS,)),
        ("c", "f4", (correction.SIZE,)),
        ("expert", "f4", (EXPERTS,)),
        ("raw", "f4", (conformal.INPUTS,)),
        ("input", "f4", (conformal.INPUTS,)),
        ("half", "f4", (conformal.LEVELS,)),
        ("scale", "f4"),
        ("widening", "f4"),
        ("blended", "f4"),
        ("mixed", "f4"),
        ("low", "f8"),
        ("high", "f8"),
        ("whole", "f8"),
    ],
    align=True,
)


@njit
def start(f):
    """A fresh series."""
    rls.reset(f.covariance, len(f.readout), PRIOR)
    rls.reset(f.unit_covariance, len(f.unit_readout), PRIOR_UNITS)
    decoder.start(f.decoder)
    correction.start(f.correction)
    for m in range(len(f.bucket)):
        mixture.start(f.bucket[m].mixture, LOG_PRIOR)
        conformal.start(f.bucket[m].conformal)
        f.bucket[m].change = 1.0
        f.bucket[m].error = 1.0
    f.spacing = 1.0


@njit
def recode(f, factor, shift, work):
    """z becomes z * factor - shift in everything that is kept. work : of dtype WORK.

    Exactly, but for the gate of the modes and for what the units and the conformal inputs have learned of sizes.
    """
    bank.recode(f.bank, factor, shift)
    phase.recode(f.day, factor, shift)
    phase.recode(f.week, factor, shift)
    origin.recode(f.origin, factor, shift)
    f.surprise = min(f.surprise * factor, CAP)
    deadband.recode(f.deadband, factor)
    for m in range(len(f.made)):
        for s in range(f.pending.shape[1]):
            pending.recode(f.pending[m, s], factor, shift, work.number)
    for m in range(len(f.bucket)):
        mixture.recode(f.bucket[m].mixture, factor)
        f.bucket[m].change = min(max(f.bucket[m].change * factor, 1e-6), 1e6)
        f.bucket[m].error = min(max(f.bucket[m].error * factor, 1e-6), 1e6)
    intervals.recode(f, factor, shift)
    _reweigh(f, factor, shift)


@njit
def retune(f, kinds):
    """The period changed: the complex modes start again, those of pending origins too."""
    f.bank.period = f.period.period
    for k in range(4):
        f.bank.mode[k] = 0.0
    if kinds[0] == bank.LIQUID_S4:
        for m in range(len(f.made)):
            for s in range(f.pending.shape[1]):
                pending.forget_modes(f.pending[m, s], len(f.origin.bank))


@njit
def _reweigh(f, factor, shift):
    """Features scale with z, except the constant (which takes the shift of the level), the calendar and the units."""
    g = min(max(factor, 1e-3), 1e3)
    s = min(max(shift, -1e3), 1e3)
    w = f.readout
    w[origin.CONSTANT] = bound(w[origin.CONSTANT] * g + w[origin.LEVEL] * s)
    rls.transform(f.covariance, len(w), origin.CONSTANT, g, origin.LEVEL, s)
    for a in origin.CALENDAR:
        w[a] = bound(w[a] * g)
        rls.transform(f.covariance, len(w), a, g, a, 0.0)
    correction.recode(f.correction, g, s)
    for a in range(len(f.unit_readout)):
        f.unit_readout[a] = bound(f.unit_readout[a] * g)
        rls.transform(f.unit_covariance, len(f.unit_readout), a, g, a, 0.0)


@njit
def bound(v):
    """A z within what is kept."""
    return min(max(v, -CAP), CAP)
