"""The operator's console: a line of words is an act, a breakage, or a question; the answer is lines of text.

Act and parameters are written as in a scenario, with spaces or hyphens: ``refill 14INX17IN BLUE FILM``, ``open cover``,
``break part laser mended-after="5 min"``. A parameter without its key is known by its look.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from linacsim.devices.printer.hardware.acts import WORDS, Act
from linacsim.devices.printer.hardware.film_hardware import FilmHardware
from linacsim.devices.printer.hardware.jobs import PRIORITIES
from linacsim.devices.printer.hardware.machine import PARTS
from linacsim.devices.printer.hardware.settings import MEDIA, size_in_cm
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.units import format_duration
from linacsim.settings import build, did_you_mean, keys_of

_QUESTIONS = {"status": "tell what is the matter and what is in it", "help": "tell the words"}
_NAMES = {word.replace("-", " "): word for word in WORDS}
_DURATION = re.compile(r"[\d.]+\s*(us|ms|s|min|h)")
_DESTINATION = re.compile(r"MAGAZINE|PROCESSOR|BIN_\d+")
_PATTERNS = {
    "receiver": _DESTINATION, "destination": _DESTINATION, "cleared-after": _DURATION, "mended-after": _DURATION,
}  # fmt: skip
_WORDS_OF: dict[str, tuple[str, ...]] = {"medium": MEDIA, "priority": PRIORITIES, "part": PARTS}
"""What the value of a parameter looks like that stands without its key."""
_MEBI = 1 << 20


class Panel:
    """Answers lines.

    Parameters
    ----------
    hardware : FilmHardware
        What they are about.
    """

    def __init__(self, hardware: FilmHardware) -> None:
        self._hardware = hardware

    def answer(self, line: str) -> list[str]:
        """Do what `line` says, and tell how it went; nothing for an empty one."""
        if not line.strip():
            return []
        if line.strip().lower() in _QUESTIONS:
            return list(self.status() if line.strip().lower() == "status" else help_lines())
        try:
            self.act(line)
        except (InputError, PlayFailure) as error:
            return [str(error)]
        status, info = self._hardware.status
        return [f"{status}: {info}" if status != info else status]

    def act(self, line: str) -> None:
        """Do the act, or strike with the breakage, that `line` names.

        Raises
        ------
        InputError
            If it is none, or a parameter is none of its own.
        PlayFailure
            If it comes to nothing.
        """
        parse(line).on(self._hardware)

    def status(self) -> Iterator[str]:
        """Yield what is the matter, and the state of the parts."""
        hardware, machine = self._hardware, self._hardware.machine
        status, info = hardware.status
        yield f"{status}: {info}" if status != info else status
        for one in hardware.conditions:
            yield f"  {one.severity} {one.term} ({one.where})"
        for number, magazine in machine.slots.by_number.items():
            if magazine is None:
                yield f"slot {number}: no magazine"
            else:
                sheets = f"{magazine.sheets} of {magazine.capacity} sheets"
                yield f"slot {number}: {magazine.size} {magazine.medium}, {sheets}"
        for receiver in machine.receivers.by_name.values():
            there = f"{receiver.sheets} of {receiver.capacity} sheets" if receiver.mounted else "not in its place"
            yield f"receiver {receiver.name}: {there}"
        yield f"processor: {machine.processor.degrees:.1f} degrees Celsius"
        bath = machine.processor.bath
        if bath is not None:
            yield f"chemistry: {bath.replenisher:.0f} ml of replenisher, {bath.overflow:.0f} ml in the overflow tank"
        yield f"memory: {machine.memory.used / _MEBI:.1f} of {machine.memory.size / _MEBI:.1f} MiB in use"
        yield f"sheets: {machine.sheets}; last calibration at {format_duration(machine.calibrated)}"
        for job in [*([machine.job] if machine.job is not None else []), *machine.queue]:
            done = f"{job.out} of {len(job.sheets) * job.copies} sheets"
            yield f"job {job.number} of {job.owner}: {job.state} ({job.info}), {job.priority}, {done}"


def help_lines() -> Iterator[str]:
    """Yield every word with its parameters and what it does."""
    for name, word in _NAMES.items():
        keys = " ".join(f"[{key}]" for key in keys_of(WORDS[word]))
        yield f"{f'{name} {keys}'.strip():<58} {WORDS[word].help_text}"
    for word, text in _QUESTIONS.items():
        yield f"{word:<58} {text}"


def parse(line: str) -> Act:
    """Return the act, with its parameters, that `line` names.

    Raises
    ------
    InputError
        If it is none, or a parameter is none of its own.
    """
    try:
        tokens = shlex.split(line)
    except ValueError:
        raise InputError("a quotation mark is missing", line, "close the quotation") from None
    word, rest = _word(tokens)
    act = WORDS[word]
    known = keys_of(act)
    given: dict[str, Any] = {}
    for token in _joined(rest):
        key, equals, value = token.partition("=")
        if not equals:
            key, value = _key_of(token, [one for one in known if one not in given], word), token
        given[key] = int(value) if value.isdigit() else value
    return build(act, given, word)


def _word(tokens: list[str]) -> tuple[str, list[str]]:
    """Return the word that the line begins with, and what is left of it."""
    for count in range(len(tokens), 0, -1):
        name = " ".join(tokens[:count]).lower().replace("-", " ")
        if name in _NAMES:
            return _NAMES[name], tokens[count:]
    known = [*_NAMES, *_QUESTIONS]
    line = " ".join(tokens)
    todo = did_you_mean(line, known, "words")
    if todo.startswith("did"):
        todo += " (help tells all words)"
    raise InputError(f"unknown words {line!r}", "console", todo)


def _joined(tokens: list[str]) -> Iterator[str]:
    """Yield the tokens, with those that make a Medium Type together as one."""
    at = 0
    while at < len(tokens):
        count = next((n for n in (3, 2) if " ".join(tokens[at : at + n]).upper() in MEDIA), 1)
        yield " ".join(tokens[at : at + count])
        at += count


def _key_of(token: str, free: list[str], word: str) -> str:
    """Return the parameter that a value without a key is meant for."""
    for key in free:
        if _looks_like(key, token):
            return key
    todo = f"it takes {', '.join(free)}" if free else "it takes no more"
    raise InputError(f"{token!r} is nothing that {word.replace('-', ' ')!r} knows", "console", todo)


def _looks_like(key: str, token: str) -> bool:
    if key in ("slot", "sheets", "job"):
        return token.isdigit()
    if key == "film-size":
        return _is_size(token)
    if key in _WORDS_OF:
        return token in _WORDS_OF[key]
    pattern = _PATTERNS.get(key)
    return pattern is None or pattern.fullmatch(token) is not None


def _is_size(token: str) -> bool:
    try:
        size_in_cm(token)
    except ValueError:
        return False
    return True
