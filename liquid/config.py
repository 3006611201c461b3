"""The settings that decide a row's layout and what is learned."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from liquid import row
from liquid.features import bank
from liquid.learning import decoder
from liquid.tiers import TIERS

BANKS = {"none": bank.NONE, "liquid_s4": bank.LIQUID_S4, "cfc": bank.CFC}
DECODERS = {"none": decoder.NONE, "cfc": decoder.CFC, "liquid_s4": decoder.LIQUID_S4}
MAX_HORIZONS = 4
#: Longest horizon, seconds: beyond all use, and within what floats add to a time without loss of its seconds.
LONGEST_HORIZON = 1e12


@dataclass(frozen=True)
class ModelConfig:
    """Settings that decide a row's layout and what is learned.

    Parameters
    ----------
    horizons : 1 to 4 fixed horizons, seconds, ascending. Their forecasts come with every event; any other horizon can
        be asked for at any time.
    tier : size of a row for two horizons: "compact" (up to 3 KB), "standard" (up to 12 KB) or "full" (up to 20 KB).
    bank : the state bank: "liquid_s4", "cfc" or "none".
    decoder : the any-horizon decoder: "cfc", "liquid_s4" or "none".
    """

    horizons: tuple[float, ...] = (3600.0, 86400.0)
    tier: str = "full"
    bank: str = "liquid_s4"
    decoder: str = "cfc"

    def __post_init__(self) -> None:
        h = self.horizons
        if not 1 <= len(h) <= MAX_HORIZONS:
            raise ValueError(f"1 to {MAX_HORIZONS} horizons are possible, not {len(h)}")
        if not all(np.isfinite(h)) or h[0] <= 0 or any(b <= a for a, b in pairwise(h)):
            raise ValueError(f"horizons must be positive seconds in ascending order, not {h}")
        if h[-1] > LONGEST_HORIZON:
            raise ValueError(f"horizons must be at most {LONGEST_HORIZON:g} seconds, not {h[-1]:g}")
        for name, allowed in (("tier", TIERS), ("bank", BANKS), ("decoder", DECODERS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}")

    def kinds(self) -> tuple[int, int]:
        """Bank and decoder as the kernel knows them."""
        return BANKS[self.bank], DECODERS[self.decoder]

    def fingerprint(self) -> str:
        """Names everything that a saved row depends on."""
        h = ",".join(repr(float(x)) for x in self.horizons)
        return f"v{row.VERSION}/{self.tier}/{self.bank}/{self.decoder}/{h}"
