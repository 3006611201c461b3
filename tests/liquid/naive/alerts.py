"""Twin of liquid.anomaly.alerts."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from liquid.anomaly.alerts import ESCALATE, LINE, LONGEST, QUIET
from liquid.results import CLOSED, ESCALATED, NO_ALERT, NOTIFIED, OPENED


class Verdict(NamedTuple):
    score: float
    strength: float
    alert_score: float
    change: int
    notify: bool


@dataclass
class Episode:
    active: bool = False
    begin: float = 0.0
    first: int = 0
    last: int = 0  # event above the line
    evidence: float = 0.0  # when it opened or escalated
    peak: float = 0.0
    peak_time: float = 0.0
    budget: float = 0.0  # alerts lately
    told: bool = False
    above: list[int] = field(default_factory=list)  # events with a strength of 1 or more, close together
    end: float = -math.inf  # of the last one

    def judge(
        self, evidence: float, n: int, time: float, alertable: float | None = None, outside=False, cool_down=0.0
    ) -> Verdict:
        self.budget *= math.exp(-1 / 2000)
        line = LINE * (1 + math.exp(-(n + 1) / 200))
        score = evidence / line
        alertable = evidence if alertable is None else alertable
        strength, budgeted = alertable / line, alertable / line / (1 + 0.2 * self.budget)
        if outside:
            alertable, strength, budgeted = max(alertable, line), max(strength, 1.0), max(budgeted, 1.0)
        change = self._move(alertable, budgeted, n, rested=time >= self.end + cool_down)
        if change == OPENED:
            self.begin, self.peak, self.told = time, 0.0, False
        elif change == CLOSED:
            self.end = time
        if self.active and strength > self.peak:
            self.peak, self.peak_time = strength, time
        alerts = change in (OPENED, ESCALATED)
        notify = self._notify(strength, n)
        shown = NOTIFIED if notify and change == NO_ALERT else change
        return Verdict(score, strength, budgeted if alerts else min(score, 0.99), shown, notify)

    def _notify(self, strength: float, n: int) -> bool:
        if strength < 1:
            return False
        if self.above and n - self.above[-1] > 2:
            self.above = []
        self.above.append(n)
        if not self.active or self.told:
            return False
        self.told = len(self.above) >= 3 or strength >= 1.5
        return self.told

    def _move(self, evidence: float, budgeted: float, n: int, rested: bool) -> int:
        above = budgeted >= 1
        if self.active:
            too_long = n - self.first >= LONGEST
            quiet = not above and n - self.last >= QUIET
            if too_long or quiet:
                self.active = False
                return CLOSED
        if not above or not (self.active or rested):
            return NO_ALERT
        self.last = n
        if self.active:
            if evidence <= ESCALATE * self.evidence:
                return NO_ALERT
            self.evidence = evidence
            return ESCALATED
        self.active, self.first, self.evidence = True, n, evidence
        self.budget += 1
        return OPENED


def severity(score: float) -> int:
    return sum(score >= line for line in (1.0, 1.5, 2.0, 2.5))
