"""Twin of liquid.features.wall: what a clock shows, from the zone itself."""

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2200, 1, 1)


def wall(timezone: str | None, time: float) -> float:
    """Epoch seconds, taken as if they were UTC; before 1970 and from 2200 on the offset stays."""
    if timezone is None:
        return time
    day = 86400.0
    inside = max(0.0, min(math.floor(time), (LATEST - EARLIEST) / timedelta(seconds=1) - 2 * day))
    offset = datetime.fromtimestamp(inside, ZoneInfo(timezone)).utcoffset()
    return time + offset.total_seconds()


def day_time(timezone: str | None, periods: tuple[float, ...] | None, time: float) -> float:
    """What the clock shows, counted in days that last the first declared period."""
    return wall(timezone, time) * 86400 / (periods or (86400.0,))[0]
