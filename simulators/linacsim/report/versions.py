"""What a run was played with, beside linacsim itself."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

_TOLD = ("pynetdicom", "pydicom", "simpy")
"""Packages whose version can change what is on the wire or in a file."""


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that matter, by name."""
    found = {"Python": platform.python_version()}
    for name in _TOLD:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
