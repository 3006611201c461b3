"""`liquidstream explain`: asks a running service why an event alerted, or did not."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import msgspec
import typer

PATIENCE = 30.0  # seconds


def register(app: typer.Typer) -> None:
    app.command(
        epilog="""Examples:

  liquidstream explain "JFK.AA"

  liquidstream explain "JFK.AA" --time 2013-02-08T20:00:00Z --feed flights --url http://127.0.0.1:8080"""
    )(explain)


def explain(
    series: Annotated[str, typer.Argument(help="Id of the series.")],
    time: Annotated[
        str | None, typer.Option(help="ISO 8601 or epoch seconds: the event then, or the last before. Default: newest.")
    ] = None,
    feed: Annotated[str | None, typer.Option(help="Its feed, where the id is in several.")] = None,
    url: Annotated[str, typer.Option(help="Address of the service.")] = "http://127.0.0.1:8080",
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer instead of sentences.")] = False,
) -> None:
    """Say why an event alerted or did not: evidence, interval, what it would have taken, what it resembles."""
    asked = {name: text for name, text in (("series", series), ("time", time), ("feed", feed)) if text is not None}
    try:
        with urlopen(f"{url.rstrip('/')}/v1/explain?{urlencode(asked)}", timeout=PATIENCE) as answer:
            body = answer.read()
    except HTTPError as error:
        problem = _problem(error.read())
        raise _failed(1, str(problem.get("title", error.reason)), str(problem.get("detail", url))) from None
    except (URLError, OSError, ValueError) as error:
        words = ("the service does not answer", f"{url}: {error}", "start it: liquidstream run; or give its --url")
        raise _failed(3, *words) from None
    typer.echo(body.decode() if as_json else "\n".join(msgspec.json.decode(body)["text"]))


def _failed(code: int, *words: str) -> typer.Exit:
    """What is wrong, where, what to do."""
    for line in words:
        typer.echo(line, err=True)
    return typer.Exit(code)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
