import pytest

from stream.failures import ATTEMPTS, LONGEST_PAUSE, Failures, WorkerError
from stream.transport.base import CommitUncertain, TransportError


def test_the_transport_may_fail_for_as_long_as_it_likes():
    failures = Failures()
    pauses = [failures.add(TransportError("away")) for _ in range(50)]
    assert pauses[0] <= 0.1
    assert LONGEST_PAUSE / 2 <= pauses[-1] <= LONGEST_PAUSE


def test_progress_makes_pauses_short_again():
    failures = Failures()
    for _ in range(20):
        failures.add(CommitUncertain("?"))
    failures.progress("t/0", 0)
    assert failures.add(TransportError("away")) > 1
    failures.progress("t/0", 5)
    assert failures.add(TransportError("away")) <= 0.1


def test_another_error_at_the_same_place_ends_it():
    failures = Failures()
    failures.at = "t/1 after offset 7"
    for _ in range(ATTEMPTS - 1):
        failures.add(RuntimeError("broken"))
        failures.progress("t/10", 5)  # elsewhere
    with pytest.raises(WorkerError, match=r"t/1 after offset 7: RuntimeError\('broken'\)"):
        failures.add(RuntimeError("broken"))


def test_errors_at_different_places_do_not_add_up():
    failures = Failures()
    for offset in range(5 * ATTEMPTS):
        failures.at = f"t/1 after offset {offset // 2}"
        failures.add(RuntimeError("now and then"))


def test_progress_at_the_place_starts_the_count_anew():
    failures = Failures()
    for _ in range(3 * ATTEMPTS):
        failures.at = "t/1 after offset 7"
        failures.add(RuntimeError("now and then"))
        failures.progress("t/1", 1)
