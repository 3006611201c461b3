"""Depthwise causal convolution over the last few samples: each channel has its own `kernel` taps, oldest first.

`taps` is (kernel, channels) and `past` (kernel - 1, channels), oldest first, both flat.
"""

from __future__ import annotations

from liquid._jit import njit
from liquid.cells._dense import copy
from liquid.cells.params import Array, Cutter


def taps_view(cut: Cutter, kernel: int, channels: int) -> Array:
    """The next block in the shape of torch's `Conv1d(groups=channels)`: (channels, 1, kernel)."""
    return cut.take(kernel, channels).T[:, None]


@njit
def convolve(taps, past, now, out):
    """Add to `out` the taps' sum over `past` and the newest sample `now`."""
    n = now.size
    for at in range(0, past.size, n):
        tap, then = taps[at : at + n], past[at : at + n]
        for i in range(n):
            out[i] += tap[i] * then[i]
    tap = taps[past.size :]
    for i in range(n):
        out[i] += tap[i] * now[i]


@njit
def convolve_back(taps, dtaps, past, now, dout, dpast, dnow):
    """Backward pass of `convolve` and of `shift` after it.

    `dpast` holds dloss/d(past of the next sample) on entry and dloss/d(past) on return; `dnow` is filled.
    """
    n, newest = now.size, past.size
    tap, dtap = taps[newest:], dtaps[newest:]
    for i in range(n):
        dtap[i] += now[i] * dout[i]
        dnow[i] = tap[i] * dout[i]
    if newest == 0:
        return
    last = dpast[newest - n :]
    for i in range(n):
        dnow[i] += last[i]
    for at in range(newest - n, -1, -n):
        tap, dtap, then, d = taps[at : at + n], dtaps[at : at + n], past[at : at + n], dpast[at : at + n]
        for i in range(n):
            dtap[i] += then[i] * dout[i]
        if at > 0:
            before = dpast[at - n : at]
            for i in range(n):
                d[i] = before[i] + tap[i] * dout[i]
        else:
            for i in range(n):
                d[i] = tap[i] * dout[i]


@njit
def shift(past, now):
    """Let the oldest sample go and append the newest."""
    n = now.size
    if past.size > 0:
        for i in range(past.size - n):
            past[i] = past[i + n]
        copy(now, past[past.size - n :])
