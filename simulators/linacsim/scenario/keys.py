"""The keys of a scenario file that do not depend on the kinds of devices and faults."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from linacsim.scenario.model import LIMIT
from linacsim.settings import AETitle, Count, Duration, Settings, StatusCode

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _one_line(text: str) -> str:
    """Refuse what would break a line of a report or an XML file."""
    if control := _CONTROL.search(text):
        raise ValueError(f"one line of text is wanted, found {control.group()!r} in it")
    return text


def _lines(text: str) -> str:
    return "\n".join(_one_line(line) for line in text.split("\n"))


Text = Annotated[str, Field(min_length=1), AfterValidator(_one_line)]
Lines = Annotated[str, AfterValidator(_lines)]
Mappings = tuple[dict[str, Any], ...]


class PartKeys(Settings):
    """The keys of a file that a scenario includes, beside its includes and parameters."""

    peers: dict[str, dict[str, Any]] = Field(default_factory=dict)
    faults: Mappings = ()
    steps: Mappings = ()
    expect: Mappings = ()


class FileKeys(PartKeys):
    """The keys of a scenario file."""

    scenario: Text
    about: Lines = ""
    requires: tuple[Text, ...] = ()
    tags: tuple[Text, ...] = ()
    limit: Annotated[Duration, Field(gt=0)] = LIMIT


class PeerTitle(Settings):
    """The key that a peer stands under."""

    peer: AETitle


class PeerKeys(Settings):
    """The key that every peer has; the others are the settings of its device."""

    kind: Text


class FaultKeys(Settings):
    """The keys that every fault has; the others are its parameters. Defaults stand for keys that are left out."""

    do: Text
    at: Text
    on: Text = ""
    nth: Count = 0
    first: Count = 0
    every: Count = 0
    after: Count = 0


class FaultsKeys(Settings):
    """The key of a file that has nothing but faults."""

    faults: Mappings


class WaitKeys(Settings):
    """The step that waits."""

    wait: Duration


class HealKeys(Settings):
    """The step that calls faults off."""

    heal: Text


class TogetherKeys(Settings):
    """The step that starts several at the same instant."""

    together: Annotated[Mappings, Field(min_length=1)]


class SutKeys(Settings):
    """The keys of the stack under test, beside its kind."""

    stand_in: dict[str, Any] = Field(default_factory=dict)


class AskKeys(Settings):
    """The step that asks a person to have the stack under test do something."""

    ask: Text


class FailsKeys(Settings):
    """What may stand beside the action of a peer."""

    fails: Text


class MayFailKeys(Settings):
    """What may stand beside the action of a peer of which nothing is said."""

    may_fail: bool


class ExpectKeys(Settings):
    """The keys that every expectation has; the others are fields of the record."""

    event: Text
    at: Text = ""
    count: Count = 0
    at_least: Count = 0
    at_most: Count = 0
    never: bool = False
    within: Duration = 0
    after: Duration = 0


class FieldKeys(Settings):
    """What a field of a record has to be, where it is not one value."""

    contains: Text | None = None
    at_least: float | int | None = None
    at_most: float | int | None = None


class StatusKeys(Settings):
    """A status that is written as a number."""

    status: StatusCode
