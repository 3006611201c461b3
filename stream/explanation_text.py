"""An explanation in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from liquid.anomaly.alerts import LEARNING as READY_AFTER
from liquid.results import LEARNING
from stream.explain import WORDS, number, why
from stream.explanation import Explained

#: What made the interval of an event wider or narrower than it mostly is.
HARDNESS: Final = {
    "analog_spread": "how differently it went on after similar moments",
    "recent_surprise": "how far off the last forecasts were",
    "level": "how high a value was expected",
    "move": "how large a move was expected",
    "hour": "the hour of the day",
    "recent_error": "how far off the linear forecast was of late",
    "disagreement": "how far the forecasters disagreed",
}

_NAMED = 0.02  # share below which evidence is not named
_NOTABLE = 0.02  # factors nearer to 1 are not named


def sentences(of: Explained) -> list[str]:
    """What there is to say, the most important first."""
    return [*_heart(of), *_width(of), *_otherwise(of), *quiet(of), *_similar(of)]


def short(of: Explained) -> str:
    """The one sentence of `stream.explain`."""
    row, side = of.row, {"above": 1, "below": -1}.get(of.direction, 0)
    shares = [of.shares.get(name, 0.0) for name in WORDS]
    value, expected, lower, upper = (float(row[name]) for name in ("value", "expected", "lower", "upper"))
    return why(shares, value, expected, lower, upper, side, _unit(of))


def quiet(of: Explained) -> list[str]:
    """What keeps the series from alerting, or makes it slower to."""
    return list(_quiet(of)) if of.found is not None else []


def _heart(of: Explained) -> Iterator[str]:
    yield short(of) + "."
    ranked = sorted(of.shares.items(), key=lambda pair: -pair[1])
    named = [f"{WORDS[name]} {100 * share:.0f} %" for name, share in ranked if share >= _NAMED]
    if named:
        yield f"Evidence: {', '.join(named)}."
    if of.options is not None:
        low, high = (float(end) for end in of.options["range"])
        if not low <= of.row["value"] <= high:
            yield f"It is outside its declared range, {number(low)} to {number(high)}, where a value always alerts."
    if of.found is not None and not of.exact:
        yield f"The state that met it is not kept; one that learned from {of.learned_from} events before it stands in."


def _width(of: Explained) -> Iterator[str]:
    width = of.found.width if of.found is not None else None
    if width is None or not width.half > 0 or not width.usual > 0:
        return
    factor = width.half / width.usual
    if abs(factor - 1.0) < _NOTABLE:
        text = "The 95 % interval is as wide as it mostly is"
    else:
        reasons = [
            f"{HARDNESS[name]} (×{part:.2f})" for name, part in width.widened.items() if abs(part - 1.0) >= _NOTABLE
        ]
        text = f"The 95 % interval is ×{factor:.2f} as wide as it mostly is, for {' and '.join(reasons)}"
    yield text + ("; declared bounds cut it." if width.cut else ".")


def _otherwise(of: Explained) -> Iterator[str]:
    """The counterfactual."""
    found = of.found
    if found is None:
        yield "What it would have taken is not known: the state that met this event is not kept."
        return
    size = found.width.half if found.width is not None else 0.0
    about = "" if of.exact else " about"
    if found.alerts:
        if found.quiet_at is None:
            yield "It would have alerted at any value: it is not about how large the value is."
        else:
            side = "below" if of.row["value"] > found.quiet_at else "above"
            yield f"It would not have alerted {side}{about} {_value(found.quiet_at, size, of)}."
        return
    bounds = [
        f"{side}{about} {_value(bound, size, of)}"
        for side, bound in (("below", found.alerts_below), ("above", found.alerts_above))
        if bound is not None
    ]
    if bounds:
        yield f"It would have alerted {' or '.join(bounds)}."


def _quiet(of: Explained) -> Iterator[str]:
    assert of.found is not None
    found, options, n = of.found, of.options, of.events
    if of.row["state"] == LEARNING:
        yield f"The series is learning: {n} of {READY_AFTER} events; its line is ×{found.line.young:.2f} meanwhile."
    if found.line.budget >= 1.0 + _NOTABLE:
        yield f"Recent alerts raise the line by {100 * (found.line.budget - 1):.0f} %."
    for name, factor in found.line.feedback.items():
        verb = "raised" if factor > 1 else "lowered"
        yield f"Feedback has {verb} the line for {WORDS[name]} by {100 * abs(factor - 1):.0f} %."
    if found.line.rests_until is not None:
        yield f"After the last alert no other one opens until {_moment(found.line.rests_until)} (cool_down)."
    if found.alerts or options is None:
        return
    d = float(of.row["value"]) - float(of.row["expected"])
    least, direction = float(options["min_effect"]), int(options["direction"])
    if least > 0 and abs(d) < least:
        yield f"It is {_value(abs(d), least, of)} off; an alert needs {_value(least, least, of)} (min_effect)."
    if direction and d * direction < 0:
        yield f"Only values {'above' if direction > 0 else 'below'} what was expected alert (direction)."
    if of.row["score"] < 1.0:
        yield f"Its score is {float(of.row['score']):.2f}; where an alert opens it is at least 1."


def _similar(of: Explained) -> Iterator[str]:
    for one in of.similar[:1]:
        episode = one.episode
        said = "" if episode.feedback is None else f", marked {episode.feedback}"
        yield f"Most like the alert of {_moment(episode.begin)} (peak {episode.peak:.2f}{said}): {episode.why}."


def _value(value: float, size: float, of: Explained) -> str:
    return f"{number(value, size)} {_unit(of)}" if _unit(of) else number(value, size)


def _unit(of: Explained) -> str | None:
    return of.feed.unit_of(of.series)


def _moment(time: float) -> str:
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return number(time)
