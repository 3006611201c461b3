import sys
from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch

from liquid.wirings import AutoNCP, FullyConnected, Random, Spec, Wiring, explicit
from liquid.wirings.draw import SIGNS, draw, graph, positions

SPECS = [AutoNCP(19, 4), FullyConnected(5, 2), Random(7, 3, 0.6), FullyConnected(1, 1), explicit([[0]], [[0], [0]], 1)]


@pytest.fixture(params=SPECS, ids=str)
def wiring(request: pytest.FixtureRequest) -> Wiring:
    spec: Spec = request.param
    return spec.build(2)


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def test_graph(wiring: Wiring) -> None:
    g = graph(wiring)
    assert len(g) == wiring.units + wiring.inputs
    assert g.number_of_edges() == wiring.synapses + wiring.sensory_synapses
    for a, b, sign in g.edges(data="sign"):
        assert sign == (wiring.adjacency[a, b] if isinstance(a, int) else wiring.sensory[a[1], b])
    assert [g.nodes[n]["kind"] for n in range(wiring.outputs)] == ["motor"] * wiring.outputs


def test_a_synapse_is_an_arrow_in_the_colour_of_its_sign(wiring: Wiring) -> None:
    ax = draw(wiring)
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    colours = [mpl.colors.to_hex(p.get_edgecolor()).upper() for p in arrows]
    for sign, (_, colour, _) in SIGNS.items():
        assert colours.count(colour) == (wiring.adjacency == sign).sum() + (wiring.sensory == sign).sum()


def test_legend_counts(wiring: Wiring) -> None:
    legend = draw(wiring).get_legend()
    assert legend is not None
    entries = [text.get_text() for text in legend.get_texts()]
    assert "input (2)" in entries
    assert f"motor ({wiring.outputs})" in entries


def test_it_can_be_painted(wiring: Wiring) -> None:
    figure = draw(wiring).figure
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]
    assert pixels.min() < pixels.max()


def test_columns_from_left_to_right() -> None:
    wiring = AutoNCP(19, 4).build(3)
    at = positions(wiring)
    columns = [[("input", i) for i in range(3)], *wiring.layers]
    for x, column in enumerate(columns):
        assert {at[n][0] for n in column} == {x}
    assert len(set(at.values())) == 3 + 19


def test_neurons_without_layers_have_places_of_their_own() -> None:
    at = positions(FullyConnected(9, 3).build(4))
    assert len({(round(x, 6), round(y, 6)) for x, y in at.values()}) == 13


def test_on_given_axes_with_names() -> None:
    _, ax = plt.subplots()
    wiring = AutoNCP(19, 4).build(2)
    assert draw(wiring, ax, ["heat", "wind", "a", "b", "c", "d"]) is ax
    assert {"heat", "wind", "a", "d"} <= {text.get_text() for text in ax.texts}
    draw(wiring, names=["heat", "wind"])


@pytest.mark.parametrize("names", [["heat"], ["a", "b", "c"], "ab"])
def test_names_that_do_not_fit(names: list[str]) -> None:
    with pytest.raises(ValueError, match="names must be 2 names of inputs, or those and 4 of outputs"):
        draw(AutoNCP(19, 4).build(2), names=names)


@pytest.mark.parametrize("package", ["networkx", "matplotlib.pyplot"])
def test_without_the_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"drawing needs {package.split('.')[0]}: pip install liquidstream\[draw\]"):
        draw(AutoNCP(19, 4).build(2))
