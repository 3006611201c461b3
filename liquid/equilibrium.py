"""Cells on data that is no sequence: the input is held until the state rests, and the output there is the answer.

With F one step of the cell over a fixed gap, the state sought is h* = F(h*, u). Steps are repeated first, which finds
it where F contracts. States still moving after `PATIENCE` steps are solved for by pseudo-transient continuation (Kelley
& Keyes, SIAM J. Numer. Anal. 35, 1998): implicit Euler steps of dh/ds = F(h) - h, of a length that doubles while the
residual falls, until they are those of Newton's method. Gradients come from the implicit function theorem (Bai, Kolter
& Koltun, "Deep equilibrium models", NeurIPS 2019, theorem 1): with g = dL/dh* through the output alone and J = dF/dh
at h*, the cotangent of F is w = (I - J^T)^-1 (g + dL/dh*), and one backward step from w gives all gradients, whatever
the number of steps that were taken.
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

PATIENCE = 24
"""Plain steps before the continuation takes over."""
BLOCK = 8
"""Plain steps between two looks at which samples still move."""
LONGER, SHORTER = 2.0, 0.25
"""Factors of a continuation step's length when the residual has fallen, and when not."""
LENGTHS = (0.5, 1e12)
TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


class Solution(NamedTuple):
    """States at rest, and how they were reached; the first axis of all is the batch.

    y : (batch, outputs). state : (batch, state_size).
    residual : largest |F(h) - h|, relative to max(1, largest |h|). steps : steps taken, of both kinds.
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
    most_steps : limit of plain and continuation steps together.

    >>> from liquid.cells import make
    >>> static = Equilibrium(inner=make("cfc", inputs=2, units=3, backbone_units=4))
    >>> params = static.init(0)
    >>> solution = static.solve(params, [[0.5, -1.0]])
    >>> bool(solution.converged[0]), solution.y.shape
    (True, (1, 3))
    """

    inner: Recurrent
    most_steps: int = 200

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

    def constrain(self, params: Params) -> None:
        self.inner.constrain(Params(self.inner, params.flat, self.inner.views))

    def solve(
        self, params: Mapping[str, ArrayLike], u: ArrayLike, gap: ArrayLike | None = None, radius: bool = True
    ) -> Solution:
        """The states at rest for inputs ``u (batch, inputs)``; ``gap (batch,)`` is that of the step, default 1.

        Without `radius`, whose eigenvalues may take longer than all else, it is NaN.
        """
        theta = self._theta(params)
        u = real_array("u", u, self._type, "batch, inputs", (None, self.inputs))
        gap = gap_array(np.ones(len(u)) if gap is None else gap, self._type, "batch", (len(u),))
        y, state, residual, steps = self._rest(theta, u, gap)
        finite_result("Equilibrium.solve", y, state)
        size = np.full(len(u), np.nan)
        if radius:
            size = np.abs(np.linalg.eigvals(self._jacobian(theta, u, gap, state))).max(axis=1, initial=0.0)
        return Solution(y, state, residual, steps, residual <= TOLERANCE[self.dtype], size)

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        u, gap = x.reshape(-1, self.inputs), gaps.reshape(-1)
        y[...] = self._rest(theta, u, gap)[0].reshape(y.shape)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        h = self._rest(theta, x.reshape(-1, self.inputs), gaps.reshape(-1))[1]
        self._backward_kept(h, theta, x, gaps, dy, dstate, dtheta, dx, dgaps)

    def _forward_kept(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array) -> Array:
        """The states at rest, so that they are sought once and not twice."""
        found, h, *_ = self._rest(theta, x.reshape(-1, self.inputs), gaps.reshape(-1))
        finite_result("Equilibrium.run", found, h)
        y[...] = found.reshape(y.shape)
        return h

    def _backward_kept(
        self, kept: Array, theta: Array, x: Array, gaps: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        """Gradients at the states at rest, see the module."""
        h = kept
        u, gap = x.reshape(-1, self.inputs), gaps.reshape(-1)
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
        done = min(BLOCK, self.most_steps)
        y, h, after, residual = self._walk(theta, u, gap, self.inner.zero_state(len(u)), done)
        best_y, best, least = y.copy(), h.copy(), residual.copy()
        steps, length = np.full(len(u), done), np.ones(len(u))
        while done < self.most_steps:
            moving = np.flatnonzero(~(least <= TOLERANCE[self.dtype]))
            if not moving.size:
                break
            u_, gap_, plain = u[moving], gap[moving], done < PATIENCE
            count = min(BLOCK, PATIENCE - done, self.most_steps - done) if plain else 1
            start = after[moving] if plain else self._leap(theta, u_, gap_, h[moving], after[moving], length[moving])
            y, start, end, r = self._walk(theta, u_, gap_, start, count)
            factor = np.where(r <= residual[moving], LONGER, SHORTER)
            length[moving] = np.ones(len(moving)) if plain else np.clip(length[moving] * factor, *LENGTHS)
            sound = np.isfinite(r)
            rows = moving[sound]
            h[rows], after[rows], residual[rows] = start[sound], end[sound], r[sound]
            closer = r < least[moving]
            rows = moving[closer]
            best_y[rows], best[rows], least[rows] = y[closer], start[closer], r[closer]
            steps[moving] += count
            done += count
        return best_y, best, least, steps

    def _leap(self, theta: Array, u: Array, gap: Array, h: Array, after: Array, length: Array) -> Array:
        """An implicit Euler step of the given length."""
        system = (1 + 1 / length)[:, None, None] * np.eye(h.shape[1]) - self._jacobian(theta, u, gap, h)
        leap: Array = h + _solved(system, after - h)
        return leap.astype(self._type)

    def _walk(self, theta: Array, u: Array, gap: Array, h: Array, count: int) -> tuple[Array, Array, Array, Array]:
        """`count` steps from `h`: the last one's output, where it started and ended, and how far it moved."""
        n, after = len(u), h.copy()
        y = np.empty((n, count, self.outputs), self._type)
        states = np.empty((n, count, h.shape[1]), self._type)
        held = np.repeat(u[:, None], count, axis=1), np.repeat(gap[:, None], count, axis=1)
        self.inner._forward(theta, *held, after, y, states)
        before = states[:, -2].copy() if count > 1 else h
        return y[:, -1], before, after, _distance(after, before)

    def _jacobian(self, theta: Array, u: Array, gap: Array, h: Array) -> Array:
        return self.inner.jacobian(Params(self.inner, theta, self.inner.views), h, u, gap)


def _solved(systems: Array, right: Array) -> Array:
    """Solve each system of a batch; a singular one in the sense of least squares."""
    try:
        return np.linalg.solve(systems, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(systems, right, strict=True)])


def _distance(after: Array, before: Array) -> Array:
    """How far each state has moved, relative to its largest number if that is above 1; inf if it is not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        far = np.abs(after - before).max(axis=1, initial=0.0) / np.abs(before).max(axis=1, initial=1.0)
    return np.where(np.isfinite(far), far, np.inf)
