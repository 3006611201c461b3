"""Numbers and times as people and programs write them."""

import datetime

import numpy as np
import pytest

from stream.reading import AmbiguousError, form_of, numbers, times


def test_numbers() -> None:
    cells = ["1", " 2.5 ", "", "nan", "inf", "1e999", "x", None, True, 3, [1], {"a": 1}, 10**400]
    expected = [1, 2.5, *[np.nan] * 6, 1, 3, *[np.nan] * 3]
    np.testing.assert_array_equal(numbers(cells), expected)
    np.testing.assert_array_equal(numbers(["1", "-2e3"]), [1, -2000])
    assert numbers([]).shape == (0,)
    np.testing.assert_array_equal(numbers([[1], [2]]), [np.nan, np.nan])


def test_times() -> None:
    moment = 1357016220.25
    cells = [
        moment, moment * 1e3, moment * 1e6, str(moment * 1e9), "2013-01-01 04:57:00.25", "2013-01-01T04:57:00.250Z",
        "2012-12-31T23:57:00.25-05:00", "2013-01-01", "0", -86400, "1969-12-31", "", None, "soon", [], 1e30, "inf",
    ]  # fmt: skip
    expected = [moment] * 7 + [1356998400, 0, -86400, -86400] + [np.nan] * 6
    np.testing.assert_allclose(times(cells), expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("text", "comma", "expected"),
    [
        ("1,234,567.5", False, 1234567.5),
        ("-1,234", False, -1234),
        ("12,34", False, np.nan),
        ("1,234", True, 1.234),
        ("-1.234.567,5", True, -1234567.5),
        ("1 234,5", True, 1234.5),
        ("1\u00a0234,5", True, 1234.5),
        (",5e-3", True, 0.0005),
        ("1,2,3", True, np.nan),
        (",", True, np.nan),
        ("20.5 kW", False, np.nan),
        ("True", False, 1),
        ("FALSE", True, 0),
    ],
)
def test_numbers_as_people_write_them(text: str, comma: bool, expected: float) -> None:
    np.testing.assert_array_equal(numbers([text, "7"], comma), [expected, 7])


@pytest.mark.parametrize(
    "text",
    ["2024-03-30 15:00 UTC", "2024-03-30 17:00:00 +0200", "2024/03/30 15:00", "20240330T170000+0200", "2024-03-30T15Z"],
)
def test_times_nearly_iso(text: str) -> None:
    assert times([text])[0] == datetime.datetime(2024, 3, 30, 15, tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("%Y-%m-%dT%H:%M:%S", ""),
        ("%s", ""),
        ("%Y-%m", ""),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M"),
        ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"),
        ("%d %b %Y", "%d %b %Y"),
        ("%Y%m%d", "%Y%m%d"),
        ("%Y%m%d%H%M%S", "%Y%m%d%H%M%S"),
        ("day %j", None),
    ],
)
def test_the_form_of_times_is_found(form: str, expected: str | None) -> None:
    moments = [datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC) + i * datetime.timedelta(days=9) for i in range(60)]
    written = [moment.strftime(form) for moment in moments]
    found = form_of([*written, "", None, "nonsense"])
    assert found == expected
    if found is not None:
        read = times(written, found)
        by_month = form == "%Y-%m"
        assert read.tolist() == [(m.replace(day=1) if by_month else m).timestamp() for m in moments]


def test_years_only_where_they_are_said_to_be() -> None:
    cells = [str(year) for year in range(1700, 1800)]
    assert form_of(cells) == ""
    assert form_of(cells, years=True) == "%Y"
    assert np.diff(times(cells, "%Y")).min() == 365 * 86400


def test_day_and_month_that_cannot_be_told_apart() -> None:
    with pytest.raises(AmbiguousError) as error:
        form_of(["01/02/2024 10:00", "03/02/2024 10:00"])
    assert error.value.args == ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")
    assert form_of(["05/05/2024"]) == "%d/%m/%Y"


def test_epoch_seconds_are_no_dates() -> None:
    assert form_of([str(20240330 + 3600 * i) for i in range(50)]) == ""
