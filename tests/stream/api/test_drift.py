import numpy as np

from liquid.drift import DRIFTS
from tests.stream.api.conftest import SPIKED, START, eventually


def test_a_spike_is_no_drift_of_the_values(running):
    answer = running.get("/v1/drift", series=SPIKED)
    assert (answer["series"], answer["feed"]) == (SPIKED, "flights")
    assert list(answer["drift"]) == list(DRIFTS)
    for said in (answer["drift"][kind] for kind in ("input", "rhythm")):
        assert 0 <= said["statistic"] < 1
        assert (said["active"], said["since"], said["peak"], said["drifts"]) == (False, None, None, 0)
        assert said["history"] == []
    assert answer["drift"]["input"]["learned"] == 620


def test_a_series_that_has_changed_says_so_since_when_and_what_was_before(running):
    values = np.random.default_rng(0).normal(size=700) + np.where(np.arange(700) < 500, 0, 6)
    events = [{"series": "drifting", "time": START + 60 * i, "value": v} for i, v in enumerate(values.tolist())]
    running.post(events, "bulk")
    eventually(lambda: len(running.service.history.rows("bulk", "drifting")) == 700)
    said = running.get("/v1/drift", series="drifting", feed="bulk")["drift"]["input"]
    assert said["active"]
    assert said["peak"] >= 1
    assert abs(said["since"] - (START + 60 * 500)) <= 60 * 10
    assert said["learned"] < said["needed"]
    (newest,) = said["history"]
    assert newest["onset"] == said["since"]
    assert START + 60 * 500 < newest["began"] <= START + 60 * 520
    assert newest["ended"] is None


def test_a_series_that_nobody_knows(running):
    assert running.refused(404, "/v1/drift?series=nobody")["type"].endswith("unknown-series")
    running.refused(422, "/v1/drift")
