"""Time of CfC against cells that solve an ODE, at equal width: in torch, as published, and in compiled cells.

    python -m benchmarks.claims.speed [--seeds 5] [--quick] [--write]

Claims (Hasani et al., Nature Machine Intelligence 2022): one to five orders of magnitude faster than ODE solvers, 160
times faster in training on PhysioNet, 87 times on human activity. Both sides get one thread and float32. A training
step is the forward and backward pass of a batch of 32 irregular sequences; inference is one sample of one sequence at a
time. "rk4" takes four steps a gap, "dopri5" adapts them (torchdiffeq). Each seed draws weights, data and gaps anew;
figures are the best of some rounds.
"""

from __future__ import annotations

import numpy as np
import typer
from rich.progress import Progress

from benchmarks.claims.common import PEERS_MISSING, Quick, Seeds, Table, Write, best_of, one_thread, report
from liquid.cells import Cell, Stepper, make

INPUTS, WIDTH, BATCH, LENGTH = 4, 32, 32, 50


def ours() -> dict[str, Cell]:
    def cell(name: str, **config: int | str) -> Cell:
        return make(name, inputs=INPUTS, units=WIDTH, dtype="float32", **config)

    return {
        "CfC, backbone 128": cell("cfc"),
        "CfC, no backbone": cell("cfc", backbone_layers=0),
        "LTC, 6 unfolds": cell("ltc"),
        "ODE-RNN, rk4": cell("ode_rnn"),
        "GRU-ODE, rk4": cell("gru_ode"),
        "GRU": cell("gru"),
    }


def time_ours(cell: Cell, seed: int, rounds: int) -> tuple[float, float]:
    """Seconds of a training step and of one sample."""
    rng = np.random.default_rng(seed)
    params = cell.init(seed)
    x = rng.normal(size=(BATCH, LENGTH, INPUTS)).astype(np.float32)
    gaps = rng.lognormal(-0.5, 0.6, size=(BATCH, LENGTH)).astype(np.float32)
    dy = np.ones((BATCH, LENGTH, cell.outputs), np.float32)
    stepper, times = Stepper(cell, params), gaps[0].tolist()

    def train() -> None:
        cell.run(params, x, gaps)
        cell.grad(params, x, gaps, dy)

    def infer() -> None:
        for t in range(LENGTH):
            stepper.step(x[0, t], times[t])

    train()
    infer()
    return best_of(train, rounds), best_of(infer, rounds) / LENGTH


def time_torch(name: str, seed: int, rounds: int) -> tuple[float, float]:
    import torch

    from benchmarks.claims import torch_peers as peers

    torch.manual_seed(seed)
    cells = {
        "CfC, backbone 128": lambda: peers.cfc(INPUTS, WIDTH),
        "CfC, no backbone": lambda: peers.cfc(INPUTS, WIDTH, backbone_layers=0),
        "LTC, 6 unfolds": lambda: peers.ltc(INPUTS, WIDTH),
        "ODE-RNN, rk4": lambda: peers.ODERNN(INPUTS, WIDTH, peers.rk4),
        "GRU-ODE, rk4": lambda: peers.GRUODE(INPUTS, WIDTH, peers.rk4),
        "ODE-RNN, dopri5": lambda: peers.ODERNN(INPUTS, WIDTH, peers.dopri5),
        "GRU-ODE, dopri5": lambda: peers.GRUODE(INPUTS, WIDTH, peers.dopri5),
    }
    cell = cells[name]()
    x = torch.randn(BATCH, LENGTH, INPUTS)
    gaps = torch.exp(-0.5 + 0.6 * torch.randn(BATCH, LENGTH))

    def train() -> None:
        cell.zero_grad()
        peers.over(cell, x, gaps, WIDTH).sum().backward()

    def infer() -> None:
        with torch.no_grad():
            peers.over(cell, x[:1], gaps[:1], WIDTH)

    train()
    infer()
    return best_of(train, rounds), best_of(infer, rounds) / LENGTH


TORCH = ("CfC, backbone 128", "CfC, no backbone", "LTC, 6 unfolds", "ODE-RNN, rk4", "GRU-ODE, rk4", "ODE-RNN, dopri5",
         "GRU-ODE, dopri5")  # fmt: skip


def main(seeds: Seeds = 5, quick: Quick = False, write: Write = False) -> None:
    """Training and inference time of CfC and its peers."""
    one_thread()
    try:
        import ncps.torch  # noqa: F401
        import torch
        import torchdiffeq  # noqa: F401
    except ImportError as error:
        raise SystemExit(f"{PEERS_MISSING} ({error})") from None
    torch.set_num_threads(1)
    rounds = 1 if quick else 5
    train, infer = (Table(title, "cell", ".1f") for title in ("Training, ms per batch", "Inference, us per sample"))
    cells = ours()
    with Progress() as progress:
        bar = progress.add_task("measuring", total=seeds * (len(cells) + len(TORCH)))
        for seed in range(seeds):
            for side, names in (("torch", TORCH), ("compiled", tuple(cells))):
                for name in names:
                    both = time_torch(name, seed, rounds) if side == "torch" else time_ours(cells[name], seed, rounds)
                    train.add(name, side, 1e3 * both[0])
                    infer.add(name, side, 1e6 * both[1])
                    progress.update(bar, advance=1, description=f"{side}: {name}")
    base = "CfC, backbone 128"
    for table in (train, infer):
        for side in ("torch", "compiled"):
            means = {name: table.mean(name, side) for name in table.values if table.values[name].get(side)}
            for name, mean in means.items():
                table.add(name, f"{side}: times CfC's", mean / means[base])
        for name, row in table.values.items():
            if row.get("torch") and row.get("compiled"):
                table.add(name, "torch / compiled", table.mean(name, "torch") / table.mean(name, "compiled"))
    settings = f"{seeds} seeds, width {WIDTH}, batch {BATCH}, length {LENGTH}, float32, one thread"
    report("speed", settings, [train, infer], write)


if __name__ == "__main__":
    typer.run(main)
