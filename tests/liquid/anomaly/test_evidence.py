import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid.anomaly import evidence
from liquid.anomaly.evidence import KINDS, SEEN, STATE, TAILS
from liquid.results import EVIDENCE
from tests.liquid.checks import not_finite, record
from tests.liquid.naive.evidence import Evidence, Seen
from tests.liquid.odd import relaxed
from tests.liquid.tolerances import ACCUMULATED

NAMES = [kind.__name__.rpartition(".")[2] for kind in KINDS]


class Kernel:
    def __init__(self) -> None:
        self.state, self.seen = record(STATE), record(SEEN)

    def take(self, seen: Seen) -> dict[str, float]:
        for name, value in dataclasses.asdict(seen).items():
            self.seen[name] = value
        out = np.zeros(len(KINDS))
        evidence.statistics(self.state, self.seen, out)
        return dict(zip(NAMES, out, strict=True))


def test_equals_twin() -> None:
    rng = np.random.default_rng(0)
    kernel, twin = Kernel(), Evidence()
    value, x, time = 0.0, 0.0, 0.0
    for n in range(3000):
        time += float(rng.exponential(2000))
        previous, previous_x = value, x
        value = value if rng.random() < 0.3 else float(rng.integers(0, 5))
        x = float(np.clip(rng.standard_t(2), -8, 8))
        seen = Seen(n, time, value, previous, float(rng.gamma(0.2)), x, previous_x, float(rng.normal()))
        mine, expected = kernel.take(seen), twin.statistics(seen)
        assert list(mine) == list(expected)
        np.testing.assert_allclose(list(mine.values()), list(expected.values()), atol=5 * ACCUMULATED)


def test_every_tail_belongs_to_a_known_group_and_every_group_but_two_has_a_tail() -> None:
    groups = {tail.group for _, tail in TAILS}
    assert groups | {"habit", "shape"} == set(EVIDENCE)
    assert all(abs(tail.side) == 1 and tail.weight > 0 for _, tail in TAILS)


def still(n: int, **changes: float) -> Seen:
    return dataclasses.replace(Seen(n, 3600.0 * n, float(n), n - 1.0, 1.0, 0.0, 0.0, 0.0), **changes)


@pytest.mark.parametrize(
    ("name", "changes", "side"),
    [
        ("value", {"x": 5.0}, 1),
        ("value", {"x": -5.0}, -1),
        ("surprise", {"surprise": 5.0}, 1),
        ("drift", {"surprise": -1.0}, -1),
        ("level", {"x": 2.0}, 1),
        ("season", {"x": 2.0}, 1),
        ("noise", {"surprise": -3.0}, 1),
        ("roughness", {"x": 4.0}, 1),
        ("gap", {"gap": 50.0}, 1),
    ],
)
def test_statistic_moves_to_the_side_of_its_tail(name: str, changes: dict[str, float], side: int) -> None:
    kernel = Kernel()
    for n in range(200):
        before = kernel.take(still(n))[name]
    for n in range(200, 205):
        after = kernel.take(still(n, **changes))[name]
    assert side * (after - before) > 0.1
    assert any(KINDS[k].__name__.endswith(f".{name}") and tail.side == side for k, tail in TAILS)


odd = st.sampled_from((0.0, 1.0, -1.0, 5e-324, 1e100, -1e100))
bounded = st.sampled_from((0.0, 200.0, -200.0, 1e-30))


@relaxed
@given(st.lists(st.tuples(odd, odd, st.sampled_from((0.0, 1e-300, 1.0, 2e24)), bounded, bounded), max_size=100))
def test_odd_input_stays_finite(events: list[tuple[float, float, float, float, float]]) -> None:
    kernel = Kernel()
    for n, (value, previous, gap, x, surprise) in enumerate(events):
        out = kernel.take(Seen(n, -1e15 + n, value, previous, gap, x, x / 25, surprise))
        assert np.isfinite(list(out.values())).all()
    assert not_finite(kernel.state) == []


@pytest.mark.slow
def test_a_second_process_loads_the_composed_kernel(tmp_path: Path) -> None:
    script = (
        "import numpy as np\n"
        "from liquid.anomaly import evidence as e\n"
        "out = np.ones(len(e.KINDS))\n"
        "e.statistics(np.zeros(1, e.STATE)[0], np.zeros(1, e.SEEN)[0], out)\n"
        "print(out[0], sum(e.statistics.stats.cache_hits.values()))\n"
    )
    environment = {**os.environ, "LIQUIDSTREAM_CACHE": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert said == ["0.0 0\n", "0.0 1\n"]
