import numpy as np

from tests.stream.api.conftest import START, eventually, start

FEED = {
    "name": "pumps", "series": "{pump}", "values": ["flow", "power"], "joint": True, "unit": "kW",
    "horizons": ["1h", "1d"],
}  # fmt: skip


def test_a_joint_series_is_served_like_any(tmp_path):
    rng = np.random.default_rng(0)
    flow = rng.normal(size=60)
    with start(tmp_path, feeds=[FEED]) as running:
        events = [{"pump": "p/1", "time": START + 60 * i, "flow": f, "power": 9 + 2 * f} for i, f in enumerate(flow)]
        assert running.post(events, "pumps").json()["accepted"] == 60
        eventually(lambda: len(running.service.history.rows("pumps", "p/1:joint")) == 60 - 4)
        listed = running.get("/v1/series", sort="name")["series"]
        assert [row["id"] for row in listed] == ["p/1:flow", "p/1:joint", "p/1:power"]
        assert [running.get(f"/v1/series/{row['id']}")["unit"] for row in listed] == ["kW", None, "kW"]
        assert running.get("/v1/feeds")["feeds"][0]["joint"]
        ahead = running.get("/v1/series/p/1:joint/forecast", horizon=["5m"])["forecasts"][0]
        assert ahead["intervals"][0]["lower"] < ahead["mean"] < ahead["intervals"][0]["upper"]
        explained = running.get("/v1/explain", series="p/1:joint")
        assert "kW" not in str(explained)
