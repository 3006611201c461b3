from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from liquid.estimators.dates import are_dates, nanoseconds, with_seconds

HOUR = 3_600_000_000_000


@pytest.mark.parametrize(
    "times",
    [
        np.array(["1970-01-01T01", "1970-01-02T00"], "M8[h]"),
        np.array([datetime(1970, 1, 1, 1), date(1970, 1, 2)], object),
        np.array([datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=1))), np.datetime64("1970-01-02")], object),
    ],
)
def test_all_kinds_of_dates(times: Any) -> None:
    assert are_dates(times)
    np.testing.assert_array_equal(nanoseconds("X", times), [HOUR, 24 * HOUR])


def test_nanoseconds_are_kept() -> None:
    assert nanoseconds("X", np.array(["2026-01-01T00:00:00.000000001"], "M8[ns]"))[0] % 1000 == 1


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (np.array(["2026-01-01", "NaT"], "M8[D]"), "X has no time in its sample 1"),
        (np.array([date(2026, 1, 1), None], object), "no date among its times: None"),
        (np.array(["1500-01-01"], "M8[D]"), "before 1678 or after 2261"),
    ],
)
def test_what_is_no_date(times: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nanoseconds("X", times)


def test_what_has_no_dates_comes_back() -> None:
    for X in (np.ones((2, 2)), [1, 2], [[1], [2, 3]], "text", None, np.array(["2026"], "M8[Y]")[:, None, None]):
        assert with_seconds(X, 0) is X
