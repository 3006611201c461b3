import numpy as np
import pytest

from liquid.anomaly.joint import LIMIT, MOST
from liquid.joint import Joint
from tests.liquid.checks import not_finite
from tests.liquid.naive.joint import Joint as Twin
from tests.liquid.tolerances import DOUBLE

NAN = np.nan


def correlated(n: int, rho: float, seed: int = 0) -> np.ndarray:
    e = np.random.default_rng(seed).normal(size=(n, 2))
    return np.stack([e[:, 0], rho * e[:, 0] + np.sqrt(1 - rho**2) * e[:, 1]], axis=1)


def judge(errors: np.ndarray, slots: np.ndarray | None = None) -> tuple[Joint, np.ndarray, np.ndarray]:
    joint = Joint(errors.shape[1])
    joint.reserve(3)
    return joint, *joint.run(np.zeros(len(errors), int) if slots is None else slots, errors)


def streams() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    mixed = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5))
    missing = np.where(rng.random((400, 5)) < 0.4, NAN, mixed)
    huge = mixed.copy()
    huge[::37, 1] = 1e100
    huge[::41, 2] = -1e300
    equal = np.repeat(rng.normal(size=(200, 1)), 4, axis=1)
    zero = mixed[:200].copy()
    zero[:100] = 0.0
    zero[:, 3] = 0.0
    return {
        "mixed": mixed,
        "missing": missing,
        "huge": huge,
        "equal": equal,
        "zero": zero,
        "most": rng.normal(size=(60, MOST)),
    }


@pytest.mark.parametrize("name", streams())
def test_equals_twin(name: str) -> None:
    errors = streams()[name]
    joint, distances, shares = judge(errors)
    twin = Twin(errors.shape[1])
    theirs = [twin.observe(e) for e in errors]
    np.testing.assert_allclose(distances, [d for d, _ in theirs], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(shares, [s for _, s in theirs], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(joint.states[0]["size"], twin.size, rtol=DOUBLE)
    assert not_finite(joint.states[0]) == []


def test_nothing_is_said_of_one_field_or_of_fields_never_seen() -> None:
    errors = np.array([[1.0, 2.0, NAN], [1.0, NAN, NAN], [1.0, 1.0, 1.0], [NAN, NAN, NAN], [1.0, 1.0, 1.0]])
    _, distances, shares = judge(errors)
    assert np.isnan(distances).tolist() == [True, True, True, True, False]
    assert shares[4].sum() == pytest.approx(1.0)
    assert not shares[1].any()


def test_unit_and_sign_of_a_field_do_not_matter() -> None:
    errors = correlated(300, 0.8)
    _, a, _ = judge(errors)
    _, b, _ = judge(errors * [1e-9, -1e12])
    np.testing.assert_allclose(a, b, rtol=1e-9, equal_nan=True)


def test_deviations_are_as_their_name_says_and_many_when_fields_part_within_their_range() -> None:
    errors = correlated(2000, 0.95)
    errors[1500:1540, 1] *= -1
    _, distances, shares = judge(errors)
    usual = distances[500:1500]
    assert np.sqrt((usual**2).mean()) == pytest.approx(1.0, abs=0.15)  # of two that nearly go together
    assert distances[1500:1540].mean() > 2.5
    assert shares[1500:1540].mean(0) == pytest.approx([0.5, 0.5], abs=0.1)


def test_one_field_far_off_is_held() -> None:
    errors = correlated(1000, 0.0)
    errors[900, 0] = 1000.0
    _, distances, shares = judge(errors)
    assert distances[900] < 4
    assert shares[900, 0] > 0.9


def test_single_events_bend_it_little_and_a_new_correlation_is_learned() -> None:
    errors = correlated(1000, 0.9)
    bent = errors.copy()
    bent[500] = 100.0, -100.0
    a, b = judge(errors)[0].states[0]["covariance"], judge(bent)[0].states[0]["covariance"]
    assert np.abs(a - b).max() < LIMIT**2 * 2 / 500 * 2
    changed = np.concatenate((errors, correlated(8000, -0.9, 2)))
    distances = judge(changed)[1]
    assert distances[1000:1100].mean() > 1.5
    assert distances[-1000:].mean() < 1.2


def test_slots_are_apart_and_batches_do_not_matter() -> None:
    errors = correlated(200, 0.7)
    slots = np.arange(200) % 2
    whole, distances, _ = judge(errors, slots)
    pieces = Joint(2)
    pieces.reserve(2)
    parts = [pieces.run(slots[k : k + 7], errors[k : k + 7])[0] for k in range(0, 200, 7)]
    assert np.concatenate(parts).tobytes() == distances.tobytes()
    assert whole.states[:2].tobytes() == pieces.states[:2].tobytes()
    alone, d, _ = judge(errors[::2])
    assert d.tobytes() == distances[::2].tobytes()
    assert alone.state_bytes(0) == whole.state_bytes(0)


def test_a_state_comes_back_and_is_forgotten() -> None:
    joint, _, _ = judge(correlated(50, 0.7))
    other = Joint(2)
    other.reserve(2)
    fresh = other.state_bytes(1)
    other.load_state(1, joint.state_bytes(0))
    assert other.state_bytes(1) == joint.state_bytes(0)
    other.reset(1)
    assert other.state_bytes(1) == fresh


@pytest.mark.parametrize("fields", [0, 1, MOST + 1])
def test_too_few_and_too_many_fields(fields: int) -> None:
    with pytest.raises(ValueError, match="2 to 16 fields"):
        Joint(fields)
