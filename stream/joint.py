"""The joint series of a feed's multi-field series: whether the fields of a record go together.

Its id is `<series>:joint`, its events are the records, and its value is log2 of how many deviations the field that is
farthest off is from what the others make likely (`liquid.anomaly.joint`). All else about it is as of any series.

That needs the results of the fields, which a replay does not have where their rows are saved already. So the
rows of one multi-field series are saved together, always: a record is applied to all of them or to none.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from liquid import IncompatibleRow
from liquid.joint import Joint
from liquid.results import REJECTED, SKIPPED
from stream.events import EventBatch
from stream.explain import number
from stream.feeds import JOINT

#: log2 of the smallest number of deviations that is told apart.
LEAST: Final = -10.0
_MOST_NAMED = 3
_ENOUGH = 0.8  # share of the named fields, at least


class JointRows:
    """By slot of the joint series: the state of its fields, and the slots that are saved with it.

    Parameters
    ----------
    fields : names of the fields, in the order of the shares.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        self._place = {name: k for k, name in enumerate(fields)}
        self._states = Joint(len(fields))
        self._leader = np.zeros(0, np.int64)
        self._members: dict[int, dict[int, str]] = {}  # of a leader: fields by slot
        self._mark = zlib.crc32("\0".join(fields).encode()).to_bytes(4, "big")

    def reset(self, slot: int) -> None:
        """A fresh series is in this slot."""
        self._states.reserve(slot + 1)
        self._leader = np.concatenate((self._leader, np.arange(len(self._leader), len(self._states.states))))
        self._states.reset(slot)
        self._leader[slot] = slot
        self._members.pop(slot, None)

    def link(self, batch: EventBatch, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Learn from a batch which slots belong together; gives which of its events are joint."""
        joint = np.array([field == JOINT for field in batch.fields])
        at = np.flatnonzero(joint)
        # a record's joint event comes after those of its fields
        owner = slots[at[np.searchsorted(at, np.arange(len(slots)))]]
        for new in np.flatnonzero(self._leader[slots] != owner).tolist():
            self.join(int(owner[new]), int(slots[new]), batch.fields[new])
        return joint

    def join(self, leader: int, slot: int, field: str) -> None:
        """From now on a field's slot is saved with its joint series."""
        self._leader[slot] = leader
        self._members.setdefault(leader, {})[slot] = field

    def leaders(self, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The slot of the joint series that each slot is saved with."""
        return self._leader[slots]

    def together(self, slot: int) -> list[int]:
        """All slots that are saved with this leader, itself included."""
        return [slot, *self._members.get(slot, ())]

    def judge(
        self,
        batch: EventBatch,
        slots: npt.NDArray[np.int64],
        joint: npt.NDArray[np.bool_],
        results: np.ndarray,
        applied: npt.NDArray[np.int64],
    ) -> None:
        """Fill in the values of a batch's joint events, and its shares, from the results of its fields.

        Parameters
        ----------
        joint : from `link`. applied : last input offset of each joint event's row; what is not beyond it is left nan.
        """
        at = np.flatnonzero(joint)
        fields = np.flatnonzero(~joint & (results["flags"] & (SKIPPED | REJECTED) == 0))
        errors = np.full((len(at), len(self._place)), np.nan)
        place = [self._place[batch.fields[i]] for i in fields.tolist()]
        errors[np.searchsorted(at, fields), place] = results["value"][fields] - results["expected"][fields]
        new = np.flatnonzero(batch.offsets[at] > applied)
        off, shares = self._states.run(slots[at[new]], errors[new])
        batch.values[at[new]] = np.log2(np.maximum(off, 2.0**LEAST))
        batch.joint = np.zeros((len(batch), len(self._place)))
        batch.joint[at[new]] = shares

    # What is saved before the joint series' own row.

    def state(self, slot: int) -> bytes:
        seen = sum(1 << self._place[field] for field in self._members.get(slot, {}).values())
        return self._mark + seen.to_bytes(4, "big") + self._states.state_bytes(slot)

    def load(self, slot: int, row: bytes) -> tuple[bytes, list[str]]:
        """Take the state from the begin of what was saved; give the rest, and the fields that are saved with it.

        Raises IncompatibleRow. The fields must `join` before anything touches them."""
        size = 8 + self._states.states.itemsize
        state, row = row[:size], row[size:]
        if len(state) < size or not state.startswith(self._mark):
            raise IncompatibleRow("the saved row has no state of these fields together")
        self._states.load_state(slot, state[8:])
        seen = int.from_bytes(state[4:8], "big")
        return row, [field for field, k in self._place.items() if seen >> k & 1]


def field_shares(fields: Sequence[str], shares: Iterable[float]) -> dict[str, float]:
    """The fields that are off, the largest share first."""
    ranked = sorted(zip(fields, shares, strict=True), key=lambda pair: -pair[1])
    return {name: round(share, 4) for name, share in ranked if share > 0}


def why_joint(shares: dict[str, float], value: float, upper: float) -> str:
    """One sentence on a joint event: which fields do not go together, and how far they are off.

    Examples
    --------
    >>> why_joint({"load": 0.5, "delay": 0.4, "rain": 0.1}, 2.0, 0.6)
    'load and delay do not go together: 4 deviations off, expected up to 1.5'
    """
    named: list[str] = []
    covered, total = 0.0, sum(shares.values())
    for name, share in list(shares.items())[:_MOST_NAMED]:
        if covered >= _ENOUGH * total:
            break
        named.append(name)
        covered += share
    if len(named) > 1:
        subject = f"{', '.join(named[:-1])} and {named[-1]} do not go together"
    else:
        subject = f"{named[0]} does not go with the others" if named else "the fields do not go together"
    text = f"{subject}: {number(2.0**value)} deviations off"
    return text + (f", expected up to {number(2.0**upper)}" if np.isfinite(upper) else "")
