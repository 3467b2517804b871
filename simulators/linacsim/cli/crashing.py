"""What an operator of ``linacsim serve`` can do to any device: let it hang, crash, or get its TLS wrong."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from linacsim.cli.operating import Answers
from linacsim.devices.breaking import BreakTls, Hang, Restart
from linacsim.devices.device import Device
from linacsim.errors import InputError
from linacsim.settings import Settings, build, keys_of

_WORDS: dict[str, tuple[str, type[Settings], str]] = {
    "hang": ("hang", Hang, "let it accept connections and answer nothing"),
    "restart": ("restart", Restart, "let it crash and start again"),
    "break tls": ("break-tls", BreakTls, "let TLS go wrong where it is called"),
}
_QUESTIONS = {"status": "tell the state of the device", "help": "tell the words"}
_COLUMN = 58


class AnyPanel:
    """Answers lines about a device, and hands those that it does not know to the device's own panel.

    Parameters
    ----------
    device : Device
        What they are about; lines are answered on the bench's own time.
    own : Answers or None
        The panel of its hardware, if it has one.
    """

    def __init__(self, device: Device, own: Answers | None = None) -> None:
        self._device = device
        self._own = own

    def answer(self, line: str) -> list[str]:
        """Do what `line` says, and tell how it went; nothing for an empty one."""
        asked = " ".join(line.split()).lower()
        try:
            found = _parsed(line)
            if found is not None:
                self._device.strike(*found)
                return [f"{found[0]}: done"]
        except InputError as error:
            return [str(error)]
        if self._own is not None:
            return [*self._own.answer(line), *(_help() if asked == "help" else ())]
        if asked == "status":
            return [", ".join(sorted(self._device.states()))]
        if asked == "help":
            return [*_help(), *(f"{word:<{_COLUMN}} {text}" for word, text in _QUESTIONS.items())]
        known = ", ".join([*_WORDS, *_QUESTIONS])
        return [f"console: unknown words {line.strip()!r}; known words: {known}"] if asked else []


def _help() -> Iterator[str]:
    for name, (_, settings, text) in _WORDS.items():
        yield f"{' '.join([name, *(f'[{key}]' for key in keys_of(settings))]):<{_COLUMN}} {text}"


def _parsed(line: str) -> tuple[str, Settings] | None:
    """Return the breakage that a line names and its parameters, ``None`` if it names none.

    Raises
    ------
    InputError
        If a parameter is none of its own.
    """
    try:
        tokens = shlex.split(line)
    except ValueError:
        return None
    for name, (word, settings, _) in _WORDS.items():
        parts = name.split()
        if [token.lower() for token in tokens[: len(parts)]] in (parts, [word]) or tokens[:1] == [word]:
            rest = tokens[1:] if tokens[0] == word else tokens[len(parts) :]
            pairs = [token.partition("=") for token in rest]
            if wrong := next((key for key, equals, _ in pairs if not equals), ""):
                raise InputError(f"{wrong!r} is no parameter", name, f"write KEY=VALUE: {', '.join(keys_of(settings))}")
            return word, build(settings, {key: value for key, _, value in pairs}, name)
    return None
