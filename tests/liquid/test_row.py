from itertools import pairwise

import numpy as np
import pytest

from liquid import kernel, row
from liquid.features.rings import rings_dtype
from liquid.slab import Slab
from tests.liquid.checks import leaves, not_finite


@pytest.mark.parametrize("tier", row.TIERS)
@pytest.mark.parametrize("horizons", [1, 2, 3, 4])
def test_a_row_is_flat_memory(tier: str, horizons: int) -> None:
    dtype = row.row_dtype(tier, horizons)
    assert dtype.isalignedstruct
    assert not dtype.hasobject
    assert dtype.itemsize % dtype.alignment == 0
    assert row.row_dtype(tier, horizons) is dtype
    assert dtype["rings"] == rings_dtype(*row.TIERS[tier][:3])


@pytest.mark.parametrize(("tier", "most"), [("compact", 3 * 1024), ("standard", 12 * 1024), ("full", 20 * 1024)])
def test_size_is_what_is_promised(tier: str, most: int) -> None:
    """With two horizons; one more costs about a kilobyte at most."""
    sizes = [Slab(tier, horizons).size for horizons in (1, 2, 3, 4)]
    assert sizes[1] <= most
    assert all(0 < b - a < 2_000 for a, b in pairwise(sizes))


def test_doubles_only_where_values_and_times_are_kept() -> None:
    """State in z is float32; 64 bits are for what has the user's own unit."""
    r = np.zeros(1, row.row_dtype("full", 2))[0]
    doubles = {name.split("[")[0] for name, field in leaves(r) if field.dtype == np.float64}
    parts = {name.split(".")[0] for name in doubles}
    assert parts <= {"clock", "scale", "value", "rings", "detector", "forecaster", "drift"}
    of_forecaster = {name for name in doubles if name.startswith("forecaster")}
    assert all(name.endswith(("time", "born", "pending", "delayed", "held")) for name in of_forecaster), of_forecaster


@pytest.mark.parametrize("horizons", [1, 2])
def test_a_fresh_row_is_finite_and_has_no_offset(horizons: int) -> None:
    r = np.zeros(1, row.row_dtype("full", horizons))[0]
    kernel.fresh(r)
    assert not_finite(r) == []
    assert r["offset"] == -1
    assert (r["rings"]["distance"] == -1).all()
    assert r["clock"]["events"] == 0
