import pytest

from benchmarks.claims.common import PAGE, Table, replaced


def test_a_cell_shows_mean_and_spread_over_seeds() -> None:
    table = Table("Error", "model")
    for value in (1.0, 2.0, 3.0):
        table.add("a", "mse", value)
    table.add("b", "mse", 5.0)
    table.add("b", "time", 7.0)
    assert table.markdown().splitlines()[2:] == [
        "| model | mse | time |",
        "|---|---|---|",
        "| a | 2.000 ± 1.000 | – |",
        "| b | 5.000 | 7.000 |",
    ]


def test_only_the_text_between_the_marks_is_replaced() -> None:
    page = "before\n<!-- begin x -->\nold\n<!-- end x -->\n<!-- begin y -->\nkept\n<!-- end y -->\n"
    new = replaced(page, "x", "5 seeds", [])
    assert new == page.replace("old", "`python -m benchmarks.claims.x` · 5 seeds")
    with pytest.raises(ValueError, match="lacks the marks"):
        replaced(page, "z", "", [])


def test_the_page_has_a_place_for_every_script() -> None:
    files = (PAGE.parents[1] / "benchmarks" / "claims").glob("*.py")
    scripts = {path.stem for path in files if "__main__" in path.read_text()}
    assert scripts
    page = PAGE.read_text()
    for name in scripts:
        assert f"<!-- begin {name} -->" in page
