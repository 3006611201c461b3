"""The liquid time-constant cell, LTC (Hasani et al., AAAI 2021, arXiv 2006.04439), on any wiring.

Between samples x the membrane potential v of neuron i follows its leak and its synapses from neurons and inputs j::

    cm_i dv_i/dt = g_i (vleak_i - v_i) + sum_j (w_ji s_ji + ...) (E_ji - v_i),   s_ji = sigmoid(sigma_ji (v_j - mu_ji))

that is ``cm dv/dt = N(v) - D(v) v`` with the conductance D of all of them and the current N that they drive. So the
time constant cm / D changes with the state and the input, but only between bounds (theorem 1), and the state stays
between the reversal potentials (theorem 2)::

    cm / (g + sum w) <= tau <= cm / g,        min(v, vleak, E) <= v' <= max(v, vleak, E)

Both hold for the fused steps and Euler's at any gap, and for the other solvers up to their own error. (In fused steps
epsilon is a leak to 0, by which v may leave the bounds toward 0, by about epsilon / D of its size.) Solvers take the
gap D in `ode_unfolds` steps and are these:

fused
    semi-implicit steps, as in the reference library ncps; stable for any gap.
euler, rk4
    explicit steps, as many more as needed for none to be longer than the shortest time constant there can be. Beyond
    1000 they are fused ones.
dopri5
    a pair of orders 5(4) whose steps keep the error of each below ``atol + rtol |v|``. After 1000 of them the rest of
    the gap is taken in fused ones.

Outputs are the states of the motor neurons. Inputs and outputs have a factor and an addend of their own. With mixed
memory an LSTM comes first, and what it puts out is where v starts from, as in ncps 1.0.1, whose names and shapes the
parameters have, (source, destination). Where there is no synapse a parameter counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from liquid.cells._dense import dense_size
from liquid.cells._ltc_explicit import SOLVERS
from liquid.cells._ltc_kernels import run, run_back, time_constants
from liquid.cells._ltc_ready import ExplicitPlan, Layout, Plan, Ready, prepare, prepare_back
from liquid.cells._ltc_single import fixed_of, single, work_of
from liquid.cells._mixed_memory import draw_memory, memory_views
from liquid.cells._options import at_least, one_of
from liquid.cells._single import Single
from liquid.cells._synapses import Places, Synapses, listed, order_of
from liquid.cells.base import Cell
from liquid.cells.checks import real_array
from liquid.cells.params import Array, Cutter, Params
from liquid.wirings import FullyConnected, Spec, Wiring

MAPPINGS = (None, "linear", "affine")
PREFIX = "rnn_cell."
RANGES = {
    "gleak": (0.001, 1.0), "vleak": (-0.2, 0.2), "cm": (0.4, 0.6), "w": (0.001, 1.0), "sigma": (3.0, 8.0),
    "mu": (0.3, 0.8), "sensory_w": (0.001, 1.0), "sensory_sigma": (3.0, 8.0), "sensory_mu": (0.3, 0.8),
}  # fmt: skip
POSITIVE = ("gleak", "cm", "w", "sensory_w")


@dataclass(frozen=True, kw_only=True)
class LTC(Cell, name="ltc"):
    """See the module.

    Parameters
    ----------
    wiring : which neurons there are and which act on which, from `liquid.wirings`.
    units : instead of a wiring, so many neurons that all act on each other and are all outputs.
    solver : "fused", "euler", "rk4" or "dopri5".
    ode_unfolds : steps of a gap.
    epsilon : added to the conductance in fused steps, so that it is never 0.
    implicit_param_constraints : conductances and capacities are softplus of their parameters. If not, they are the
        parameters themselves, and `constrain` must be called after each change of them.
    input_mapping, output_mapping : "affine", "linear" (no addend) or None.
    mixed_memory : put an LSTM in front.
    rtol, atol : errors that a step of "dopri5" may have.
    """

    wiring: Spec | None = None
    units: int = 0
    solver: str = "fused"
    ode_unfolds: int = 6
    epsilon: float = 1e-8
    implicit_param_constraints: bool = True
    input_mapping: str | None = "affine"
    output_mapping: str | None = "affine"
    mixed_memory: bool = False
    rtol: float = 1e-4
    atol: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.wiring is None:
            if not self.units:
                raise ValueError("either a wiring or units must be given")
            object.__setattr__(self, "wiring", FullyConnected(self.units, self.units))
        elif self.units and self.units != self.wiring.units:
            raise ValueError(f"units is {self.units}, but the wiring has {self.wiring.units}")
        object.__setattr__(self, "units", self.built.units)
        one_of(self, solver=SOLVERS)
        for name in ("input_mapping", "output_mapping"):
            if getattr(self, name) not in MAPPINGS:
                raise ValueError(f"{name} is {getattr(self, name)!r}, but must be 'affine', 'linear' or None")
        at_least(self, ode_unfolds=1, rtol=0, atol=0, epsilon=0)
        for name in ("epsilon", "atol"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}, but must be positive")

    @cached_property
    def built(self) -> Wiring:
        assert self.wiring is not None
        return self.wiring.build(self.inputs)

    @property
    def outputs(self) -> int:
        return self.built.outputs

    @property
    def state_size(self) -> int:
        return 2 * self.units if self.mixed_memory else self.units

    @property
    def param_count(self) -> int:
        p = self.plan
        return p.p_maps + p.input_map * p.inputs + p.output_map * p.outputs

    @cached_property
    def _orders(self) -> tuple[Array, Array]:
        """The neurons in the order of the kernels, and in that of the sensory synapses."""
        return order_of(self.built.adjacency), order_of(self.built.sensory)

    @cached_property
    def _lists(self) -> tuple[tuple[Synapses, Places], tuple[Synapses, Places]]:
        order, sensory_order = self._orders
        return (
            listed(self.built.adjacency, order, order),
            listed(self.built.sensory, np.arange(self.inputs), sensory_order),
        )

    @cached_property
    def layout(self) -> Layout:
        (_, recurrent), (_, sensory) = self._lists
        return Layout(recurrent, sensory)

    @cached_property
    def plan(self) -> Plan:
        wiring, units, joined = self.built, self.units, self.inputs + self.units
        order, sensory_order = self._orders
        (recurrent, _), (sensory, _) = self._lists
        p_neurons = dense_size(joined, 4 * units) if self.mixed_memory else 0
        p_recurrent = p_neurons + 3 * units
        p_sensory = p_recurrent + 4 * units * units
        kind = Plan if self.solver == "fused" else ExplicitPlan
        return kind(
            self.inputs, units, wiring.outputs, SOLVERS.index(self.solver), self.ode_unfolds, self.epsilon,
            self.rtol, self.atol, self.implicit_param_constraints, self.mixed_memory,
            MAPPINGS.index(self.input_mapping), MAPPINGS.index(self.output_mapping),
            p_neurons, p_recurrent, p_sensory, p_sensory + 4 * self.inputs * units,
            joined, 2 * joined + 6 * units if self.mixed_memory else 0,
            order, np.argsort(sensory_order)[order], recurrent, sensory,
        )  # fmt: skip

    def views(self, flat: Array) -> dict[str, Array]:
        cut, units = Cutter(flat), self.units
        named: dict[str, Array] = {}
        if self.mixed_memory:
            named |= memory_views(cut, self.inputs, units)
        cell = {name: cut.take(units) for name in ("gleak", "vleak", "cm")}
        cell |= {name: cut.take(units, units) for name in ("sigma", "mu", "w", "erev")}
        cell |= {f"sensory_{name}": cut.take(self.inputs, units) for name in ("sigma", "mu", "w", "erev")}
        for side, mapping, size in (
            ("input", self.input_mapping, self.inputs),
            ("output", self.output_mapping, self.outputs),
        ):
            cell |= {f"{side}_{name}": cut.take(size) for name in "wb"[: MAPPINGS.index(mapping)]}
        return named | {PREFIX + name: view for name, view in cell.items()}

    def init(self, rng: np.random.Generator | int) -> Params:
        """As ncps: uniform in `RANGES`, reversal potentials by the wiring's signs; an LSTM as in `CfC.init`."""
        rng = np.random.default_rng(rng)
        params = self.empty_params()
        for name, view in params.items():
            if not draw_memory(name, view, rng) and name.removeprefix(PREFIX) in RANGES:
                view[...] = rng.uniform(*RANGES[name.removeprefix(PREFIX)], view.shape)
        params[f"{PREFIX}erev"][...] = self.built.adjacency
        params[f"{PREFIX}sensory_erev"][...] = self.built.sensory
        for name in ("input_w", "output_w"):
            if PREFIX + name in params:
                params[PREFIX + name][...] = 1.0
        return params

    def pack(self, named: Mapping[str, ArrayLike]) -> Params:
        """As `Cell.pack`; the masks in a state dict of ncps may be there too, if they are those of the wiring."""
        masks = {"sparsity_mask": self.built.adjacency, "sensory_sparsity_mask": self.built.sensory}
        for name, signs in masks.items():
            given = named.get(PREFIX + name)
            if given is not None and not np.array_equal(np.asarray(given), np.abs(signs)):
                raise ValueError(f"{PREFIX}{name} is not that of the wiring")
        drop = {PREFIX + name for name in masks}
        return super().pack({name: named[name] for name in named if name not in drop})

    def constrain(self, params: Params) -> None:
        """Without implicit constraints: put conductances and capacities below 0 back to 0, in place."""
        if not self.implicit_param_constraints:
            for name in POSITIVE:
                np.maximum(params[PREFIX + name], 0.0, out=params[PREFIX + name])

    def time_constants(self, params: Mapping[str, ArrayLike], state: ArrayLike, u: ArrayLike) -> Array:
        """The time constant cm / D of every neuron at a state and an input, (batch, units), in the unit of the gaps.

        Of a state with mixed memory only the first half counts, as if the LSTM had put that out.
        """
        u = real_array("u", u, self._type, "batch, inputs", (None, self.inputs))
        tau = np.empty((len(u), self.units), self._type)
        theta = self._theta(params)
        time_constants(theta, self.plan, self._ready(theta), self._state("state", state, len(u)), u, tau)
        return tau

    def _ready(self, theta: Array) -> Ready:
        return prepare(theta, self.plan, self.layout)

    def _single(self, theta: Array) -> Single | None:
        if self.solver != "fused":
            return None
        fixed = fixed_of(self.plan, self.param_count, self.state_size)
        return Single(single, fixed, work_of(theta, self.plan, self.layout))

    def _forward(self, theta: Array, x: Array, gaps: Array, state: Array, y: Array, states: Array) -> None:
        run(theta, self.plan, self._ready(theta), x, gaps, state, y, states)

    def _backward(
        self, theta: Array, x: Array, gaps: Array, state: Array, dy: Array, dstate: Array,
        dtheta: Array, dx: Array, dgaps: Array,
    ) -> None:  # fmt: skip
        ready = self._ready(theta)
        gradient = run_back(theta, self.plan, ready, x, gaps, state, dy, dstate, dtheta, dx, dgaps)
        prepare_back(self.plan, self.layout, ready, gradient, dtheta)
