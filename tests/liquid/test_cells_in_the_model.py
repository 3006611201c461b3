"""The model's state bank and decoder compute what the library's cells of the same name compute."""

from __future__ import annotations

import math

import numpy as np
import pytest

from liquid.cells import CfC, LiquidS4
from liquid.features import bank
from liquid.learning import decoder


@pytest.mark.parametrize("gap", [0.0, 0.3, 7.0, 400.0])
def test_the_bank_is_the_exact_liquid_s4(gap: float) -> None:
    period, sample = 24.0, 0.9
    gated = bank.GATE * math.tanh(sample)
    g, gain = bank.rate(period, 1.0, sample)
    cell = LiquidS4(inputs=1, modes=1)
    params = cell.pack(
        {
            "log_dt": [0.0],
            "D": [0.0],
            "log_A_real": [[math.log(gain)]],
            "A_imag": [[2 * math.pi / period]],
            "B_real": [[gain]],
            "B_imag": [[0.0]],
            "C_real": [[1.0]],
            "C_imag": [[0.0]],
        }
    )
    start = 0.4 - 0.7j
    _, state = cell.step(params, [[start.real, start.imag]], [[gated]], [gap])
    ours = bank.evolve(start, g, gain, gated, gap)
    assert state[0] == pytest.approx([ours.real, ours.imag], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("distance", [0.0, 0.5, 3.0, 60.0])
def test_the_decoder_is_the_cfc(distance: float) -> None:
    rng = np.random.default_rng(3)
    state = np.zeros(1, decoder.decoder_dtype(decoder.UNITS))
    decoder.start(state[0])
    weight = state[0]["weight"].astype(float)
    u = rng.normal(size=decoder.INPUTS)
    cell = CfC(inputs=decoder.INPUTS, units=decoder.UNITS, backbone_layers=0)
    names = ("ff1", "ff2", "time_a", "time_b")
    recurrent = np.zeros((decoder.UNITS, decoder.UNITS))
    params = cell.pack(
        {f"rnn_cell.{n}.weight": np.hstack([weight[k, :, :-1], recurrent]) for k, n in enumerate(names)}
        | {f"rnn_cell.{n}.bias": weight[k, :, -1] for k, n in enumerate(names)}
    )
    read = [cell.step(params, cell.zero_state(), [u], [math.log1p(d)])[0][0] for d in (distance, 0.0)]
    h, slope = np.zeros(decoder.UNITS, np.float32), np.zeros((4, decoder.UNITS), np.float32)
    decoder.forward(state[0], decoder.CFC, u.astype(np.float32), distance, h, slope)
    assert h == pytest.approx((read[0] - read[1]) / (1 + distance / decoder.DAMPING), rel=1e-5, abs=1e-6)
