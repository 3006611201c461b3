import pytest

from liquid.cells import CELLS
from liquid.estimators.sized import sized
from liquid.wirings import AutoNCP


@pytest.mark.parametrize("name", [name for name in CELLS if name not in ("stack", "hybrid")])
def test_every_cell_has_the_width_asked_for(name: str) -> None:
    cell = sized(name, 3, 8, "float32", None)
    assert (cell.inputs, cell.dtype) == (3, "float32")
    assert 8 in (cell.outputs, getattr(cell, "modes", 0))


def test_options_decide_over_the_width() -> None:
    assert sized("gru", 1, 8, "float64", {"units": 3}).outputs == 3
    assert sized("ltc", 1, 8, "float64", {"wiring": AutoNCP(19, 2)}).outputs == 2


def test_unknown_names() -> None:
    with pytest.raises(ValueError, match="there is no cell named 'cfx': choose one of"):
        sized("cfx", 1, 8, "float64", None)
    with pytest.raises(ValueError, match="cell_options has widht, but gru has only"):
        sized("gru", 1, 8, "float64", {"widht": 3})
