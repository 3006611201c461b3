"""Tasks of state tracking: an automaton reads random symbols, and its state after each of them is to be told.

Parity, addition modulo 5 and products of permutations are automata whose symbols permute the states: nothing is ever
forgotten, so that one mistake spoils the rest. A random automaton has symbols that merge states, and forgets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from liquid.cells.params import Array
from liquid.training import Sequences

SWAP, CYCLE = (1, 0, 2, 3, 4), (1, 2, 3, 4, 0)


@dataclass(frozen=True)
class Automaton:
    """Starts in state 0.

    Parameters
    ----------
    after : the next state by state and symbol, whole numbers (states, symbols).
    """

    after: Array

    @property
    def states(self) -> int:
        return len(self.after)

    @property
    def symbols(self) -> int:
        return self.after.shape[1]

    def sequences(self, rng: np.random.Generator, count: int, length: int) -> Sequences:
        """Random symbols, each by a 1 among 0, one unit of time apart, and the state after each."""
        read = rng.integers(self.symbols, size=(count, length))
        target = np.empty((count, length), np.int64)
        state = np.zeros(count, np.int64)
        for t in range(length):
            state = target[:, t] = self.after[state, read[:, t]]
        return Sequences(np.eye(self.symbols, dtype=np.float32)[read], np.ones((count, length), np.float32), target)


def adder(modulus: int) -> Automaton:
    """The sum of all symbols; of modulus 2, their parity."""
    return Automaton(np.add.outer(np.arange(modulus), np.arange(modulus)) % modulus)


def permuter() -> Automaton:
    """S5: the running product of permutations of five things, of which a swap of two and a cycle of all generate all
    120, which are the states."""
    products = list(permutations(range(5)))
    number = {product: i for i, product in enumerate(products)}
    steps = [[number[tuple(p[i] for i in symbol)] for symbol in (SWAP, CYCLE)] for p in products]
    return Automaton(np.array(steps))


def random_automaton(seed: int, states: int = 5, symbols: int = 3) -> Automaton:
    """Every next state drawn by itself, all of them again until every state can be reached from every other."""
    rng = np.random.default_rng([seed, 5])
    while True:
        after = rng.integers(states, size=(states, symbols))
        reached = np.eye(states, dtype=bool)
        for _ in range(states):
            reached |= reached[after].any(axis=1)
        if reached.all():
            return Automaton(after)


TASKS: dict[str, Callable[[int], Automaton]] = {
    "parity": lambda seed: adder(2),
    "addition": lambda seed: adder(5),
    "permutations": lambda seed: permuter(),
    "automaton": random_automaton,
}
TITLES = {
    "parity": "Parity of bits",
    "addition": "Sum of digits modulo 5",
    "permutations": "Product of permutations of five things (S5, 120 states)",
    "automaton": "Random automaton of 5 states and 3 symbols",
}
