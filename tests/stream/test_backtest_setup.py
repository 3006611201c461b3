"""Model and options of a backtest."""

from pathlib import Path

import numpy as np
import pytest

from liquid import SeriesOptions
from stream.backtest_setup import DEFAULT, read
from stream.files import FileError
from tests.stream.test_backtest import hourly, rows, run, wave

TWO_FEEDS = """
model: {decoder: none}
feeds:
  - {name: a, options: {minimum: 0}, patterns: [{match: "*:x", maximum: 10}]}
  - name: b
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "service.yaml"
    path.write_text(TWO_FEEDS)
    return path


def test_nothing_said() -> None:
    assert read(None, None, None, []) == DEFAULT
    assert DEFAULT.feed("f").series_options("a") == SeriesOptions()


def test_from_a_configuration(config: Path) -> None:
    setup = read(config, "a", None, [])
    assert setup.model.decoder == "none"
    assert setup.feed("f", (60.0,)).series_options("1:x") == SeriesOptions(minimum=0, maximum=10)
    assert setup.feed("f").series_options("1:y") == SeriesOptions(minimum=0)
    assert read(config, "b", None, []).options.declared() == {}


def test_what_is_given_goes_before_it(config: Path) -> None:
    setup = read(config, "a", "full", ["maximum=5", "minimum=null"])
    assert setup.model.tier == "full"
    assert setup.model.decoder == "none"
    assert setup.feed("f").series_options("1:x") == SeriesOptions(maximum=5)


@pytest.mark.parametrize(
    ("arguments", "what", "where"),
    [
        ((None, "a", None, []), "a feed without a configuration", "--feed a"),
        ((None, None, "huge", []), "tier must be one of", "--tier"),
        ((None, None, None, ["minimum"]), "an option that cannot be read", "--option minimum"),
        ((None, None, None, ["minimum=[1"]), "a value that cannot be read", "--option minimum=[1"),
        ((None, None, None, ["minimum=much"]), "valid number", "--option minimum"),
        ((None, None, "compact", ["minimum=much"]), "valid number", "--option minimum"),
        ((None, None, None, ["least=1"]), "Extra inputs", "--option least"),
        ((None, None, None, ["minimum=2", "maximum=1"]), "minimum must be below maximum", "--option"),
        ((None, None, "compact", ["minimum=2", "maximum=1"]), "minimum must be below maximum", "--option"),
        ((Path("missing.yaml"), None, None, []), "No such file", "missing.yaml"),
    ],
)
def test_mistakes(arguments: tuple, what: str, where: str) -> None:
    with pytest.raises(FileError, match=what) as caught:
        read(*arguments)
    assert caught.value.where == where


def test_a_feed_must_be_chosen_and_exist(config: Path) -> None:
    with pytest.raises(FileError, match="more than one feed"):
        read(config, None, None, [])
    with pytest.raises(FileError, match="no feed 'c'"):
        read(config, "c", None, [])


def test_options_reach_the_output(tmp_path: Path) -> None:
    source = hourly(tmp_path / "a.csv", wave())
    out = tmp_path / "out"
    result = run(source, "--out", out, "--horizon", "1h", "--option", "minimum=9", "--option", "maximum=11")
    assert result.exit_code == 0, result.stderr
    for name in ("lower", "upper", "forecast_1h", "upper95_1h"):
        values = np.array([float(row[name]) for row in rows(out / "a.csv") if row[name]])
        assert 9 <= values.min() <= values.max() <= 11
    assert run(source, "--out", out, "--tier", "huge").exit_code == 2
