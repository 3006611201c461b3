"""Tables of events in files (CSV, JSON lines; plain or gzip), read in blocks of columns.

Cells stay as they are in the file (text in CSV, JSON values in JSON lines), so that whoever writes rows out again
can repeat them; `stream.reading` turns a column of cells into an array.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Literal, cast

import msgspec

from stream.reading import Cell

Columns = dict[str, list[Cell]]
Format = Literal["csv", "jsonl"]

BLOCK: Final = 20_000  # rows

_SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip


class FileError(Exception):
    """A file that cannot be used: what is wrong, where, and what to do."""

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(f"{what}\n{where}\n{remedy}")
        self.what, self.where, self.remedy = what, where, remedy


def format_of(path: Path) -> Format:
    """CSV or JSON lines, by the file's name."""
    suffix = (Path(path.stem) if path.suffix == ".gz" else path).suffix.lower()
    if suffix not in _SUFFIXES:
        known = " ".join(_SUFFIXES)
        raise FileError(
            f"unknown kind of file {suffix!r}", str(path), f"it must end in one of: {known} (or these with .gz)"
        )
    return _SUFFIXES[suffix]


class Table:
    """One file. Inside a `with`: `names` are its columns, `blocks` its rows, `position` of `size` bytes are read."""

    names: list[str]
    size: int
    delimiter = ","

    def __init__(self, path: Path, block: int = BLOCK) -> None:
        self.path = path
        self._block = block
        self._reader = self._csv if format_of(path) == "csv" else self._jsonl
        self._open = ExitStack()

    def __enter__(self) -> Table:
        with ExitStack() as opened:
            self._raw, plain = opened.enter_context(_opened(self.path))
            self.size = self.path.stat().st_size
            with _reading(self.path):
                encoding = _encoding(plain)
            # Undecodable bytes become U+FFFD: such a cell is simply no number, its row is kept.
            self._text = opened.enter_context(io.TextIOWrapper(plain, encoding=encoding, errors="replace", newline=""))
            self._rows = self._guarded()
            self._first = next(self._rows)
            self.names = list(self._first)
            self._open = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def position(self) -> int:
        return self.size if self._raw.closed else self._raw.tell()

    def first(self) -> Columns:
        """The first block (empty lists when the file has no rows)."""
        return self._first

    def blocks(self) -> Iterator[Columns]:
        """All rows, in order, each block with every column."""
        yield self._first
        yield from self._rows

    def _guarded(self) -> Iterator[Columns]:
        with _reading(self.path):
            yield from self._reader()

    def _csv(self) -> Iterator[Columns]:
        sample, after = self._text.readline(), self._text.readline()
        while _above(sample, after):
            sample, after = after, self._text.readline()
        self.delimiter = max(",;\t|", key=sample.count)
        # A field of NULs or of a forgotten quote must not end the program: 16 MB is far above any real cell.
        csv.field_size_limit(1 << 24)
        rows = csv.reader(chain([sample, after], self._text), delimiter=self.delimiter)
        names = [name.strip() for name in next(rows, [])]
        if not any(names):
            raise FileError("no header line", str(self.path), "the first line must name the columns: timestamp,value")
        if len(set(names)) < len(names):
            raise FileError("two columns of the same name", f"{self.path}:1", "rename one of them in the header")
        width = len(names)
        block: list[list[str]] = []
        empty = True
        for row in rows:
            if not row:
                continue
            if len(row) != width:
                row = (row + [""] * width)[:width]
            block.append(row)
            if len(block) >= self._block:
                yield self._columns(names, block)
                block, empty = [], False
        if block or empty:
            yield self._columns(names, block)

    @staticmethod
    def _columns(names: list[str], rows: list[list[str]]) -> Columns:
        columns = zip(*rows, strict=True) if rows else ([] for _ in names)
        return {name: cast(list[Cell], list(cells)) for name, cells in zip(names, columns, strict=True)}

    def _jsonl(self) -> Iterator[Columns]:
        names: list[str] = []
        block: list[dict[str, Cell]] = []
        for line in self._text:
            if not line.strip():
                continue
            block.append(_flat(line))
            if len(block) >= self._block:
                names = names or _names(block)
                yield {name: [row.get(name) for row in block] for name in names}
                block = []
        if block or not names:
            names = names or _names(block) or ["timestamp", "value"]
            yield {name: [row.get(name) for row in block] for name in names}


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file of JSON lines as they are, without the empty ones."""
    with _opened(path) as (_, plain), _reading(path):
        yield from filter(None, map(bytes.strip, plain))


def _above(line: str, after: str) -> bool:
    """Whether a line is what spreadsheets and exports put above the header: `sep=;`, or a comment, which has not as
    many columns as the line after it."""
    if line.startswith("sep="):
        return True
    return line.startswith("#") and all(line.count(d) != after.count(d) or d not in line for d in ",;\t|")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The bytes of the file, and what they unpack to."""
    with ExitStack() as opened:
        try:
            raw = opened.enter_context(path.open("rb"))
        except IsADirectoryError:
            raise FileError("this is a folder, not a file", str(path), f"name its files: {path}/*.csv") from None
        except OSError as error:
            raise FileError(f"cannot read it: {error.strerror}", str(path), "check the name and the rights") from None
        plain: IO[bytes] = raw
        if path.suffix == ".gz":
            plain = cast(IO[bytes], opened.enter_context(gzip.GzipFile(fileobj=raw)))
        yield raw, plain


def _encoding(plain: IO[bytes]) -> str:
    """UTF-8, unless the file begins like one of spreadsheets' UTF-16."""
    begin = plain.peek(2)[:2]  # type: ignore[attr-defined]
    return "utf-16" if begin in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise FileError(f"cannot read on: {error}", str(path), "repair the file or leave it out") from None


def _flat(line: str) -> dict[str, Cell]:
    """One JSON object; members of an object `values` become columns of their own. What is no object has no cells."""
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return {}
    if not isinstance(row, dict):
        return {}
    values = row.pop("values", None)
    return {**row, **values} if isinstance(values, dict) else row


def _names(rows: Sequence[dict[str, Cell]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))
