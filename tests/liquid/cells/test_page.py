"""docs/cells.md: its table, and its cell in one file."""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import liquid.cells
from benchmarks import all_cells
from liquid.cells import CELLS, Cell, make
from liquid.cells.base import Cell as Base
from tests.liquid.cells import test_contract
from tests.liquid.cells.test_contract import INPUTS, VARIANTS

PAGE = (Path(__file__).parents[3] / "docs" / "cells.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \|.*\| `([^`|]+)` \|$", re.MULTILINE)
ROWS = dict(ROW.findall(PAGE))
CHECKS: list[Any] = [
    test_contract.test_shapes_and_types,
    test_contract.test_step_by_step_is_run_bit_for_bit,
    test_contract.test_sequences_of_a_batch_do_not_touch,
    test_contract.test_causal,
    test_contract.test_gradients_are_the_slopes,
    test_contract.test_jacobian_is_the_slope_of_the_state,
    lambda cell: [test_contract.test_any_gap(cell, gap) for gap in (0.0, 1e-30, 1e3, "large")],
    lambda cell: test_contract.test_huge_input(cell, 1),
    test_contract.test_overflow_is_an_error,
    test_contract.test_bad_arguments,
]


def test_every_cell_that_the_package_offers_has_a_row() -> None:
    assert ROWS.keys() == {name for name, cell in CELLS.items() if cell.__name__ in liquid.cells.__all__}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_state_is_as_the_table_says(variant: str) -> None:
    name, config = VARIANTS[variant]
    if name not in ROWS:
        pytest.skip("not on the page")
    cell = make(name, inputs=INPUTS, **config)

    class Fields(dict[str, Any]):
        def __missing__(self, field: str) -> Any:
            if hasattr(cell, field):
                return getattr(cell, field)
            raise KeyError(field)

    assert eval(ROWS[name], {}, Fields()) == cell.state_size


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[Cell]]:
    """The cell of the page from a file of its own."""
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path_factory.mktemp("cell") / "minimal_gated.py"
    path.write_text(text)
    spec = spec_from_file_location("minimal_gated", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield CELLS["minimal_gated"]
    del sys.modules[spec.name], CELLS["minimal_gated"]


@pytest.mark.parametrize("check", CHECKS)
def test_the_cell_of_the_page_does_what_every_cell_does(own: type[Cell], check: Any) -> None:
    check(make("minimal_gated", inputs=INPUTS, units=3))


def test_its_formula(own: type[Cell]) -> None:
    cell = make("minimal_gated", inputs=1, units=2)
    assert type(cell) is own
    params, h, u, gap = cell.init(0), np.array([0.3, -0.2]), np.array([0.7]), 0.4
    a, c = np.split(params["weight"] @ np.concatenate([u, h]) + params["bias"], 2)
    keep = (1 / (1 + np.exp(a))) ** gap
    want = np.tanh(c) + keep * (h - np.tanh(c))
    y, _ = cell.step(params, h[None], u[None], [gap])
    np.testing.assert_allclose(y[0], want, rtol=1e-14)
    still, _ = cell.step(params, h[None], u[None], [0.0])
    np.testing.assert_array_equal(still[0], h)
    assert replace(cell, dtype="float32").init(0).flat.dtype == "float32"


def test_the_benchmark_of_all_cells(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = all_cells.cells(8)
    assert {name.partition(",")[0] for name in found} == CELLS.keys() - {"stack"}
    monkeypatch.setattr(all_cells, "cells", lambda width: {"gru": found["gru"]})
    all_cells.main(width=8, samples=3, rounds=1)
    assert f"{found['gru'].param_count}" in capsys.readouterr().out


def test_names_are_registered_once() -> None:
    class Unnamed(CELLS["gru"]):  # type: ignore[misc,name-defined]
        pass

    assert Unnamed not in CELLS.values()
    with pytest.raises(ValueError, match=r"liquid\.cells\.gru has already registered a cell named 'gru'"):

        class Other(Base, name="gru"):
            pass

    gru = CELLS["gru"]
    again = type("GRU", (Base,), {"__module__": gru.__module__, "__qualname__": gru.__qualname__}, name="gru")
    assert CELLS["gru"] is again
    CELLS["gru"] = gru
