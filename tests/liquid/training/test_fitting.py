import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid.cells import CELLS, CfC, make
from liquid.training import (
    SGD,
    AdamW,
    Cosine,
    FileError,
    Fitted,
    Network,
    RMSprop,
    Sequences,
    evaluate,
    fit,
    loss_grad,
    mse,
    predict,
)
from liquid.training.fitting import _Training
from tests.liquid.cells.test_contract import EXAMPLES, INPUTS

NETWORK = Network(cell=CfC(inputs=1, units=4, backbone_units=6), outputs=1)
SETTINGS: dict[str, Any] = {
    "epochs": 6, "batch_size": 8, "optimiser": AdamW(rate=0.01), "schedule": Cosine(warmup=3), "progress": False,
}  # fmt: skip


def some(n: int = 30, seed: int = 0, inputs: int = 1) -> Sequences:
    """The target is the input times its gap; some samples do not count."""
    rng = np.random.default_rng(seed)
    x, gaps = rng.normal(size=(n, 7, inputs)), rng.exponential(size=(n, 7))
    weight = (rng.random((n, 7)) < 0.8) * rng.exponential(size=(n, 7))
    weight[:, 2] = 1
    return Sequences(x, gaps, x[..., :1] * gaps[..., None], weight)


def train(params: Any = None, data: Sequences | None = None, **changes: Any) -> Fitted:
    settings = {**SETTINGS, "validation": some(10, seed=1), **changes}
    return fit(NETWORK, params or NETWORK.init(0), data or some(), **settings)


def assert_same(a: Fitted, b: Fitted) -> None:
    np.testing.assert_array_equal(a.params.flat, b.params.flat)
    assert a.history.keys() == b.history.keys()
    for name, values in a.history.items():
        np.testing.assert_array_equal(values, b.history[name])
    assert (a.best, a.stopped) == (b.best, b.stopped)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_cell_learns(name: str, dtype: str) -> None:
    data = some(inputs=INPUTS)
    network = Network(cell=make(name, inputs=INPUTS, dtype=dtype, **EXAMPLES[name][0]), outputs=1)
    fitted = fit(network, network.init(0), data, epochs=12, batch_size=8, optimiser=AdamW(rate=0.02), progress=False)
    assert fitted.history["loss"][-1] < 0.8 * fitted.history["loss"][0]
    assert fitted.params.flat.dtype == dtype


def test_the_first_step_is_the_gradient_of_the_mean_loss() -> None:
    data, params = some(), NETWORK.init(0)
    fitted = fit(NETWORK, params, data, epochs=1, batch_size=30, optimiser=SGD(rate=1.0), clip=None, progress=False)
    y, _ = NETWORK.run(params, data.x, data.gaps)
    value, dy = mse(y, data.target, data.weight)
    gradient = NETWORK.grad(params, data.x, data.gaps, dy).params.flat
    np.testing.assert_allclose(params.flat - fitted.params.flat, gradient, rtol=1e-11, atol=1e-13)
    assert fitted.history["loss"][0] == pytest.approx(value, rel=1e-13)
    assert fitted.history["norm"][0] == pytest.approx(np.linalg.norm(gradient))


def test_clipping_bounds_the_step() -> None:
    params = NETWORK.init(0)
    fitted = fit(NETWORK, params, some(), epochs=1, batch_size=30, optimiser=SGD(rate=1.0), clip=0.01, progress=False)
    assert np.linalg.norm(params.flat - fitted.params.flat) == pytest.approx(0.01)
    assert fitted.history["norm"][0] > 0.01


def test_losses_are_means_over_weights() -> None:
    """Not over batches: these have different weights."""
    data, still = some(), replace(SETTINGS["optimiser"], rate=0.0)
    fitted = fit(NETWORK, NETWORK.init(0), data, epochs=1, batch_size=7, optimiser=still, progress=False)
    y, _ = NETWORK.run(NETWORK.init(0), data.x, data.gaps)
    want = np.sum(data.counted() * np.mean((y - data.target) ** 2, axis=-1)) / data.counted().sum()
    assert fitted.history["loss"][0] == pytest.approx(want, rel=1e-13)
    for size in (1, 7, 256):
        assert evaluate(NETWORK, NETWORK.init(0), data, "mse", size) == pytest.approx(want, rel=1e-13)


def test_a_cell_trains_without_a_readout() -> None:
    cell = CfC(inputs=1, units=4, projection=1)
    value, back = loss_grad(cell, cell.init(0), some(), mse)
    y, _ = cell.run(cell.init(0), some().x, some().gaps)
    want, dy = mse(y, some().target, some().weight)
    assert value == pytest.approx(want, rel=1e-14)
    np.testing.assert_array_equal(back.params.flat, cell.grad(cell.init(0), some().x, some().gaps, dy).params.flat)
    fitted = fit(cell, cell.init(0), some(), **SETTINGS)
    assert fitted.history["loss"][-1] < fitted.history["loss"][0]


def test_classes_of_sequences() -> None:
    """Was the sum positive? Read at the end of each, whatever comes behind."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 7, size=60)
    x = [rng.normal(size=(n, 1)) for n in lengths]
    data = Sequences.ragged(x, [np.ones(n) for n in lengths], [int(v.sum() > 0) for v in x], last=True)
    network = replace(NETWORK, outputs=2)
    fitted = fit(network, network.init(0), data, loss="cross_entropy", epochs=60, optimiser=AdamW(rate=0.03),
                 progress=False)  # fmt: skip
    scores = predict(network, fitted.params, data, batch_size=7)
    assert scores.shape == (60, 2)
    assert np.mean(scores.argmax(axis=1) == data.target) > 0.9
    y, _ = network.run(fitted.params, data.x, data.gaps)
    np.testing.assert_array_equal(scores, y[np.arange(60), lengths - 1])


def test_predictions_per_sample() -> None:
    data = Sequences.ragged(
        [np.ones((2, 1)), np.ones((4, 1))], [np.ones(2), np.ones(4)], [np.ones((2, 1)), np.ones((4, 1))]
    )
    y, _ = NETWORK.run(NETWORK.init(0), data.x, data.gaps)
    found = predict(NETWORK, NETWORK.init(0), data, batch_size=1)
    np.testing.assert_array_equal(found[0, :2], y[0, :2])
    np.testing.assert_array_equal(found[1], y[1])
    assert not found[0, 2:].any()


def test_the_same_again_bit_for_bit() -> None:
    first, params = train(), NETWORK.init(0)
    before = params.flat.copy()
    assert_same(train(params), first)
    np.testing.assert_array_equal(params.flat, before)
    assert (train(seed=1).params.flat != first.params.flat).any()
    assert_same(train(dict(params)), first)


def test_history() -> None:
    fitted = train()
    assert {name: len(values) for name, values in fitted.history.items()} == {"loss": 6, "validation": 6, "norm": 6}
    assert fitted.stopped == "epochs"
    assert fitted.best == 1 + np.argmin(fitted.history["validation"])


def test_without_validation_the_last_epoch_counts() -> None:
    fitted = train(validation=None)
    assert fitted.best == 6
    assert set(fitted.history) == {"loss", "norm"}
    np.testing.assert_array_equal(fitted.params.flat, train(validation=None).params.flat)


def test_patience_ends_it_and_gives_back_the_best() -> None:
    """A rate that rises beyond measure: the validation loss is lowest in between."""
    settings = {"epochs": 60, "optimiser": RMSprop(rate=0.2), "schedule": None, "patience": 3}
    fitted = train(**settings)
    losses = fitted.history["validation"]
    assert fitted.stopped == "patience"
    assert len(losses) == fitted.best + 3 < 60
    assert fitted.best == 1 + np.argmin(losses)
    got = evaluate(NETWORK, fitted.params, some(10, seed=1), "mse")
    assert got == losses[fitted.best - 1]
    assert got < losses[-1]


def interrupt_in(monkeypatch: pytest.MonkeyPatch, epoch: int, error: BaseException | None = None) -> None:
    """The third batch of that epoch (from 1) is interrupted."""
    whole, seen = loss_grad, []

    def broken(*arguments: Any) -> Any:
        seen.append(1)
        if len(seen) == 4 * (epoch - 1) + 3:
            raise error or KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr("liquid.training.fitting.loss_grad", broken)


@pytest.mark.parametrize("epoch", [1, 2, 5])
@pytest.mark.parametrize("optimiser", [AdamW(rate=0.01), RMSprop(rate=0.01), SGD(rate=0.1, momentum=0.9)])
def test_going_on_is_never_having_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int, optimiser: Any
) -> None:
    path, whole = tmp_path / "run.npz", train(optimiser=optimiser)
    with monkeypatch.context() as patch:
        interrupt_in(patch, epoch)
        part = train(optimiser=optimiser, checkpoint=path)
    assert part.stopped == "interrupted"
    assert len(part.history.get("loss", ())) == epoch - 1
    np.testing.assert_array_equal(part.history.get("loss", []), whole.history["loss"][: epoch - 1])
    assert_same(train(optimiser=optimiser, checkpoint=path), whole)
    assert_same(train(optimiser=optimiser, checkpoint=path), whole)


def test_going_on_from_a_killed_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on disk is then the last file written on the way."""
    path = tmp_path / "run.npz"
    monkeypatch.setattr("liquid.training.fitting.SAVE_SECONDS", -1.0)
    with monkeypatch.context() as patch:
        interrupt_in(patch, 4, MemoryError())
        with pytest.raises(MemoryError):
            train(checkpoint=path)
    monkeypatch.setattr(_Training, "epoch", counted(_Training.epoch, epochs := []))
    assert_same(train(checkpoint=path), train())
    assert len(epochs) == 3 + 6


def counted(method: Any, calls: list) -> Any:
    def wrapper(*arguments: Any) -> Any:
        calls.append(1)
        return method(*arguments)

    return wrapper


def test_patience_goes_on_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.npz"
    settings: dict[str, Any] = {"epochs": 60, "optimiser": RMSprop(rate=0.2), "schedule": None, "patience": 3}
    whole = train(**settings)
    with monkeypatch.context() as patch:
        interrupt_in(patch, whole.best + 2)
        train(**settings, checkpoint=path)
    assert_same(train(**settings, checkpoint=path), whole)


def test_longer_than_planned(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(epochs=2, schedule=None, checkpoint=path)
    assert_same(train(schedule=None, checkpoint=path), train(schedule=None))


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("seed", {"seed": 1}),
        ("clip", {"clip": 0.5}),
        ("loss", {"loss": "mae"}),
        ("optimiser", {"optimiser": AdamW(rate=0.02)}),
        ("schedule", {"schedule": Cosine()}),
        ("batch_size", {"batch_size": 9}),
        ("validation", {"validation": None}),
        ("data", {"data": some(seed=3)}),
        ("start", {"params": NETWORK.init(1)}),
    ],
)
def test_checkpoints_of_another_training_are_refused(tmp_path: Path, what: str, changes: dict[str, Any]) -> None:
    path = tmp_path / "run.npz"
    train(epochs=1, checkpoint=path)
    with pytest.raises(FileError, match=rf"another training \({what} differ\): remove or rename it"):
        train(**{"checkpoint": path, **changes})


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes(b"nonsense")
    with pytest.raises(FileError, match=r"no \.npz file"):
        train(checkpoint=path)


def test_divergence_in_the_first_epoch_is_an_error() -> None:
    with pytest.raises(FloatingPointError, match=r"diverged in its first epoch: .*; try a lower rate"):
        train(optimiser=SGD(rate=1e300), clip=None)


@pytest.mark.parametrize("validation", [None, some(10, seed=1)])
def test_later_divergence_gives_back_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, validation: Sequences | None
) -> None:
    interrupt_in(monkeypatch, 4, FloatingPointError("overflow"))
    with pytest.warns(RuntimeWarning, match=r"diverged in epoch 4 \(overflow\): what is returned is epoch 3"):
        fitted = train(validation=validation, checkpoint=tmp_path / "run.npz")
    assert (fitted.stopped, fitted.best, len(fitted.history["loss"])) == ("diverged", 3, 3)
    monkeypatch.undo()
    want = train(validation=validation, epochs=3, schedule=None, optimiser=AdamW(rate=0.01))
    assert want.params.flat.shape == fitted.params.flat.shape
    assert np.isfinite(fitted.params.flat).all()


def test_parameters_that_overflow_in_the_last_step_are_not_given_back() -> None:
    """No run sees them any more."""
    data = some(8)
    data = replace(data, target=1e4 * data.target)
    with pytest.raises(FloatingPointError, match="first epoch"):
        fit(NETWORK, NETWORK.init(0), data, epochs=1, batch_size=8, optimiser=SGD(rate=1e308), clip=None,
            progress=False)  # fmt: skip


def test_no_warning_otherwise() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train()


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        ("epochs is 0", {"epochs": 0}),
        ("batch_size is 0", {"batch_size": 0}),
        ("patience is 0", {"patience": 0}),
        ("seed is -1", {"seed": -1}),
        ("no loss named 'x'", {"loss": "x"}),
        ("limit is 0", {"clip": 0.0}),
        (r"target has shape .*, but predictions", {"data": replace(some(), target=np.ones((30, 7, 2)))}),
        (r"x has shape", {"data": some(inputs=2)}),
    ],
)
def test_what_is_refused(message: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=message):
        train(**changes)


def test_the_bar_is_silent_here(capsys: pytest.CaptureFixture) -> None:
    fit(NETWORK, NETWORK.init(0), some(), epochs=1)
    assert capsys.readouterr() == ("", "")
