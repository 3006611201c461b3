"""Numbers and answers as JSON, which knows no NaN: what is not finite is null."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from starlette.responses import Response

encode = msgspec.json.Encoder().encode


class Json(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return encode(content)


def finite(number: Any) -> float | None:
    """A number, None where it is not finite."""
    value = float(number)
    return value if math.isfinite(value) else None


def finites(numbers: np.ndarray[Any, Any]) -> list[float | None]:
    """A column of numbers, None where they are not finite."""
    return [value if math.isfinite(value) else None for value in numbers.tolist()]
