"""The simulation of feedback: without any it gives the model's own alerts, with it what people say of them counts."""

import numpy as np

from benchmarks.quality.feedback import REACHES, Play, evidence, played, table
from benchmarks.quality.labelled import Labelled
from liquid import EVIDENCE, Model, ModelConfig
from liquid.results import OPENED

N = 1500


def series(seed: int, label: bool) -> Labelled:
    """Noise with a jump every 200 rows from row 500 on, all of which are labelled or none but the first."""
    value = np.random.default_rng(seed).normal(size=N)
    jumps = np.arange(500, N, 200)
    value[jumps] += 12
    labels = np.zeros(N, bool)
    labels[jumps if label else jumps[:1]] = True
    return Labelled("source", f"s{seed}", 60.0 * np.arange(N), value, labels, 400, 20)


def play(seed: int, label: bool) -> Play:
    """As if one kind of evidence spoke at every jump, and hardly any elsewhere."""
    group = np.full((N, len(EVIDENCE)), 0.01, np.float32)
    group[500::200, EVIDENCE.index("level")] = 80.0
    return Play(series(seed, label), 0, group)


def scores(plays: list[Play], share: float, reach: str) -> np.ndarray:
    """Sum of the alert scores of the alerts that open, by series."""
    return np.array([level[opened].sum() for opened, level in played(plays, share, reach, 0)])


def test_without_feedback_the_alerts_are_those_of_the_model() -> None:
    s = series(1, label=True)
    p = Play(s, 0, **evidence(s, "evidence"))
    out = Model(ModelConfig(horizons=(3600.0,)), capacity=1).run([0] * N, s.time, s.value)
    ((opened, level),) = played([p], 0.0, "series", 0)
    assert np.flatnonzero(opened).tolist() == np.flatnonzero(out["alert"] == OPENED).tolist()
    np.testing.assert_allclose(level, out["alert_score"], rtol=1e-4, atol=1e-4)


def test_useless_alerts_weigh_less_and_useful_ones_as_much_as_without_a_word() -> None:
    for label, changed in ((True, False), (False, True)):
        plays = [play(2, label)]
        assert (scores(plays, 1.0, "series") < scores(plays, 0.0, "series")).tolist() == [changed]


def test_what_is_said_of_a_source_reaches_its_other_series() -> None:
    plays = [play(3, label=False), play(4, label=False)]
    alone, together = (scores(plays, 1.0, reach) for reach in REACHES)
    assert (together < alone).all()


def test_the_table_has_a_row_for_each_source_and_their_mean() -> None:
    plays = [Play(p.series, version, p.group) for p in [play(5, label=True)] for version in range(3)]
    found = table(plays, 0.5, 2)
    assert [row[0] for row in found.rows] == ["source", "macro"]
    assert found.rows[0][1:] == found.rows[1][1:]
    assert "→" in found.rows[0][3]
