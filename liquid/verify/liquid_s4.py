"""Check a file of golden vectors from the Liquid-S4 research code (raminmh/liquid-s4) against our cells.

A case file has, for H channels of n kept modes, batch B and length L: `config` (JSON with ``mode`` "nplr" = `S4` or
"diag" = diagonal, and ``disc`` "bilinear" or "zoh"), the parameters `w`, `B` (H, n), `C` (1, H, n), for nplr `P`
(1, H, n), `log_dt` (H,), `D` (1, H), the input `u` (B, H, L), and results. From the parameters alone are checked

* `dA`, `dB`, `dC`, the step matrices (`liquid.cells.convolution.discretise`);
* `K`, the convolution kernel (`kernel`);
* `y_step`, `y_rec_linear`, the plain recurrence (`Cell.step`, `Cell.run`);
* `y_linear`, and `y_conv` of a file without a liquid kernel, the convolution (`convolve`);
* `y_rec_hadamard`, the liquid recurrence with its term taken elementwise (`Cell.run`).

Not checked, since no cell has them: `y_rec_rowsum`, the other reading of the paper's sentence, and `y_liquid`, `y_conv`
of the published liquid kernels, which are not causal. How the code stores its numbers: C conjugated, and the damping
as log(-Re w) in single precision, so the step is made from -exp of that and not from `w` itself.

A table file (``hippo_init.npz``) has ``<measure>_N<size>_<name>`` with w, P, B, V, A and Bmat of initial matrices, the
diagonal ones in single precision. The phase of an eigenvector is free: checked are w, |B|, |P|, the product P conj(B),
and A and Bmat put together from w, P and B.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.convolution import Named, StateSpace, convolve, discretise, kernel
from liquid.cells.hippo import legs, legs_dplr, modes
from liquid.cells.liquid_s4 import LiquidS4
from liquid.cells.params import Array
from liquid.cells.s4 import S4

ROUNDING = 3e-14
TABLES = 3e-14
TABLES_SINGLE = 2e-7
DIAGONAL = {"diaglin": "lin", "diaginv": "inv", "diaginv2": "inv2", "diagquad": "quad", "diaglegs": "legs"}


class Check(NamedTuple):
    """The largest error of a quantity, relative to max(1, its largest number), and what it may be."""

    quantity: str
    error: float
    tolerance: float


def check_file(path: Path) -> list[Check]:
    """Every quantity of a case or table file that the cells can compute.

    Raises
    ------
    ValueError : not such a file, or one of a kind that no cell has (a low rank above 1, another discretisation).
    """
    with np.load(path) as file:
        arrays = dict(file)
    if "config" in arrays:
        return check_case(json.loads(str(arrays["config"])), arrays)
    return check_tables(arrays)


def cell_of(
    config: Mapping[str, Any], arrays: Mapping[str, Array], recurrence: str
) -> tuple[StateSpace, dict[str, Array]]:
    """The cell of a case file with a recurrence, "plain" or "hadamard", and its parameters."""
    channels, count = arrays["w"].shape
    log_damping = np.log(-arrays["w"].real).astype(np.float32).astype(float)
    complex_ones = {"B": arrays["B"], "C": arrays["C"][0].conj()}
    cell: StateSpace
    if config["mode"] == "nplr":
        if config["disc"] != "bilinear" or len(arrays["P"]) != 1:
            raise ValueError(f"disc is {config['disc']} and the rank {len(arrays['P'])}, but S4 is bilinear of rank 1")
        cell = S4(inputs=channels, modes=count, recurrence=recurrence)
        complex_ones["P"] = arrays["P"][0]
    elif config["mode"] == "diag":
        cell = LiquidS4(inputs=channels, modes=count, recurrence=recurrence, discretisation=config["disc"])
    else:
        raise ValueError(f"mode is {config['mode']!r}, but must be nplr or diag")
    named = {"log_A_real": log_damping, "A_imag": arrays["w"].imag, "log_dt": arrays["log_dt"], "D": arrays["D"][0]}
    for name, value in complex_ones.items():
        named[f"{name}_real"], named[f"{name}_imag"] = value.real, value.imag
    return cell, named


def step_matrices(cell: StateSpace, params: Named) -> tuple[Array, Array, Array]:
    """dA, dB, dC as the files have them; of S4 for the state of the kept modes and then their conjugates."""
    a, b, c = discretise(cell, params, 1.0)
    if not isinstance(cell, S4):
        return a, b, c / 2
    eye = np.eye(cell.modes)
    pairs = np.block([[eye, 1j * eye], [eye, -1j * eye]])  # the kept modes and their conjugates from the two parts
    back = pairs.conj().T / 2
    return pairs @ a @ back, b @ pairs.T, c @ back


def check_case(config: Mapping[str, Any], arrays: Mapping[str, Array]) -> list[Check]:
    cell, params = cell_of(config, arrays, "plain")
    liquid, _ = cell_of(config, arrays, "hadamard")
    x = arrays["u"].swapaxes(1, 2)
    gaps = np.ones(x.shape[:2])

    def stepped() -> Array:
        state, outputs = cell.zero_state(len(x)), []
        for t in range(x.shape[1]):
            y, state = cell.step(params, state, x[:, t], gaps[:, t])
            outputs.append(y)
        return np.stack(outputs, axis=2)

    ours: dict[str, Callable[[], ArrayLike]] = {
        "dA": lambda: step_matrices(cell, params)[0],
        "dB": lambda: step_matrices(cell, params)[1],
        "dC": lambda: step_matrices(cell, params)[2][None],
        "K": lambda: kernel(cell, params, arrays["K"].shape[-1], 1.0)[None],
        "y_step": stepped,
        "y_rec_linear": lambda: cell.run(params, x, gaps)[0].swapaxes(1, 2),
        "y_linear": lambda: convolve(cell, params, x, 1.0).swapaxes(1, 2),
        "y_rec_hadamard": lambda: liquid.run(params, x, gaps)[0].swapaxes(1, 2),
    }
    if config["liquid_kernel"] is None:
        ours["y_conv"] = ours["y_linear"]
    return [_check(name, compute(), arrays[name], ROUNDING) for name, compute in ours.items() if name in arrays]


def check_tables(arrays: Mapping[str, Array]) -> list[Check]:
    checks = []
    for name in arrays:
        table, _, size = name.removesuffix("_w").rpartition("_N")
        if not name.endswith("_w") or not size.isdigit():
            continue
        given = {key: arrays[f"{table}_N{size}_{key}"] for key in ("w", "B")}
        tolerance = TABLES_SINGLE if given["w"].dtype == np.complex64 else TABLES
        if table in DIAGONAL:
            ours = modes(DIAGONAL[table], len(given["w"]))
        elif table == "legsd":
            ours = modes("legsd", len(given["w"]))
        elif table == "legs":
            checks += _check_legs(f"{table}_N{size}", arrays)
            continue
        else:
            raise ValueError(f"{name}: no cell starts from the measure {table!r}")
        checks.append(_check(name, ours[0], given["w"], tolerance))
        checks.append(_check(f"|{table}_N{size}_B|", np.abs(ours[1]), np.abs(given["B"]), tolerance))
    if not checks:
        raise ValueError("neither a case (config) nor tables (<measure>_N<size>_w) are in the file")
    return checks


def _check_legs(table: str, arrays: Mapping[str, Array]) -> list[Check]:
    given = {key: arrays[f"{table}_{key}"] for key in ("w", "P", "B", "V", "A", "Bmat")}
    a, b = legs(len(given["A"]))
    w, p, weights = legs_dplr(len(given["w"]))
    phases = given["B"] / np.abs(given["B"])
    columns = given["V"] * phases  # eigenvectors with the phases of ours
    full = np.concatenate([columns, columns.conj()], axis=1)
    low = np.concatenate([p, p.conj()])
    ours = np.diag(np.concatenate([w, w.conj()])) - np.outer(low, low.conj())
    return [
        _check(f"{table}_w", w, given["w"], TABLES),
        _check(f"{table}_A", a, given["A"], TABLES),
        _check(f"{table}_A from w, P, V", full @ ours @ full.conj().T, given["A"], TABLES),
        _check(f"{table}_Bmat", b, given["Bmat"][:, 0], TABLES),
        _check(f"{table}_Bmat from B, V", 2 * (columns @ weights).real, given["Bmat"][:, 0], TABLES),
        _check(f"|{table}_B|", weights.real, np.abs(given["B"]), TABLES),
        _check(f"|{table}_P|", p.real, np.abs(given["P"][0]), TABLES),
        _check(f"{table}_P conj B", p * weights.conj(), given["P"][0] * given["B"].conj(), TABLES),
    ]


def _check(quantity: str, got: ArrayLike, want: Array, tolerance: float) -> Check:
    got = np.asarray(got)
    if got.shape != want.shape:
        raise ValueError(f"{quantity} has shape {want.shape}, but {got.shape} follows from the parameters")
    error = float(np.max(np.abs(got - want)) / max(1.0, float(np.max(np.abs(want)))))
    return Check(quantity, error, tolerance)
