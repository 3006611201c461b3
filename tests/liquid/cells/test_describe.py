import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from liquid.cells import CfC, make
from liquid.cells.describe import from_dict, to_dict
from liquid.wirings import NCP, WIRINGS, AutoNCP, explicit
from tests.liquid.cells.test_contract import INPUTS, VARIANTS

SPECS = [
    AutoNCP(19, 4),
    NCP(3, 2, 1, 2, 2, 1, 2),
    explicit(np.eye(3), np.ones((2, 3)), 1),
    WIRINGS["random"](5, 2),
    WIRINGS["fully_connected"](4, 1),
]


def through_json(value: Any) -> Any:
    return from_dict(json.loads(json.dumps(to_dict(value))))


@pytest.mark.parametrize("name", VARIANTS)
def test_every_cell_comes_back(name: str) -> None:
    kind, config = VARIANTS[name]
    cell = make(kind, inputs=INPUTS, dtype="float32", **config)
    assert through_json(cell) == cell


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_every_wiring_comes_back(spec: Any) -> None:
    assert through_json(spec) == spec
    assert {type(spec) for spec in SPECS} == set(WIRINGS.values())


def test_nested_things() -> None:
    @dataclass(frozen=True)
    class Pair:
        parts: tuple[CfC | AutoNCP | None, ...]

    pair = Pair((CfC(inputs=1, units=2), AutoNCP(19, 4), None))
    more = {"pair": Pair}
    assert from_dict(json.loads(json.dumps(to_dict(pair, more))), more) == pair
    with pytest.raises(TypeError, match="Pair is in no registry, such as CELLS"):
        to_dict(pair)


def test_numbers_of_numpy() -> None:
    cell = CfC(inputs=1, units=int(np.int64(3)))
    assert json.dumps(to_dict(CfC(inputs=1, units=np.int64(3)))) == json.dumps(to_dict(cell))  # type: ignore[arg-type]


def test_what_is_not_known() -> None:
    with pytest.raises(ValueError, match=r"no kind 'cells\.lstn': it must be one of .*cells\.cfc, "):
        from_dict({"kind": "cells.lstn"})
    with pytest.raises(ValueError, match="no kind None"):
        from_dict({"inputs": 1})
    with pytest.raises(TypeError, match="colour"):
        from_dict({"kind": "cells.cfc", "inputs": 1, "units": 2, "colour": "red"})
