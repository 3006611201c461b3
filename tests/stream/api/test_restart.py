from tests.stream.api.conftest import SPIKED, START, eventually, start, wave

PATHS = ["/v1/series/JFK%2FAA%201/scores", "/v1/alerts", "/v1/series/JFK%2FAA%201/forecast?horizon=10m&level=0.5"]


def test_what_was_shown_is_shown_again_after_a_restart(tmp_path):
    with start(tmp_path) as running:
        running.post([{"series": SPIKED, "time": START + 60 * i, "value": wave(i)} for i in range(620)])
        eventually(lambda: len(running.service.history.rows("flights", SPIKED)) == 620)
        before = [running.get(path) for path in PATHS]
        series = running.get("/v1/series")
    with start(tmp_path) as running:
        eventually(lambda: running.get("/v1/series")["total"] == 1)
        assert [running.get(path) for path in PATHS] == before
        assert running.get("/v1/series") == series


def test_series_without_a_kept_result_are_listed_too(tmp_path):
    """Their state outlives their results: the topic keeps the newest 200,000."""
    with start(tmp_path) as running:
        running.post([{"series": SPIKED, "time": START + 60 * i, "value": wave(i)} for i in range(9)])
        eventually(lambda: len(running.service.history.rows("flights", SPIKED)) == 9)
    with start(tmp_path) as running:
        history = running.service.history
        eventually(lambda: history.count() == 1)
        fresh = type(history)()
        fresh.introduce("flights", {SPIKED: running.service.engines["flights"].describe(SPIKED)})
        running.service.history = fresh
        (listed,) = running.get("/v1/series")["series"]
        assert (listed["id"], listed["events"], listed["value"], listed["score"]) == (SPIKED, 9, wave(8), None)
        assert (listed["sparkline"], running.get(PATHS[0])["time"]) == ([], [])
        assert running.get("/v1/series/JFK%2FAA%201")["coverage"]["0.8"] == {"promised": 0.8, "real": None, "n": 0}
