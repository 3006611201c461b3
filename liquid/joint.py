"""Events of several fields: the states that judge whether the fields go together, by slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liquid.anomaly import joint as kernel
from liquid.results import as_bytes


class Joint:
    """Joint states of many series of the same fields (`liquid.anomaly.joint`).

    Parameters
    ----------
    fields : how many, 2 to `liquid.anomaly.joint.MOST`.
    """

    def __init__(self, fields: int) -> None:
        if not 2 <= fields <= kernel.MOST:
            raise ValueError(f"2 to {kernel.MOST} fields can be judged together, not {fields}")
        self.fields = fields
        self._fresh = np.zeros(1, kernel.joint_dtype(fields))
        kernel.start(self._fresh[0])
        self.states: NDArray[np.void] = self._fresh[:0].copy()
        self._work = np.zeros(1, kernel.work_dtype(fields))[0]

    def reserve(self, capacity: int) -> None:
        """Make room for at least `capacity` slots."""
        have = len(self.states)
        if capacity > have:
            size = max(capacity, have + have // 2)
            self.states = np.concatenate((self.states, np.repeat(self._fresh, size - have)))

    def run(self, slots: ArrayLike, errors: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Judge events in order, learning each.

        Parameters
        ----------
        slots : (n,). errors : (n, fields), value - expected, nan where a field was not measured.

        Returns
        -------
        (n,) how many deviations the field that is farthest off is from what the others make likely, nan where nothing
        can be said; (n, fields) each field's share.
        """
        s = np.ascontiguousarray(slots, np.int64)
        e = np.ascontiguousarray(errors, np.float64).reshape(len(s), self.fields)
        largest, shares = np.empty(len(s)), np.empty(e.shape)
        kernel.run(self.states, s, e, self._work, largest, shares)
        return largest, shares

    def reset(self, slot: int) -> None:
        """Forget a state."""
        as_bytes(self.states)[slot] = as_bytes(self._fresh)[0]

    def state_bytes(self, slot: int) -> bytes:
        """A state as bytes."""
        return bytes(self.states[slot].tobytes())

    def load_state(self, slot: int, data: bytes) -> None:
        """Put back what `state_bytes` gave."""
        as_bytes(self.states)[slot] = np.frombuffer(data, np.uint8)
