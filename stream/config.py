"""The settings tree: everything the configuration may say, with its defaults. `configfile.load` reads it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from liquid import ModelConfig, SeriesOptions
from liquid.anomaly.joint import MOST
from liquid.config import MAX_HORIZONS
from stream.codec import FORMATS
from stream.feeds import JOINT, is_joint, template_fields
from stream.options import OptionSettings, PatternSettings, options_of
from stream.section import PositiveDuration, Section

OUTPUTS = ("results", "forecasts", "alerts", "drift", "feedback", "dlq")


class KindSettings(BaseModel):
    """A part chosen by `kind`; its other keys are checked by that part (`stream.transport`, `stream.bridge`)."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class TransportSettings(KindSettings):
    kind: str = "sqlite"


class SourceSettings(KindSettings):
    """A bridge that brings events into a feed."""

    feed: str


class CommitSettings(Section):
    interval: PositiveDuration = 1.0
    max_events: int = Field(20_000, ge=1)
    snapshot_rows: int = Field(2_000, ge=1)


class ModelSettings(Section):
    tier: str = ModelConfig.tier
    bank: str = ModelConfig.bank
    decoder: str = ModelConfig.decoder

    @model_validator(mode="after")
    def _known_to_the_model(self) -> ModelSettings:
        self.config((1.0,))
        return self

    def config(self, horizons: tuple[float, ...]) -> ModelConfig:
        return ModelConfig(horizons=horizons, tier=self.tier, bank=self.bank, decoder=self.decoder)


class TimeSettings(Section):
    field: str = "time"
    unit: Literal["auto", "s", "ms", "us", "ns", "iso"] = "auto"


class FeedSettings(Section):
    """Where a feed's records come from and how to read them.

    series : template over the record's fields. values : the fields that hold numbers; None: `value`, or every number
    of an object field `values`. horizons : seconds ahead, ascending. label, unit : what people see.
    joint : whether there is one more series for each, about its fields together. options : of all its series.
    patterns : what differs for some of them; a later pattern goes before an earlier one.
    """

    name: str = Field(min_length=1, max_length=150)
    topics: tuple[str, ...] = ()
    format: str = "json"
    series: str = "{series}"
    time: TimeSettings = TimeSettings()
    values: tuple[str, ...] | None = None
    horizons: tuple[PositiveDuration, ...] = (3600.0, 86400.0)
    label: str | None = None
    unit: str | None = None
    max_record_bytes: int = Field(262_144, ge=256)
    joint: bool = False
    options: OptionSettings = OptionSettings()
    patterns: tuple[PatternSettings, ...] = ()

    @model_validator(mode="after")
    def _joint_fields_are_known(self) -> FeedSettings:
        if self.joint and not 2 <= len(self.values or ()) <= MOST:
            raise ValueError(f"joint needs 2 to {MOST} fields in values")
        if self.joint and JOINT in (self.values or ()):
            raise ValueError(f"with joint no field can be called {JOINT!r}")
        return self

    @model_validator(mode="after")
    def _patterns_fit_the_options(self) -> FeedSettings:
        for pattern in self.patterns:
            try:
                OptionSettings(**{**self.options.declared(), **pattern.declared()})
            except ValidationError as error:
                raise ValueError(f"pattern {pattern.match!r}: {error.errors()[0]['msg']}") from None
        return self

    @model_validator(mode="before")
    @classmethod
    def _topics_default_to_the_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("topics") and "name" in data:
            return {**data, "topics": (data["name"],)}
        return data

    @field_validator("name")
    @classmethod
    def _name_can_begin_a_topic(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise ValueError(f"{name!r} may hold only letters, digits, - and _")
        return name

    @field_validator("format")
    @classmethod
    def _format_is_known(cls, name: str) -> str:
        if name not in FORMATS:
            raise ValueError(f"{name!r} is not a format; there is {', '.join(FORMATS)}")
        return name

    @field_validator("series")
    @classmethod
    def _series_is_a_template(cls, template: str) -> str:
        template_fields(template)
        return template

    @field_validator("values")
    @classmethod
    def _values_are_distinct(cls, values: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if values is not None and (not values or len(set(values)) < len(values)):
            raise ValueError("name at least one field, and none twice")
        return values

    @field_validator("horizons")
    @classmethod
    def _horizons_ascend(cls, horizons: tuple[float, ...]) -> tuple[float, ...]:
        if not 1 <= len(horizons) <= MAX_HORIZONS:
            raise ValueError(f"1 to {MAX_HORIZONS} horizons are possible, not {len(horizons)}")
        if any(a >= b for a, b in pairwise(horizons)):
            raise ValueError("horizons must ascend, each longer than the one before")
        return horizons

    def series_options(self, series: str) -> SeriesOptions:
        """Options of a series: the feed's, and what the patterns that match its id say instead."""
        return options_of(series, self.options, self.patterns, self.joint and is_joint(series))

    def unit_of(self, series: str) -> str | None:
        """Unit of a series' values, for people."""
        return None if self.joint and is_joint(series) else self.unit

    @property
    def results(self) -> str:
        return f"{self.name}.results"

    @property
    def forecasts(self) -> str:
        return f"{self.name}.forecasts"

    @property
    def alerts(self) -> str:
        return f"{self.name}.alerts"

    @property
    def drift(self) -> str:
        return f"{self.name}.drift"

    @property
    def feedback(self) -> str:
        return f"{self.name}.feedback"

    @property
    def dlq(self) -> str:
        return f"{self.name}.dlq"


class ApiSettings(Section):
    """next_free_port : take the next free port instead of failing when `port` is taken."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    next_free_port: bool = False


class HistorySettings(Section):
    per_series: int = Field(2_000, ge=10)


class LogSettings(Section):
    # `json` is a method of pydantic's models, hence the alias.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    level: Literal["debug", "info", "warning", "error"] = "info"
    as_json: bool = Field(False, alias="json")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="LIQUIDSTREAM__", env_nested_delimiter="__"
    )

    transport: TransportSettings = TransportSettings()
    commit: CommitSettings = CommitSettings()
    model: ModelSettings = ModelSettings()
    feeds: tuple[FeedSettings, ...]
    sources: tuple[SourceSettings, ...] = ()
    api: ApiSettings = ApiSettings()
    history: HistorySettings = HistorySettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `configfile.load` merges file, environment and flags itself, so that it can say
        where a mistake is."""
        return (init_settings,)

    @model_validator(mode="after")
    def _feeds_are_distinct(self) -> Settings:
        names = [feed.name for feed in self.feeds]
        if not names:
            raise ValueError("name at least one feed")
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two feeds are called {repeated[0]!r}")
        topics = [topic for feed in self.feeds for topic in feed.topics]
        if repeated := sorted({topic for topic in topics if topics.count(topic) > 1}):
            raise ValueError(f"topic {repeated[0]!r} belongs to two feeds; a topic feeds one feed only")
        outputs = {f"{feed.name}.{kind}" for feed in self.feeds for kind in OUTPUTS}
        if circular := sorted(outputs.intersection(topics)):
            raise ValueError(f"topic {circular[0]!r} is written by this service and cannot be one of its inputs")
        if unknown := [source.feed for source in self.sources if source.feed not in names]:
            raise ValueError(f"a source names feed {unknown[0]!r}, which is not among the feeds")
        return self

    def feed(self, name: str) -> FeedSettings:
        """The feed of that name; raises KeyError."""
        for feed in self.feeds:
            if feed.name == name:
                return feed
        raise KeyError(name)
