"""Tables that commands put into pages of docs/, each between marks of its own."""

from __future__ import annotations

import re
from pathlib import Path


def replaced(page: str, name: str, body: str, path: Path) -> str:
    """The text of a page with what is between the marks of that name replaced. path : of the page, for the error.

    Raises ValueError where the marks are missing."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"docs/{path.name} lacks the marks {begin} and {end}")
    return pattern.sub(lambda _: f"{begin}\n{body}\n{end}", page)
