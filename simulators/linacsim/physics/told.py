"""Ground truth as plain values: what goes into a JSON file and comes out of it the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def told(one: DataclassInstance) -> dict[str, Any]:
    """Return the fields of a dataclass by name; tuples are lists."""
    return {name: _plain(value) for name, value in asdict(one).items()}


def rounded(values: Iterable[float]) -> list[float]:
    """Return numbers with six decimals."""
    return [round(float(value), 6) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return value
