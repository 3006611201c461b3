"""Lengths of time as people write them: `90s`, `5m`, `1h30m`, `1d`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer

SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


def seconds(text: Any) -> float:
    """Seconds of a duration: a number is already that.

    Examples
    --------
    >>> seconds("1h30m")
    5400.0
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    if not isinstance(text, str) or not _WHOLE.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is not a duration; write it like 30s, 5m, 1h30m or 1d")
    return sum(float(number) * SECONDS[unit] for number, unit in _PART.findall(text))


def duration(value: float) -> str:
    """The shortest way to write `value` seconds with at most two units.

    Examples
    --------
    >>> duration(5400), duration(86400), duration(0.25)
    ('1h30m', '1d', '250ms')
    """
    if 0 < value < 1:
        return f"{value * 1000:g}ms"
    names = ("d", "h", "m", "s")
    for i, unit in enumerate(names):
        whole, rest = divmod(value, SECONDS[unit])
        if not whole:
            continue
        if not rest:
            return f"{whole:.0f}{unit}"
        finer = names[i + 1 :][:1]
        if finer and not rest % SECONDS[finer[0]]:
            return f"{whole:.0f}{unit}{rest / SECONDS[finer[0]]:.0f}{finer[0]}"
        break
    return f"{value:.15g}s"


Duration = Annotated[float, BeforeValidator(seconds), PlainSerializer(duration, when_used="always")]
