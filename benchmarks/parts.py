"""What every part of a row costs, in bytes and in time, per tier.

    python -m benchmarks.parts [--write]

Bytes are read from the layout. Times are of one core: a row that has seen an hourly series with a day and a week is
given more of the same events, the whole of them at once through `Model.run`, and single parts in loops of their own, as
often as an event with these horizons calls them. What is left (intervals, drift, evidence, alerts, the book-keeping of
what waits) is the rest. Machines differ: read ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import typer
from numba import njit
from rich.console import Console

from benchmarks.quality import page
from liquid import Model, ModelConfig, forecaster, forecaster_state, row
from liquid.anomaly import contexts
from liquid.clocks import CLOCKS
from liquid.features import phase, rings
from liquid.learning import decoder, mixture, rls
from liquid.packing import pack, unpack
from liquid.packing.layout import operations
from liquid.slab import Slab
from liquid.tiers import TIERS

HOUR, DAY = 3600.0, 86400.0
HORIZONS = (HOUR, DAY)
BEFORE, EVENTS, ROUNDS = 3000, 4000, 5
#: Fields of a row that are one part, by the beginning of their path; others stand for themselves.
PARTS = {
    "offset": "clock and scale",
    "clock": "clock and scale",
    "scale": "clock and scale",
    "value": "clock and scale",
    "rings": "shape memory",
    "detector.habits": "habits",
    "detector": "rest of the detector",
    "drift": "drift",
    "forecaster.day": "tables of day and week",
    "forecaster.week": "tables of day and week",
    "forecaster.readout": "linear readout",
    "forecaster.covariance": "linear readout",
    "forecaster.unit": "decoder",
    "forecaster.decoder": "decoder",
    "forecaster.correction": "correction",
    "forecaster.pending": "forecasts that wait",
    "forecaster.waiting": "forecasts that wait",
    "forecaster.delayed": "forecasts that wait",
    "forecaster.bucket": "mixtures and intervals",
    "forecaster": "bank, period and the rest of the forecaster",
}


def sizes(tier: str) -> dict[str, int]:
    """Bytes by part; with what alignment leaves unused, they add up to the row."""
    dtype = row.row_dtype(tier, len(HORIZONS))
    out: dict[str, int] = {}
    paths = {
        f"{outer}.{inner}": dtype[outer][inner].itemsize
        for outer in ("detector", "forecaster")
        for inner in dtype[outer].names or ()
    } | {name: dtype[name].itemsize for name in dtype.names or () if name not in ("detector", "forecaster")}
    if TIERS[tier].packed:
        paths = dict.fromkeys(paths, 0)
        for o in operations(dtype):
            path = o.leaf.path.split(".")
            paths[".".join(path[: 1 + (path[0] in ("detector", "forecaster"))])] += o.size * o.leaf.records
    for path, size in paths.items():
        known = [begin for begin in PARTS if path.startswith(begin)]
        part = PARTS[max(known, key=len)] if known else path
        out[part] = out.get(part, 0) + size
    return out


@njit
def _shape_memory(r, scratch, values, centre, step):
    for i in range(len(values)):
        before = r.blocks[0]
        new = rings.push(r, before, values[i - 1], values[i], 1, centre, step)
        for level in range(len(r.distance)):
            if new & (1 << level):
                rings.search(r, level, rings.STEPS, scratch)


@njit
def _habits(habits, times, values, out):
    for i in range(len(values)):
        contexts.observe(habits, times[i], values[i], out)


@njit
def _tables(day, week, times, z):
    for i in range(len(z)):
        phase.learn(day, times[i], phase.DAY, z[i], 0.6)
        phase.learn(week, times[i], phase.WEEK, z[i], 0.1)


@njit
def _experts(f, r, cells, kinds, declared, distances, work, n):
    for _ in range(n):
        for k in range(len(distances)):
            forecaster.look_ahead(f, r, cells, declared, distances[k], 3600.0, work)
            forecaster.read_experts(f, kinds, declared, distances[k], 3600.0, work)


@njit
def _units(state, kind, u, h, slope, distances, n):
    for _ in range(n):
        for k in range(len(distances)):
            decoder.forward(state, kind, u, distances[k], h, slope)


@njit
def _train_units(state, u, slope, readout, n):
    for _ in range(n):
        decoder.learn(state, u, slope, readout, 1e-9)


@njit
def _readout(w, p, x, gain, n):
    for _ in range(n):
        rls.update(w, p, x, gain, len(w), 1e-9, 0.9999, 1e9, 0.02)


@njit
def _packing(layout, views, packed, scratch, n):
    for k in range(n):
        unpack(layout, views, packed, scratch)
        pack(layout, k, views, packed, scratch)


@njit
def _mixture(state, experts, n):
    for _ in range(n):
        mixture.learn(state, forecaster_state.LOG_PRIOR, experts, 0.1, 0.2)


def best(call: Callable[[], Any], events: int) -> float:
    """Microseconds an event, the best of the rounds; once before, to compile."""
    call()
    taken = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return 1e6 * min(taken) / events


def series(n: int) -> tuple[np.ndarray, np.ndarray]:
    t = 1.7e9 + HOUR * np.arange(float(n))
    noise = np.random.default_rng(0).normal(size=n)
    return t, 20 + 5 * np.sin(2 * np.pi * t / DAY) + 2 * np.sin(2 * np.pi * t / (7 * DAY)) + noise


def times(tier: str) -> dict[str, float]:
    """Microseconds an event: the whole, and single parts."""
    config = ModelConfig(horizons=HORIZONS, tier=tier)
    model = Model(config, capacity=1)
    t, v = series(BEFORE + (ROUNDS + 1) * EVENTS)
    model.run(np.zeros(BEFORE, int), t[:BEFORE], v[:BEFORE])
    seasoned = model.read([0])
    chunks = iter(range(BEFORE, len(t), EVENTS))

    def whole() -> None:
        at = next(chunks)
        model.run(np.zeros(EVENTS, int), t[at : at + EVENTS], v[at : at + EVENTS])

    out = {"whole": best(whole, EVENTS)}
    r = seasoned[0]
    f, n = r["forecaster"], EVENTS
    centre, step = float(r["scale"]["centre"]), float(r["scale"]["step"])
    t, v = t[BEFORE : BEFORE + n], v[BEFORE : BEFORE + n]
    z = (v - centre) / step
    kinds = np.array(config.kinds())
    declared = (model.options[0], CLOCKS.table)
    work = np.zeros(1, row.WORK)[0]["forecaster"]
    forecaster.declare(model.options[0], centre, step, work)
    ahead = np.array([1.0, *(h / HOUR for h in HORIZONS)])
    updates = 1 + len(HORIZONS)
    u, scratch = np.ones(decoder.INPUTS, np.float32), rings.scratch(TIERS[tier].length)
    x = np.full(len(f["readout"]), 0.1, np.float32)
    out["shape memory"] = best(lambda: _shape_memory(r["rings"], scratch, v, centre, step), n)
    out["habits"] = best(lambda: _habits(r["detector"]["habits"], t, v, np.zeros(contexts.CONTEXTS)), n)
    out["tables of day and week"] = best(lambda: _tables(f["day"], f["week"], t, z), n)
    out["linear readout"] = best(lambda: _readout(f["readout"], f["covariance"], x, work["gain"], updates * n), n)
    units = best(lambda: _units(f["decoder"], kinds[1], u, work["h"], work["slope"], ahead, n), n)
    trained = best(lambda: _train_units(f["decoder"], u, work["slope"], f["unit_readout"], updates * n), n)
    out["decoder"] = 2 * units + trained  # forward for the forecasts, and again where they are learned from
    cells = int(r["clock"]["cells"])
    experts = best(lambda: _experts(f, r["rings"], cells, kinds, declared, ahead, work, n), n)
    out["features and experts"] = 2 * (experts - units)
    e = np.linspace(0.0, 1.0, forecaster_state.EXPERTS).astype(np.float32)
    out["mixtures"] = best(lambda: _mixture(f["bucket"]["mixture"][0], e, updates * n), n)
    if TIERS[tier].packed:
        slab = Slab(tier, len(HORIZONS))
        slab.reserve(1)
        slab.write(0, seasoned[0])
        out["packing"] = best(lambda: _packing(*slab.codec(0), n), n)
    out["rest"] = out["whole"] - sum(value for name, value in out.items() if name != "whole")
    return out


def main(write: Annotated[bool, typer.Option(help="put the tables into docs/quality.md")] = False) -> None:
    """Bytes and time of every part of a row, per tier."""
    tiers = list(TIERS)[::-1]
    bytes_of = {tier: sizes(tier) for tier in tiers}
    space = page.Table(f"Bytes, {len(HORIZONS)} horizons", ["part", *tiers], strong={"row"})
    for part in dict.fromkeys(PARTS.values()):
        space.add(part, *(f"{bytes_of[tier].get(part, 0):,}" for tier in tiers))
    space.add("row", *(f"{Slab(tier, len(HORIZONS)).size:,}" for tier in tiers))
    taken = {tier: times(tier) for tier in tiers}
    clock = page.Table("Microseconds an event", ["part", *tiers], strong={"whole"})
    for part in [name for name in taken[tiers[0]] if name != "whole"] + ["whole"]:
        clock.add(part, *(f"{taken[tier][part]:.2f}" for tier in tiers))
    console = Console()
    for table in (space, clock):
        table.show(console)
    if write:
        page.write("parts", [space.markdown(), clock.markdown()])
        console.print(f"written: {page.PAGE}")


if __name__ == "__main__":
    typer.run(main)
