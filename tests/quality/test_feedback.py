"""The simulation of feedback: without any it gives the model's own alerts, with it what people say of them counts."""

import numpy as np

from benchmarks.quality.feedback import REACHES, Outcome, played, table
from benchmarks.quality.labelled import Labelled
from liquid import Model, ModelConfig
from liquid.results import OPENED

N = 1600


def series(seed: int, label: bool) -> Labelled:
    """Noise with a jump in every 200 rows from row 500 on, each higher than the one before; all of them are labelled,
    or none but the first."""
    value = np.random.default_rng(seed).normal(size=N)
    jumps = np.arange(500, N, 200)
    value[jumps] += 20.0 * 2.0 ** np.arange(len(jumps))
    labels = np.zeros(N, bool)
    labels[jumps if label else jumps[:1]] = True
    return Labelled("source", f"s{seed}", 60.0 * np.arange(N), value, labels, 400, 20)


def scores(outcomes: list[Outcome]) -> np.ndarray:
    """Sum of the alert scores of the alerts that open, by series."""
    return np.array([level[opened].sum() for opened, level in outcomes])


def test_without_feedback_the_alerts_are_those_of_the_model() -> None:
    s = series(1, label=True)
    out = Model(ModelConfig(horizons=(3600.0,)), capacity=1).run([0] * N, s.time, s.value)
    ((opened, level),) = played([s], 0.0, "series", 0)
    assert np.flatnonzero(opened).tolist() == np.flatnonzero(out["alert"] == OPENED).tolist()
    assert np.array_equal(level, out["alert_score"])


def test_useless_alerts_weigh_less_and_useful_ones_as_much_as_without_a_word() -> None:
    for label, changed in ((True, False), (False, True)):
        s = [series(2, label)]
        assert (scores(played(s, 1.0, "series", 0)) < scores(played(s, 0.0, "series", 0))).tolist() == [changed]


def test_what_is_said_of_a_source_reaches_its_other_series() -> None:
    two = [series(3, label=False), series(4, label=False)]
    alone, together = (scores(played(two, 1.0, reach, 0)) for reach in REACHES)
    assert (together <= alone).all()
    assert together.sum() < alone.sum()


def test_the_table_has_a_row_for_each_source_and_their_mean() -> None:
    found = table([series(5, label=True)], 0.5, 2)
    assert [row[0] for row in found.rows] == ["source", "macro"]
    assert found.rows[0][1:] == found.rows[1][1:]
    assert "→" in found.rows[0][3]
