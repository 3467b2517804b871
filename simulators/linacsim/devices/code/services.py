"""A user's own function as a peer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from linacsim.devices.code.personality import Call, CodePersonality
from linacsim.devices.device import Action, Device, Kind
from linacsim.devices.placeholders import filled_value
from linacsim.errors import HarnessError, InputError, PlayFailure
from linacsim.kernel.standstill import StandstillError
from linacsim.kernel.units import format_duration

_LONGEST = 500
"""Characters of what a function returns or complains about that are kept."""


class CodePeer(Device):
    """A user's own code."""

    personality: CodePersonality

    def start(self, port: int) -> None:
        """Remember where it will listen."""
        self.place.title = self.personality.title or self.name
        if self.personality.port is not None:
            self.place.address = (self.place.host, self.personality.port)

    def call(self, what: Call) -> None:
        """Call a function on bench time, or live on a thread of its own."""
        kernel, function = self.place.kernel, _function(what.function)
        arguments = filled_value(what.arguments, kernel.places)
        self.place.log("call-started", function=what.function)
        ended = kernel.beside(partial(function, **arguments), what.function, self.place, what.busy)
        if not kernel.wait(ended, f"{what.function} to return", what.within):
            raise PlayFailure(f"{what.function} has not returned within {format_duration(what.within)}")
        if not ended.ok:
            error: Any = ended.value
            if isinstance(error, HarnessError):
                raise error
            if isinstance(error, StandstillError):
                raise PlayFailure(f"{what.function} {error}")
            raise PlayFailure(f"{what.function}: {_told(error)}")
        returned = ended.value
        self.place.log("call-returned", function=what.function, returned=_plain(returned))
        if what.returns is not None and returned != what.returns:
            raise PlayFailure(f"{what.function} returned {_shown(returned)} instead of {what.returns!r}")


def _function(name: str) -> Callable[..., Any]:
    module, _, path = name.partition(":")
    try:
        found: Any = import_module(module)
    except ImportError as exc:
        raise InputError(f"cannot be imported: {exc}", name, "is its folder on PYTHONPATH?") from exc
    except (Exception, SystemExit) as exc:
        raise PlayFailure(f"{module} cannot be imported: {_told(exc)}") from exc
    for part in path.split("."):
        if not hasattr(found, part):
            raise InputError(f"{module} has no {path!r}", name)
        found = getattr(found, part)
    if not callable(found):
        raise InputError("is no function", name)
    function: Callable[..., Any] = found
    return function


def _shown(value: object) -> str:
    plain = _plain(value)
    return f"a {plain}" if type(plain) is not type(value) else repr(plain)


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
    return value if isinstance(value, int | float | bool) or value is None else type(value).__name__


KIND = Kind(
    name="code",
    build=CodePeer,
    settings=CodePersonality,
    about="your own Python function, called on bench time",
    actions={"call": Action(Call, "call")},
    events=frozenset({"call-started", "call-returned"}),
    fields=frozenset({"function", "returned"}),
    serves=False,
    breaks=False,
)
CodePeer.kind = KIND
