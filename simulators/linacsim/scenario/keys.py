"""The keys of a scenario file that do not depend on the kinds of devices and faults."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from linacsim.scenario.model import LIMIT
from linacsim.settings import AETitle, Count, Duration, Settings

Text = Annotated[str, Field(min_length=1)]
Mappings = tuple[dict[str, Any], ...]


class FileKeys(Settings):
    """The keys of a scenario file."""

    scenario: Text
    about: str = ""
    requires: tuple[Text, ...] = ()
    tags: tuple[Text, ...] = ()
    limit: Annotated[Duration, Field(gt=0)] = LIMIT
    peers: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    faults: Mappings = ()
    steps: Annotated[Mappings, Field(min_length=1)]
    expect: Mappings = ()


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


class WaitKeys(Settings):
    """The step that waits."""

    wait: Duration


class TogetherKeys(Settings):
    """The step that starts several at the same instant."""

    together: Annotated[Mappings, Field(min_length=1)]


class FailsKeys(Settings):
    """What may stand beside the action of a peer."""

    fails: Text


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
