import io

from rich.console import Console

from liquid.training.progress import Bar


def shown(wanted: bool, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, color_system=None)
    with Bar(wanted, epochs=5, batches=2, done=3, console=console) as bar:
        bar.batch()
        bar.batch()
        bar.epoch({"loss": 0.25, "validation": 1.5})
    return out.getvalue()


def test_it_shows_losses_and_time() -> None:
    text = shown(wanted=True, terminal=True)
    assert "epoch 3/5" in text
    assert "epoch 4/5" in text
    assert "8/10" in text
    assert "loss 0.25  validation 1.5" in text
    assert "left" in text


def test_it_is_silent_without_a_terminal_or_a_wish() -> None:
    assert "epoch" not in shown(wanted=True, terminal=False)
    assert "epoch" not in shown(wanted=False, terminal=True)
