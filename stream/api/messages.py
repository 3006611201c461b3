"""What the live stream says: its events and the results in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from liquid.results import SEVERITIES, STATES
from stream.api.encoding import encode
from stream.history import Batch

MOST_ITEMS: Final = 2000  # results in one message

_COLUMNS: Final = (
    "time", "value", "expected", "lower50", "upper50", "lower80", "upper80", "lower", "upper", "score", "gap",
    "severity", "state", "events",
)  # fmt: skip


def message(event: str, data: Any, number: int) -> bytes:
    """One server-sent event."""
    return b"event: %s\nid: %d\ndata: %s\n\n" % (event.encode(), number, encode(data))


def items_of(batches: Sequence[Batch], series: str | None = None) -> list[dict[str, Any]]:
    """Results of one feed as items of a message, in order of arrival.

    Of one series all of them, at most the newest MOST_ITEMS; of all series the newest one of each, and where these are
    more than MOST_ITEMS those with the highest scores.
    """
    if series is not None:
        items = [
            item
            for batch in batches
            for item in _items(batch, [i for i, name in enumerate(batch.ids) if name == series])
        ]
        return items[-MOST_ITEMS:]
    newest: dict[str, tuple[int, int]] = {}
    for k, batch in enumerate(batches):
        newest.update((name, (k, i)) for i, name in enumerate(batch.ids))
    items = [
        item
        for k, batch in enumerate(batches)
        for item in _items(batch, [i for i, name in enumerate(batch.ids) if newest[name] == (k, i)])
    ]
    if len(items) > MOST_ITEMS:
        ranked = sorted(range(len(items)), key=lambda i: _badness(items[i]), reverse=True)
        items = [items[i] for i in sorted(ranked[:MOST_ITEMS])]
    return items


def _items(batch: Batch, chosen: list[int]) -> list[dict[str, Any]]:
    part = batch.results[chosen]
    columns = [part[name].tolist() for name in _COLUMNS]
    names = ("series", *_COLUMNS)
    items = [dict(zip(names, item, strict=True)) for item in zip([batch.ids[i] for i in chosen], *columns, strict=True)]
    for item in items:
        item["severity"], item["state"] = SEVERITIES[item["severity"]], STATES[item["state"]]
    return items


def _badness(item: dict[str, Any]) -> float:
    score: float = item["score"]
    return score if math.isfinite(score) else 0.0
