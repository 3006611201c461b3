from pathlib import Path

import pytest
import yaml

from stream.configfile import ConfigError, load, printable

DEPLOY = Path(__file__).parents[2] / "deploy"
FEED = "feeds: [{name: f}]\n"


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "c.yaml"
        path.write_text(text)
        return path

    return write


def problems(path, flags=None):
    with pytest.raises(ConfigError) as caught:
        load(path, flags)
    return [problem.replace(f"{path}:", "") for problem in caught.value.problems]


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.yaml")), ids=lambda path: path.name)
def test_the_shipped_files_are_fine(path):
    load(path)


def test_the_example_shows_every_key_with_its_default():
    text = (DEPLOY / "embedded.yaml").read_text()
    shown, written = yaml.safe_load(printable(load(DEPLOY / "embedded.yaml"))), yaml.safe_load(text)
    assert "# values:" in text
    shown["feeds"][0].pop("values")
    for section in shown:
        for key in shown[section][0] if isinstance(shown[section], list) else shown[section]:
            one = written[section][0] if isinstance(written[section], list) else written[section]
            assert key in one, f"{section}.{key}"
    defaults = yaml.safe_load(printable(load(None, {"feeds": [{"name": "machine"}]})))
    for section in ("transport", "commit", "model", "api", "history", "log"):
        assert written[section] == defaults[section]


def test_flags_go_before_the_environment_and_that_before_the_file(file, monkeypatch):
    path = file(FEED + "api: {port: 1, host: a}\ntransport: {path: x}\n")
    assert load(path).api.port == 1
    monkeypatch.setenv("LIQUIDSTREAM__API__PORT", "2")
    monkeypatch.setenv("LIQUIDSTREAM__TRANSPORT__PATH", "y")
    settings = load(path)
    assert (settings.api.port, settings.api.host, settings.transport.options) == (2, "a", {"path": "y"})
    assert load(path, {"api": {"port": 3}}).api.port == 3


def test_no_file_at_all(monkeypatch):
    monkeypatch.setenv("LIQUIDSTREAM__FEEDS", '[{"name": "f", "horizons": ["5m"]}]')
    assert load(None).feeds[0].horizons == (300.0,)


MISTAKES = [
    ("", "feeds: is missing"),
    ("[1]", "1: must hold `key: value` pairs"),
    ("a: [", "1: expected the node content, but found '<stream end>'"),
    (FEED + "api: {}\napi: {}\n", "3: 'api' is given twice, first on line 2"),
    (FEED + "xyz: 1\n", "2: xyz: unknown key; known here: api, commit, feeds, history, log, model, sources, transport"),
    (FEED + "commit:\n  intervall: 1s\n", "3: commit.intervall: unknown key, did you mean 'interval'?"),
    ("feeds:\n  - name: f\n  - name: g\n    serie: x\n", "4: feeds.1.serie: unknown key, did you mean 'series'?"),
    ("feeds:\n- name: f\n  time:\n    field: [3]\n", "4: feeds.0.time.field: input should be a valid string"),
    (FEED + "transport: {partitons: 3}\n", "2: transport.partitons: unknown key, did you mean 'partitions'?"),
    (FEED + "transport: {kind: mqtt}\n", "2: transport.kind: 'mqtt' is not known; there is kafka, sqlite"),
    (FEED + "api: {port: 99999}\n", "2: api.port: input should be less than or equal to 65535"),
    (
        FEED + "sources:\n - {kind: psutil, feed: f,\n    evry: 1s}\n",
        "4: sources.0.evry: unknown key, did you mean 'every'?",
    ),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_mistakes_are_told_with_their_line(file, text, expected):
    assert [problem.strip() for problem in problems(file(text))] == [expected]


def test_all_mistakes_are_told_at_once(file):
    found = problems(file(FEED + "api: {port: x}\nlog: {level: loud}\ncommit: {interval: 0}\n"))
    assert [problem.split(":")[0] for problem in found] == ["4", "2", "3"]


def test_mistakes_of_the_environment_and_of_flags_name_them(file, monkeypatch):
    path = file(FEED)
    assert problems(path, {"api": {"prt": 1}}) == ["command line: api.prt: unknown key, did you mean 'port'?"]
    monkeypatch.setenv("LIQUIDSTREAM__API__PORT", "many")
    assert problems(path)[0].startswith("environment LIQUIDSTREAM__API__PORT: api.port: ")
    monkeypatch.setenv("LIQUIDSTREAM__APY__PORT", "1")
    assert problems(path) == ["environment LIQUIDSTREAM__APY__PORT: unknown key, did you mean 'api'?"]
    monkeypatch.delenv("LIQUIDSTREAM__APY__PORT")
    monkeypatch.setenv("LIQUIDSTREAM__FEEDS", "not json")
    assert "as JSON" in problems(path)[0]


def test_files_that_cannot_be_read(tmp_path):
    assert problems(tmp_path / "none.yaml")[0].endswith("No such file or directory")
    assert problems(tmp_path)[0].endswith("Is a directory")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert problems(tmp_path / "binary.yaml")[0].endswith("is not UTF-8 text")


def test_secrets_are_not_printed(file):
    path = file(FEED + "transport: {kind: kafka, options: {sasl_plain_username: me, sasl_plain_password: hush}}\n")
    text = printable(load(path))
    assert "hush" not in text
    assert "sasl_plain_username: me" in text


def test_what_is_printed_can_be_read_back(file):
    printed = printable(load(DEPLOY / "embedded.yaml"))
    assert printable(load(file(printed))) == printed
    assert yaml.safe_load(printed)["feeds"][0]["horizons"] == ["1m", "1h"]
