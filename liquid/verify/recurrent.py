"""Checks of a case of CfC or LTC made with ncps, or of any cell of ours in the same format.

Arrays: `param/<name>`, `x`, `ts`, `h0` (and `c0`), outputs `y`, states `h`, `hT` (and `c`, `cT`), `loss` = sum(y^2),
its gradients `grad/<name>`; in some cases `grad1/<name>` (the state counts as given before each step), `grad_t/<name>`
(the loss of each step alone), `jac` (d h_t / d h_(t-1)) and `wiring/...`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from liquid.cells import CELLS, LTC, Cell, Params
from liquid.cells.params import Array
from liquid.interop import from_ncps, rename, wiring_of
from liquid.interop.settings import type_of
from liquid.verify.case import Case, Failure
from liquid.verify.checks import Check, check
from liquid.verify.tolerances import NUMERICAL, Arrays, allowed

NCPS_MODELS = ("CfC", "LTC")
SECTIONS = {"param", "grad", "grad1", "grad_t", "wiring"}
ARRAYS = {"x", "ts", "h0", "c0", "y", "h", "c", "hT", "cT", "loss", "jac", "api_maxdiff"}


def check_recurrent(case: Case) -> Iterator[Check]:
    """
    Raises
    ------
    Failure, ValueError, TypeError, FloatingPointError : the case cannot be checked, for a reason that it says.
    """
    yield from check_wiring(case)
    sample = Sample(case)
    yield from sample.forward()
    for section in ("grad", "grad1", "grad_t"):
        if case.section(section):
            yield from sample.gradients(section)
    if "jac" in case:
        yield sample.jacobians()


def unknown_arrays(case: Case) -> list[str]:
    return sorted(name for name in case.arrays if name not in ARRAYS and name.partition("/")[0] not in SECTIONS)


def lacking(case: Case) -> list[str]:
    """What a file may do without: a start at 0, gaps of 1, and numbers that are then not checked."""
    mixed = any(name.startswith("param/lstm.") for name in case.arrays)
    wanted = ["ts", "h0", *(["c0"] if mixed else []), "h", "hT", *(["c", "cT"] if mixed else [])]
    if case.section("grad"):
        wanted += ["grad/x", "grad/ts", "grad/h0", *(["grad/c0"] if mixed else [])]
    return [name for name in wanted if name not in case]


def model_of(case: Case) -> tuple[Cell, Params]:
    """
    Raises
    ------
    Failure, ValueError, TypeError : what in the configuration is unknown, or does not fit the weights.
    """
    config, weights = case.config, case.section("param")
    if not weights:
        raise Failure("the file has no parameters, param/...")
    model, kwargs, dtype = config.get("model"), config.get("kwargs") or {}, config.get("dtype")
    if not isinstance(kwargs, dict):
        raise Failure(f"kwargs is {kwargs!r}, but must be settings by name")
    settings, dtype = dict(kwargs), type_of(weights.values()) if dtype is None else dtype
    if model in NCPS_MODELS:
        given = {name: config.get(name) for name in ("units", "wiring", "input_size")}
        settings |= {name: value for name, value in given.items() if value is not None}
        cell, params = from_ncps(weights, dtype=dtype, **settings)
        if not type(cell).__name__.endswith(model):
            raise Failure(f"the weights are those of a {type(cell).__name__}, but the model is {model}")
        return cell, params
    classes = {cls.__name__: cls for cls in CELLS.values()}
    if model not in classes:
        raise Failure(f"unknown model {model!r}: known are {', '.join({**dict.fromkeys(NCPS_MODELS), **classes})}")
    cell = classes[model](inputs=config["input_size"], dtype=dtype, **settings)
    return cell, cell.pack(weights)


def check_wiring(case: Case) -> Iterator[Check]:
    if not (found := case.section("wiring")):
        return
    if not case.config.get("wiring"):
        raise Failure("there is a wiring, but the configuration does not say which")
    built = wiring_of(case.config["wiring"]).build(case.config["input_size"])
    ours = {"adjacency_matrix": built.adjacency, "sensory_adjacency_matrix": built.sensory}
    for name, want in found.items():
        if name not in ours:
            raise Failure(f"unknown array wiring/{name}")
        yield check("wirings", f"wiring/{name}", ours[name], want, 0.0)


class Sample:
    """A case with its model, and all that comes out."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.cell, self.params = model_of(case)
        self.x = self.real(case.axes("x", "batch, length, inputs"))
        self.ts = self.gaps(self.real(case["ts"])) if "ts" in case else np.ones(self.x.shape[:2], self.cell.dtype)
        self.memory = getattr(self.cell, "mixed_memory", False)
        self.first = self.start()
        self.numerical = case.config.get("gradients") == "numerical"
        self.last_only = case["y"].ndim == 2  # ncps: return_sequences=False
        self.y, self.last = self.cell.run(self.params, self.x, self.ts, self.first)
        self.states = self.cell.states(self.params, self.x, self.ts, self.first)

    def forward(self) -> Iterator[Check]:
        y = self.y[:, -1] if self.last_only else self.y
        close = self.tolerance("outputs")
        yield check("outputs", "y", y, self.case["y"], close)
        if "loss" in self.case:
            loss = np.sum(np.square(y, dtype=float))
            yield check("outputs", "loss", loss, self.case["loss"].squeeze(), 4 * close)
        for name, found in (self.parts("h", "c", self.states) | self.parts("hT", "cT", self.last)).items():
            if name in self.case:
                yield check("states", name, found, self.case[name], close)

    def gradients(self, section: str) -> Iterator[Check]:
        wanted = rename(self.case.section(section))
        found = {"grad": self.whole, "grad1": self.single_steps, "grad_t": self.each_step}[section]()
        if section != "grad":
            found = {name: found[name] for name in self.params}
        if missing := self.params.keys() - wanted.keys():
            raise Failure(f"the file lacks {section}/{', '.join(sorted(missing))}")
        if unknown := wanted.keys() - found.keys():
            raise Failure(f"unknown array {section}/{', '.join(sorted(unknown))}")
        close = self.tolerance("gradients")
        for name, want in wanted.items():
            # The reference has an LTC's gap in a reciprocal: its rounding in grad/ts grows as the gap shrinks.
            weight = np.minimum(self.ts, 1.0) if name == "ts" and isinstance(self.cell, LTC) else 1.0
            want = self.gaps(want) if name == "ts" else want
            yield check("gradients", f"{section}/{name}", found[name], want, close, weight)

    def real(self, array: Array) -> Array:
        """Whole numbers are taken for the others."""
        return array.astype(self.cell.dtype) if array.dtype.kind in "biu" else array

    def gaps(self, array: Array) -> Array:
        """One per sample, with or without an axis of its own."""
        return array[..., 0] if array.shape == (*self.x.shape[:2], 1) else array

    def start(self) -> Array:
        """The first state, or the half of it that there is, with zeros."""
        if "h0" not in self.case:
            return self.cell.zero_state(len(self.x))
        first = self.real(self.case.joined("h0", "c0"))
        return np.concatenate([first, np.zeros_like(first)], 1) if self.memory and "c0" not in self.case else first

    def tolerance(self, kind: str) -> float:
        """Of the results of a run of the whole case, see `liquid.verify.tolerances`."""

        def run(given: Arrays) -> Arrays:
            params = self.params.copy()
            params.flat[:] = given["theta"]
            arguments = params, given["x"], given["ts"], given["first"]
            if kind == "outputs":
                return {"y": self.cell.run(*arguments)[0], "h": self.cell.states(*arguments)}
            return self.backward(*arguments, given["dy"])

        given = {"theta": self.params.flat, "x": self.x, "ts": self.ts, "first": self.first, "dy": 2 * self.y}
        close = allowed(kind, self.cell.dtype, self.ts.size, run, given)
        return max(close, NUMERICAL) if kind == "gradients" and self.numerical else close

    def whole(self) -> Arrays:
        dy = np.zeros_like(self.y)
        steps = slice(-1, None) if self.last_only else slice(None)
        dy[:, steps] = 2 * self.y[:, steps]
        return self.backward(self.params, self.x, self.ts, self.first, dy)

    def single_steps(self) -> Arrays:
        """Every sample as a sequence of its own."""
        before = self.before.reshape(-1, self.cell.state_size)
        singles = [a.reshape(-1, 1, *a.shape[2:]) for a in (self.x, self.ts, 2 * self.y)]
        return self.backward(self.params, singles[0], singles[1], before, singles[2])

    def each_step(self) -> Arrays:
        rows = []
        for t in range(self.x.shape[1]):
            dy = np.zeros_like(self.y)
            dy[:, t] = 2 * self.y[:, t]
            rows.append(self.backward(self.params, self.x, self.ts, self.first, dy))
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def jacobians(self) -> Check:
        want = self.case["jac"]
        size = want.shape[-1]  # without the memory of a mixed-memory cell
        found = [
            self.cell.jacobian(self.params, self.before[:, t], self.x[:, t], self.ts[:, t])[:, :size, :size]
            for t in range(self.x.shape[1])
        ]
        return check("jacobians", "jac", np.stack(found, axis=1), want, self.tolerance("gradients"))

    @cached_property
    def before(self) -> Array:
        """The state before each step, (batch, length, state_size)."""
        return np.concatenate([self.first[:, None], self.states[:, :-1]], axis=1)

    def backward(self, params: Params, x: Array, ts: Array, first: Array, dy: Array) -> Arrays:
        back = self.cell.grad(params, x, ts, dy, first)
        return {**back.params, "x": back.x, "ts": back.gaps, **dict(self.parts("h0", "c0", back.state))}

    def parts(self, h: str, c: str, state: Array) -> dict[str, Array]:
        if not self.memory:
            return {h: state}
        plain, memory = np.split(state, 2, axis=-1)
        return {h: plain, c: memory}
