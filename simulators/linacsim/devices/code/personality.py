"""Which function is called, and with what."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from linacsim.devices.remote.personality import Port
from linacsim.kernel.units import minutes
from linacsim.settings import AETitle, Duration, Settings


class CodePersonality(Settings):
    """A user's own code.

    Attributes
    ----------
    port : int or None
        Where it listens, if it does.
    title : str or None
        Its AE title, if peers know it by another name.
    """

    port: Port | None = None
    title: AETitle | None = None


class Call(Settings):
    """Call a function, and wait until it returns.

    Attributes
    ----------
    function : str
        ``package.module:function``.
    arguments : mapping
        Its keyword arguments.
    returns : str, number, bool or None
        What it must return; anything if left out.
    within : Duration
        How long it may take.
    busy : Duration
        On the virtual clock, how long it may keep the processor without waiting for anything, in real time.
    """

    function: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
    arguments: dict[str, Any] = Field(default_factory=dict)
    returns: str | int | float | bool | None = None
    within: Duration = minutes(60)
    busy: Duration = minutes(1)
