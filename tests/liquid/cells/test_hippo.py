import numpy as np
import pytest

from liquid.cells import hippo
from tests.liquid.golden import REFERENCE

TABLE = REFERENCE / "liquid_s4" / "hippo_init.npz"


def test_legs_modes_are_those_of_the_normal_part() -> None:
    count = 6
    a, b = hippo.legs(2 * count)
    normal = a + 0.5 * np.outer(b, b)
    np.testing.assert_allclose(normal + normal.T, -np.eye(2 * count), atol=1e-13)  # -1/2 I + a skew part
    eigenvalues, weights = hippo.modes("legsd", count)
    frequencies = np.concatenate([eigenvalues.imag, -eigenvalues.imag])
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(normal).imag), np.sort(frequencies), atol=1e-12)
    # The impulse response b^T exp(normal t) b / 2 does not depend on the basis.
    time = 0.3
    values, vectors = np.linalg.eig(normal)
    dense = (b @ vectors @ np.diag(np.exp(values * time)) @ np.linalg.inv(vectors) @ b).real / 4
    assert 2 * np.sum(np.abs(weights) ** 2 * np.exp(eigenvalues * time)).real == pytest.approx(dense, rel=1e-12)


def test_closed_formulas() -> None:
    assert hippo.modes("lin", 3)[0] == pytest.approx(-0.5 + 1j * np.pi * np.arange(3))
    assert hippo.modes("inv", 1)[0] == pytest.approx([-0.5 + 2j / np.pi])
    assert hippo.modes("inv2", 2)[0][1] == pytest.approx(-0.5 + 4j / np.pi)
    assert hippo.modes("quad", 2)[0][1] == pytest.approx(-0.5 + 9j / np.pi)
    assert hippo.modes("real", 3)[0] == pytest.approx([-1.0, -2.0, -3.0])


@pytest.mark.parametrize("measure", hippo.MEASURES)
def test_modes_decay_and_match_in_number(measure: str) -> None:
    eigenvalues, weights = hippo.modes(measure, 5)
    assert eigenvalues.shape == weights.shape == (5,)
    assert (eigenvalues.real < 0).all()


def test_unknown_measure() -> None:
    with pytest.raises(ValueError, match="measure is 'fout', but must be one of lin"):
        hippo.modes("fout", 4)


@pytest.mark.skipif(not TABLE.exists(), reason="no folder of reference vectors")
@pytest.mark.parametrize("size", [8, 16, 64])
def test_reference_tables(size: int) -> None:
    with np.load(TABLE) as table:
        a, b = hippo.legs(size)
        np.testing.assert_allclose(a, table[f"legs_N{size}_A"], rtol=1e-14)
        np.testing.assert_allclose(b, table[f"legs_N{size}_Bmat"][:, 0], rtol=1e-14)
        names = {"lin": "diaglin", "inv": "diaginv", "inv2": "diaginv2", "quad": "diagquad", "legs": "diaglegs"}
        for measure, name in {**names, "legsd": "legsd"}.items():
            eigenvalues, weights = hippo.modes(measure, size // 2)
            close = 2e-6 if table[f"{name}_N{size}_w"].dtype == np.complex64 else 1e-12
            np.testing.assert_allclose(eigenvalues, table[f"{name}_N{size}_w"], rtol=close, atol=close)
            np.testing.assert_allclose(weights, np.abs(table[f"{name}_N{size}_B"]), rtol=close)
