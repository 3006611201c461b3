"""Cost of one sample in each cell: against ncps on torch, against a loop of numpy calls, and against this processor.

    python -m benchmarks.cells [--samples 200] [--rounds 15] [--write]

All in one run; docs/speed.md says how, and `--write` puts the tables there. ncps and torch come with the extra `peers`.
"""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks import numpy_loops, pages
from benchmarks.claims.common import Table
from benchmarks.multiply_adds import count, peak
from liquid.cells import CELLS, Cell, CfC, LiquidS4, Params, Stepper, make, set_threads
from liquid.training import AdamW
from liquid.wirings import AutoNCP

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
PEERS = find_spec("torch") is not None and find_spec("ncps") is not None
MISSING = "without torch and ncps there is nothing to compare with: pip install -e '.[peers]'"
BATCH = 32
SMALL: dict[str, dict[str, Any]] = {  # of every cell one of a common size; 32 units where there is no other line
    "attention": {"width": 32, "heads": 4, "kv_heads": 2, "window": 64},
    "gated_conv": {"width": 32},
    "hybrid": {"width": 32, "heads": 4, "kv_heads": 2, "window": 64},
    "liquid_s4": {"modes": 32},
    "ltc": {"wiring": AutoNCP(32, 4)},
    "mamba": {"width": 16},
    "s4": {"modes": 32},
    "s4d": {"modes": 32},
    "stack": {"layers": (CfC(inputs=2, units=32), CfC(inputs=32, units=32))},
    "wired_cfc": {"wiring": AutoNCP(32, 4)},
}
Calls = dict[str, Callable[[], object]]


def best(calls: Calls, rounds: int, clock: Callable[[], float] = time.process_time) -> dict[str, float]:
    """Seconds of each call, the best of some rounds over all of them, after one to compile."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            start = clock()
            call()
            if number:
                times[name].append(clock() - start)
    return {name: min(values) for name, values in times.items()}


def data(cell: Cell, batch: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, samples, cell.inputs)).astype(cell.dtype)
    return x, rng.lognormal(-0.5, 0.6, size=(batch, samples)).astype(cell.dtype)


def stepping(cell: Cell, params: Params, x: np.ndarray, gaps: np.ndarray) -> Callable[[], None]:
    stepper = Stepper(cell, params)
    inputs, times = list(x[0]), [float(gap) for gap in gaps[0]]

    def call() -> None:
        for u, gap in zip(inputs, times, strict=True):
            stepper.step(u, gap)

    return call


def one_sample(table: Table, samples: int, rounds: int) -> None:
    """Cells that ncps has, with its weights, and Liquid-S4."""
    rows: list[tuple[str, str, int]] = [("CfC", "", units) for units in (16, 32, 64)]
    rows += [("LTC", ", AutoNCP", units) for units in (19, 32, 64)] if PEERS else []
    rows += [("Liquid-S4", " modes", 64)]
    for kind, more, size in track(rows, description="one sample"):
        row = f"{kind} {size}{more}"
        few = max(1, samples // 4)
        theirs: Calls = {}
        cell: Cell
        if kind == "Liquid-S4":
            cell = LiquidS4(inputs=1, modes=size, dtype="float32")
            params = cell.init(0)
        elif PEERS:
            from benchmarks import ncps_peers

            model = ncps_peers.model_of(kind, size)
            cell, params = ncps_peers.ours(model)
        else:
            cell = CfC(inputs=2, units=size, dtype="float32")
            params = cell.init(0)
        x, gaps = data(cell, 1, samples)
        y, _ = cell.run(params, x, gaps)
        if PEERS and kind != "Liquid-S4":
            theirs = dict(ncps_peers.steps(model, x[0], gaps[0], few))
            difference = np.abs(ncps_peers.outputs(model, x[0], gaps[0]) - y[0]).max()
            same(row, difference, np.abs(y).max())
            table.add(row, "largest difference", difference)
        if kind != "LTC":
            theirs["numpy"] = in_numpy(row, cell, params, x[0, :few], gaps[0, :few], y[0, :few])
        calls = {
            **theirs, "step": stepping(cell, params, x, gaps), "run": partial(cell.run, params, x, gaps)
        }  # fmt: skip
        us = {name: 1e6 * t / (few if name in theirs else samples) for name, t in best(calls, rounds).items()}
        for name, title in {"numpy": "numpy loop", "cell": "ncps, cell", "model": "ncps, model"}.items():
            if name in us:
                table.add(row, title, us[name])
        table.add(row, "Stepper", us["step"])
        table.add(row, "run", us["run"])
        for name, title in {"cell": "cell : Stepper", "model": "model : Stepper"}.items():
            if name in us:
                table.add(row, title, us[name] / us["step"])


def same(what: str, difference: float, size: float, close: float = 1e-4) -> None:
    """Nobody compares the speed of different work."""
    if not difference <= close * max(1.0, size):
        raise AssertionError(f"{what}: outputs differ by up to {difference:.1e}")


def in_numpy(
    row: str, cell: Cell, params: Params, x: np.ndarray, gaps: np.ndarray, y: np.ndarray
) -> Callable[[], np.ndarray]:
    step, first = numpy_loops.cfc(cell, params) if isinstance(cell, CfC) else numpy_loops.liquid_s4(cell, params)  # type: ignore[arg-type]

    def call() -> np.ndarray:
        state, outputs = first, []
        for t in range(len(x)):
            out, state = step(state, x[t], gaps[t])
            outputs.append(out)
        return np.array(outputs)

    same(row, float(np.abs(call() - y).max()), float(np.abs(y).max()))
    return call


def training(table: Table, samples: int, rounds: int) -> None:
    """One step of AdamW on the mean square of all outputs of `BATCH` sequences."""
    from benchmarks import ncps_peers

    for units in track((16, 32, 64), description="training"):
        row = f"CfC {units}"
        model = ncps_peers.model_of("CfC", units)
        cell, params = ncps_peers.ours(model)
        x, gaps = data(cell, BATCH, samples)
        ours = our_training(cell, params, x, gaps)
        want, got = ncps_peers.training(model, x, gaps, 1)(), ours(1)
        for name, value in want.items():
            same(f"{row}, gradient of {name}", float(np.abs(value - got[name]).max()), float(np.abs(value).max()), 1e-3)
        calls: Calls = {}
        for threads in sorted({1, os.cpu_count() or 1}):
            calls[f"ncps, {threads}"] = ncps_peers.training(model, x, gaps, threads)
            calls[f"ours, {threads}"] = partial(ours, threads)
        ms = {name: 1e3 * t for name, t in best(calls, rounds, time.perf_counter).items()}
        set_threads(None)
        for name in sorted(ms):
            table.add(row, f"{name} thread{'s' * (name[-2:] != ' 1')}", ms[name])
        fastest = {side: min(t for name, t in ms.items() if name.startswith(side)) for side in ("ncps", "ours")}
        table.add(row, "best : best", fastest["ncps"] / fastest["ours"])


def mean_square(y: np.ndarray) -> tuple[float, np.ndarray]:
    return float(np.mean(y * y)), y * np.float32(2 / y.size)


def our_training(cell: Cell, params: Params, x: np.ndarray, gaps: np.ndarray) -> Callable[[int], Params]:
    optimiser = AdamW(rate=1e-4)
    moments = optimiser.start(params)

    def step(threads: int) -> Params:
        set_threads(threads)
        gradient = cell.loss_grad(params, x, gaps, mean_square)[1].params
        optimiser.update(params.flat, gradient.flat, moments)
        return gradient

    return step


def costs(cell: Cell, samples: int, rounds: int) -> dict[str, float]:
    """Microseconds per sample of one sequence: a compiled "run", the "Stepper" from Python, and the "gradient"."""
    params = cell.init(0)
    x, gaps = data(cell, 1, samples)
    dy, _ = cell.run(params, x, gaps)
    calls: Calls = {
        "run": partial(cell.run, params, x, gaps),
        "Stepper": stepping(cell, params, x, gaps),
        "gradient": partial(cell.grad, params, x, gaps, dy),
    }
    return {kind: 1e6 * t / samples for kind, t in best(calls, rounds).items()}


def every_cell(table: Table, dtype: str, samples: int, rounds: int) -> float:
    """Returns the multiply-adds per microsecond that the bounds are made of."""
    fastest = peak(dtype)
    for name in track(CELLS, description="every cell"):
        cell = make(name, **{"inputs": 2, "dtype": dtype, **sized(name, dtype)})
        us, least = costs(cell, samples, rounds), count(cell)
        table.add(name, "multiply-adds", least)
        table.add(name, "bound", least / fastest)
        table.add(name, "run", us["run"])
        table.add(name, "run : bound", us["run"] * fastest / least)
        table.add(name, "Stepper", us["Stepper"])
        table.add(name, "gradient", us["gradient"])
    return fastest


def sized(name: str, dtype: str) -> dict[str, Any]:
    config = SMALL.get(name, {"units": 32})
    if "layers" in config:
        return {"layers": tuple(CfC(inputs=c.inputs, units=c.units, dtype=dtype) for c in config["layers"])}
    return config


def processor() -> str:
    found = None
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def written(page: str, settings: str, tables: list[Table]) -> str:
    """The page with the tables between its marks."""
    body = "\n\n".join([settings, *(table.markdown() for table in tables)])
    return pages.replaced(page, "cells", body, PAGE)


def main(
    samples: int = 200,
    rounds: int = 15,
    dtype: str = "float32",
    write: Annotated[bool, typer.Option(help="Put the tables into docs/speed.md.")] = False,
) -> None:
    times = {"cell : Stepper": ".0f", "model : Stepper": ".0f", "largest difference": ".0e"}
    single = Table("One sample of one sequence, float32, microseconds", "cell", ".2f", times)
    one_sample(single, samples, rounds)
    tables, versions = [single], f"numpy {np.__version__}"
    if PEERS:
        from benchmarks.ncps_peers import version

        versions += f", {version()}"
        learned = Table(f"Training on {BATCH} sequences of 64 samples, float32, milliseconds per step", "cell", ".2f")
        training(learned, min(64, samples), rounds)
        tables.append(learned)
    all_of_them = Table(
        f"Every cell, one sequence, {dtype}, microseconds per sample", "cell", ".2f",
        {"multiply-adds": ".0f", "run : bound": ".1f"},
    )  # fmt: skip
    fastest = every_cell(all_of_them, dtype, samples, rounds)
    tables.append(all_of_them)
    console = Console()
    for table in tables:
        table.show(console)
    settings = (
        f"`python -m benchmarks.cells` on {processor()}, {os.cpu_count()} cores, {versions}. One core does "
        f"{fastest / 1e3:.1f} multiply-adds per nanosecond in {dtype}."
    )
    console.print(settings)
    if not PEERS:
        console.print(MISSING, style="yellow", markup=False)
    if write:
        PAGE.write_text(written(PAGE.read_text(), settings, tables))
        console.print(f"written: {PAGE}")


if __name__ == "__main__":
    typer.run(main)
