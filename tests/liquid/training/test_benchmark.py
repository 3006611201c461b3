import pytest

from benchmarks import online


def test_it_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "CELLS", {name: online.CELLS[name] for name in ("CfC 16", "Liquid-S4 64 modes")})
    online.main(samples=3, rounds=1)
    lines = [line for line in capsys.readouterr().out.splitlines() if "CfC 16" in line or "Liquid-S4" in line]
    assert len(lines) == 2
    for line in lines:
        assert all(float(cell.replace(",", "")) > 0 for cell in line.strip("│").split("│")[1:])
