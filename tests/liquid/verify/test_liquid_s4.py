from pathlib import Path

import numpy as np
import pytest

from liquid.verify.liquid_s4 import check_file
from tests.liquid.golden import REFERENCE

FILES = sorted(REFERENCE.glob("liquid_s4/*.npz"))
CASE = {"dA", "dB", "dC", "K", "y_step", "y_rec_linear", "y_linear", "y_rec_hadamard"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_reference_files(path: Path) -> None:
    checks = check_file(path)
    assert {c.quantity: c.error for c in checks if not c.error <= c.tolerance} == {}
    if path.stem == "hippo_init":
        assert len(checks) == 3 * (8 + 2 * 6)
    else:
        assert {c.quantity for c in checks} == CASE | ({"y_conv"} if path.stem.endswith("plain") else set())


@pytest.fixture
def case() -> dict[str, np.ndarray]:
    """S4 of one channel and one mode without low rank, whose numbers are known: lambda = -1, h = 1/2."""
    complex_one = np.ones((1, 1), complex)
    one = np.ones((1, 1, 3))
    return {
        "config": np.array('{"mode": "nplr", "disc": "bilinear", "liquid_kernel": null}'),
        "w": -complex_one, "B": complex_one, "C": complex_one[None], "P": 0 * complex_one[None],
        "log_dt": np.zeros(1), "D": np.zeros((1, 1)), "u": one,
        "dA": np.eye(2)[None] / 3, "dB": np.full((1, 2), 2 / 3), "dC": np.ones((1, 1, 2)),
        "K": 4 / 3 * one / 3.0 ** np.arange(3),
        "y_conv": 4 / 3 * np.cumsum(one / 3.0 ** np.arange(3), axis=2),
    }  # fmt: skip


def save(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    np.savez(path / "case.npz", **arrays)
    return path / "case.npz"


def test_own_case(case: dict[str, np.ndarray], tmp_path: Path) -> None:
    checks = {c.quantity: c.error for c in check_file(save(tmp_path, case))}
    assert checks.keys() == {"dA", "dB", "dC", "K", "y_conv"}
    assert max(checks.values()) < 1e-15


@pytest.mark.parametrize("quantity", ["dA", "dB", "dC", "K", "y_conv"])
def test_a_wrong_number_is_found(case: dict[str, np.ndarray], tmp_path: Path, quantity: str) -> None:
    case[quantity] = case[quantity].copy()
    case[quantity].flat[0] += 1e-12
    wrong = [c for c in check_file(save(tmp_path, case)) if not c.error <= c.tolerance]
    assert [c.quantity for c in wrong] == [quantity]


def test_a_missing_number_is_found(case: dict[str, np.ndarray], tmp_path: Path) -> None:
    case["y_conv"] = case["y_conv"] * np.nan
    assert [c.quantity for c in check_file(save(tmp_path, case)) if not c.error <= c.tolerance] == ["y_conv"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"P": np.zeros((2, 1, 1))}, "the rank 2, but S4 is bilinear of rank 1"),
        ({"K": np.zeros((1, 2, 3))}, "K has shape"),
        ({"config": np.array('{"mode": "dplr", "disc": "zoh", "liquid_kernel": null}')}, "mode is 'dplr'"),
    ],
)
def test_files_of_no_cell(
    case: dict[str, np.ndarray], tmp_path: Path, change: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_file(save(tmp_path, {**case, **change}))


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither a case"):
        check_file(save(tmp_path, {"x": np.zeros(1)}))
    with pytest.raises(ValueError, match="no cell starts from the measure 'fout'"):
        check_file(save(tmp_path, {"fout_N2_w": np.zeros(1), "fout_N2_B": np.zeros(1)}))
