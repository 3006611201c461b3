"""The dashboard: static files that any web server can hand out as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: Folder of `index.html`. Its `vendor/` is filled by `python -m stream.web.fetch`.
ROOT: Final = Path(__file__).parent
