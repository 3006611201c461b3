"""Saved rows compared by what they hold: the bytes between aligned fields mean nothing."""

import numpy as np


def leaves(data: bytes, dtype: np.dtype) -> tuple[bytes, ...]:
    """Header and bytes of every field of a saved row."""
    head, body = data[: -dtype.itemsize], data[-dtype.itemsize :]
    return head, *_leaves(np.frombuffer(body, dtype))


def _leaves(values):
    if not values.dtype.names:
        yield values.tobytes()
    for name in values.dtype.names or ():
        yield from _leaves(values[name])
