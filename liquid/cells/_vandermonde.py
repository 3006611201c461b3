"""Products with Vandermonde matrices, K_l = Re sum_n w_n a_n^l for l < length, and their gradients.

With m about sqrt(length) and l = i m + j they are products of two small tables, w a^(i m) and a^j: one complex
multiply-add for each mode and l, in loops over j that fill vector registers, and few powers to compute.
"""

import numpy as np

from liquid._jit import njit


@njit
def powers(ar, ai, table):
    """Fill table (2, modes, count) with the parts of a^0, a^1, ..., a^(count - 1)."""
    for n in range(table.shape[1]):
        p, q = 1.0, 0.0
        for j in range(table.shape[2]):
            table[0, n, j], table[1, n, j] = p, q
            p, q = p * ar[n] - q * ai[n], p * ai[n] + q * ar[n]


@njit
def tables(a, length):
    """a^j for j < m (2, modes, m), and (a^m)^i for i < J (2, modes, J), J m >= length."""
    count = int(np.ceil(np.sqrt(length)))
    early, late = np.empty((2, a.size, count)), np.empty((2, a.size, -(-length // count)))
    ar, ai = a.real.copy(), a.imag.copy()
    powers(ar, ai, early)
    for n in range(a.size):  # a^m = a a^(m - 1)
        p, q = early[0, n, count - 1], early[1, n, count - 1]
        ar[n], ai[n] = p * ar[n] - q * ai[n], p * ai[n] + q * ar[n]
    powers(ar, ai, late)
    return early, late


@njit
def vandermonde(a, w, k):
    """Fill k (channels, length) from a, w (channels, modes), complex."""
    length = k.shape[1]
    for c in range(a.shape[0]):
        early, late = tables(a[c], length)
        m = early.shape[2]
        for i in range(late.shape[2]):
            out = k[c, i * m : min((i + 1) * m, length)]
            out[:] = 0.0
            for n in range(a.shape[1]):
                p, q = late[0, n, i], late[1, n, i]
                fr, fi = w[c, n].real * p - w[c, n].imag * q, w[c, n].real * q + w[c, n].imag * p
                er, ei = early[0, n], early[1, n]
                for j in range(out.size):
                    out[j] += fr * er[j] - fi * ei[j]


@njit
def vandermonde_back(a, w, dk, da, dw):
    """Fill da, dw (channels, modes), d/d(real) + i d/d(imaginary), from dk (channels, length)."""
    length, modes = dk.shape[1], a.shape[1]
    for c in range(a.shape[0]):
        early, late = tables(a[c], length)
        m = early.shape[2]
        dearly = np.zeros(early.shape)
        da[c], dw[c] = 0.0, 0.0
        for i in range(late.shape[2]):
            out = dk[c, i * m : min((i + 1) * m, length)]
            for n in range(modes):
                p, q = late[0, n, i], late[1, n, i]
                fr, fi = w[c, n].real * p - w[c, n].imag * q, w[c, n].real * q + w[c, n].imag * p
                er, ei, gr, gi = early[0, n], early[1, n], dearly[0, n], dearly[1, n]
                sr, si = 0.0, 0.0
                for j in range(out.size):
                    gr[j] += fr * out[j]
                    gi[j] -= fi * out[j]
                    sr += er[j] * out[j]
                    si -= ei[j] * out[j]
                s = complex(sr, si)  # by w a^(i m)
                dw[c, n] += complex(p, -q) * s
                if i > 0:  # the derivative of (a^m)^i by a is i m (a^m)^(i - 1) a^(m - 1)
                    before = complex(late[0, n, i - 1], late[1, n, i - 1]) * complex(er[m - 1], ei[m - 1])
                    da[c, n] += i * m * (w[c, n] * before).conjugate() * s
        for n in range(modes):
            for j in range(1, m):
                s = complex(dearly[0, n, j], dearly[1, n, j])
                da[c, n] += j * complex(early[0, n, j - 1], -early[1, n, j - 1]) * s
