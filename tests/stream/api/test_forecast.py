import pytest

from stream.api.query import MAX_HORIZON
from tests.stream.api.conftest import BOTH, SPIKED, START

PATH = "/v1/series/JFK%2FAA%201/forecast"


def test_the_feeds_horizons_and_all_kept_levels_by_default(running):
    answer = running.get(PATH)
    assert (answer["series"], answer["feed"]) == (SPIKED, "flights")
    assert answer["origin"] == START + 60 * 619
    assert [(one["horizon"], one["seconds"]) for one in answer["forecasts"]] == [("1h", 3600), ("1d", 86400)]
    for one in answer["forecasts"]:
        assert one["time"] == answer["origin"] + one["seconds"]
        half, inner, outer = one["intervals"]
        assert (half["level"], inner["level"], outer["level"]) == (0.5, 0.8, 0.95)
        assert outer["lower"] <= inner["lower"] <= half["lower"] < one["mean"]
        assert one["mean"] < half["upper"] <= inner["upper"] <= outer["upper"]


def test_any_horizon_at_any_level(running):
    answer = running.get(PATH, horizon=["90s", "1h30m", "90s", "500ms", "3660d"], level=[0.5, 0.999, 0.5])
    assert [(one["horizon"], one["seconds"]) for one in answer["forecasts"]] == [
        ("90s", 90), ("1h30m", 5400), ("500ms", 0.5), ("3660d", MAX_HORIZON),
    ]  # fmt: skip
    for one in answer["forecasts"]:
        half, nearly_all = one["intervals"]
        assert (half["level"], nearly_all["level"]) == (0.5, 0.999)
        assert nearly_all["upper"] - nearly_all["lower"] > half["upper"] - half["lower"] > 0


def test_it_is_the_models_own_forecast(running):
    (one,) = running.get(PATH, horizon="7m", level=0.9)["forecasts"]
    made = running.service.engines["flights"].forecast(SPIKED, [420.0], [0.9])
    assert (one["mean"], one["intervals"]) == (
        made["mean"][0], [{"level": 0.9, "lower": made["lower"][0, 0], "upper": made["upper"][0, 0], "held": None}],
    )  # fmt: skip


def test_too_few_events_for_a_forecast_give_nulls(running):
    answer = running.get(f"/v1/series/{BOTH}/forecast", feed="spare", level=0.8)
    assert answer["value"] == 2
    assert [(one["mean"], one["intervals"][0]["lower"]) for one in answer["forecasts"]] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("horizon=soon", "write it like 30s, 5m, 1h30m or 1d"),
        ("horizon=3600", "write it like"),
        ("horizon=0s", "between 1ms and 3660d"),
        ("horizon=-1h", "write it like"),
        ("horizon=3661d", "between"),
        ("horizon=" + "9" * 500 + "d", "between"),
        ("horizon=", "write it like"),
        ("horizon=1h&horizon=never", "never"),
        ("level=80", "write 0.8 for 80 %"),
        ("level=0", "between 0 and 1"),
        ("level=1", "between 0 and 1"),
        ("level=nan", "between 0 and 1"),
        ("level=inf", "between 0 and 1"),
        ("level=high", "number"),
        ("&".join(["horizon=1h"] * 25), "24"),
        ("&".join(["level=0.5"] * 25), "24"),
    ],
)
def test_bad_horizons_and_levels_are_explained(running, query, words):
    problem = running.refused(422, f"{PATH}?{query}")
    assert words in problem["detail"]
    assert problem["errors"][0]["where"].startswith(f"query.{query.split('=')[0]}")
