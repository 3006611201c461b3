"""Write the golden vectors of ``tests/liquid/golden`` from the slow twins: ``python -m tests.liquid.make_golden``."""

import json
from typing import Any

import numpy as np

from liquid.cells import LTC, Cell, CfC, LiquidS4, WiredCfC
from liquid.interop import to_ncps, wiring_of
from tests.liquid.cells import twin
from tests.liquid.cells.twin_ltc import ltc
from tests.liquid.cells.twin_wired_cfc import wired_cfc
from tests.liquid.golden import HERE

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
AUTO = {"kind": "AutoNCP", "units": 8, "output_size": 2}
FULL = {"kind": "FullyConnected", "units": 3, "output_dim": 3}
SOME = {"kind": "Random", "units": 4, "output_dim": 4, "sparsity_level": 0.5, "random_seed": 3}
LAYERS = {
    "kind": "NCP", "inter_neurons": 3, "command_neurons": 2, "motor_neurons": 1, "sensory_fanout": 2,
    "inter_fanout": 1, "recurrent_command_synapses": 2, "motor_fanin": 2, "seed": 5,
}  # fmt: skip
WIRED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "wired_cfc_default": (AUTO, {}),
    "wired_cfc_no_gate_proj": (AUTO, {"mode": "no_gate", "proj_size": 3}),
    "wired_cfc_pure_mixed": (FULL, {"mode": "pure", "mixed_memory": True}),
    "wired_cfc_random": (SOME, {}),
}
LTCS: dict[str, tuple[dict[str, Any] | int, dict[str, Any]]] = {
    "ltc_full": (3, {}),
    "ltc_auto_explicit": (AUTO, {"implicit_param_constraints": False, "ode_unfolds": 3}),
    "ltc_ncp_linear": (LAYERS, {"input_mapping": "linear", "output_mapping": "linear", "ode_unfolds": 1}),
    "ltc_random_mixed_no_maps": (
        SOME, {"mixed_memory": True, "input_mapping": None, "output_mapping": None, "epsilon": 1e-5}
    ),
}  # fmt: skip


def cell_of(config: dict[str, Any]) -> Cell:
    arguments = dict(config["kwargs"])
    shared = {"inputs": config["input_size"], "dtype": config["dtype"]}
    if config["model"] == "LiquidS4":
        return LiquidS4(**shared, **arguments)
    if config["model"] == "LTC":
        form = {"wiring": wiring_of(config["wiring"])} if "wiring" in config else {"units": config["units"]}
        return LTC(**shared, **form, **arguments)
    arguments["projection"] = arguments.pop("proj_size", None)
    if "wiring" in config:
        return WiredCfC(**shared, wiring=wiring_of(config["wiring"]), **arguments)
    return CfC(**shared, units=config["units"], **arguments)


def make(config: dict[str, Any], seed: int) -> dict[str, np.ndarray]:
    """Inputs, parameters, outputs, states and gradients of one case, all but the parameters in extended precision."""
    rng = np.random.default_rng(seed)
    cell = cell_of(config)
    given = {f"param/{name}": value.copy() for name, value in cell.init(rng).items()}
    for name in given:
        if name.endswith(("put_w", "put_b")):  # away from 1 and 0
            given[name] = given[name] + rng.normal(scale=0.2, size=given[name].shape)
        if name.startswith(("param/B_", "param/log_dt")):
            given[name] = given[name] * 0.3 + rng.normal(scale=0.3, size=given[name].shape)
    given["x"] = rng.normal(size=(BATCH, LENGTH, cell.inputs))
    given["ts"] = rng.lognormal(-0.5, 0.8, size=(BATCH, LENGTH))
    given["ts"][0, 2] = 0.0
    given["h0"] = rng.normal(scale=0.5, size=(BATCH, cell.state_size))
    settings = {"units": config.get("units"), **config["kwargs"]}

    def outcome(case: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        params = {name.removeprefix("param/"): value for name, value in case.items() if name.startswith("param/")}
        arguments = params, case["x"], case["ts"], case["h0"]
        if isinstance(cell, WiredCfC):
            return wired_cfc(settings, cell.built, *arguments)
        if isinstance(cell, LTC):
            return ltc(settings, cell.built, *arguments)
        return (twin.cfc if isinstance(cell, CfC) else twin.liquid_s4)(settings, *arguments)

    exact = twin.extended(given)
    y, states = outcome(exact)
    case = {**given, "y": y, "h": states, "hT": states[:, -1]}
    for name, value in exact.items():
        gradient = twin.slope(lambda v, name=name: np.sum(outcome({**exact, name: v})[0] ** 2), value)
        case[f"grad/{name.removeprefix('param/')}"] = gradient
    if getattr(cell, "mixed_memory", False):
        for plain, memory in (("h0", "c0"), ("h", "c"), ("hT", "cT"), ("grad/h0", "grad/c0")):
            case[plain], case[memory] = np.split(case[plain], 2, axis=-1)
    if isinstance(cell, WiredCfC | LTC):
        weights = to_ncps(cell, {name.removeprefix("param/"): value for name, value in given.items() if "/" in name})
        case |= {f"param/{name}": value for name, value in weights.items()}
    if "wiring" in config:
        case["wiring/adjacency_matrix"] = cell.built.adjacency
        case["wiring/sensory_adjacency_matrix"] = cell.built.sensory
    return {name: np.asarray(value, float) for name, value in case.items()}


def main() -> None:
    HERE.mkdir(exist_ok=True)
    shared = {"input_size": 2, "dtype": "float64", "gradients": "numerical"}
    cases = {name: {"model": "CfC", "units": 3, "kwargs": kwargs, **shared} for name, kwargs in CFC.items()}
    cases |= {name: {"model": "LiquidS4", "kwargs": kwargs, **shared} for name, kwargs in S4.items()}
    cases |= {
        name: {"model": "CfC", "wiring": wiring, "kwargs": kwargs, **shared} for name, (wiring, kwargs) in WIRED.items()
    }
    for name, (form, kwargs) in LTCS.items():
        units = {"wiring": form} if isinstance(form, dict) else {"units": form}
        cases[name] = {"model": "LTC", **units, "kwargs": kwargs, **shared}
    for seed, (name, config) in enumerate(cases.items()):
        arrays: dict[str, Any] = make(config, seed)
        np.savez_compressed(HERE / f"{name}.npz", config=json.dumps(config), **arrays)


if __name__ == "__main__":
    main()
