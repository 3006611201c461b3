"""Write the golden vectors of ``tests/liquid/golden`` from the slow twins: ``python -m tests.liquid.make_golden``."""

import json
from typing import Any

import numpy as np

from liquid.cells import CfC
from tests.liquid.cells import twin
from tests.liquid.golden import HERE, cell_of

BATCH, LENGTH = 2, 7
CFC: dict[str, dict[str, Any]] = {
    "cfc_default": {"backbone_units": 6},
    "cfc_default_silu2_proj": {"backbone_units": 4, "backbone_layers": 2, "activation": "silu", "proj_size": 2},
    "cfc_no_gate_gelu_mixed": {
        "mode": "no_gate",
        "backbone_units": 4,
        "activation": "gelu",
        "mixed_memory": True,
    },
    "cfc_pure_bare": {"mode": "pure", "backbone_layers": 0},
}
S4: dict[str, dict[str, Any]] = {
    "s4_exact": {"modes": 3},
    "s4_exact_real": {"modes": 3, "measure": "real"},
    "s4_hadamard_zoh": {"modes": 3, "recurrence": "hadamard", "measure": "inv"},
    "s4_plain_bilinear": {"modes": 3, "recurrence": "plain", "discretisation": "bilinear", "measure": "legsd"},
}


def make(config: dict[str, Any], seed: int) -> dict[str, np.ndarray]:
    """Inputs, parameters, outputs, states and gradients of one case, all but the parameters in extended precision."""
    rng = np.random.default_rng(seed)
    cell = cell_of(config)
    given = {f"param/{name}": value.copy() for name, value in cell.init(rng).items()}
    for name in given:
        if name.startswith(("param/B_", "param/log_dt")):
            given[name] = given[name] * 0.3 + rng.normal(scale=0.3, size=given[name].shape)
    given["x"] = rng.normal(size=(BATCH, LENGTH, cell.inputs))
    given["ts"] = rng.lognormal(-0.5, 0.8, size=(BATCH, LENGTH))
    given["ts"][0, 2] = 0.0
    given["h0"] = rng.normal(scale=0.5, size=(BATCH, cell.state_size))

    run = twin.cfc if isinstance(cell, CfC) else twin.liquid_s4
    settings = {"units": config.get("units"), **config["kwargs"]}

    def outcome(case: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        params = {name.removeprefix("param/"): value for name, value in case.items() if name.startswith("param/")}
        return run(settings, params, case["x"], case["ts"], case["h0"])

    exact = twin.extended(given)
    y, states = outcome(exact)
    case = {**given, "y": y, "h": states, "hT": states[:, -1]}
    for name, value in exact.items():
        gradient = twin.slope(lambda v, name=name: np.sum(outcome({**exact, name: v})[0] ** 2), value)
        case[f"grad/{name.removeprefix('param/')}"] = gradient
    if isinstance(cell, CfC) and cell.mixed_memory:
        for plain, memory in (("h0", "c0"), ("h", "c"), ("hT", "cT"), ("grad/h0", "grad/c0")):
            case[plain], case[memory] = np.split(case[plain], 2, axis=-1)
    return {name: np.asarray(value, float) for name, value in case.items()}


def main() -> None:
    HERE.mkdir(exist_ok=True)
    shared = {"input_size": 2, "dtype": "float64", "gradients": "numerical"}
    cases = {name: {"model": "CfC", "units": 3, "kwargs": kwargs, **shared} for name, kwargs in CFC.items()}
    cases |= {name: {"model": "LiquidS4", "kwargs": kwargs, **shared} for name, kwargs in S4.items()}
    for seed, (name, config) in enumerate(cases.items()):
        arrays: dict[str, Any] = make(config, seed)
        np.savez_compressed(HERE / f"{name}.npz", config=json.dumps(config), **arrays)


if __name__ == "__main__":
    main()
