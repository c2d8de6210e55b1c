"""Kubernetes' quantities, such as 500m or 64Gi: what is left of one when others are taken away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

_DECIMAL = {"E": 10**18, "P": 10**15, "T": 10**12, "G": 10**9, "M": 10**6, "k": 10**3, "": 1}
_BINARY = {"Ei": 2**60, "Pi": 2**50, "Ti": 2**40, "Gi": 2**30, "Mi": 2**20, "Ki": 2**10}
_SHAPE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(m|[kMGTPE]|[KMGTPE]i|)")


def left(whole: str, taken: Iterable[str]) -> str:
    """What is left, written as the API server writes it, so that it can be compared.

    Raises:
        ValueError: One is not a quantity, or more is taken than there is.
    """
    parts = list(taken)
    if not parts:
        return whole
    rest = _value(whole) - sum(_value(part) for part in parts)
    if rest < 0:
        raise ValueError(f"{' + '.join(parts)} is more than {whole}")
    if rest == 0:
        return "0"
    if whole.endswith("i"):
        for suffix, unit in _BINARY.items():
            if rest % unit == 0:
                return f"{int(rest / unit)}{suffix}"
    if rest % 1:
        return f"{int(rest * 1000)}m"
    suffix, unit = next((s, u) for s, u in _DECIMAL.items() if rest % u == 0)
    return f"{int(rest / unit)}{suffix}"


def _value(quantity: str) -> Decimal:
    found = _SHAPE.fullmatch(quantity)
    if found is None:
        raise ValueError(f"{quantity!r} is no quantity such as 4, 500m or 64Gi")
    number, suffix = Decimal(found[1]), found[2]
    return number / 1000 if suffix == "m" else number * {**_DECIMAL, **_BINARY}[suffix]
