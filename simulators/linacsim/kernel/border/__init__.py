"""The border to pynetdicom: the only place in linacsim that reaches into it.

`install` puts the bench's stand-ins into pynetdicom's modules, once for the process. They act on bench time inside a
task and are the originals outside one. `pins` says what is touched and what it must look like; a contract test holds
pynetdicom against it and names the border that has moved.
"""

from __future__ import annotations

import importlib

from linacsim.errors import BorderError

_installed = False


def install() -> None:
    """Put the stand-ins in place; safe to call again.

    Raises
    ------
    BorderError
        If pynetdicom lacks a name that is touched.
    """
    global _installed  # noqa: PLW0603 - once for the process
    if _installed:
        return
    from linacsim.kernel.border import patches, pins  # noqa: PLC0415 - reaching into pynetdicom is what this does

    pins.check_names()
    for name, (stand_in, _reason) in {**patches.MODULES, **patches.FUNCTIONS}.items():
        owner, attribute = resolve(name)
        pins.ORIGINALS[name] = getattr(owner, attribute)
        setattr(owner, attribute, stand_in)
    _installed = True


def resolve(name: str) -> tuple[object, str]:
    """Return the module or class that holds the dotted `name`, and the last part of it."""
    module, _, attribute = name.rpartition(".")
    try:
        return importlib.import_module(module), attribute
    except ModuleNotFoundError:
        outer, _, inner = module.rpartition(".")
        try:
            return getattr(importlib.import_module(outer), inner), attribute
        except (ModuleNotFoundError, AttributeError) as exc:
            raise BorderError(f"pynetdicom has no {module}: install the pinned version") from exc
