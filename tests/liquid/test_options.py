import numpy as np
import pytest

from liquid import Model, ModelConfig, SeriesOptions
from liquid.options import OPTIONS, options_array


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"minimum": float("nan")}, "minimum must be a finite number, not nan"),
        ({"maximum": float("inf")}, "maximum must be a finite number, not inf"),
        ({"minimum": 1.0, "maximum": 1.0}, "minimum must be below maximum, not 1 and 1"),
        ({"min_effect": float("nan")}, "min_effect must be a finite number from 0 on, not nan"),
        ({"cool_down": -1.0}, "cool_down must be a finite number from 0 on, not -1"),
        ({"direction": "left"}, "direction must be one of both, up, down, not 'left'"),
        ({"range": (1.0, 1.0)}, "range must be two finite numbers, the lower one first, not 1 and 1"),
        ({"range": (float("-inf"), 1.0)}, "range must be two finite numbers"),
        ({"timezone": "Mars/Phobos"}, "there is no time zone 'Mars/Phobos'"),
        ({"periods": ()}, "one or two periods can be declared, not 0"),
        ({"periods": (1.0, 2.0, 3.0)}, "one or two periods can be declared, not 3"),
        ({"periods": (0.0,)}, "periods must be positive seconds"),
        ({"periods": (60.0, float("nan"))}, "periods must be positive seconds"),
        ({"periods": (float("inf"),)}, "periods must be positive seconds"),
        ({"events": ((5.0, 5.0, 6),)}, "an event ends after it begins, not from 5 to 5"),
        ({"events": ((5.0, float("inf"), 6),)}, "an event ends after it begins"),
        ({"events": ((5.0, 6.0, 7),)}, "like a weekday from 0 to 6, not 7"),
        ({"events": ((5.0, 6.0, 0),), "periods": (3600.0, 7200.0)}, "the second period must be 7 days"),
    ],
)
def test_mistakes(options, words):
    with pytest.raises(ValueError, match=words):
        SeriesOptions(**options)


def test_nothing_is_declared_by_default():
    assert options_array(0).shape == (0,)
    three = options_array(3)
    assert three["minimum"].tolist() == [-np.inf] * 3
    assert three["maximum"].tolist() == [np.inf] * 3
    assert three["range"].tolist() == [[-np.inf, np.inf]] * 3
    assert not any(three[name].any() for name in ("min_effect", "direction", "cool_down"))
    assert three["periods"].tolist() == [[86400.0, 604800.0]] * 3
    assert not three["timezone"].any()
    assert not three["integer"].any()


def test_one_declared_period_leaves_the_week():
    options = options_array(1)
    SeriesOptions(periods=(90000.0,)).fill(options[0])
    assert options["periods"].tolist() == [[90000.0, 604800.0]]


def test_every_option_has_its_place_in_the_record():
    in_the_clocks = {"holidays", "events"}
    assert set(OPTIONS.names) == set(SeriesOptions.__dataclass_fields__) - in_the_clocks


def test_options_stay_when_rows_move_and_are_no_part_of_them():
    config = ModelConfig(horizons=(60.0,))
    declared, free = Model(config, capacity=1), Model(config, capacity=1)
    declared.set_options(0, SeriesOptions(minimum=-50.0))
    declared.reserve(50)
    assert declared.options["minimum"][:2].tolist() == [-50.0, -np.inf]
    assert len(declared.options) == len(declared.rows)
    for model in (declared, free):
        model.run([0] * 30, np.arange(30.0), np.random.default_rng(1).exponential(size=30))
    assert declared.row_bytes(0) == free.row_bytes(0)
    declared.reset_row(0)
    assert declared.options["minimum"][0] == -50.0
