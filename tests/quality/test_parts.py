"""What parts cost: every byte of a row belongs to one of them."""

import pytest

from benchmarks import parts
from liquid.slab import Slab
from liquid.tiers import TIERS


@pytest.mark.parametrize("tier", TIERS)
def test_bytes_of_the_parts_are_those_of_the_row_but_for_what_alignment_leaves(tier: str) -> None:
    found = parts.sizes(tier)
    assert set(found) <= set(parts.PARTS.values()), "a new field: say in PARTS which part it is"
    unused = Slab(tier, len(parts.HORIZONS)).size - sum(found.values())
    assert 0 <= unused < 64
