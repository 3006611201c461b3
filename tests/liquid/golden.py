"""Golden vectors: where they are, and how a file is checked.

A case file holds `config` (JSON), `param/<name>`, `x`, `ts`, `h0` (and `c0`), the outputs `y` and states `h`, `hT`
(and `c`, `cT`), gradients `grad/<name>` of the loss sum(y^2), and some cases `grad1/<name>` (state detached before each
step), `grad_t/<name>` (the loss of each step alone) and `jac`. The small ones in ``tests/liquid/golden`` come from the
slow twins (``python -m tests.liquid.make_golden``). A folder of vectors made with the reference libraries is checked
too, if LIQUIDSTREAM_GOLDEN names it or it lies beside the checkout.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from liquid.cells import Cell, CfC, LiquidS4

HERE = Path(__file__).parent / "golden"
REFERENCE = Path(os.environ.get("LIQUIDSTREAM_GOLDEN") or Path(__file__).parents[3] / "shared" / "reference")

# Largest error relative to max(1, largest number of the array): two implementations differ by their rounding.
OUTPUTS = {"float64": 4e-15, "float32": 5e-7}
GRADIENTS = {"float64": 4e-15, "float32": 1e-6}
# Gaps up to 1000 multiply the rounding of a time head in the outputs, and again that of s (1 - s) in the gradients.
OUTPUTS_EXTREME, GRADIENTS_EXTREME = 2e-14, 1e-12
# Our own cases have gradients by differences in extended precision.
GRADIENTS_NUMERICAL = 3e-14

Case = dict[str, Any]


def load(path: Path) -> Case:
    with np.load(path) as file:
        case: Case = dict(file)
    case["config"] = json.loads(str(case["config"]))
    return case


def load_case(path: Path) -> tuple[Case, Cell]:
    case = load(path)
    return case, cell_of(case["config"])


def case_files(having: str = "y") -> list[Path]:
    """Cases of cells that hold arrays of that name; some are always there."""
    files = sorted(HERE.glob("*.npz")) + sorted(REFERENCE.glob("ncps/cfc_*.npz"))
    return [path for path in files if having in _sections(path)]


def _sections(path: Path) -> set[str]:
    with np.load(path) as file:
        return {name.split("/")[0] for name in file.files}


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def cell_of(config: dict[str, Any]) -> Cell:
    arguments = dict(config["kwargs"])
    if config["model"] == "LiquidS4":
        return LiquidS4(inputs=config["input_size"], dtype=config["dtype"], **arguments)
    arguments["projection"] = arguments.pop("proj_size", None)
    return CfC(inputs=config["input_size"], units=config["units"], dtype=config["dtype"], **arguments)


def tolerance_of_outputs(case: Case) -> float:
    config = case["config"]
    return OUTPUTS_EXTREME if config.get("timespans") == "extreme" else OUTPUTS[config["dtype"]]


def tolerance_of_gradients(case: Case) -> float:
    config = case["config"]
    if config.get("gradients") == "numerical":
        return GRADIENTS_NUMERICAL
    return GRADIENTS_EXTREME if config.get("timespans") == "extreme" else GRADIENTS[config["dtype"]]


def section(case: Case, name: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}/"): value for key, value in case.items() if key.startswith(f"{name}/")}


def joined(case: Case, h: str, c: str) -> np.ndarray:
    """A state array with its LSTM memory, if the case has one."""
    return np.concatenate([case[h], case[c]], axis=-1) if c in case else case[h]


def assert_close(got: np.ndarray, want: np.ndarray, tolerance: float, what: str) -> None:
    assert got.shape == want.shape, what
    error = float(np.max(np.abs(got - want)) / max(1.0, np.max(np.abs(want))))
    assert error <= tolerance, f"{what}: {error:.2g}"
