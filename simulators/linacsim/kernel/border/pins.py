"""What linacsim relies on inside pynetdicom, pinned.

`PINNED` names each border with the digest of its source as it was when the border was built. The digests are compared
by a contract test, not at run time; at run time only the names are looked for. After an upgrade of pynetdicom read the
named code again, mend the border if it needs it, and write the digest that the test prints.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from importlib.metadata import version

from linacsim.errors import BorderError

SERIES = "3.0"
"""The minor version of pynetdicom that the borders were built against."""

PINNED: dict[str, tuple[str, str]] = {}
"""Border: (digest of its source, what of it the bench relies on)."""


def look_up(name: str) -> object:
    """Return the object called `name`.

    Raises
    ------
    BorderError
        If pynetdicom has no such name.
    """
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                raise BorderError(f"pynetdicom {version('pynetdicom')} has no {name}: install pynetdicom {SERIES}.x")
            found = getattr(found, part)
        return found
    raise BorderError(f"there is no module {name}: install pynetdicom {SERIES}.x")


def digest(name: str) -> str:
    """Return the digest of the source of the object called `name`."""
    found = look_up(name)
    target = found.fget if isinstance(found, property) else found
    source = inspect.getsource(target)  # type: ignore[arg-type]
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def check_names() -> None:
    """Look for every pinned name.

    Raises
    ------
    BorderError
        Naming the first one that is missing.
    """
    for name in PINNED:
        look_up(name)
