import sys
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from liquid import Model, ModelConfig, SeriesOptions
from liquid import special_days as days
from liquid.features.wall import ahead
from liquid.special_days import DAY, SUNDAY, Special, holidays_of, week_steps

HOUR, WEEK = 3600.0, 7 * DAY
CHRISTMAS = date(2024, 12, 25)  # a Wednesday
GERMANY = (CHRISTMAS, date(2024, 12, 26), date(2025, 1, 1))


class Holidays(dict[date, str]):
    weekend = frozenset({5, 6})


@pytest.fixture
def fake(monkeypatch):
    """A package of holidays that knows two countries."""

    def country_holidays(country, subdiv=None, years=None):
        if country not in ("DE", "IL") or subdiv not in (None, "BY"):
            raise NotImplementedError(f"{country} is not available")
        assert years == days.YEARS
        found = Holidays.fromkeys(GERMANY, "name")
        found.weekend = {4, 5} if country == "IL" else {5, 6}
        return found

    module = ModuleType("holidays")
    module.country_holidays = country_holidays
    monkeypatch.setitem(sys.modules, "holidays", module)
    forget()
    yield
    forget()


def forget():
    holidays_of.cache_clear()
    week_steps.cache_clear()


def weekday_shown(steps, time):
    """Weekday and seconds into it that a week's clock shows."""
    shown = time + ahead(steps, 0, len(steps), time)
    moment = datetime(1970, 1, 1) + timedelta(seconds=shown)
    return moment.weekday(), shown % DAY


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "Pacific/Auckland"])
def test_a_holiday_is_a_sunday_on_its_zones_clock(fake, zone):
    steps = week_steps(zone, "DE", ())
    local = ZoneInfo(zone) if zone else UTC
    assert (np.diff(steps["begin"]) > 0).all()
    for hour in range(-48, 12 * 24):
        moment = datetime(2024, 12, 24, tzinfo=local) + timedelta(hours=hour, minutes=20)
        weekday, into = weekday_shown(steps, moment.timestamp())
        assert weekday == (SUNDAY if moment.date() in GERMANY else moment.weekday())
        assert into == moment.hour * HOUR + 1200


def test_where_the_weekend_ends_on_a_saturday_holidays_are_like_it(fake):
    assert holidays_of("IL") == tuple((day, 5) for day in GERMANY)
    assert holidays_of("DE-BY") == tuple((day, 6) for day in GERMANY)


def test_events_are_like_the_day_they_name_and_go_before_holidays(fake):
    zone = ZoneInfo("Europe/Berlin")

    def at(*when):
        return datetime(*when, tzinfo=zone).timestamp()

    events = (Special(at(2024, 12, 23, 12), at(2024, 12, 26), 5), Special(at(2024, 12, 25, 6), at(2024, 12, 25, 8), 0))
    steps = week_steps("Europe/Berlin", "DE", events)
    shown = [weekday_shown(steps, at(2024, 12, *when))[0] for when in ((23, 11), (23, 12), (24, 3), (25, 5), (25, 7))]
    assert shown == [0, 5, 5, 5, 0]
    assert weekday_shown(steps, at(2024, 12, 25, 9))[0] == 5
    assert weekday_shown(steps, at(2024, 12, 26, 1))[0] == SUNDAY


def test_a_day_on_which_the_clocks_change(fake):
    """The last Sunday of March, 23 hours long, declared to be like a Monday."""
    zone = ZoneInfo("Europe/Berlin")
    begin = datetime(2024, 3, 31, tzinfo=zone)
    steps = week_steps("Europe/Berlin", None, (Special(begin.timestamp(), begin.timestamp() + 23 * HOUR, 0),))
    shown = [weekday_shown(steps, begin.timestamp() + hour * HOUR + 60) for hour in range(24)]
    assert [weekday for weekday, _ in shown] == [0] * 23 + [0]  # then the true Monday begins
    assert [into // HOUR for _, into in shown] == [0, 1, *range(3, 24), 0]


def test_mistakes(fake):
    with pytest.raises(ValueError, match="no holidays of 'XX' are known"):
        SeriesOptions(holidays="XX")
    with pytest.raises(ValueError, match="second period must be 7 days"):
        SeriesOptions(holidays="DE", periods=(HOUR, 2 * HOUR))


def test_without_the_package_there_is_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    forget()
    with pytest.raises(ValueError, match=r"liquidstream\[calendar\]"):
        SeriesOptions(holidays="DE")


def test_the_real_package_knows_christmas():
    pytest.importorskip("holidays")
    forget()
    for country in ("US", "DE", "DE-BY", "GB"):
        assert (CHRISTMAS, SUNDAY) in holidays_of(country)


def test_a_planned_day_off_is_foreseen_the_first_time():
    """Office hours; a Wednesday off is forecast like a Sunday, and Thursday after it like any."""
    t = HOUR * np.arange(24 * 7 * 9.0) + 4 * DAY  # from a Monday on
    office = ((t + 3 * DAY) % WEEK < 5 * DAY) & (np.abs(t % DAY / HOUR - 13) < 5)
    v = np.where(office, 100.0, 10.0) + np.random.default_rng(0).normal(size=len(t))
    off = (t >= t[0] + 8 * WEEK + 2 * DAY) & (t < t[0] + 8 * WEEK + 3 * DAY)
    v[off] = 10.0
    begin = t[off][0]
    made = {}
    for name, events in (("none", ()), ("declared", (Special(begin, begin + DAY),))):
        model = Model(ModelConfig(horizons=(HOUR, DAY)), capacity=1)
        model.set_options(0, SeriesOptions(events=events))
        out = model.run(np.zeros(len(t), int), t, v)
        at = np.flatnonzero(off)
        made[name] = np.abs(out["mean"][at - 24, 1] - v[at]).mean()
    assert made["declared"] < 0.5 * made["none"]
