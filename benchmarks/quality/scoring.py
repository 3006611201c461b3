"""Scores of a labelled series, event by event; a detector sees an event only when it has to score it."""

from __future__ import annotations

from time import process_time

import numpy as np

from benchmarks.quality.detectors import DETECTORS, Hints
from benchmarks.quality.labelled import Labelled
from benchmarks.quality.methods import OURS
from liquid import Model, ModelConfig


def run(s: Labelled, name: str, **config: str) -> dict[str, np.ndarray]:
    """score : (n,), and seconds; of our model also alert_score, alert_begin and notify, (n,), as in its
    results.

    A row without a value has the score 0 and is not learned."""
    return _ours(s, config) if name == OURS else _baseline(s, name)


def _ours(s: Labelled, config: dict[str, str]) -> dict[str, np.ndarray]:
    model = Model(ModelConfig(horizons=(3600.0,), **config), capacity=1)
    start = process_time()
    out = model.run(np.zeros(len(s.time), int), s.time, s.value)
    seconds = np.asarray(process_time() - start)
    return {"seconds": seconds, **{k: out[k] for k in ("score", "alert_score", "alert_begin", "notify")}}


def _baseline(s: Labelled, name: str) -> dict[str, np.ndarray]:
    score = np.zeros(len(s.time))
    start = process_time()
    detector = DETECTORS[name](Hints.of(s))
    for i, (t, y) in enumerate(zip(s.time.tolist(), s.value.tolist(), strict=True)):
        if y == y:
            score[i] = detector.score(t, y)
    return {"seconds": np.asarray(process_time() - start), "score": score}
