"""Cost of state space cells: one sample in each form, and whole sequences by recurrence against the parallel forms.

    python -m benchmarks.state_space [--modes 64] [--batch 4] [--longest 16384] [--rounds 7] [--dtype float64]

One channel, one thread. The first table is microseconds per sample with irregular gaps: `run` and `gradient` are
compiled passes over a sequence, `step` and `online` (a step that keeps the traces of real-time recurrent learning, and
the gradient from them) single calls from Python. The second is microseconds per sample of `batch` sequences with equal
gaps: the recurrence, the convolution with its kernel computed anew (linear cells) or the scan (liquid cells), and the
gradient by either. A ratio above 1 says that the parallel form is the faster one. Each round times all forms one after
the other; the figures are the best of the rounds, in processor time, which other programs disturb less.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from liquid.cells import S4, S4D, LiquidS4
from liquid.cells.convolution import StateSpace, convolve, convolve_grad
from liquid.cells.scan import run_scan


def cells(modes: int, dtype: str) -> dict[str, StateSpace]:
    return {
        "Liquid-S4 exact": LiquidS4(inputs=1, modes=modes, dtype=dtype),
        "Liquid-S4 hadamard": LiquidS4(inputs=1, modes=modes, recurrence="hadamard", dtype=dtype),
        "S4D": S4D(inputs=1, modes=modes, dtype=dtype),
        "S4": S4(inputs=1, modes=modes, dtype=dtype),
    }


def best(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of each call, the best of some rounds over all of them, after one to compile."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            start = time.process_time()
            call()
            if number:
                times[name].append(time.process_time() - start)
    return {name: min(values) for name, values in times.items()}


def samples(cell: StateSpace, batch: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, length, 1)).astype(cell.dtype)
    return x, rng.lognormal(-0.5, 0.6, size=(batch, length)).astype(cell.dtype)


def single(cell: StateSpace, rounds: int, length: int = 500) -> dict[str, float]:
    """Microseconds per sample by form."""
    params, (x, gaps) = cell.init(0), samples(cell, 1, length)

    def steps() -> None:
        state = cell.zero_state()
        for t in range(length):
            _, state = cell.step(params, state, x[:, t], gaps[:, t])

    def online() -> None:
        assert isinstance(cell, LiquidS4)
        state, traces = cell.zero_state(), cell.zero_traces()
        for t in range(length):
            y, state, traces = cell.online_step(params, state, traces, x[:, t], gaps[:, t])
            cell.online_grad(params, state, traces, x[:, t], y)

    calls: dict[str, Callable[[], object]] = {
        "run": lambda: cell.run(params, x, gaps),
        "gradient": lambda: cell.grad(params, x, gaps, x),
        "step": steps,
    }
    if isinstance(cell, LiquidS4):
        calls["online"] = online
    return {name: 1e6 * value / length for name, value in best(calls, rounds).items()}


def whole(cell: StateSpace, batch: int, length: int, rounds: int) -> dict[str, float]:
    """Microseconds per sample by form, which must agree."""
    params, (x, gaps) = cell.init(0), samples(cell, batch, length)
    gaps[:] = 0.7
    want, _ = cell.run(params, x, gaps)
    calls: dict[str, Callable[[], object]] = {
        "run": lambda: cell.run(params, x, gaps),
        "run gradient": lambda: cell.grad(params, x, gaps, x),
    }
    if cell.recurrence == "plain":
        got = convolve(cell, params, x, 0.7)
        calls["parallel"] = lambda: convolve(cell, params, x, 0.7)
        calls["parallel gradient"] = lambda: convolve_grad(cell, params, x, 0.7, x)
    else:
        assert isinstance(cell, LiquidS4)
        got, _ = run_scan(cell, params, x, gaps)
        calls["parallel"] = lambda: run_scan(cell, params, x, gaps)
    close = 1e-4 if cell.dtype == "float32" else 1e-11
    np.testing.assert_allclose(got, want, rtol=0, atol=close * np.abs(want).max())
    return {name: 1e6 * value / (batch * length) for name, value in best(calls, rounds).items()}


def main(modes: int = 64, batch: int = 4, longest: int = 16384, rounds: int = 7, dtype: str = "float64") -> None:
    columns = ("run", "step", "gradient", "online")
    table = Table("cell", *columns, title=f"Microseconds per sample, {modes} modes, {dtype}, one thread")
    for name, cell in track(cells(modes, dtype).items(), description="one by one"):
        us = single(cell, rounds)
        table.add_row(name, *(f"{us[c]:.2f}" if c in us else "" for c in columns))
    sequences = Table(
        *("cell", "length", "run", "parallel", "ratio", "gradient", "parallel", "ratio"),
        title=f"Microseconds per sample, {batch} sequences, equal gaps",
    )
    lengths = [n for n in (256, 1024, 4096, 16384) if n <= longest]
    cases = [(name, cell, n) for name, cell in cells(modes, dtype).items() if "hadamard" not in name for n in lengths]
    for name, cell, length in track(cases, description="sequences"):
        us = whole(cell, batch, length, rounds)
        row = [name, str(length), f"{us['run']:.2f}", f"{us['parallel']:.3f}", f"{us['run'] / us['parallel']:.1f}x"]
        row.append(f"{us['run gradient']:.2f}")
        if "parallel gradient" in us:
            row += [f"{us['parallel gradient']:.3f}", f"{us['run gradient'] / us['parallel gradient']:.1f}x"]
        sequences.add_row(*row)
    Console().print(table, sequences)


if __name__ == "__main__":
    typer.run(main)
