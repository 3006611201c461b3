"""Cost of one sample in each cell, beside the same mathematics as a loop of numpy calls, in one run.

    python -m benchmarks.cells [--samples 500] [--rounds 25] [--dtype float64]

One sequence, one sample after the other, irregular gaps. `run` is a compiled pass over the sequence, `step` one call
from Python per sample with all its checks, `gradient` a forward and backward pass, all per sample. Every round times
all of them one after the other, in short pieces; the figures are the best of the rounds, which is what a busy machine
disturbs least.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from liquid.cells import Cell, CfC, LiquidS4

Step = Callable[[Any, Any, Any], tuple[Any, Any]]  # state, u, gap -> y, next state
INPUTS = 2


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def numpy_cfc(cell: CfC, params: Mapping[str, np.ndarray]) -> Step:
    """CfC in the default mode with one backbone layer; heads in one product."""
    heads = ("ff1", "ff2", "time_a", "time_b")
    w0, b0 = (params[f"rnn_cell.backbone.0.{part}"].copy() for part in ("weight", "bias"))
    w, b = (np.concatenate([params[f"rnn_cell.{h}.{part}"] for h in heads]) for part in ("weight", "bias"))
    n = cell.units

    def step(h: np.ndarray, u: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
        q = 1.7159 * np.tanh(0.666 * (w0 @ np.concatenate([u, h]) + b0))
        a = w @ q + b
        g, k = np.tanh(a[:n]), np.tanh(a[n : 2 * n])
        s = sigmoid(a[2 * n : 3 * n] * gap + a[3 * n :])
        h = g * (1 - s) + s * k
        return h, h

    return step


def numpy_s4(cell: LiquidS4, params: Mapping[str, np.ndarray]) -> Step:
    """The exact liquid recurrence with complex modes."""
    lam = -np.exp(params["log_A_real"]) + 1j * params["A_imag"]
    b, c = (params[f"{n}_real"] + 1j * params[f"{n}_imag"] for n in ("B", "C"))
    dt, through, limit = np.exp(params["log_dt"])[:, None], params["D"], -0.01 * np.exp(params["log_A_real"])

    def step(x: np.ndarray, u: np.ndarray, gap: float) -> tuple[np.ndarray, np.ndarray]:
        v = b * u[:, None]
        g = lam + v
        g = np.minimum(g.real, limit) + 1j * g.imag
        a = np.exp(g * (dt * gap))
        x = a * x + (a - 1) / g * v
        return 2 * (c * x).real.sum(1) + through * u, x

    return step


def cases(dtype: str) -> dict[str, tuple[Cell, Callable[..., Step], Any]]:
    """A cell, its numpy loop, and the loop's first state."""
    found: dict[str, tuple[Cell, Callable[..., Step], Any]] = {}
    for units in (16, 32, 64):
        found[f"CfC {units}, backbone 128"] = (
            CfC(inputs=INPUTS, units=units, dtype=dtype),
            numpy_cfc,
            np.zeros(units, dtype),
        )
    for modes in (16, 64):
        complex_type = np.result_type(dtype, np.complex64)
        found[f"Liquid-S4 {modes} modes"] = (
            LiquidS4(inputs=1, modes=modes, dtype=dtype),
            numpy_s4,
            np.zeros((1, modes), complex_type),
        )
    return found


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(cell: Cell, make_step: Callable[..., Step], first: Any, samples: int, rounds: int) -> dict[str, float]:
    """Microseconds per sample by kind."""
    rng = np.random.default_rng(0)
    params = cell.init(0)
    x = rng.normal(size=(1, samples, cell.inputs)).astype(cell.dtype)
    gaps = rng.lognormal(-0.5, 0.6, size=(1, samples)).astype(cell.dtype)
    step = make_step(cell, params)
    few = max(1, samples // 10)

    def in_numpy(count: int) -> np.ndarray:
        state, outputs = first, []
        for t in range(count):
            y, state = step(state, x[0, t], gaps[0, t])
            outputs.append(y)
        return np.array(outputs)

    def one_by_one(count: int) -> None:
        state = cell.zero_state()
        for t in range(count):
            _, state = cell.step(params, state, x[:, t], gaps[:, t])

    y, _ = cell.run(params, x, gaps)
    close = 1e-4 if cell.dtype == "float32" else 1e-11
    np.testing.assert_allclose(y[0, :few], in_numpy(few), rtol=close, atol=close)
    cell.grad(params, x, gaps, y)
    one_by_one(2)

    times: dict[str, list[float]] = {"numpy": [], "run": [], "step": [], "gradient": []}
    for _ in range(rounds):
        times["numpy"].append(seconds(lambda: in_numpy(few)) / few)
        times["run"].append(seconds(lambda: cell.run(params, x, gaps)) / samples)
        times["step"].append(seconds(lambda: one_by_one(few)) / few)
        times["gradient"].append(seconds(lambda: cell.grad(params, x, gaps, y)) / samples)
    return {kind: 1e6 * min(values) for kind, values in times.items()}


def main(samples: int = 500, rounds: int = 25, dtype: str = "float64") -> None:
    table = Table(title=f"Microseconds per sample, {dtype}, one thread")
    for column in ("cell", "numpy loop", "run", "ratio", "step", "ratio", "gradient"):
        table.add_column(column, justify="left" if column == "cell" else "right")
    for name, case in track(cases(dtype).items(), description="measuring"):
        us = measure(*case, samples, rounds)
        table.add_row(
            name,
            f"{us['numpy']:.1f}",
            f"{us['run']:.2f}",
            f"{us['numpy'] / us['run']:.0f}x",
            f"{us['step']:.1f}",
            f"{us['numpy'] / us['step']:.1f}x",
            f"{us['gradient']:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
