"""Twin of liquid.anomaly.alerts."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from liquid.anomaly.alerts import ESCALATE, LONGEST, QUIET, RANK
from liquid.results import CLOSED, ESCALATED, NO_ALERT, NOTIFIED, OPENED
from tests.liquid.naive.line import youth


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
    told: bool = False
    lasts: list[int] = field(default_factory=list)  # events with a score of .83 or more, close together
    end: float = -math.inf  # of the last one

    def judge(
        self,
        line: float,
        evidence: float,
        alertable: float,
        rank: float,
        alertable_rank: float,
        outside: bool,
        cool_down: float,
        n: int,
        time: float,
    ) -> Verdict:
        ranked = rank / (RANK * youth(n))
        score = max(ranked, 1.0) if evidence >= line else ranked
        ranked = alertable_rank / (RANK * youth(n))
        if outside:
            alertable, ranked = max(alertable, line), max(ranked, 1.0)
        above = alertable >= line
        strength = max(ranked, 1.0) if above else ranked
        change = self._move(alertable, above, n, rested=time >= self.end + cool_down)
        if change == OPENED:
            self.begin, self.peak, self.told = time, 0.0, False
        elif change == CLOSED:
            self.end = time
        if self.active and strength > self.peak:
            self.peak, self.peak_time = strength, time
        alerts = change in (OPENED, ESCALATED)
        notify = self._notify(ranked, n)
        shown = NOTIFIED if notify and change == NO_ALERT else change
        return Verdict(score, strength, strength if alerts else min(score, 0.99), shown, notify)

    def _notify(self, ranked: float, n: int) -> bool:
        if ranked < 0.83:
            return False
        if self.lasts and n - self.lasts[-1] > 2:
            self.lasts = []
        self.lasts.append(n)
        if not self.active or self.told:
            return False
        self.told = len(self.lasts) >= 3 or ranked >= 1.25
        return self.told

    def _move(self, evidence: float, above: bool, n: int, rested: bool) -> int:
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
        return OPENED


def severity(score: float) -> int:
    return sum(score >= line for line in (1.0, 1.5, 2.0, 2.5))
