"""Robustness: what a forecast is worth when the data are not as in training.

    python -m benchmarks.claims.robustness [--seeds 5] [--quick] [--write] [--cell GRU] [--dropped 0.5]

The signal is a sum of two sines of random period, amplitude and phase, sampled at irregular times with a little noise.
At each sample the network says what the signal will be one unit of time later. It is trained once, and tested on the
same new signals under each of `DISTURBANCES`. Those never touch the question: always the signal without noise, one unit
ahead (of the moved or stretched signal where the signal itself is moved or stretched). The first units of a sequence,
where nobody can know the periods, do not count.

Gaps are uniform in 0.2 to 1.8, so that dropped samples make other gaps than a lower rate does. Results are kept in
out/robustness, and not computed again while the settings are the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import typer

from benchmarks.claims.common import Quick, Seeds, Table, Write, one_thread, only, report
from benchmarks.claims.networks import MAKES, sized
from benchmarks.claims.trials import Result, Training, trained, trials
from liquid.training import Sequences, evaluate, predict

CELLS = ("CfC", "LTC", "Liquid-S4", "S4D", "GRU", "GRU-D", "ODE-RNN", "Mamba", "attention")
PERIODS, AMPLITUDES, GAPS = (5.0, 20.0), (0.3, 1.0), (0.2, 1.8)
AHEAD, WARMUP = 1.0, 10.0


@dataclass(frozen=True)
class Disturbance:
    """How data differ from those of training; the defaults are training.

    noise : standard deviation of what is added to samples. dropped : share of the samples that are missing.
    rate : samples per unit of time, against training. offset, scale : of the signal, targets too.
    """

    noise: float = 0.05
    dropped: float = 0.0
    rate: float = 1.0
    offset: float = 0.0
    scale: float = 1.0


DISTURBANCES = {
    "none": Disturbance(),
    "noise 0.1": Disturbance(noise=0.1),
    "noise 0.2": Disturbance(noise=0.2),
    "noise 0.4": Disturbance(noise=0.4),
    "30 % dropped": Disturbance(dropped=0.3),
    "60 % dropped": Disturbance(dropped=0.6),
    "rate x 0.5": Disturbance(rate=0.5),
    "rate x 2": Disturbance(rate=2.0),
    "offset 0.5": Disturbance(offset=0.5),
    "scale x 2": Disturbance(scale=2.0),
}
TITLES = {
    "Error of the forecast (root of the mean square) with noise": ("none", "noise 0.1", "noise 0.2", "noise 0.4"),
    "Error with fewer or more samples": ("none", "30 % dropped", "60 % dropped", "rate x 0.5", "rate x 2"),
    "Error for another distribution": ("none", "offset 0.5", "scale x 2"),
}
"""The tables and their columns; one more has all disturbances."""
MULTIPLES = "Error, as a multiple of the cell's own without disturbance"


@dataclass(frozen=True)
class Settings(Training):
    """Sequences to train on, to stop by and to test with.

    duration : of a sequence in units of time, that is in mean gaps.
    dropped : share of the samples that are missing in training; usually none.
    """

    train: int = 400
    validation: int = 100
    test: int = 400
    duration: float = 40.0
    dropped: float = 0.0


QUICK = Settings(budget=600, epochs=1, rates=(0.01,), train=20, validation=5, test=10, duration=20.0)


def sequences(stream: list[int], n: int, duration: float, how: Disturbance) -> Sequences:
    """The same `stream` gives the same signals, whatever the disturbance. A sequence that is over is padded."""
    rng, about = np.random.default_rng(stream), np.random.default_rng([*stream, 1])
    period, amplitude, phase = (rng.uniform(*span, (n, 1, 2)) for span in (PERIODS, AMPLITUDES, (0.0, 2 * np.pi)))

    def signal(times: np.ndarray) -> np.ndarray:
        waves: np.ndarray = amplitude * np.sin(2 * np.pi * times[..., None] / period + phase)
        return np.asarray(how.offset + how.scale * waves.sum(axis=-1))

    enough = int(duration * how.rate / GAPS[0]) + 1
    times = about.uniform(*GAPS, (n, enough)).cumsum(axis=1) / how.rate
    here = (times < duration) & (about.random(times.shape) >= how.dropped)
    times = np.sort(np.where(here, times, duration))  # the missing ones to the end
    times = times[:, : here.sum(axis=1).max()]
    weight = (times >= WARMUP) & (times < duration)
    x = signal(times) + about.normal(0, how.noise, times.shape)
    gaps = np.diff(times, prepend=0)
    return Sequences(x[..., None], gaps, signal(times + AHEAD)[..., None], weight.astype(float))


def error(prediction: np.ndarray, data: Sequences) -> float:
    """Root of the mean square over the samples that count."""
    return float(np.sqrt(np.average((prediction - data.target)[..., 0] ** 2, weights=data.weight)))


def tests(settings: Settings, seed: int) -> dict[str, Sequences]:
    return {name: sequences([seed, 2], settings.test, settings.duration, how) for name, how in DISTURBANCES.items()}


def trial(settings: Settings, name: str, rate: float, seed: int) -> Result:
    usual = Disturbance(dropped=settings.dropped)
    train = sequences([seed, 3], settings.train, settings.duration, usual)
    validation = sequences([seed, 4], settings.validation, settings.duration, usual)
    network = sized(name, 1, 1, settings.budget)
    fitted = trained(settings, network, network.init(seed), train, validation, "mse", rate, seed)
    found = {what: error(predict(network, fitted.params, data), data) for what, data in tests(settings, seed).items()}
    loss = evaluate(network, fitted.params, validation, "mse")
    return {**found, "validation": loss}


def described(seeds: int, settings: Settings) -> str:
    rates = " or ".join(map(str, settings.rates))
    sizes = [sized(name, 1, 1, settings.budget).param_count for name in CELLS]
    return (
        f"seeds: {seeds}; {min(sizes)} to {max(sizes)} parameters; {settings.train} sequences of "
        f"{settings.duration:g} units of time, up to {settings.epochs} times in batches of {settings.batch}, tested on "
        f"{settings.test}; rate of learning {rates}, what did better on another seed"
    )


def main(
    seeds: Seeds = 5,
    quick: Quick = False,
    write: Write = False,
    cell: Annotated[str, typer.Option(help=f"Only one of {', '.join(CELLS)}.")] = "",
    dropped: Annotated[float, typer.Option(min=0, max=0.9, help="Share of samples missing in training.")] = 0.0,
) -> None:
    names = only(cell, CELLS)
    if write and (cell or quick or dropped):
        raise typer.BadParameter("--write is for whole tables")
    settings = replace(QUICK if quick else Settings(), dropped=dropped)

    def one(name: str, rate: float, seed: int) -> Result:
        return trial(settings, name, rate, seed)

    errors: dict[str, list[Result]] = defaultdict(list)
    for name, result in trials("robustness", one, names, settings.rates, seeds, settings):
        errors[name].append(result)
    for seed in range(seeds):
        data = tests(settings, seed)
        errors["last sample held"].append({what: error(found.x, found) for what, found in data.items()})
        means = {what: np.full(found.x.shape, DISTURBANCES[what].offset) for what, found in data.items()}
        errors["mean of the signals"].append({what: error(means[what], found) for what, found in data.items()})
    report("robustness", described(seeds, settings), tables(errors), write)


def tables(errors: dict[str, list[Result]]) -> list[Table]:
    made = {title: Table(title, "cell") for title in TITLES}
    multiples = Table(MULTIPLES, "cell", ".2f")
    for name, results in errors.items():
        for result in results:
            for title, columns in TITLES.items():
                for what in columns:
                    made[title].add(name, what, result[what])
            for what in DISTURBANCES:
                if name in MAKES and what != "none":
                    multiples.add(name, what, result[what] / result["none"])
    return [*made.values(), multiples]


if __name__ == "__main__":
    one_thread()
    typer.run(main)
