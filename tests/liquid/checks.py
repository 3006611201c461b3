"""Looks into rows and results."""

from collections.abc import Iterator

import numpy as np


def leaves(record: np.void | np.ndarray, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Every plain field of a record, nested ones by dotted names."""
    for name in record.dtype.names:
        field, here = record[name], f"{path}{name}"
        if field.dtype.names:
            for k, part in np.ndenumerate(np.asarray(field)):
                at = f"{here}{list(k)}" if k else here
                yield from leaves(part, f"{at}.")
        else:
            yield here, np.asarray(field)


def not_finite(record: np.void | np.ndarray) -> list[str]:
    """Names of the fields that hold a NaN or an infinity."""
    return [name for name, field in leaves(record) if field.dtype.kind == "f" and not np.isfinite(field).all()]


def unpack(p: np.ndarray, size: int) -> np.ndarray:
    """The symmetric matrix of a packed lower triangle."""
    P = np.zeros((size, size))
    P[np.tril_indices(size)] = p
    return P + np.tril(P, -1).T


def record(dtype: np.dtype) -> np.void:
    """A zeroed record that kernels can write to."""
    return np.zeros(1, dtype)[0]


def bits(records: np.ndarray) -> bytes:
    """The bytes of all fields, without the padding between them (which copies of records do not keep)."""
    return b"".join(field.tobytes() for _, field in leaves(records))
