from stream.earlier import PER_SERIES, EarlierRows


def test_the_newest_row_takes_the_place_of_the_one_before():
    rows = EarlierRows()
    for row in (b"1", b"2", b"3"):
        rows.saved("a", row)
    assert rows.of("a") == [b"3"]
    assert rows.of("b") == []


def test_a_row_from_before_an_alert_stays():
    rows = EarlierRows()
    rows.saved("a", b"1")
    rows.pin("a")
    rows.saved("a", b"2")
    rows.saved("a", b"3")
    assert rows.of("a") == [b"1", b"3"]
    rows.pin("b")
    rows.saved("b", b"x")
    rows.saved("b", b"y")
    assert rows.of("b") == [b"y"]


def test_a_series_that_alerts_for_ever_keeps_its_newest_rows():
    rows = EarlierRows()
    for k in range(50):
        rows.saved("a", b"%02d" % k)
        rows.pin("a")
    assert rows.of("a") == [b"%02d" % k for k in range(49 - PER_SERIES, 50)]


def test_room_is_bounded_and_the_longest_unsaved_series_goes_first():
    rows = EarlierRows(room=10)
    for name in "abc":
        rows.saved(name, bytes(4))
    assert [len(rows.of(name)) for name in "abc"] == [0, 1, 1]
    rows.saved("b", bytes(4))
    rows.saved("d", bytes(4))
    assert [len(rows.of(name)) for name in "bcd"] == [1, 0, 1]


def test_what_is_forgotten_leaves_room():
    rows = EarlierRows(room=8)
    rows.saved("a", bytes(4))
    rows.forget(["a", "unknown"])
    rows.saved("b", bytes(4))
    rows.saved("c", bytes(4))
    assert (len(rows), rows.of("a")) == (2, [])
