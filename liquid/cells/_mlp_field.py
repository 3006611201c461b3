"""Kernels of a bounded vector field: a multilayer perceptron with tanh at its end, ``dh/dt = tanh(MLP([u, h]))``.

The input u is held while h moves, so what it adds to the first layer is computed once for all evaluations. An
evaluation leaves behind a row ``h | each hidden layer before, after its activation``. The parameters are the dense
layers from offset 0; sizes are fields of `liquid.cells._ode_kernels.Plan`.
"""

from __future__ import annotations

from liquid._jit import njit
from liquid.cells._activations import activate, activate_back
from liquid.cells._dense import affine, affine_back, copy, dense_size, dense_views, linear, linear_back
from liquid.cells._math import tanh
from liquid.cells.params import Array, Cutter


def mlp_size(held: int, units: int, hidden: int, layers: int) -> int:
    """Parameters of a field."""
    return dense_size(held + units, hidden) + (layers - 1) * dense_size(hidden, hidden) + dense_size(hidden, units)


def mlp_views(cut: Cutter, held: int, units: int, hidden: int, layers: int) -> dict[str, Array]:
    named, width = {}, held + units
    for layer in range(layers + 1):
        outputs = hidden if layer < layers else units
        named[f"field.{layer}.weight"], named[f"field.{layer}.bias"] = dense_views(cut, width, outputs)
        width = hidden
    return named


@njit
def hold(theta, p, u, drive):
    """What the held input adds to the first layer: ``drive = W_u u + b``."""
    linear(theta, 0, u[: p.held], drive)
    bias = theta[(p.held + p.units) * p.hidden :]
    for i in range(p.hidden):
        drive[i] += bias[i]


@njit
def hold_back(theta, dtheta, p, u, ddrive, du):
    """Backward pass of `hold`: fill `du`."""
    linear_back(theta, dtheta, 0, u[: p.held], ddrive, du)
    dbias = dtheta[(p.held + p.units) * p.hidden :]
    for i in range(p.hidden):
        dbias[i] += ddrive[i]


@njit
def mlp(theta, p, drive, row, k):
    """The vector field `k` at the h that begins `row`; fills the row."""
    n, m = p.units, p.hidden
    before, after = _layer(p, row, 0)
    at = linear(theta, p.held * m, row[:n], before) + m
    for i in range(m):
        before[i] += drive[i]
    activate(p.activation, before, after)
    for layer in range(1, p.layers):
        lower = after
        before, after = _layer(p, row, layer)
        at = affine(theta, at, lower, before)
        activate(p.activation, before, after)
    affine(theta, at, after, k)
    for i in range(n):
        k[i] = tanh(k[i])


@njit
def mlp_back(theta, dtheta, p, row, k, dk, dh, ddrive, work):
    """Backward pass of `mlp`: `dk` is used up, `dh` filled, `ddrive` added to. `work` is scratch of ``2 hidden``."""
    n, m = p.units, p.hidden
    d, dlower = work[:m], work[m : 2 * m]
    for i in range(n):
        dk[i] *= 1 - k[i] * k[i]
    at = (p.held + n + 1) * m + (p.layers - 1) * (m + 1) * m
    before, after = _layer(p, row, p.layers - 1)
    affine_back(theta, dtheta, at, after, dk, d)
    for layer in range(p.layers - 1, 0, -1):
        activate_back(p.activation, before, after, d)
        before, after = _layer(p, row, layer - 1)
        at -= (m + 1) * m
        affine_back(theta, dtheta, at, after, d, dlower)
        copy(dlower, d)
    activate_back(p.activation, before, after, d)
    for i in range(m):
        ddrive[i] += d[i]
    linear_back(theta, dtheta, p.held * m, row[:n], d, dh)


@njit
def _layer(p, row, layer):
    at = p.units + 2 * layer * p.hidden
    return row[at : at + p.hidden], row[at + p.hidden : at + 2 * p.hidden]
