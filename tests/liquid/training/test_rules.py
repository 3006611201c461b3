"""Gradients of the rules against backpropagation through time, their formulas, and golden vectors."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid.cells import CELLS, Cell, CfC, Params, make
from liquid.training.rules import RULES, Blocks, CfCTraces, Rule
from liquid.training.structure import patterns, snap, split
from liquid.verify.case import load
from liquid.verify.recurrent import model_of
from tests.liquid.cells.test_contract import INPUTS, VARIANTS
from tests.liquid.golden import REFERENCE

LENGTH = 7


class Stream:
    def __init__(self, cell: Cell, length: int = LENGTH) -> None:
        rng = np.random.default_rng(0)
        self.params = cell.init(1)
        self.x = rng.normal(size=(1, length, cell.inputs)).astype(cell.dtype)
        self.gaps = rng.lognormal(-0.5, 0.7, (1, length)).astype(cell.dtype)
        self.dy = rng.normal(size=(1, length, cell.outputs)).astype(cell.dtype)
        if length > 3:
            self.gaps[0, 3] = 0.0


def online(cell: Cell, rule: Rule, params: Params, x: Any, gaps: Any, dy: Any, state: Any = None) -> np.ndarray:
    """The gradient of each output alone, (length, parameters)."""
    state = cell.zero_state() if state is None else state
    found = np.zeros((x.shape[1], cell.param_count), cell.dtype)
    for t in range(x.shape[1]):
        y, state = rule.step(params, state, x[:, t], gaps[:, t])
        rule.gradient(params, dy[:, t], found[t])
    want, last = cell.run(params, x, gaps)
    if not state.any() or np.array_equal(last, state):
        np.testing.assert_allclose(y, want[:, -1], rtol=1e-13)
    return found


def exact(cell: Cell, s: Stream) -> np.ndarray:
    found = []
    for t in range(s.x.shape[1]):
        dy = np.zeros_like(s.dy[:, : t + 1])
        dy[:, t] = s.dy[:, t]
        found.append(cell.grad(s.params, s.x[:, : t + 1], s.gaps[:, : t + 1], dy).params.flat)
    return np.array(found)


def example(variant: str) -> Cell:
    name, config = VARIANTS[variant]
    return make(name, inputs=INPUTS, **config)


@pytest.mark.parametrize("variant", VARIANTS)
def test_rtrl_is_exact(variant: str) -> None:
    cell = example(variant)
    s = Stream(cell)
    want = exact(cell, s)
    found = online(cell, RULES["rtrl"](cell), s.params, s.x, s.gaps, s.dy)
    np.testing.assert_allclose(found, want, rtol=0, atol=1e-13 * max(1.0, np.abs(want).max()))


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name.startswith(("liquid_s4", "s4d"))])
def test_snap1_is_exact_where_modes_do_not_mix(variant: str) -> None:
    cell = example(variant)
    s = Stream(cell)
    want = exact(cell, s)
    for rule in (RULES["snap1"](cell), Blocks(cell, snap(cell))):
        found = online(cell, rule, s.params, s.x, s.gaps, s.dy)
        np.testing.assert_allclose(found, want, rtol=0, atol=1e-13 * max(1.0, np.abs(want).max()))
    assert not np.allclose(online(cell, RULES["truncated"](cell), s.params, s.x, s.gaps, s.dy), want)


@pytest.mark.parametrize("variant", VARIANTS)
def test_truncated_takes_the_state_before_as_given(variant: str) -> None:
    cell = example(variant)
    s = Stream(cell)
    states = np.concatenate([cell.zero_state()[:, None], cell.states(s.params, s.x, s.gaps)[:, :-1]], axis=1)
    found = online(cell, RULES["truncated"](cell), s.params, s.x, s.gaps, s.dy)
    for t in range(LENGTH):
        one = slice(t, t + 1)
        back = cell.grad(s.params, s.x[:, one], s.gaps[:, one], s.dy[:, one], states[:, t])
        np.testing.assert_allclose(found[t], back.params.flat, rtol=1e-13, atol=1e-15)


class Twin:
    """Traces as dense tables, step by step: E <- J E + M within blocks, kept where the pattern is."""

    def __init__(self, cell: Cell, params: Params) -> None:
        self.cell, self.params = cell, params
        across, touched = patterns(cell)
        n = cell.state_size
        self.near, self.kept = np.zeros((n, n), bool), np.zeros_like(touched)
        for block in split(across):
            self.near[np.ix_(block, block)] = True
            self.kept[block] = touched[block].any(axis=0)
        self.e = np.zeros(touched.shape)

    def step(self, state: np.ndarray, u: np.ndarray, gap: np.ndarray) -> None:
        jacobian = self.cell.jacobian(self.params, state, u, gap)[0]
        silent = np.zeros((1, 1, self.cell.outputs))
        rows = [
            self.cell.grad(self.params, u[:, None], gap[:, None], silent, state, direction[None]).params.flat
            for direction in np.eye(len(jacobian))
        ]
        self.e = (np.where(self.near, jacobian, 0) @ self.e + np.array(rows)) * self.kept


@pytest.mark.parametrize("variant", VARIANTS)
def test_snap1_is_its_formula(variant: str) -> None:
    cell = example(variant)
    s, twin = Stream(cell), Twin(cell, cell.init(1))
    found = online(cell, RULES["snap1"](cell), s.params, s.x, s.gaps, s.dy)
    state = cell.zero_state()
    for t in range(LENGTH):
        one = slice(t, t + 1)
        back = cell.grad(s.params, s.x[:, one], s.gaps[:, one], s.dy[:, one], state)
        np.testing.assert_allclose(found[t], back.params.flat + back.state[0] @ twin.e, rtol=0, atol=1e-13)
        twin.step(state, s.x[:, t], s.gaps[:, t])
        _, state = cell.step(s.params, state, s.x[:, t], s.gaps[:, t])


CFCS = [
    CfC(inputs=2, units=4, mode=mode, backbone_layers=layers, backbone_units=5, activation=activation, projection=proj)
    for mode, (layers, activation, proj) in product(
        ("default", "no_gate", "pure"), ((0, "tanh", None), (1, "lecun_tanh", 3), (1, "gelu", None))
    )
]


@pytest.mark.parametrize("cell", CFCS, ids=lambda c: f"{c.mode}-{c.backbone_layers}-{c.activation}")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_formulas_for_cfc(cell: CfC, dtype: str) -> None:
    cell = replace(cell, dtype=dtype)
    fast = RULES["snap1"](cell)
    assert isinstance(fast, CfCTraces)
    s, general = Stream(cell), Blocks(cell, snap(cell))
    close = 1e-14 if dtype == "float64" else 3e-6
    found, want = (online(cell, rule, s.params, s.x, s.gaps, s.dy) for rule in (fast, general))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, want, rtol=0, atol=close * max(1.0, np.abs(want).max()))
    assert fast.save().size == general.save().size


@pytest.mark.parametrize("cell", [replace(CFCS[1], mixed_memory=True), replace(CFCS[1], backbone_layers=2)])
def test_other_cfcs_go_the_general_way(cell: CfC) -> None:
    assert isinstance(RULES["snap1"](cell), Blocks)


@pytest.mark.parametrize("rule", ["rtrl", "snap1"])
@pytest.mark.parametrize("variant", ["cfc-0", "gru-0", "liquid_s4-0", "s4d-0"])
def test_saved_traces_go_on(variant: str, rule: str) -> None:
    cell = example(variant)
    s, first, second = Stream(cell), RULES[rule](cell), RULES[rule](cell)
    state = cell.zero_state()
    for t in range(4):
        _, state = first.step(s.params, state, s.x[:, t], s.gaps[:, t])
    second.load(first.save())
    for t in range(4, LENGTH):
        gradients = np.zeros((2, cell.param_count))
        first.step(s.params, state, s.x[:, t], s.gaps[:, t])
        _, state = second.step(s.params, state, s.x[:, t], s.gaps[:, t])
        for r, gradient in zip((first, second), gradients, strict=True):
            r.gradient(s.params, s.dy[:, t], gradient)
        np.testing.assert_array_equal(*gradients)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("variant", ["cfc-0", "liquid_s4-0"])
def test_nothing_to_learn_from_yet(variant: str, rule: str) -> None:
    cell = example(variant)
    with pytest.raises(ValueError, match="no output yet"):
        RULES[rule](cell).gradient(cell.init(0), np.zeros((1, cell.outputs)), np.zeros(cell.param_count))


# Golden vectors of the published library: the gradient of each step's loss, sum(y^2), with the whole past.

GOLDEN = [path for path in sorted(REFERENCE.glob("ncps/*_rtrl_small.npz")) if path.stem.split("_")[0] in CELLS]


def golden(path: Path, rule: str) -> tuple[np.ndarray, np.ndarray, Cell]:
    """Ours and theirs, (length, parameters)."""
    case = load(path)
    cell, params = model_of(case)
    found = sum(
        online(
            cell, RULES[rule](cell), params, case["x"][b, None], case["ts"][b, None], 2 * case["y"][b, None],
            case["h0"][b, None],
        )
        for b in range(len(case["x"]))
    )  # fmt: skip
    steps = case.section("grad_t")
    want = np.array([cell.pack({k: steps[k][t] for k in params}).flat for t in range(case["x"].shape[1])])
    return np.asarray(found), want, cell


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_gradients_of_each_step(path: Path) -> None:
    found, want, _ = golden(path, "rtrl")
    np.testing.assert_allclose(found, want, rtol=0, atol=4e-15 * max(1.0, np.abs(want).max()))


@pytest.mark.parametrize(
    ("stem", "published", "least"),
    [("cfc_default_rtrl_small", 0.993, 0.997), ("cfc_default_bb0_rtrl_small", 0.974, 0.9945)],
)
def test_how_near_snap1_comes(stem: str, published: float, least: float) -> None:
    """Traces after a sample give the known figure; those before it and the sample in full are nearer."""
    path = REFERENCE / "ncps" / f"{stem}.npz"
    if not path.exists():
        pytest.skip("no folder of reference vectors")
    found, want, cell = golden(path, "snap1")
    case = load(path)
    _, params = model_of(case)
    after = np.zeros(cell.param_count)
    for b in range(len(case["x"])):
        twin, state = Twin(cell, params), case["h0"][b, None]
        for t in range(case["x"].shape[1]):
            u, gap = case["x"][b, None, t], case["ts"][b, None, t]
            twin.step(state, u, gap)
            y, state = cell.step(params, state, u, gap)
            after += 2 * y[0] @ twin.e
    total = want.sum(axis=0)
    assert cosine(after, total) == pytest.approx(published, abs=5e-4)
    assert cosine(found.sum(axis=0), total) > least
    truncated = golden(path, "truncated")[0].sum(axis=0)
    assert cosine(truncated, total) < cosine(found.sum(axis=0), total)
