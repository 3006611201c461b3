import pytest

from stream.yamllines import YamlError, parse


def test_every_key_has_its_line():
    tree, lines = parse("a: 1\nb:\n  c: {d: 2}\n  e:\n    - 3\n    - f: 4\n")
    assert tree == {"a": 1, "b": {"c": {"d": 2}, "e": [3, {"f": 4}]}}
    assert lines[("b", "c", "d")] == 3
    assert lines[("b", "e", 1, "f")] == 6


def test_nothing_is_an_empty_mapping():
    assert parse("# only a comment\n") == ({}, {})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1,\nb: 2\n", 3, "expected"),
        ("- 1\n- 2\n", 1, "key: value"),
        ("just text", 1, "key: value"),
        ("a: 1\nb: 2\na: 3\n", 3, "given twice, first on line 1"),
        ("a:\n  x: 1\n  x: 2\n", 3, "given twice"),
        ("a: \x00", 1, "special characters"),
        ("a: !!python/object:os.system {}", 1, "could not determine a constructor"),
    ],
)
def test_errors_have_their_line(text, line, words):
    with pytest.raises(YamlError, match=words) as caught:
        parse(text)
    assert caught.value.line == line
