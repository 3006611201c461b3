"""Checks of `hippo_init.npz`, a table of initial matrices made with the Liquid-S4 research code.

Arrays: ``<measure>_N<size>_<name>`` with w, P, B, V, A and Bmat, the diagonal measures in single precision. The phase
of an eigenvector is free: checked are w, |B|, |P|, the product P conj(B), and A and Bmat put together from ours of w, P
and B in the basis V.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from liquid.cells.hippo import legs, legs_dplr, modes
from liquid.cells.params import Array
from liquid.verify.case import Case, Failure
from liquid.verify.checks import Check, check

NAME = re.compile(r"(?P<measure>\w+)_N(?P<size>\d+)_(?P<array>w|P|B|V|A|Bmat)")
MEASURES = {
    "diaglin": "lin",
    "diaginv": "inv",
    "diaginv2": "inv2",
    "diagquad": "quad",
    "diaglegs": "legs",
    "legsd": "legsd",
}
DOUBLE, SINGLE = 3e-14, 2e-7


def is_table_of_modes(case: Case) -> bool:
    return case.config is None and any(NAME.fullmatch(name) for name in case.arrays)


def check_modes(case: Case) -> Iterator[Check]:
    """
    Raises
    ------
    Failure : an unknown measure or array.
    """
    tables: dict[tuple[str, int], dict[str, Array]] = {}
    for name, array in case.arrays.items():
        if not (match := NAME.fullmatch(name)):
            raise Failure(f"unknown array {name}")
        tables.setdefault((match["measure"], int(match["size"])), {})[match["array"]] = array
    for (measure, size), given in tables.items():
        if measure != "legs" and measure not in MEASURES:
            raise Failure(f"no cell starts from the measure {measure!r}: known are legs, {', '.join(MEASURES)}")
        for name in ("w", "B"):
            if name not in given:
                raise Failure(f"the file lacks {measure}_N{size}_{name}")
        yield from _check_table(f"{measure}_N{size}", measure, size, given)


def _check_table(label: str, measure: str, size: int, given: dict[str, Array]) -> Iterator[Check]:
    close = SINGLE if given["w"].dtype == np.complex64 else DOUBLE
    a, b = legs(size)
    if measure == "legs":
        w, p, weights = legs_dplr(size // 2)
    else:
        w, weights = modes(MEASURES[measure], size // 2)
        p = np.zeros_like(w)
        a, b = a + 0.5 * np.outer(b, b), 0.5 * b  # the normal part alone
    yield check("matrices", f"{label}_w", w, given["w"], close)
    yield check("matrices", f"{label}_B", np.abs(weights), np.abs(given["B"]), close)
    if "P" in given:
        yield check("matrices", f"{label}_P", np.abs(p), np.abs(given["P"][0]), close)
        yield check("matrices", f"{label}_P conj B", p * weights.conj(), given["P"][0] * given["B"].conj(), close)
    for name, ours in (("A", a), ("Bmat", b[:, None])):
        if name in given:
            yield check("matrices", f"{label}_{name}", ours, given[name], close)
    if "V" in given:
        columns = given["V"] * (given["B"] / np.abs(given["B"]))  # eigenvectors with our phases
        low = 2 * (columns @ p).real
        together = 2 * (columns * w @ columns.conj().T).real - np.outer(low, low)
        yield check("matrices", f"{label}_V: A from w, P", together, a, close)
        yield check("matrices", f"{label}_V: Bmat from B", 2 * (columns @ weights).real, b, close)
