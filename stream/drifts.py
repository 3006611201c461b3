"""Drifts of series: begun and ended ones put together, the newest kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from liquid.drift import DRIFTS
from stream.events import DriftRecord

#: Drifts kept of one series.
PER_SERIES: Final = 20


@dataclass(frozen=True, slots=True)
class Drift:
    """onset : when it began to show, began : when that was known, ended : when the new regime was the reference."""

    kind: str
    onset: float | None
    began: float
    ended: float | None = None


def changes(ids: Sequence[str], results: np.ndarray[Any, Any]) -> Iterator[tuple[int, DriftRecord]]:
    """Where drifts begin or end in results as `Model.run` gives them: the index, and what is written of it."""
    bits = results["drift"]
    for i in np.flatnonzero(bits >> 4).tolist():
        for k, kind in enumerate(DRIFTS):
            if bits[i] >> (k + 4) & 1:
                change: Literal["begun", "ended"] = "begun" if bits[i] >> k & 1 else "ended"
                onset = float(results["drift_onset"][i]) if change == "begun" else None
                yield i, DriftRecord(ids[i], kind, change, float(results["time"][i]), onset)


class Drifts:
    """The newest PER_SERIES drifts of the `limit` series that drifted last. Not thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._drifts: OrderedDict[tuple[str, str], list[Drift]] = OrderedDict()

    def apply(self, feed: str, records: Iterable[DriftRecord]) -> None:
        """Take in changes, in order. A missed beginning or end is made up for; one that came twice changes nothing."""
        for record in records:
            known = self._drifts.setdefault((feed, record.series), [])
            self._drifts.move_to_end((feed, record.series))
            at = next((i for i, one in enumerate(known) if one.kind == record.kind and one.ended is None), None)
            if record.change == "ended":
                if at is not None:
                    known[at] = replace(known[at], ended=record.time)
            elif not any(one.kind == record.kind and one.began == record.time for one in known):
                if at is not None:
                    known[at] = replace(known[at], ended=record.time)
                known.append(Drift(record.kind, record.onset, record.time))
                del known[:-PER_SERIES]
            if len(self._drifts) > self.limit:
                self._drifts.popitem(last=False)

    def of(self, feed: str, series: str) -> list[Drift]:
        """Those of a series, the newest first."""
        return self._drifts.get((feed, series), [])[::-1]
