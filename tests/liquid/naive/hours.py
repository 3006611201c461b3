"""Twin of liquid.features.hours."""

import math


class Hours:
    """Mean log(error / usual error) of each hour of the day."""

    def __init__(self) -> None:
        self.size = [0.0] * 24

    def learn(self, hour: int, ratio: float, events: int) -> None:
        target = math.log(max(1 / 50, min(ratio, 50.0)))
        self.size[hour] += max(24 / (24 + events), 0.05) * (target - self.size[hour])
