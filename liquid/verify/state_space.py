"""Checks of a case made with the Liquid-S4 research code (raminmh/liquid-s4).

A file has, for H channels of n kept modes, batch B and length L: `config` (JSON with ``mode`` "nplr" = `S4` or "diag" =
diagonal, and ``disc`` "bilinear" or "zoh"), the parameters `w`, `B` (H, n), `C` (1, H, n), for nplr `P` (1, H, n),
`log_dt` (H,), `D` (1, H), the input `u` (B, H, L), and results. From the parameters alone are checked

* `dA`, `dB`, `dC`, the step matrices (`liquid.cells.convolution.discretise`);
* `K`, the convolution kernel (`kernel`);
* `y_step`, `y_rec_linear`, the plain recurrence (`Cell.step`, `Cell.run`);
* `y_linear`, and `y_conv` of a file without a liquid kernel, the convolution (`convolve`);
* `y_rec_hadamard`, the liquid recurrence with its term taken elementwise (`Cell.run`).

Not checked, since no cell has them: `y_rec_rowsum`, the other reading of the paper's sentence, and `y_liquid`, `y_conv`
of the published liquid kernels, which are not causal. How the code stores its numbers: C conjugated, and the damping
as log(-Re w) in single precision, so the step is made from -exp of that and not from `w` itself. With `n_ssm` below H,
channels share w, B and P in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import sqrt

import numpy as np

from liquid.cells.convolution import StateSpace, convolve, discretise, kernel
from liquid.cells.liquid_s4 import LiquidS4
from liquid.cells.params import Array
from liquid.cells.s4 import S4
from liquid.verify.case import Case, Failure
from liquid.verify.checks import Check, check
from liquid.verify.tolerances import ROOM, Arrays, largest_change, within_limit

ROUNDING = 3e-14
MODES = 4  # of a case to which `ROOM` applies as it is
PARAMETERS = ("w", "B", "C", "log_dt", "D", "u")
RESULTS = ("dA", "dB", "dC", "K", "y_step", "y_rec_linear", "y_linear", "y_rec_hadamard")
NOT_CAUSAL = ("y_conv", "y_liquid")
NO_CELL = ("y_rec_rowsum",)
KINDS = {"dA": "matrices", "dB": "matrices", "dC": "matrices", "K": "kernels"}


def check_state_space(case: Case) -> Iterator[Check]:
    """
    Raises
    ------
    Failure, ValueError : what is missing, or what no cell has (a low rank above 1, another discretisation).
    """
    model = Model(case)
    wanted = [*RESULTS, *(() if model.liquid else ("y_conv",))]
    allowed = model.tolerances()
    for name, found in model.results(model.params, model.u).items():
        if name in wanted and name in case:
            yield check(KINDS.get(name, "outputs"), name, found, case[name], allowed[name])


def left_out(case: Case) -> Iterator[str]:
    """What of a case is not checked, and why."""
    if not_causal := [name for name in NOT_CAUSAL if name in case] if case.config.get("liquid_kernel") else []:
        yield f"{', '.join(not_causal)} of a published liquid kernel: not checked, not causal"
    if no_cell := [name for name in NO_CELL if name in case]:
        yield f"{', '.join(no_cell)}: not checked, no cell has this recurrence"
    wanted = [*RESULTS, *(() if case.config.get("liquid_kernel") else ("y_conv",))]
    if missing := [name for name in wanted if name not in case]:
        yield f"without {', '.join(missing)}"
    known = {*PARAMETERS, "P", *RESULTS, *NOT_CAUSAL, *NO_CELL}
    if unknown := sorted(case.arrays.keys() - known):
        yield f"{', '.join(unknown)}: not known, not checked"


class Model:
    """The cells of a case, plain and liquid, with their parameters."""

    def __init__(self, case: Case) -> None:
        self.liquid = case.config["liquid_kernel"]
        self.u = case.axes("u", "batch, channels, samples")
        self.channels = len(case.axes("log_dt", "channels"))
        mode, disc = case.config["mode"], case.config["disc"]
        shared = ["w", "B"]
        self.cell: StateSpace
        if mode == "nplr":
            rank = len(case.axes("P", "rank, channels, modes"))
            if disc != "bilinear" or rank != 1:
                raise Failure(f"disc is {disc!r} and the rank {rank}, but S4 is bilinear of rank 1")
            shared.append("P")
            self.cell = S4(inputs=self.channels, modes=case.axes("w", "channels, modes").shape[-1])
            self.hadamard: StateSpace = S4(inputs=self.channels, modes=self.cell.modes, recurrence="hadamard")
        elif mode == "diag":
            modes = case.axes("w", "channels, modes").shape[-1]
            self.cell, self.hadamard = (
                LiquidS4(inputs=self.channels, modes=modes, recurrence=form, discretisation=disc)
                for form in ("plain", "hadamard")
            )
        else:
            raise Failure(f"unknown mode {mode!r}: known are nplr, diag")
        named = {name: self._every_channel(case[name]) for name in shared} | {
            "C": case.axes("C", "heads, channels, modes")[0].conj()
        }
        w = named.pop("w")
        self.params: Arrays = {
            "log_A_real": np.log(-w.real).astype(np.float32).astype(float),
            "A_imag": w.imag,
            "log_dt": case["log_dt"],
            "D": case.axes("D", "heads, channels")[0],
        }
        for name, value in named.items():
            self.params[f"{name}_real"], self.params[f"{name}_imag"] = value.real, value.imag

    def _every_channel(self, shared: Array) -> Array:
        rows = shared.reshape(-1, shared.shape[-1])
        return np.tile(rows, (self.channels // len(rows), 1))

    def results(self, params: Arrays, u: Array) -> Arrays:
        """By the names in the file."""
        x = u.swapaxes(1, 2)
        gaps = np.ones(x.shape[:2])
        a, b, c = self._matrices(params)
        steps = self._stepped(params, x)
        y = convolve(self.cell, params, x, 1.0).swapaxes(1, 2)
        return {
            "dA": a,
            "dB": b,
            "dC": c[None],
            "K": kernel(self.cell, params, x.shape[1], 1.0)[None],
            "y_step": steps.swapaxes(1, 2),
            "y_rec_linear": self.cell.run(params, x, gaps)[0].swapaxes(1, 2),
            "y_linear": y,
            "y_conv": y,
            "y_rec_hadamard": self.hadamard.run(params, x, gaps)[0].swapaxes(1, 2),
        }

    def _stepped(self, params: Arrays, x: Array) -> Array:
        packed, state, outputs = self.cell.pack(params), self.cell.zero_state(len(x)), []
        for t in range(x.shape[1]):
            y, state = self.cell.step(packed, state, x[:, t], np.ones(len(x)))
            outputs.append(y)
        return np.stack(outputs, axis=1)

    def _matrices(self, params: Arrays) -> tuple[Array, Array, Array]:
        """As the files have them; of S4 for the state of the kept modes and then their conjugates."""
        a, b, c = discretise(self.cell, params, 1.0)
        if not isinstance(self.cell, S4):
            return a, b, c / 2
        eye = np.eye(self.cell.modes)
        pairs = np.block([[eye, 1j * eye], [eye, -1j * eye]])  # kept modes and their conjugates from the two parts
        back = pairs.conj().T / 2
        return pairs @ a @ back, b @ pairs.T, c @ back

    def tolerances(self) -> dict[str, float]:
        """By result: what rounding of parameters and inputs makes of it, and what it costs S4 to recover C.

        Every result is a sum over modes, so the room for it grows with the root of their number.
        """

        def run(given: Arrays) -> Arrays:
            return self.results({name: value for name, value in given.items() if name != "u"}, given["u"])

        changes = largest_change(run, {**self.params, "u": self.u})
        room = ROOM * sqrt(max(1.0, self.cell.modes / MODES))
        allowed = {name: max(ROUNDING, within_limit(room * change)) for name, change in changes.items()}
        allowed["dC"] = max(ROUNDING, within_limit(ROOM * self.recovery))
        return allowed

    @cached_property
    def recovery(self) -> float:
        """Error of S4's C, which the code keeps as (1 - dA^L)^T C and solves for, by a power of a full matrix."""
        if not isinstance(self.cell, S4):
            return 0.0
        a, _, _ = self._matrices(self.params)
        size = a.shape[-1]
        left = np.eye(size) - np.linalg.matrix_power(a, self.u.shape[-1])
        return float(np.finfo(float).eps * sqrt(size) * np.linalg.cond(left).max())
