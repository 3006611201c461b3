"""The gated recurrent unit (Cho et al. 2014, arXiv 1406.1078), in the form of torch and cuDNN, as kernels::

    r = sigmoid(W_ir u + b_ir + W_hr h + b_hr)
    z = sigmoid(W_iz u + b_iz + W_hz h + b_hz)
    n = tanh(W_in u + b_in + r (W_hn h + b_hn))
    update   h' = (1 - z) n + z h
    flow     dh/dt = (1 - z) (n - h), of which the update is one Euler step of length 1

In the parameter vector a unit is two dense layers, of u and of h, with the outputs r, z, n side by side. What one
evaluation leaves behind for the backward pass is a row ``u | h | r, z, n | the three products of h``. There may be no
inputs at all: then the first layer is its bias.
"""

from __future__ import annotations

from liquid._jit import njit
from liquid.cells._dense import affine, affine_back, copy, dense_size, dense_views
from liquid.cells._math import sigmoid, tanh
from liquid.cells.params import Array, Cutter

GATES = 3


def gated_size(inputs: int, units: int) -> int:
    """Parameters of a unit."""
    return dense_size(inputs, GATES * units) + dense_size(units, GATES * units)


def gated_row(inputs: int, units: int) -> int:
    return inputs + (1 + 2 * GATES) * units


def gated_views(cut: Cutter, inputs: int, units: int, prefix: str = "") -> dict[str, Array]:
    """A unit's parameters under the names of `torch.nn.GRUCell`; no `weight_ih` without inputs."""
    weight_ih, bias_ih = dense_views(cut, inputs, GATES * units)
    weight_hh, bias_hh = dense_views(cut, units, GATES * units)
    named = {"weight_ih": weight_ih} if inputs else {}
    named |= {"weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}
    return {prefix + name: value for name, value in named.items()}


@njit
def gates(theta, at, units, row):
    """Fill a row that begins with u and h; all that is left of it are the gates and products."""
    u, h, gate, product = _parts(units, row)
    r, z, n = thirds(gate)
    at = affine(theta, at, u, gate)
    affine(theta, at, h, product)
    pr, pz, pn = thirds(product)
    for i in range(units):
        r[i], z[i] = sigmoid(r[i] + pr[i]), sigmoid(z[i] + pz[i])
    for i in range(units):
        n[i] = tanh(n[i] + r[i] * pn[i])


@njit
def gates_back(theta, dtheta, at, units, row, dgate, du, dh, work):
    """Backward pass of `gates`.

    `dgate` holds dloss/dz and dloss/dn in its last two thirds and is used up, `work` is scratch of the same size.
    Fills `du` and `dh`, adds to `dtheta`.
    """
    u, h, gate, product = _parts(units, row)
    r, z, n = thirds(gate)
    _, _, pn = thirds(product)
    dr, dz, dn = thirds(dgate)
    er, ez, en = thirds(work)
    for i in range(units):
        before = dn[i] * (1 - n[i] * n[i])
        dr[i] = before * pn[i] * r[i] * (1 - r[i])
        dz[i] *= z[i] * (1 - z[i])
        dn[i] = before
        er[i], ez[i], en[i] = dr[i], dz[i], before * r[i]
    affine_back(theta, dtheta, at, u, dgate, du)
    affine_back(theta, dtheta, at + (u.size + 1) * dgate.size, h, work, dh)


@njit
def update(theta, at, row, h):
    """One sample: a row that begins with u is filled, `h` becomes the next state."""
    units = h.size
    before = row[row.size - 7 * units :]
    copy(h, before)
    gates(theta, at, units, row)
    _, z, n = thirds(_parts(units, row)[2])
    for i in range(units):
        h[i] = (1 - z[i]) * n[i] + z[i] * before[i]


@njit
def update_back(theta, dtheta, at, row, dh, du, work):
    """Backward pass of `update`: `dh` goes from the next state to the state, `du` is filled.

    `work` is scratch of ``7 units``.
    """
    units = dh.size
    _, h, gate, _ = _parts(units, row)
    _, z, n = thirds(gate)
    dgate, dproduct, dbefore = work[: 3 * units], work[3 * units : 6 * units], work[6 * units : 7 * units]
    _, dz, dn = thirds(dgate)
    for i in range(units):
        dz[i] = dh[i] * (h[i] - n[i])
        dn[i] = dh[i] * (1 - z[i])
    gates_back(theta, dtheta, at, units, row, dgate, du, dbefore, dproduct)
    for i in range(units):
        dh[i] = dh[i] * z[i] + dbefore[i]


@njit
def flow(theta, at, row, k):
    """The vector field ``k = dh/dt`` at the h that begins `row`, without an input; fills the row."""
    units = k.size
    gates(theta, at, units, row)
    _, h, gate, _ = _parts(units, row)
    _, z, n = thirds(gate)
    for i in range(units):
        k[i] = (1 - z[i]) * (n[i] - h[i])


@njit
def flow_back(theta, dtheta, at, row, dk, dh, work):
    """Backward pass of `flow`: fills `dh`. `work` is scratch of ``6 units``."""
    units = dk.size
    _, h, gate, _ = _parts(units, row)
    _, z, n = thirds(gate)
    dgate, dproduct = work[: 3 * units], work[3 * units : 6 * units]
    _, dz, dn = thirds(dgate)
    for i in range(units):
        dz[i] = dk[i] * (h[i] - n[i])
        dn[i] = dk[i] * (1 - z[i])
    gates_back(theta, dtheta, at, units, row, dgate, work[:0], dh, dproduct)
    for i in range(units):
        dh[i] -= dk[i] * (1 - z[i])


@njit
def _parts(units, row):
    """u, h, gates and products of a row."""
    inputs = row.size - 7 * units
    gate = inputs + units
    return row[:inputs], row[inputs:gate], row[gate : gate + 3 * units], row[gate + 3 * units :]


@njit
def thirds(block):
    """The parts of a block of three gates. (Loops over slices become vector code; over computed indices not.)"""
    n = block.size // 3
    return block[:n], block[n : 2 * n], block[2 * n :]
