"""Saved rows that every later version must load, or refuse by name: ``python -m tests.liquid.make_golden_rows``.

Writes ``tests/liquid/golden_rows``, a file of each tier, for the current `liquid.row.VERSION`. Do that, and raise
VERSION, whenever a row's layout or the meaning of a field changes; the files of older versions stay, to be refused.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from liquid import Model, ModelConfig, packing, row
from liquid.tiers import TIERS
from tests.liquid.odd import DAY, HOUR, stream

FOLDER = Path(__file__).with_name("golden_rows")
BEFORE, AFTER = 600, 200  # events in the row, events after it
#: Of the results, what is compared.
FIELDS = ("expected", "lower", "upper", "score", "alert_score", "mean", "lo95", "hi95", "events")


def config(tier: str) -> ModelConfig:
    return ModelConfig(horizons=(HOUR, DAY), tier=tier)


def layout(tier: str) -> str:
    """Changes with any name, type or place in the row."""

    def described(dtype: np.dtype[Any]) -> str:
        if dtype.subdtype:
            return f"{dtype.shape}{described(dtype.base)}"
        if dtype.names is None:
            return dtype.str
        fields = ((name, *dtype.fields[name][:2]) for name in dtype.names) if dtype.fields else ()
        return "{" + ",".join(f"{name}@{at}:{described(of)}" for name, of, at in fields) + f"}}{dtype.itemsize}"

    dtype = row.row_dtype(tier, 2)
    packed = packing.layout(dtype)[0].tobytes() if TIERS[tier].packed else b""
    return hashlib.sha256(described(dtype).encode() + packed).hexdigest()[:16]


def events() -> tuple[np.ndarray, np.ndarray]:
    return stream("daily", BEFORE + AFTER, seed=5)


def after(model: Model) -> dict[str, np.ndarray]:
    """The results of the events after the row."""
    times, values = (x[BEFORE:] for x in events())
    out = model.run(np.zeros(AFTER, int), times, values)
    return {name: out[name] for name in FIELDS}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for tier in TIERS:
        model = Model(config(tier), capacity=1)
        times, values = (x[:BEFORE] for x in events())
        model.run(np.zeros(BEFORE, int), times, values)
        saved = np.frombuffer(model.row_bytes(0), np.uint8)
        path = FOLDER / f"v{row.VERSION}-{tier}.npz"
        np.savez_compressed(path, row=saved, layout=layout(tier), **after(model))
        sys.stdout.write(f"{path}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
