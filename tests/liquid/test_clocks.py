import numpy as np
import pytest

from liquid.clocks import Steps, steps_of
from liquid.features.wall import STEP


@pytest.mark.parametrize("name", ["Mars/Phobos", "", "Europe", "../etc/passwd", "Europe/Berlin\0"])
def test_a_zone_that_does_not_exist(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        steps_of(name)


def test_a_zone_changes_where_its_law_says() -> None:
    steps = steps_of("Europe/Berlin")
    spring = np.datetime64("2024-03-31T01:00", "s").astype(float)
    autumn = np.datetime64("2024-10-27T01:00", "s").astype(float)
    k = steps["begin"].tolist().index(spring)
    assert steps["ahead"][k - 1 : k + 2].tolist() == [3600.0, 7200.0, 3600.0]
    assert steps["begin"][k + 1] == autumn


def test_a_clock_is_compiled_once_and_never_moves() -> None:
    steps, made = Steps(), []

    def compiled(size: int):
        made.append(size)
        return np.ones(size, STEP)

    parts = [steps.part(key, lambda size=size: compiled(size)) for key, size in (("a", 3), ("b", 2), ("a", 3))]
    assert parts == [(1, 3), (4, 2), (1, 3)]
    assert made == [3, 2]
    assert len(steps.table) == 6
