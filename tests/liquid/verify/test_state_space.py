from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liquid.cells import hippo
from liquid.verify import check_file
from liquid.verify.report import failures
from tests.liquid.golden import REFERENCE

Arrays = dict[str, np.ndarray]
FILES = sorted(REFERENCE.glob("liquid_s4/*.npz"))
RESULTS = {"dA", "dB", "dC", "K", "y_step", "y_rec_linear", "y_linear", "y_rec_hadamard"}
CONFIG = '{"mode": "nplr", "disc": "bilinear", "liquid_kernel": null}'


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_reference_files(path: Path) -> None:
    report = check_file(path)
    assert report.passed, "\n".join(failures([report]))
    if path.stem == "hippo_init":
        assert len(report.checks) == 3 * (2 * 8 + 2 * 5)
    else:
        assert {c.name for c in report.checks} == RESULTS | ({"y_conv"} if path.stem.endswith("plain") else set())
        left_out = [] if path.stem.endswith("plain") else ["y_conv, y_liquid of a published liquid kernel"]
        assert [note.partition(":")[0] for note in report.notes] == [*left_out, "y_rec_rowsum"]


@pytest.fixture
def case() -> Arrays:
    """S4 of one channel and one mode without low rank, whose numbers are known: lambda = -1, h = 1/2."""
    complex_one, one = np.ones((1, 1), complex), np.ones((1, 1, 3))
    y, liquid, x = 4 / 3 * np.cumsum(one / 3.0 ** np.arange(3), axis=2), 0 * one, 0.0
    for t in range(3):
        x = x / 3 + 2 / 3 * x + 2 / 3
        liquid[..., t] = 2 * x
    return {
        "config": np.array(CONFIG),
        "w": -complex_one, "B": complex_one, "C": complex_one[None], "P": 0 * complex_one[None],
        "log_dt": np.zeros(1), "D": np.zeros((1, 1)), "u": one,
        "dA": np.eye(2)[None] / 3, "dB": np.full((1, 2), 2 / 3), "dC": np.ones((1, 1, 2)),
        "K": 4 / 3 * one / 3.0 ** np.arange(3), "y_rec_hadamard": liquid,
        **{name: y.copy() for name in ("y_step", "y_rec_linear", "y_linear", "y_conv")},
    }  # fmt: skip


def diagonal(case: Arrays) -> Arrays:
    """The same of S4D, whose outputs count every mode twice and whose matrices have the kept half."""
    shorter = {"dA": case["dA"][:, :1, 0], "dB": case["dB"][:, :1], "dC": case["dC"][..., :1]}
    return {**case, **shorter, "config": np.array(CONFIG.replace("nplr", "diag"))}


def report_on(tmp_path: Path, arrays: Arrays) -> Any:
    np.savez(tmp_path / "case.npz", **arrays)
    return check_file(tmp_path / "case.npz")


@pytest.mark.parametrize("change", [dict, diagonal])
def test_own_case(case: Arrays, tmp_path: Path, change: Callable[[Arrays], Arrays]) -> None:
    report = report_on(tmp_path, change(case))
    assert report.passed, report.failure
    assert {c.name for c in report.checks} == RESULTS | {"y_conv"}
    assert max(c.error for c in report.checks) < 1e-15


def test_channels_that_share_their_modes(case: Arrays, tmp_path: Path) -> None:
    """`n_ssm` = 1."""
    own = ("w", "B", "P", "config")
    twice = {name: a if name in own else np.concatenate([a, a], axis=CHANNELS.get(name, 1)) for name, a in case.items()}
    report = report_on(tmp_path, twice)
    assert report.passed, "\n".join(failures([report]))


CHANNELS = {"log_dt": 0, "dA": 0, "dB": 0}


@pytest.mark.parametrize("name", sorted(RESULTS | {"y_conv"}))
def test_a_wrong_number_is_found(case: Arrays, tmp_path: Path, name: str) -> None:
    case[name].flat[0] += 1e-12
    assert [c.name for c in report_on(tmp_path, case).checks if not c.passed] == [name]


def test_not_a_number_is_found(case: Arrays, tmp_path: Path) -> None:
    case["y_conv"] = case["y_conv"] * np.nan
    assert [c.name for c in report_on(tmp_path, case).checks if not c.passed] == ["y_conv"]


def test_published_liquid_kernels_are_not_checked(case: Arrays, tmp_path: Path) -> None:
    case["y_conv"] = case["y_liquid"] = case["u"] * np.nan
    case["config"] = np.array(CONFIG.replace("null", '"polyb"'))
    report = report_on(tmp_path, {**case, "extra": np.ones(1)})
    assert report.passed
    assert report.notes == [
        "y_conv, y_liquid of a published liquid kernel: not checked, not causal",
        "extra: not known, not checked",
    ]


def test_results_may_be_left_out(case: Arrays, tmp_path: Path) -> None:
    report = report_on(tmp_path, {name: array for name, array in case.items() if name != "K"})
    assert report.passed
    assert "without K" in report.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"P": np.zeros((2, 1, 1))}, "the rank 2, but S4 is bilinear of rank 1"),
        ({"K": np.zeros((1, 2, 3))}, "K has shape"),
        ({"w": None}, "the file lacks w"),
        ({"u": np.ones(3)}, "u has shape (3,), but (batch, channels, samples) is expected"),
        ({"config": np.array('{"mode": "dplr", "disc": "zoh", "liquid_kernel": null}')}, "unknown mode 'dplr'"),
        ({"config": np.array('{"mode": "diag", "disc": "foh", "liquid_kernel": null}')}, "discretisation is 'foh'"),
        ({"config": np.array('{"mode": "diag", "disc": "zoh"}')}, "the configuration lacks 'liquid_kernel'"),
    ],
)
def test_files_of_no_cell(case: Arrays, tmp_path: Path, change: dict[str, Any], message: str) -> None:
    arrays = {name: array for name, array in {**case, **change}.items() if array is not None}
    report = report_on(tmp_path, arrays)
    assert not report.passed
    assert message in report.failure


@pytest.fixture
def tables() -> Arrays:
    a, b = hippo.legs(6)
    w, p, weights = hippo.legs_dplr(3)
    phases = np.exp(1j * np.arange(3))
    vectors = np.linalg.eigh(-1j * (a + 0.5 * np.outer(b, b)))[1][:, :3]
    basis = vectors / np.exp(1j * np.angle(vectors.conj().T @ b)).conj() / phases
    lin = hippo.modes("lin", 3)
    return {
        "legs_N6_w": w, "legs_N6_P": (p * phases)[None], "legs_N6_B": weights * phases, "legs_N6_V": basis,
        "legs_N6_A": a, "legs_N6_Bmat": b[:, None],
        "diaglin_N6_w": lin[0].astype(np.complex64), "diaglin_N6_B": lin[1].astype(np.complex64),
    }  # fmt: skip


def test_own_tables(tables: Arrays, tmp_path: Path) -> None:
    report = report_on(tmp_path, tables)
    assert report.passed, "\n".join(failures([report]))
    assert len(report.checks) == 8 + 2


@pytest.mark.parametrize("name", ["w", "P", "B", "V", "A", "Bmat"])
def test_a_wrong_number_in_a_table_is_found(tables: Arrays, tmp_path: Path, name: str) -> None:
    tables[f"legs_N6_{name}"] = tables[f"legs_N6_{name}"] + 1e-10
    off = [c.name for c in report_on(tmp_path, tables).checks if not c.passed]
    assert any(found.startswith(f"legs_N6_{name}") for found in off)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fout_N2_w": np.zeros(1)}, "no cell starts from the measure 'fout'"),
        ({"legs_N8_w": np.zeros(4)}, "the file lacks legs_N8_B"),
        ({"other": np.zeros(1)}, "unknown array other"),
    ],
)
def test_other_tables(tables: Arrays, tmp_path: Path, change: Arrays, message: str) -> None:
    assert message in report_on(tmp_path, {**tables, **change}).failure


def test_other_files(tmp_path: Path) -> None:
    assert "neither a model of ncps, a state space nor a table" in report_on(tmp_path, {"x": np.zeros(1)}).failure
