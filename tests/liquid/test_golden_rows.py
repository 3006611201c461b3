import re
from pathlib import Path

import numpy as np
import pytest

from liquid import Model, row
from liquid.model import IncompatibleRow
from liquid.tiers import TIERS
from tests.liquid import make_golden_rows
from tests.liquid.make_golden_rows import FOLDER, after, config, layout

FILES = sorted(FOLDER.glob("v*.npz"))
CURRENT = f"v{row.VERSION}-"
#: Other processors round otherwise; more than that is another model.
TOLERANCE = 1e-3


def tier(path: Path) -> str:
    return path.stem.partition("-")[2]


@pytest.mark.parametrize("name", TIERS)
def test_a_change_of_layout_raises_the_version(name: str) -> None:
    """Fails? Raise `liquid.row.VERSION` (once a release), then run `python -m tests.liquid.make_golden_rows`."""
    path = FOLDER / f"{CURRENT}{name}.npz"
    assert path.exists(), f"no golden row of version {row.VERSION}: run python -m {make_golden_rows.__name__}"
    with np.load(path) as saved:
        assert str(saved["layout"]) == layout(name)


@pytest.mark.parametrize(
    "path",
    [
        # compiled nowhere else in the fast tests
        pytest.param(p, id=p.stem, marks=pytest.mark.slow if tier(p) == "standard" else ())
        for p in FILES
        if p.name.startswith(CURRENT)
    ],
)
def test_a_row_of_this_version_goes_on_as_when_it_was_saved(path: Path) -> None:
    model = Model(config(tier(path)), capacity=1)
    with np.load(path) as saved:
        data = saved["row"].tobytes()
        model.load_row(0, data)
        assert model.row_bytes(0) == data
        for field, mine in after(model).items():
            np.testing.assert_allclose(mine, saved[field], rtol=TOLERANCE, atol=TOLERANCE, err_msg=field)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_row_of_another_version_is_refused_by_the_names_of_both(path: Path) -> None:
    """Files of older versions as they are; of this version one that claims to be older."""
    model = Model(config(tier(path)), capacity=1)
    with np.load(path) as saved:
        data = saved["row"].tobytes()
    if path.name.startswith(CURRENT):
        data = data.replace(f"v{row.VERSION}/".encode(), b"v1/", 1)
    theirs = data.partition(b"\0")[0][3:].decode()
    before = model.row_bytes(0)
    with pytest.raises(IncompatibleRow, match=re.escape(theirs)) as refused:
        model.load_row(0, data)
    assert model.config.fingerprint() in str(refused.value)
    assert model.row_bytes(0) == before
