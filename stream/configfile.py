"""Reads the configuration: file < environment < flags, and says where a mistake is."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings.exceptions import SettingsError

from stream import bridge, transport
from stream.config import KindSettings, Settings
from stream.yamllines import Place, YamlError, parse

PREFIX: Final = "LIQUIDSTREAM__"
HIDDEN: Final = "**********"

_SECRET = re.compile(r"password|secret|token|credential|api_?key", re.IGNORECASE)


class ConfigError(Exception):
    """The configuration cannot be used. `problems` has one line for each mistake."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def load(path: Path | None, flags: Mapping[str, Any] | None = None) -> Settings:
    """The checked settings.

    Parameters
    ----------
    path : YAML file. None: environment and flags alone.
    flags : nested as in the file; what is given on the command line.

    Raises ConfigError.
    """
    sources = _Sources(path, flags or {})
    try:
        settings = Settings(**sources.merged)
    except ValidationError as error:
        raise ConfigError(sources.problems(error)) from None
    problems = _check(settings.transport, ("transport",), transport.KINDS, transport.options, sources)
    for i, source in enumerate(settings.sources):
        problems += _check(source, ("sources", i), bridge.KINDS, bridge.options, sources)
    if problems:
        raise ConfigError(problems)
    return settings


def printable(settings: Settings) -> str:
    """All settings in force as YAML, without secrets."""
    tree = settings.model_dump(mode="json", by_alias=True)
    tree["transport"] = _with_defaults(settings.transport, transport.options)
    tree["sources"] = [{"feed": source.feed, **_with_defaults(source, bridge.options)} for source in settings.sources]
    return yaml.safe_dump(_redacted(tree), sort_keys=False, allow_unicode=True)


class _Sources:
    """Where every value came from."""

    def __init__(self, path: Path | None, flags: Mapping[str, Any]) -> None:
        self._path, self._flags = path, flags
        self._file: dict[str, Any] = {}
        self._lines: dict[Place, int] = {}
        if path is not None:
            try:
                self._file, self._lines = parse(path.read_text())
            except OSError as error:
                raise ConfigError([f"{path}: {error.strerror}"]) from None
            except UnicodeDecodeError:
                raise ConfigError([f"{path}: is not UTF-8 text"]) from None
            except YamlError as error:
                raise ConfigError([f"{path}:{error.line}: {error}"]) from None
        self._environment = _environment()
        self.merged = _merge(_merge(self._file, self._environment), flags)

    def problems(self, error: ValidationError, below: Place = (), keys: Sequence[str] = ()) -> list[str]:
        """A line for each mistake; keys : those known at `below`, for parts that check their own."""
        return [self.problem((*below, *one["loc"]), _words(one, keys)) for one in error.errors()]

    def problem(self, place: Place, message: str) -> str:
        name = ".".join(map(str, place))
        return f"{self._where(place)}{name}: {message}" if name else f"{self._where(place)}{message}"

    def _where(self, place: Place) -> str:
        if _has(self._flags, place):
            return "command line: "
        if _has(self._environment, place):
            return f"environment {PREFIX}{'__'.join(str(part) for part in place).upper()}: "
        if self._path is None:
            return ""
        while place and place not in self._lines:
            place = place[:-1]
        line = self._lines.get(place)
        return f"{self._path}:{line}: " if line else f"{self._path}: "


def _check(
    part: KindSettings,
    place: Place,
    kinds: Mapping[str, str],
    options: Callable[[str, Mapping[str, Any]], BaseModel],
    sources: _Sources,
) -> list[str]:
    if part.kind not in kinds:
        return [sources.problem((*place, "kind"), f"{part.kind!r} is not known; there is {', '.join(kinds)}")]
    try:
        options(part.kind, part.options)
    except ValidationError as error:
        return sources.problems(error, place, _option_names(part.kind, options))
    except ImportError as error:
        return [sources.problem((*place, "kind"), f"{part.kind!r} needs the package {error.name}, which is missing")]
    return []


def _with_defaults(part: KindSettings, options: Callable[[str, Mapping[str, Any]], BaseModel]) -> dict[str, Any]:
    return {"kind": part.kind, **options(part.kind, part.options).model_dump(mode="json", by_alias=True)}


def _environment() -> dict[str, Any]:
    known = set(Settings.model_fields)
    for name in os.environ:
        section = name.removeprefix(PREFIX).split("__")[0].lower()
        if name.startswith(PREFIX) and section not in known:
            raise ConfigError([f"environment {name}: {_unknown(section, known)}"])
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise ConfigError([f"environment: {error}; lists and objects are given as JSON"]) from None


def _option_names(kind: str, options: Callable[[str, Mapping[str, Any]], BaseModel]) -> list[str]:
    try:
        return list(type(options(kind, {})).model_fields)
    except ValidationError:  # some must be given
        return []


def _words(error: Any, keys: Sequence[str]) -> str:
    place, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        return _unknown(str(place[-1]), keys or _keys(place[:-1]))
    if kind == "missing":
        return "is missing"
    message: str = error["msg"].removeprefix("Value error, ").replace("tuple", "list")
    return message[:1].lower() + message[1:]


def _unknown(name: str, known: Sequence[str] | set[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"unknown key, did you mean {close[0]!r}?"
    return f"unknown key; known here: {', '.join(sorted(known))}" if known else "unknown key"


def _keys(place: Place) -> list[str]:
    """The keys that the settings have at a place."""
    model: type[BaseModel] = Settings
    for part in place:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            model = next(kind for kind in (annotation, *get_args(annotation)) if _is_model(kind))
    return [field.alias or name for name, field in model.model_fields.items()]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _has(tree: Any, place: Place) -> bool:
    for part in place:
        if not isinstance(tree, Mapping) or part not in tree:
            return isinstance(tree, list | tuple)  # a list is given as a whole
        tree = tree[part]
    return bool(place)


def _redacted(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {
            key: HIDDEN if isinstance(value, str) and _SECRET.search(str(key)) else _redacted(value)
            for key, value in tree.items()
        }
    return [_redacted(value) for value in tree] if isinstance(tree, list) else tree
