"""Neural circuit policies (Lechner et al., Nature Machine Intelligence 2020): four layers after the worm C. elegans.

Inputs act on inter neurons, inter neurons on command neurons, command neurons on each other and on the motor neurons,
which are the outputs. Neurons are numbered motor, command, inter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liquid.wirings.base import Layers, Signs, Spec

SIGNS = np.array([-1, 1], np.int8)


@dataclass(frozen=True)
class NCP(Spec):
    """A neural circuit policy by the numbers of its neurons and synapses; the same wiring as ncps's of this name.

    Parameters
    ----------
    inter, command, motor : neurons of each layer; the motor neurons are the outputs.
    sensory_fanout : inter neurons that each input acts on.
    inter_fanout : command neurons that each inter neuron acts on.
    recurrent_command : synapses drawn among the command neurons; the same one may be drawn twice.
    motor_fanin : command neurons that act on each motor neuron.
    seed : of the choice and the signs. A neuron that the draw leaves out gets synapses afterwards.
    """

    inter: int
    command: int
    motor: int
    sensory_fanout: int
    inter_fanout: int
    recurrent_command: int
    motor_fanin: int
    seed: int = 22222

    def __post_init__(self) -> None:
        targets = {"sensory_fanout": "inter", "inter_fanout": "command", "motor_fanin": "command"}
        least = dict.fromkeys(("inter", "command", "motor", *targets), 1)
        self._check_whole({**least, "recurrent_command": 0})
        for name, layer in targets.items():
            value, most = getattr(self, name), getattr(self, layer)
            if value > most:
                raise ValueError(f"{name} is {value}, but there are only {most} {layer} neurons")

    @property
    def units(self) -> int:
        return self.motor + self.command + self.inter

    @property
    def outputs(self) -> int:
        return self.motor

    @property
    def layers(self) -> Layers:
        command = self.motor + self.command
        return tuple(range(command, self.units)), tuple(range(self.motor, command)), tuple(range(self.motor))

    def _connect(self, adjacency: Signs, sensory: Signs) -> None:
        """The order of the draws is that of ncps, or another wiring would come out."""
        rng = np.random.RandomState(self.seed)
        inputs = range(len(sensory))
        inter, command, motor = self.layers
        _spread(rng, sensory, inputs, inter, self.sensory_fanout, limit=len(inputs))
        # limited by the number of command neurons, not of inter neurons, as in ncps
        _spread(rng, adjacency, inter, command, self.inter_fanout, limit=self.command)
        for _ in range(self.recurrent_command):
            source, target = rng.choice(command), rng.choice(command)
            adjacency[source, target] = rng.choice(SIGNS)
        _spread(rng, adjacency.T, motor, command, self.motor_fanin, limit=self.motor)


def _spread(
    rng: np.random.RandomState, signs: Signs, near: range | tuple[int, ...], far: tuple[int, ...], each: int, limit: int
) -> None:
    """Draw `each` of the far neurons for every near one; then for each far one left out, its mean number of near ones.

    `signs` is (near, far); it is the transpose if the near side receives.
    """
    left = list(far)
    for n in near:
        for f in rng.choice(far, each, replace=False):
            if f in left:
                left.remove(f)
            signs[n, f] = rng.choice(SIGNS)
    mean = min(max(len(near) * each // len(far), 1), limit)
    for f in left:
        for n in rng.choice(near, mean, replace=False):
            signs[n, f] = rng.choice(SIGNS)


@dataclass(frozen=True)
class AutoNCP(Spec):
    """A neural circuit policy from its size alone; the same wiring as ncps's of this name.

    Two fifths of the neurons that are not outputs are command neurons. ``AutoNCP(19, 4)`` has as many neurons as the
    lane-keeping policy of the paper: 9 inter, 6 command and 4 motor neurons with 45 synapses, and further ones from
    the inputs (11 from 2 inputs). (The paper's own has 12 inter, 6 command and 1 motor neuron for 32 inputs.)

    Parameters
    ----------
    units, outputs : neurons, and how many of them are motor neurons; at most ``units - 3``.
    sparsity : share of the synapses between two layers left out, in [0.1, 1].
    seed : of the choice and the signs.

    >>> from liquid.wirings import AutoNCP
    >>> wiring = AutoNCP(19, 4).build(inputs=2)
    >>> [len(layer) for layer in wiring.layers], wiring.synapses, wiring.sensory_synapses
    ([9, 6, 4], 45, 11)
    """

    units: int
    outputs: int
    sparsity: float = 0.5
    seed: int = 22222

    def __post_init__(self) -> None:
        self._check_sizes()
        if self.outputs > self.units - 3:
            raise ValueError(f"outputs is {self.outputs}, but {self.units} units allow at most units - 3")
        if not 0.1 <= self.sparsity <= 1:
            raise ValueError(f"sparsity is {self.sparsity}, but must be between 0.1 and 1")

    @property
    def ncp(self) -> NCP:
        """The same wiring with its numbers spelled out."""
        density = 1.0 - self.sparsity
        command = max(int(0.4 * (self.units - self.outputs)), 1)
        inter = self.units - self.outputs - command
        sensory_fanout, fanout = max(int(inter * density), 1), max(int(command * density), 1)
        recurrent = max(int(command * density * 2), 1)
        return NCP(inter, command, self.outputs, sensory_fanout, fanout, recurrent, fanout, self.seed)

    @property
    def layers(self) -> Layers:
        return self.ncp.layers

    def _connect(self, adjacency: Signs, sensory: Signs) -> None:
        self.ncp._connect(adjacency, sensory)
