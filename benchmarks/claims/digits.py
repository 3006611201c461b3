"""Digits as irregular events: accuracy of cells at about equal parameters.

    python -m benchmarks.claims.digits [--seeds 5] [--quick] [--write] [--cell GRU] [--rate 0.01] [--untimed]

The 1797 images of scikit-learn's `load_digits`, 8 x 8 pixels of 0 to 16, are read pixel by pixel, row by row. A pixel
is on from 8 upwards, and there is a sample only where it changes: +1 on, -1 off, and 0 at the end of the image. Nothing
but the gap tells where that is. So is the event-based sequential MNIST of Lechner & Hasani 2020 (arXiv 2006.04418),
which the CfC paper has too. After the last sample the network names the digit.

Gaps are in pixels, divided by their mean; with `--untimed` all are 1, so that only the order of events is left. Images
to test and to validate with are drawn for each seed. Results are kept in out/digits, and not computed again while the
settings are the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated

import numpy as np
import typer

from benchmarks.claims.common import Quick, Seeds, Table, Write, one_thread, only, report
from benchmarks.claims.networks import MAKES, sized
from benchmarks.claims.trials import Result, Training, trained, trials
from liquid.training import Sequences, evaluate, loss_grad, predict

PIXELS, HALF, CLASSES = 64, 8, 10


@dataclass(frozen=True)
class Settings(Training):
    """`images` in all; what is not for validation or test is to train on."""

    patience: int = 8
    validation: int = 300
    test: int = 400
    images: int = 1797


QUICK = Settings(budget=600, epochs=1, rates=(0.01,), validation=20, test=40, images=100)


def events(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Changes (+1, -1, and 0 at the end) and their times in pixels; the image is off before it begins."""
    change = np.diff((image.ravel() >= HALF).astype(int), prepend=0)
    times = np.flatnonzero(change)
    return np.append(change[times], 0), np.append(times, PIXELS)


@cache
def digits() -> Sequences:
    """All images, in the order of the data set."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise SystemExit("scikit-learn is needed here: pip install -e '.[sklearn]'") from error
    data = load_digits()
    values, times = zip(*(events(image) for image in data.images), strict=True)
    gaps = [np.diff(t, prepend=0) for t in times]
    unit = np.concatenate(gaps).mean()
    return Sequences.ragged([v[:, None] for v in values], [g / unit for g in gaps], data.target, last=True)


def parts(data: Sequences, settings: Settings, seed: int) -> tuple[Sequences, Sequences, Sequences]:
    """Images to train on, to validate with and to test with, drawn by the seed."""
    order = np.random.default_rng([seed, 1]).permutation(len(data))[: settings.images]
    test, validation, train = np.split(order, (settings.test, settings.test + settings.validation))
    return data.subset(train), data.subset(validation), data.subset(test)


def untimed(data: Sequences) -> Sequences:
    return replace(data, gaps=np.ones_like(data.gaps))


def trial(settings: Settings, name: str, rate: float, seed: int, data: Sequences) -> Result:
    train, validation, test = parts(data, settings, seed)
    network = sized(name, 1, CLASSES, settings.budget)
    params = network.init(seed)
    loss_grad(network, params, train.subset([0]), lambda y, *_: (0.0, np.zeros_like(y)))  # compiles, outside the time
    begin = time.process_time()
    fitted = trained(settings, network, params, train, validation, "cross_entropy", rate, seed)
    seconds = time.process_time() - begin
    right = predict(network, fitted.params, test).argmax(axis=-1) == test.target
    return {
        "accuracy": float(right.mean()),
        "parameters": network.param_count,
        "seconds": seconds / len(fitted.history["loss"]),
        "validation": evaluate(network, fitted.params, validation, "cross_entropy"),
    }


def described(seeds: int, settings: Settings) -> str:
    train = settings.images - settings.validation - settings.test
    rates = " or ".join(map(str, settings.rates))
    return (
        f"seeds: {seeds}; {train} images to train on, up to {settings.epochs} times in batches of {settings.batch}, "
        f"{settings.validation} to stop by, {settings.test} to test with; rate of learning {rates}, what did better on "
        "another seed; seconds of one core"
    )


def main(
    seeds: Seeds = 5,
    quick: Quick = False,
    write: Write = False,
    cell: Annotated[str, typer.Option(help=f"Only one of {', '.join(MAKES)}.")] = "",
    rate: Annotated[float, typer.Option(help="Of learning, for all cells; 0 chooses for each.")] = 0.0,
    without_time: Annotated[bool, typer.Option("--untimed", help="All gaps are 1.")] = False,
) -> None:
    names = only(cell, MAKES)
    if write and (cell or quick or rate or without_time):
        raise typer.BadParameter("--write is for whole tables")
    settings = QUICK if quick else Settings()
    data, folder = (untimed(digits()), "digits-untimed") if without_time else (digits(), "digits")

    def one(name: str, rate: float, seed: int) -> Result:
        return trial(settings, name, rate, seed, data)

    formats = {"parameters": ".0f", "seconds per epoch": ".3f", "rate": "g"}
    table = Table("Digits as events" + ", without their times" * without_time, "cell", ".1f", formats)
    rates = (rate,) if rate else settings.rates
    for name, result in trials(folder, one, names, rates, seeds, settings):
        first = not table.values[name]
        table.add(name, "test accuracy, %", 100 * result["accuracy"])
        table.add(name, "seconds per epoch", result["seconds"])
        if first:  # the same for all seeds
            table.add(name, "parameters", result["parameters"])
            table.add(name, "rate", result["rate"])
    report("digits", described(seeds, settings), [table], write)


if __name__ == "__main__":
    one_thread()
    typer.run(main)
