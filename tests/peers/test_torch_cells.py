"""GRU and LSTM against `torch.nn.GRUCell` and `torch.nn.LSTMCell`, with their weights as they are."""

from typing import Any

import numpy as np
import pytest

from liquid.cells import GRU, LSTM

torch: Any = pytest.importorskip("torch")
pytestmark = pytest.mark.peers

BATCH, LENGTH, INPUTS, UNITS = 2, 12, 3, 7
TYPES = [("float64", 4e-15), ("float32", 2e-6)]


def theirs(name: str, dtype: str) -> Any:
    torch.manual_seed(1)
    return getattr(torch.nn, f"{name}Cell")(INPUTS, UNITS, dtype=getattr(torch, dtype))


@pytest.mark.parametrize(("dtype", "close"), TYPES)
@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_outputs_states_and_gradients(kind: Any, dtype: str, close: float) -> None:
    module = theirs(kind.__name__, dtype)
    cell = kind(inputs=INPUTS, units=UNITS, time_feature="none", dtype=dtype)
    params = cell.pack({name: value.detach().numpy() for name, value in module.state_dict().items()})
    rng = np.random.default_rng(2)
    x = rng.normal(size=(BATCH, LENGTH, INPUTS)).astype(dtype)
    first = rng.normal(scale=0.5, size=(BATCH, cell.state_size)).astype(dtype)
    dy = rng.normal(size=(BATCH, LENGTH, UNITS)).astype(dtype)
    dlast = rng.normal(size=first.shape).astype(dtype)
    gaps = np.ones((BATCH, LENGTH), dtype)

    inputs, start = torch.tensor(x, requires_grad=True), torch.tensor(first, requires_grad=True)
    parts, outputs = torch.split(start, UNITS, dim=1), []
    for t in range(LENGTH):
        after = module(inputs[:, t], parts if kind is LSTM else parts[0])
        parts = after if kind is LSTM else (after,)
        outputs.append(parts[0])
    y, last = torch.stack(outputs, dim=1), torch.cat(parts, dim=1)
    ((y * torch.tensor(dy)).sum() + (last * torch.tensor(dlast)).sum()).backward()

    ours, end = cell.run(params, x, gaps, first)
    back = cell.grad(params, x, gaps, dy, first, dlast)
    pairs = {"y": (ours, y), "last": (end, last), "x": (back.x, inputs.grad), "state": (back.state, start.grad)}
    for name, value in module.named_parameters():
        pairs[name] = back.params[name], value.grad
    for name, (got, want) in pairs.items():
        expected = want.detach().numpy()
        np.testing.assert_allclose(got, expected, rtol=0, atol=close * max(1.0, np.abs(expected).max()), err_msg=name)


@pytest.mark.parametrize("kind", [GRU, LSTM])
def test_our_weights_load_there(kind: Any) -> None:
    module = theirs(kind.__name__, "float64")
    params = kind(inputs=INPUTS, units=UNITS, time_feature="none").init(3)
    module.load_state_dict({name: torch.tensor(value) for name, value in params.items()})
    np.testing.assert_array_equal(module.weight_ih.detach().numpy(), params["weight_ih"])
