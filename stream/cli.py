"""The command `liquidstream`."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
import yaml
from rich.console import Console

from stream import ask, backtest, demo

if TYPE_CHECKING:
    from stream.config import Settings

EXIT_FOUND = 1
EXIT_WRONG_USE = 2
EXIT_ENVIRONMENT = 3

app = typer.Typer(
    name="liquidstream",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="YAML file. Default: the environment alone.")]
Flags = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="A setting, e.g. api.port=9000; may be repeated.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"liquidstream {version('liquidstream')}")
        raise typer.Exit


@app.callback(
    epilog="""Examples:

  liquidstream run --config deploy/embedded.yaml

  liquidstream backtest taxi.csv --out results --horizon 1h"""
)
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Forecasts and anomaly scores for every event of every series, at its true time."""


@app.command(
    epilog="""Examples:

  liquidstream run --config deploy/embedded.yaml

  liquidstream run -c deploy/kafka.yaml --set api.port=9000 --set log.json=true"""
)
def run(config: ConfigFile = None, flags: Flags = []) -> None:  # noqa: B006
    """Run the service: sources, worker, API and dashboard, until Ctrl-C or SIGTERM.

    Settings come from the file, then LIQUIDSTREAM__SECTION__KEY in the environment, then --set.
    """
    settings = _load(config, flags)
    from stream import logs
    from stream.files import FileError
    from stream.runtime import Service
    from stream.server import AddressError
    from stream.transport.base import TransportError
    from stream.warmup import warm_up

    logs.configure(settings.log)
    warm_up(settings, errors)
    where = str(config) if config else "the environment"
    try:
        service = Service(settings)
        code = service.run()
    except TransportError as error:
        _fail("the transport does not work", str(error), f"check section `transport` of {where}", EXIT_ENVIRONMENT)
    except AddressError as error:
        _fail("the API cannot start", str(error), f"check section `api` of {where}", EXIT_ENVIRONMENT)
    except FileError as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(EXIT_ENVIRONMENT) from None
    if service.failure:
        part, _, reason = service.failure.partition(": ")
        _fail(
            f"a part of the service failed: {part}",
            reason,
            "nothing is lost: start again when the cause is gone; --set log.level=debug tells more",
            code,
        )
    raise typer.Exit(code)


@app.command(
    name="config",
    epilog="""Examples:

  liquidstream config --check deploy/embedded.yaml

  LIQUIDSTREAM__API__PORT=9000 liquidstream config --print deploy/embedded.yaml""",
)
def config_(
    check: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Say every mistake and its line.")
    ] = None,
    show: Annotated[
        Path | None, typer.Option("--print", metavar="FILE", help="All settings in force, without secrets.")
    ] = None,
    flags: Flags = [],  # noqa: B006
) -> None:
    """Check a configuration file or print what it amounts to. Exit code 1 when it has mistakes."""
    if (check is None) == (show is None):
        _fail("nothing to do", "config", "give either --check FILE or --print FILE", EXIT_WRONG_USE)
    if show:
        from stream.configfile import printable

        typer.echo(printable(_load(show, flags, EXIT_FOUND)), nl=False)
    elif check:
        settings = _load(check, flags, EXIT_FOUND)
        feeds = ", ".join(feed.name for feed in settings.feeds)
        typer.echo(f"{check} is fine: transport {settings.transport.kind}, feeds {feeds}")


@app.command(
    epilog="""Examples:

  liquidstream warm

  LIQUIDSTREAM_CACHE=/opt/cache liquidstream warm --config deploy/kafka.yaml"""
)
def warm(config: ConfigFile = None, flags: Flags = []) -> None:  # noqa: B006
    """Compile the model's kernels into the cache, so that the first start is fast (when building an image)."""
    from stream.warmup import warm_up

    seconds = warm_up(_load(config, flags) if config or flags else None, errors)
    typer.echo(f"kernels are ready ({seconds:.1f} s)")


backtest.register(app)
ask.register(app)
demo.register(app)


def main() -> None:
    app()


def _load(path: Path | None, flags: list[str], code: int = EXIT_WRONG_USE) -> Settings:
    from stream.configfile import ConfigError, load

    try:
        return load(path, _nested(flags))
    except ConfigError as error:
        for problem in error.problems:
            errors.print(problem, style="red", markup=False)
        errors.print("see docs/configuration.md, or deploy/embedded.yaml for an example of every key", markup=False)
        raise typer.Exit(code) from None


def _nested(flags: list[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for flag in flags:
        name, equals, text = flag.partition("=")
        if not name or not equals:
            _fail(f"cannot read --set {flag}", "command line", "write it like --set api.port=9000", EXIT_WRONG_USE)
        *path, last = name.split(".")
        at = tree
        for part in path:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                _fail(f"--set {name} is below a value", "command line", "give either that or its parts", EXIT_WRONG_USE)
        at[last] = _value(text)
    return tree


def _value(text: str) -> Any:
    """A flag's value as in the file; text with colons is text all the same."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return text if isinstance(value, dict) and not text.startswith("{") else value


def _fail(what: str, where: str, remedy: str, code: int) -> NoReturn:
    """Three lines: what is wrong, where, what to do."""
    errors.print(what, style="bold red", markup=False)
    errors.print(where, markup=False)
    errors.print(remedy, markup=False)
    raise typer.Exit(code)
