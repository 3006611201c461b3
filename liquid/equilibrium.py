"""Cells on data that is no sequence: the input is held until the state rests, and the output there is the answer.

With F one step of the cell over a fixed gap, the state sought is h* = F(h*, u). Steps are repeated first, which finds
it where F contracts; states still moving after `PATIENCE` steps are solved for by Newton's method on F(h) - h, with
steps halved until the residual falls. Gradients come from the implicit function theorem (Bai, Kolter & Koltun, "Deep
equilibrium models", NeurIPS 2019, theorem 1): with g = dL/dh* through the output alone and J = dF/dh at h*, the
cotangent of F is w = (I - J^T)^-1 (g + dL/dh*), and one backward step from w gives all gradients, whatever the number
of steps that were taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells.base import Recurrent
from liquid.cells.checks import finite_result, gap_array, real_array
from liquid.cells.params import Array, Params

PATIENCE = 40
"""Plain steps before Newton's method takes over."""
HALVINGS = 6
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


class Solution(NamedTuple):
    """States at rest, and how they were reached; the first axis of all is the batch.

    y : (batch, outputs). state : (batch, state_size).
    residual : largest |F(h) - h|, relative to max(1, largest |h|). steps : steps and Newton steps taken.
    converged : whether the residual is within the tolerance; if not, `state` is the best one met.
    radius : spectral radius of dF/dh: below 1 the state attracts its neighbourhood, above 1 it is a balance that
        repeated steps would leave.
    """

    y: Array
    state: Array
    residual: Array
    steps: Array
    converged: Array
    radius: Array


@dataclass(frozen=True, kw_only=True)
class Equilibrium(Recurrent):
    """A cell or network read at rest. It has no memory: every sample starts from the zero state.

    It runs and trains like the cell, on ``x (batch, length, inputs)`` of which each sample stands for itself; the
    gaps are those of the repeated step. Parameters are those of the cell.

    Parameters
    ----------
    inner : the cell or network.
    most_steps : limit of plain steps and Newton steps together.

    >>> from liquid.cells import make
    >>> static = Equilibrium(inner=make("cfc", inputs=2, units=3, backbone_units=4))
    >>> params = static.init(0)
    >>> solution = static.solve(params, [[0.5, -1.0]])
    >>> bool(solution.converged[0]), solution.y.shape
    (True, (1, 3))
    """

    inner: Recurrent
    most_steps: int = 100

    def __post_init__(self) -> None:
        if self.most_steps < 1:
            raise ValueError(f"most_steps is {self.most_steps}, but must be at least 1")

    @property
    def inputs(self) -> int:
        return self.inner.inputs

    @property
    def outputs(self) -> int:
        return self.inner.outputs

    @property
    def dtype(self) -> str:
        return self.inner.dtype

    @property
    def state_size(self) -> int:
        return 0

    @property
    def param_count(self) -> int:
        return self.inner.param_count

    def views(self, flat: Array) -> dict[str, Array]:
        return self.inner.views(flat)

    def init(self, rng: np.random.Generator | int) -> Params:
        return Params(self, self.inner.init(rng).flat, self.views)

    def solve(self, params: Mapping[str, ArrayLike], u: ArrayLike, gap: ArrayLike | None = None) -> Solution:
        """The states at rest for inputs ``u (batch, inputs)``; ``gap (batch,)`` is that of the step, default 1."""
        theta = self._theta(params)
        u = real_array("u", u, self._type, "batch, inputs", (None, self.inputs))
        gap = gap_array(np.ones(len(u)) if gap is None else gap, self._type, "batch", (len(u),))
        y, state, residual, steps = self._rest(theta, u, gap)
        finite_result("Equilibrium.solve", y, state)
        jacobian = self._jacobian(theta, u, gap, state)
        radius = np.abs(np.linalg.eigvals(jacobian)).max(axis=1, initial=0.0)
        return Solution(y, state, residual, steps, residual <= TOLERANCE[self.dtype], radius)

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        u, gap = x.reshape(-1, self.inputs), gaps.reshape(-1)
        y[...] = self._rest(theta, u, gap)[0].reshape(y.shape)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        u, gap = x.reshape(-1, self.inputs), gaps.reshape(-1)
        h = self._rest(theta, u, gap)[1]
        dout = dy.reshape(len(u), 1, self.outputs)
        unused = np.zeros_like(dtheta), np.empty_like(u[:, None]), np.empty_like(gap[:, None])
        through = np.zeros_like(h)
        self.inner._backward(theta, u[:, None], gap[:, None], h.copy(), dout, through, *unused)
        system = np.eye(h.shape[1]) - np.swapaxes(self._jacobian(theta, u, gap, h), 1, 2)
        w = _solved(system, through).astype(self._type)
        du, dgap = np.zeros_like(u[:, None]), np.zeros_like(gap[:, None])
        self.inner._backward(theta, u[:, None], gap[:, None], h.copy(), dout, w, dtheta, du, dgap)
        dx[...], dgaps[...] = du.reshape(dx.shape), dgap.reshape(dgaps.shape)

    def _rest(self, theta: Array, u: Array, gap: Array) -> tuple[Array, Array, Array, Array]:
        """Outputs, states, residuals and steps (each by sample)."""
        h = self.inner.zero_state(len(u))
        best_y, best, residual = self._move(theta, u, gap, h)
        best, following = h, best
        steps = np.ones(len(u), np.int64)
        tolerance = TOLERANCE[self.dtype]
        for k in range(1, self.most_steps):
            moving = np.flatnonzero(residual > tolerance)
            if not moving.size:
                break
            if k < PATIENCE:
                trial = following[moving]
                y, after, r = self._move(theta, u[moving], gap[moving], trial)
                kept = np.isfinite(r)
            else:
                trial, y, after, r, kept = self._newton(theta, u, gap, best, following, residual, moving)
            rows = moving[kept]
            best[rows], following[rows], best_y[rows], residual[rows] = trial[kept], after[kept], y[kept], r[kept]
            steps[moving] += 1
            if not kept.any():
                break
        return best_y, best, residual, steps

    def _newton(
        self, theta: Array, u: Array, gap: Array, state: Array, following: Array, residual: Array, moving: Array
    ) -> tuple[Array, Array, Array, Array, Array]:
        """One step of Newton's method for the samples `moving`, kept where the residual falls."""
        u, gap, h, before = u[moving], gap[moving], state[moving], residual[moving]
        system = np.eye(h.shape[1]) - self._jacobian(theta, u, gap, h)
        step = _solved(system, following[moving] - h).astype(self._type)
        trial, kept = h + step, np.zeros(len(h), bool)
        y, after, r = self._move(theta, u, gap, trial)
        for _ in range(HALVINGS):
            kept = r < before
            if kept.all():
                break
            step[~kept] *= 0.5
            trial[~kept] = h[~kept] + step[~kept]
            y, after, r = self._move(theta, u, gap, trial)
        return trial, y, after, r, r < before

    def _move(self, theta: Array, u: Array, gap: Array, h: Array) -> tuple[Array, Array, Array]:
        """One step from `h`: output, next state, and how far it moved."""
        y, after = np.empty((len(u), 1, self.outputs), self._type), h.copy()
        self.inner._forward(theta, u[:, None], gap[:, None], after, y, self.inner._no_states(len(u)))
        with np.errstate(invalid="ignore", over="ignore"):
            far = np.abs(after - h).max(axis=1, initial=0.0) / np.abs(h).max(axis=1, initial=1.0)
        return y[:, 0], after, np.where(np.isfinite(far), far, np.inf)

    def _jacobian(self, theta: Array, u: Array, gap: Array, h: Array) -> Array:
        return self.inner.jacobian(Params(self.inner, theta, self.inner.views), h, u, gap)


def _solved(systems: Array, right: Array) -> Array:
    """Solve each system of a batch; a singular one in the sense of least squares."""
    try:
        return np.linalg.solve(systems, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(systems, right, strict=True)])
