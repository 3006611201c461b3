"""Linear state spaces as convolutions, for long sequences with one gap throughout: `S4D`, `S4`, plain `LiquidS4`.

With equal gaps the outputs from a zero state are y = K * x + D x with the kernel K_l = Re(c a^l b), l = 0, 1, ..., and
the gradients are convolutions too: fast Fourier transforms of at least twice the length. The kernel is one for the
whole batch. For S4D it is a Vandermonde product (arXiv 2206.11893, section 3.1). For S4 it is the recurrence's answer
to an impulse, O(N L) like the Cauchy products of the paper, without their correction of C for the length; only a batch
of several sequences makes it pay. All is done in float64, whatever the cell's type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells._vandermonde import vandermonde, vandermonde_back
from liquid.cells.checks import Shape, finite_result, gap_array, real_array
from liquid.cells.liquid_s4 import LiquidS4
from liquid.cells.params import Array, Params
from liquid.cells.s4 import S4

StateSpace: TypeAlias = LiquidS4 | S4
Named: TypeAlias = Mapping[str, ArrayLike]


class Discrete(NamedTuple):
    """One sample of a plain state space after a fixed gap: ``x <- a x + b u``, ``y = Re(c x) + D u``.

    Diagonal cells: a, b and c are complex, (channels, modes), c being 2 C for conjugate pairs. S4: a is real,
    (channels, N, N), b and c (channels, N), for x = real parts of the kept modes, then imaginary parts.
    """

    a: Array
    b: Array
    c: Array


def discretise(cell: StateSpace, params: Named, gap: float) -> Discrete:
    """The step matrices, found by the cell's own step.

    Of a hadamard recurrence they are the a and b in ``x <- a x + (b u) x + b u``.

    Raises
    ------
    ValueError : the recurrence is "exact", whose multiplier depends on the input.
    """
    cell = _plain(cell)
    theta, (u, gaps, states) = cell.pack(params), _probes(cell, gap)
    _, after = cell.run(theta, u, gaps, states)
    if isinstance(cell, S4):
        ends = after.reshape(len(after), cell.inputs, -1)
        c = np.concatenate([2 * theta["C_real"], -2 * theta["C_imag"]], axis=1)
        return Discrete(np.moveaxis(ends[1:], 0, 2), ends[0], c)
    parts = after.reshape(2, cell.inputs, -1, cell.modes)
    if not cell.complex_modes:
        return Discrete(parts[1, :, 0] + 0j, parts[0, :, 0] + 0j, theta["C_real"] + 0j)
    ends = parts[:, :, 0] + 1j * parts[:, :, 1]
    return Discrete(ends[1], ends[0], 2 * (theta["C_real"] + 1j * theta["C_imag"]))


def kernel(cell: StateSpace, params: Named, length: int, gap: float) -> Array:
    """K_l for l < `length`, (channels, length): the outputs for an input of 1 and then 0, without the part D.

    Raises
    ------
    ValueError : the recurrence is not "plain", so not linear in the input.
    """
    cell = replace(_linear(cell), dtype="float64")
    if length < 1:
        raise ValueError(f"length is {length}, but must be at least 1")
    if isinstance(cell, S4):
        theta, impulse = cell.pack(params), _impulse(cell, length)
        theta["D"][:] = 0.0
        return cell.run(theta, impulse, np.full((1, length), gap))[0][0].T
    a, b, c = discretise(cell, params, gap)
    k = np.empty((cell.inputs, length))
    vandermonde(a, c * b, k)
    return k


def convolve(cell: StateSpace, params: Named, x: ArrayLike, gap: float) -> Array:
    """The outputs (batch, length, channels) of `cell.run` from a zero state, with `gap` before every sample.

    Raises
    ------
    ValueError : the recurrence is not "plain", or what `cell.run` refuses.
    FloatingPointError : the outputs overflow.
    """
    x = _signals("x", _linear(cell), x, (None, None, cell.inputs))
    length = x.shape[1]
    k = kernel(cell, params, length, gap)
    with np.errstate(over="ignore", invalid="ignore"):
        y = _signal(_spectrum(x) * _spectrum(k.T), length) + cell.pack(params)["D"] * x
        y = y.astype(cell.dtype)
    finite_result("convolve", y)
    return y


def convolve_grad(cell: StateSpace, params: Named, x: ArrayLike, gap: float, dy: ArrayLike) -> tuple[Params, Array]:
    """Exact gradients of a loss on the outputs of `convolve`: by the parameters, and by x (batch, length, channels).

    Parameters
    ----------
    dy : dloss/dy, (batch, length, channels).
    """
    x = _signals("x", _linear(cell), x, (None, None, cell.inputs))
    dy = _signals("dy", cell, dy, x.shape)
    length = x.shape[1]
    k = kernel(cell, params, length, gap)
    with np.errstate(over="ignore", invalid="ignore"):
        seen, told = _spectrum(x), _spectrum(dy)
        dx = (_signal(told * _spectrum(k.T).conj(), length) + cell.pack(params)["D"] * dy).astype(cell.dtype)
        dk = _signal((told * seen.conj()).sum(0), length)
        result = cell.empty_params()
        result.flat[:] = _kernel_back(replace(cell, dtype="float64"), params, gap, dk.T).flat
    finite_result("convolve_grad", result.flat, dx)
    return result, dx


def _kernel_back(cell: StateSpace, params: Named, gap: float, dk: Array) -> Params:
    """Gradient by the parameters from that by the kernel, to whose first element D belongs here."""
    dk = np.ascontiguousarray(dk)
    if isinstance(cell, S4):
        length = dk.shape[1]
        return cell.grad(params, _impulse(cell, length), np.full((1, length), gap), dk.T[None]).params
    step = discretise(cell, params, gap)
    da, dw = np.empty_like(step.a), np.empty_like(step.a)
    vandermonde_back(step.a, step.c * step.b, dk, da, dw)
    ends = np.stack([step.c.conj() * dw, da])
    ends = np.stack([ends.real, ends.imag], axis=2) if cell.complex_modes else ends.real
    u, gaps, states = _probes(cell, gap)
    silent = np.zeros((*gaps.shape, cell.outputs))
    gradient = cell.grad(params, u, gaps, silent, states, ends.reshape(states.shape)).params
    dc = (2 if cell.complex_modes else 1) * step.b.conj() * dw
    gradient["C_real"][:], gradient["D"][:] = dc.real, dk[:, 0]
    if cell.complex_modes:
        gradient["C_imag"][:] = dc.imag
    return gradient


def _impulse(cell: StateSpace, length: int) -> Array:
    x = np.zeros((1, length, cell.inputs))
    x[0, 0] = 1.0
    return x


def _probes(cell: StateSpace, gap: float) -> tuple[Array, Array, Array]:
    """Inputs, gaps and states of single samples that show a step: an input alone, then states alone.

    One state is enough for a diagonal matrix: 1 in every mode.
    """
    size = cell.state_size // cell.inputs
    alone = np.eye(size) if isinstance(cell, S4) else (np.arange(size) < cell.modes)[None] * 1.0
    states = np.concatenate([np.zeros((1, size)), alone])
    u = np.zeros((len(states), 1, cell.inputs))
    u[0] = 1.0
    gaps = gap_array([[gap]], np.dtype(float), "gap", (1, 1))
    return u, np.repeat(gaps, len(states), axis=0), np.tile(states, cell.inputs)


def _plain(cell: StateSpace) -> StateSpace:
    """The cell in float64 and without the part of its multiplier that depends on the input."""
    if cell.recurrence == "exact":
        raise ValueError("the exact recurrence has no step matrices: its multiplier depends on the input")
    cell = replace(cell, dtype="float64")
    if cell.recurrence == "plain":
        return cell
    return (
        replace(cell, recurrence="plain") if isinstance(cell, S4) else replace(cell, recurrence="plain", tracking=False)
    )


def _linear(cell: StateSpace) -> StateSpace:
    if cell.recurrence != "plain":
        raise ValueError(f"the {cell.recurrence} recurrence is not linear in the input and has no kernel: use 'plain'")
    return cell


def _signals(name: str, cell: StateSpace, value: ArrayLike, shape: Shape) -> Array:
    """What the cell accepts, as float64."""
    return real_array(name, value, np.dtype(cell.dtype), "batch, length, channels", shape).astype(float)


def _spectrum(signal: Array) -> Array:
    """Transform along the axis of samples, the last but one, padded so that a circular convolution is a linear one."""
    return np.fft.rfft(signal, 2 << (signal.shape[-2] - 1).bit_length(), axis=-2)


def _signal(spectrum: Array, length: int) -> Array:
    return np.fft.irfft(spectrum, 2 * (spectrum.shape[-2] - 1), axis=-2)[..., :length, :]
