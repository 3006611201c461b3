"""Twin of liquid.learning.coverage: every error is kept."""

import math
from collections.abc import Sequence

from liquid.learning.coverage import WINDOWS


class Held:
    """Errors with the time at which they became known, and of which levels they were inside."""

    def __init__(self) -> None:
        self.errors: list[tuple[float, list[bool]]] = []

    def count(self, time: float, beyond: float, half: Sequence[float]) -> None:
        self.errors.append((time, [beyond <= h for h in half]))

    def counts(self, name: str) -> tuple[list[int], list[list[int]]]:
        """n and inside by level, of the part of the calendar of the newest error and of the one before."""
        length = WINDOWS[name]
        part = math.floor(self.errors[-1][0] / length) if self.errors else 0
        parts = [[held for time, held in self.errors if math.floor(time / length) == part - k] for k in (0, 1)]
        return [len(p) for p in parts], [[sum(column) for column in zip(*p, strict=True)] or [0, 0, 0] for p in parts]
