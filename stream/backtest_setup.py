"""The model and the declarations of a backtest: those of a service's configuration, or given one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from pydantic import ValidationError

from stream import configfile
from stream.config import FeedSettings, ModelSettings
from stream.files import FileError
from stream.options import OptionSettings, PatternSettings


class Setup(NamedTuple):
    """What every series of a backtest runs with, as in the sections `model` and `feeds` of a configuration."""

    model: ModelSettings = ModelSettings()
    options: OptionSettings = OptionSettings()
    patterns: tuple[PatternSettings, ...] = ()

    def feed(self, name: str, horizons: tuple[float, ...] | None = None) -> FeedSettings:
        """A feed of these declarations; without horizons, those that are there by default."""
        settings: dict[str, Any] = {} if horizons is None else {"horizons": horizons}
        return FeedSettings(name=name, options=self.options, patterns=self.patterns, **settings)


#: The default model, and nothing declared.
DEFAULT: Final = Setup()


def read(config: Path | None, feed: str | None, tier: str | None, options: Sequence[str]) -> Setup:
    """Put it together.

    Parameters
    ----------
    config : configuration of a service. feed : which of its feeds; None: its only one.
    tier : goes before that of the configuration. options : "minimum=0", go before those of the feed and its patterns.

    Raises FileError.
    """
    found = DEFAULT if config is None else _configured(config, feed)
    if config is None and feed is not None:
        raise FileError("a feed without a configuration", f"--feed {feed}", "name its file with --config")
    given = dict(map(_pair, options))
    with _mistakes_at("--tier"):
        model = found.model if tier is None else ModelSettings(**{**found.model.model_dump(), "tier": tier})
    with _mistakes_at("--option"):
        setup = Setup(
            model,
            OptionSettings(**{**found.options.declared(), **given}),
            tuple(PatternSettings(**{"match": p.match, **p.declared(), **given}) for p in found.patterns),
        )
        setup.feed("checked")
    return setup


@contextmanager
def _mistakes_at(argument: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join((argument, ".".join(map(str, first["loc"])))).rstrip()
        raise FileError(first["msg"], where, "see the section on options in docs/configuration.md") from None


def _configured(config: Path, name: str | None) -> Setup:
    try:
        settings = configfile.load(config)
    except configfile.ConfigError as error:
        raise FileError(error.problems[0], str(config), f"liquidstream config --check {config}") from None
    names = [feed.name for feed in settings.feeds]
    if name is None and len(names) > 1:
        raise FileError("more than one feed", str(config), f"choose with --feed: {', '.join(names)}")
    if name is not None and name not in names:
        raise FileError(f"no feed {name!r}", str(config), f"its feeds are: {', '.join(names)}")
    feed = settings.feed(name or names[0])
    return Setup(settings.model, feed.options, feed.patterns)


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise FileError("an option that cannot be read", f"--option {text}", "write it like --option minimum=0")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError:
        raise FileError("a value that cannot be read", f"--option {text}", "write it as in a configuration") from None
