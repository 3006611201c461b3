"""Damped oscillations at irregular times: error of the next value, by cell.

    python -m benchmarks.claims.sine [--seeds 5] [--quick] [--write]

x(t) = exp(-a t) sin(w t + phase) with a, w and the phase drawn for each sequence, seen at irregular times with a little
noise; the target is the clean value at the time of the next sample, which the network is told. All cells have about as
many parameters, the same training, and the better of two learning rates by the validation data of another seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import typer
from rich.progress import Progress

from benchmarks.claims.common import Quick, Seeds, Table, Write, report
from liquid.cells import Cell, make
from liquid.cells.layers import Dense
from liquid.cells.stack import Stack
from liquid.training import AdamW, Cosine, Network, Sequences, evaluate, fit

INPUTS = 2
BUDGET = 1000
RATES = (0.003, 0.015)
TUNING_SEED = 1000

Sized = Callable[[int], Cell]


def _units(name: str, **config: int | str) -> Sized:
    return lambda n: make(name, inputs=INPUTS, units=n, dtype="float32", **config)


def _modes(name: str) -> Sized:
    def cell(n: int) -> Cell:
        layers = (Dense(inputs=INPUTS, units=n), make(name, inputs=n, modes=8), Dense(inputs=n, units=n))
        return Stack(layers=layers, dtype="float32")

    return cell


CELLS: dict[str, Sized] = {
    "Neural ODE": _units("neural_ode"),
    "ODE-RNN": _units("ode_rnn"),
    "GRU-ODE": _units("gru_ode"),
    "GRU": _units("gru"),
    "LSTM": _units("lstm"),
    "CfC": _units("cfc", backbone_layers=0),
    "CfC no gate": _units("cfc", backbone_layers=0, mode="no_gate"),
    "CfC pure": _units("cfc", backbone_layers=0, mode="pure"),
    "CfC mixed memory": _units("cfc", backbone_layers=0, mixed_memory=True),
    "LTC": _units("ltc"),
    "Liquid-S4": _modes("liquid_s4"),
    "S4D": _modes("s4d"),
}


@dataclass(frozen=True)
class Effort:
    sequences: int
    length: int
    epochs: int


def damped_sines(seed: int, count: int, length: int) -> Sequences:
    """Inputs: the noisy value, and the time until the next sample; gaps: the time since the last one."""
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.exponential(0.6, size=(count, length + 1)), axis=1)
    decay, speed, phase = (rng.uniform(*r, size=(count, 1)) for r in ((0.02, 0.15), (0.7, 1.5), (0, 2 * np.pi)))
    clean = np.exp(-decay * time) * np.sin(speed * time + phase)
    noisy = clean + 0.02 * rng.normal(size=clean.shape)
    ahead, gaps = np.diff(time, axis=1), np.diff(time, axis=1, prepend=0)[:, :-1]
    x = np.stack([noisy[:, :-1], ahead], axis=2)
    arrays = (a.astype(np.float32) for a in (x, gaps, clean[:, 1:, None]))
    return Sequences(*arrays)  # type: ignore[arg-type]


def sized(make_cell: Sized, budget: int) -> Network:
    """The widest network with at most so many parameters."""
    best = Network(cell=make_cell(2), outputs=1)
    for n in range(3, 129):
        network = Network(cell=make_cell(n), outputs=1)
        if network.param_count > budget:
            break
        best = network
    return best


def errors(network: Network, rate: float, seed: int, effort: Effort) -> tuple[float, float]:
    """Mean squared error on validation and on test sequences."""
    train, validation, test = (
        damped_sines(3 * seed + i, count, effort.length)
        for i, count in enumerate((effort.sequences, effort.sequences // 2, effort.sequences))
    )
    fitted = fit(
        network, network.init(seed), train, epochs=effort.epochs, batch_size=32, optimiser=AdamW(rate=rate),
        schedule=Cosine(), validation=validation, seed=seed, progress=False,
    )  # fmt: skip
    return evaluate(network, fitted.params, validation, "mse"), evaluate(network, fitted.params, test, "mse")


def main(seeds: Seeds = 5, quick: Quick = False, write: Write = False) -> None:
    """Error on damped sines."""
    effort = Effort(32, 20, 1) if quick else Effort(128, 50, 40)
    table = Table("Damped sine, test error of the next value", "cell")
    with Progress() as progress:
        bar = progress.add_task("training", total=len(CELLS) * (seeds + len(RATES)))
        for name, make_cell in CELLS.items():
            network = sized(make_cell, BUDGET)
            tried = []
            for rate in RATES:
                tried.append(errors(network, rate, TUNING_SEED, effort)[0])
                progress.update(bar, advance=1, description=name)
            rate = RATES[int(np.argmin(tried))]
            table.add(name, "parameters", network.param_count)
            for seed in range(seeds):
                table.add(name, "mse x 1000", 1e3 * errors(network, rate, seed, effort)[1])
                progress.update(bar, advance=1, description=name)
    ode = fmean(table.values["Neural ODE"]["mse x 1000"])
    for name in CELLS:
        table.add(name, "against the neural ODE", 100 * (fmean(table.values[name]["mse x 1000"]) / ode - 1))
    table.formats = {"parameters": ",.0f", "against the neural ODE": "+.0f"}
    settings = f"{seeds} seeds, {effort.sequences} sequences of {effort.length}, {effort.epochs} epochs; last: %"
    report("sine", settings, [table], write)


if __name__ == "__main__":
    typer.run(main)
