import numpy as np
import pytest

from benchmarks.quality import false_alerts, page, quiet
from liquid.anomaly.line import LEARNING


@pytest.mark.parametrize("name", quiet.STREAMS)
def test_streams_are_as_long_as_asked_for_run_forward_and_differ_by_seed(name: str) -> None:
    t, v = quiet.seeded(name, 0, 500)
    assert len(t) == len(v) == 500
    assert np.isfinite(v).all()
    assert (np.diff(t) > 0).all()
    again, other = quiet.seeded(name, 0, 500), quiet.seeded(name, 1, 500)
    assert np.array_equal(again, (t, v))
    assert name in ("constant", "ramp", "sine", "binary, p .001") or not np.array_equal(other[1], v)


def test_rates_are_counted_after_learning() -> None:
    r = false_alerts.rates("binary, p .01", 2, 3000)
    assert 0 < r.opened < 2000 * 60 / 5000
    assert r.opened * (3000 - LEARNING) == pytest.approx(r.young * 2000 + r.old * 500)
    assert false_alerts.rates("constant", 1, 3000).score == 0


def test_page_has_a_place_for_the_table() -> None:
    assert "\nnew\n" in page.replaced(page.PAGE.read_text(), "false alerts", "new")
