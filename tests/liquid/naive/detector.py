"""Twin of liquid.detector."""

import math
from collections import defaultdict

from liquid.anomaly.evidence import KINDS
from liquid.results import EVIDENCE
from liquid.tiers import Tier
from tests.liquid.naive.alertable import Feedback
from tests.liquid.naive.alerts import Episode
from tests.liquid.naive.contexts import Habits
from tests.liquid.naive.evidence import Evidence, Seen
from tests.liquid.naive.foresight import Foresight
from tests.liquid.naive.line import Line
from tests.liquid.naive.predictor import Predictor
from tests.liquid.naive.tails import Tail

CONTEXT_WEIGHT, SHAPE_WEIGHT = 1.3, (1.0, 0.9, 0.8, 0.7, 0.6)
#: name of the statistic, its tail
TAILS = [(kind.__name__.rpartition(".")[2], tail) for kind in KINDS for tail in kind.TAILS]


class Detector:
    def __init__(self, tier: Tier) -> None:
        levels = tier.levels
        self.predictor = Predictor(tier.means)
        self.evidence = Evidence()
        self.tails = [Tail(floor=t.floor, together=t.together, longest=t.longest) for _, t in TAILS]
        self.shapes = [Tail(2**k, together=24, longest=48, body=True) for k in range(levels)]
        self.shape_evidence = [0.0] * levels
        self.habits = Habits(tier.sizes, tier.hours)
        self.foresight = Foresight()
        self.line = Line()
        self.episode = Episode()
        self.feedback = Feedback()
        self.frequency = 0.0  # evidence, which stands apart

    def shape(self, level: int, distance: float) -> None:
        """A level of the shape memory has a new distance; what it says holds until the next."""
        self.shape_evidence[level] = self.shapes[level].evidence(math.log(distance + 0.05))

    def observe(self, time: float, value: float, gap: float, n: int) -> tuple[float, dict[str, float]]:
        """Combined evidence, and the squared evidence of each group."""
        statistic = self.evidence.statistics(self._look(time, value, gap, n))
        group: dict[str, float] = defaultdict(float)
        for (name, tail), calibrator in zip(TAILS, self.tails, strict=True):
            z = tail.side * statistic[name]
            group[tail.group] += (tail.weight * (z if tail.judged else calibrator.evidence(z))) ** 2
        self.frequency = math.sqrt(group.pop("frequency"))
        group["habit"] = sum((CONTEXT_WEIGHT * a) ** 2 for a in self.habits.observe(time, value))
        group["shape"] = sum((w * a) ** 2 for w, a in zip(SHAPE_WEIGHT, self.shape_evidence, strict=False))
        return math.sqrt(sum(group.values())), {name: group[name] for name in EVIDENCE}

    def rank(self, error: float, n: int, group: dict[str, float]) -> tuple[float, dict[str, float]]:
        """Ranking evidence; its square by group, with frequency, flatline and gap."""
        miss, unrest = self.foresight.observe(error, n)
        ranked = dict.fromkeys(EVIDENCE, 0.0)
        ranked |= {"surprise": (0.5 * miss) ** 2, "volatility": (0.7 * unrest) ** 2}
        ranked |= {name: group[name] for name in ("habit", "shape")}
        rank = math.sqrt(sum(ranked.values()))
        ranked["frequency"] = (0.7 * self.frequency) ** 2
        return rank, ranked | {name: group[name] for name in ("flatline", "gap")}

    def _look(self, time: float, value: float, gap: float, n: int) -> Seen:
        p = self.predictor
        before, before_x = p.value, p.previous
        relative = p.relative_gap(gap, n)
        x = p.standardise(value, n)
        surprise = p.residual(x, time, n)
        p.learn(x, value, relative, n)
        return Seen(n, time, value, before, relative, x, before_x, surprise)
