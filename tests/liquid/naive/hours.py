"""Twin of liquid.features.hours."""

import math


class Hours:
    """Mean log(error / usual error) of each hour of the day."""

    def __init__(self) -> None:
        self.size = [0.0] * 24
        self.visits = [0] * 24

    def learn(self, hour: int, ratio: float) -> None:
        self.visits[hour] += 1
        target = math.log(max(1 / 50, min(ratio, 50.0)))
        self.size[hour] += max(1 / self.visits[hour], 0.05) * (target - self.size[hour])
