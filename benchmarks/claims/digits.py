"""Digits as irregular sequences: accuracy of cells at about equal parameters.

    python -m benchmarks.claims.digits [--seeds 5] [--quick] [--write] [--cell GRU]

The 1797 images of scikit-learn's `load_digits`, 8 x 8 pixels of 0 to 16, are read pixel by pixel, row by row, in two
ways (`ENCODINGS`):

events
    a pixel is on from 8 upwards, and there is a sample only where it changes: +1 on, -1 off, and 0 at the end of the
    image. Nothing but the gap tells where that is. So is the event-based sequential MNIST of Lechner & Hasani 2020
    (arXiv 2006.04418), which the CfC paper has too.
pixels
    the grey value of every second pixel on average, at random for each image, and the end.

The last output names the digit. Gaps are in pixels, divided by their mean. Test images are drawn for each seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
import typer

from benchmarks.claims.common import Quick, Seeds, Table, Write, one_thread, report
from benchmarks.claims.networks import MAKES, sized
from benchmarks.claims.trials import Result, trials
from liquid.training import AdamW, Cosine, Sequences, evaluate, fit, loss_grad, predict

PIXELS, HALF, CLASSES = 64, 8, 10
Encoded = tuple[np.ndarray, np.ndarray]  # values, and times in pixels


@dataclass(frozen=True)
class Settings:
    """What all trainings share. The rest of the images is for training."""

    budget: int = 2500
    epochs: int = 40
    patience: int = 8
    batch: int = 16
    rates: tuple[float, ...] = (0.003, 0.01)
    validation: int = 300
    test: int = 400
    images: int = 1797


def events(image: np.ndarray, rng: np.random.Generator) -> Encoded:
    """Changes between off and on; the image is off before it begins."""
    on = (image >= HALF).astype(int)
    change = np.diff(on, prepend=0)
    times = np.flatnonzero(change)
    return np.append(change[times], 0), np.append(times, PIXELS)


def pixels(image: np.ndarray, rng: np.random.Generator) -> Encoded:
    times = np.flatnonzero(rng.random(PIXELS) < 0.5)
    return np.append(image[times] / HALF - 1, 0), np.append(times, PIXELS)


ENCODINGS: dict[str, Callable[[np.ndarray, np.random.Generator], Encoded]] = {"events": events, "pixels": pixels}
TITLES = {"events": "Digits as events", "pixels": "Digits as half of their pixels"}


@cache
def encoded(encoding: str) -> Sequences:
    """All images, in the order of the data set."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise SystemExit("scikit-learn is needed here: pip install -e '.[sklearn]'") from error
    digits, rng = load_digits(), np.random.default_rng(0)
    values, times = zip(*(ENCODINGS[encoding](image.ravel(), rng) for image in digits.images), strict=True)
    gaps = [np.diff(t, prepend=0) for t in times]
    unit = np.concatenate(gaps).mean()
    return Sequences.ragged([v[:, None] for v in values], [g / unit for g in gaps], digits.target, last=True)


def parts(data: Sequences, settings: Settings, seed: int) -> tuple[Sequences, Sequences, Sequences]:
    """Images to train on, to validate with and to test with, drawn by the seed."""
    order = np.random.default_rng([seed, 1]).permutation(len(data))[: settings.images]
    ends = (settings.test, settings.test + settings.validation)
    test, validation, train = np.split(order, ends)
    return data.subset(train), data.subset(validation), data.subset(test)


def trial(encoding: str, settings: Settings, name: str, rate: float, seed: int) -> Result:
    train, validation, test = parts(encoded(encoding), settings, seed)
    network = sized(name, 1, CLASSES, settings.budget)
    params = network.init(seed)
    few = train.subset(np.arange(2))
    loss_grad(network, params, few, lambda *given: (0.0, np.zeros_like(given[0])))  # compiles
    begin = time.process_time()
    fitted = fit(
        network, params, train, loss="cross_entropy", epochs=settings.epochs, batch_size=settings.batch,
        optimiser=AdamW(rate=rate, decay=0.01), schedule=Cosine(warmup=30, floor=0.05), clip=1.0,
        validation=validation, patience=settings.patience, seed=seed, progress=False,
    )  # fmt: skip
    seconds = time.process_time() - begin
    epochs = len(fitted.history["loss"])
    right = predict(network, fitted.params, test).argmax(axis=-1) == test.target
    return {
        "accuracy": float(right.mean()),
        "parameters": network.param_count,
        "seconds": seconds / epochs,
        "epochs": epochs,
        "validation": evaluate(network, fitted.params, validation, "cross_entropy"),
    }


def main(
    seeds: Seeds = 5,
    quick: Quick = False,
    write: Write = False,
    encoding: Annotated[str, typer.Option(help=f"Only one of {', '.join(ENCODINGS)}.")] = "",
    cell: Annotated[str, typer.Option(help=f"Only one of {', '.join(MAKES)}.")] = "",
) -> None:
    for given, known in ((encoding, ENCODINGS), (cell, MAKES)):
        if given and given not in known:
            raise typer.BadParameter(f"{given!r} is none of {', '.join(known)}")
    if write and (encoding or cell or quick):
        raise typer.BadParameter("--write is for whole tables")
    settings = Settings(budget=500, epochs=1, validation=20, test=40, images=120) if quick else Settings()
    names, tables = [cell] if cell else list(MAKES), []
    for kind in [encoding] if encoding else list(ENCODINGS):

        def one(name: str, rate: float, seed: int, kind: str = kind) -> Result:
            return trial(kind, settings, name, rate, seed)

        table = Table(TITLES[kind], "cell", ".3g")
        for name, result in trials(f"digits-{kind}", one, names, settings.rates, seeds, settings):
            table.add(name, "test accuracy, %", 100 * result["accuracy"])
            table.add(name, "parameters", result["parameters"])
            table.add(name, "seconds per epoch", result["seconds"])
            table.add(name, "epochs", result["epochs"])
            table.add(name, "rate", result["rate"])
        tables.append(table)
    report("digits", f"{seeds} seeds, {settings}", tables, write)


if __name__ == "__main__":
    one_thread()
    typer.run(main)
