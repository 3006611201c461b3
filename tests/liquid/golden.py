"""Where golden vectors are; `liquid.verify` checks them.

The small ones in ``tests/liquid/golden`` come from the slow twins (``python -m tests.liquid.make_golden``). A folder of
vectors made with the reference libraries is checked too, if LIQUIDSTREAM_GOLDEN names it or it lies beside the
checkout.
"""

import os
from pathlib import Path

HERE = Path(__file__).parent / "golden"
REFERENCE = Path(os.environ.get("LIQUIDSTREAM_GOLDEN") or Path(__file__).parents[3] / "shared" / "reference")


def case_files() -> list[Path]:
    """Some are always there."""
    return sorted(HERE.glob("*.npz")) + sorted(REFERENCE.glob("ncps/*.npz"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"
