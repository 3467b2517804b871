"""The stack under test takes its place in a scenario: a real product by its address, or its stand-in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from linacsim.devices.remote.personality import Ask, RemotePersonality
from linacsim.errors import InputError
from linacsim.scenario.expectation import Expectation
from linacsim.scenario.keys import AskKeys
from linacsim.scenario.model import SUT, ActionStep, HealStep, PeerSpec, Scenario, Step, TogetherStep, WaitStep
from linacsim.settings import build, did_you_mean

REMOTE = "remote"
"""The kind of device that a real product becomes."""
_WRITTEN = re.compile(r"(?:(?P<name>[^=]+)=)?(?P<host>[^:@]+|\[[0-9A-Fa-f:]+\]):(?P<port>\d+)(?:@(?P<title>.+))?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a real product is.

    Attributes
    ----------
    name : str
        The peer of the scenario that it is; empty if there is only one.
    personality : RemotePersonality
        Host, port and AE title.
    """

    name: str
    personality: RemotePersonality


def addresses(words: Iterable[str]) -> list[Address]:
    """Return where real products are, from words such as ``127.0.0.1:104@PACS`` or ``ARCHIVE=pacs.lan:104@PACS``.

    Raises
    ------
    InputError
        If a word is not of that form.
    """
    return [_address(word) for word in words]


def _address(word: str) -> Address:
    written = _WRITTEN.fullmatch(word.strip())
    if written is None:
        raise InputError(f"{word!r} is no address", "--sut", "write HOST:PORT@AETITLE, for example 127.0.0.1:104@PACS")
    given = {"host": written["host"].strip("[]"), "port": int(written["port"])}
    if written["title"]:
        given["title"] = written["title"]
    return Address((written["name"] or "").strip(), build(RemotePersonality, given, "--sut"))


def suts_of(scenario: Scenario) -> list[PeerSpec]:
    """Return the peers of a scenario that are the stack under test."""
    return [peer for peer in scenario.peers.values() if peer.kind == SUT]


def with_suts(scenario: Scenario, given: Iterable[Address]) -> Scenario:
    """Return `scenario` with real products, or stand-ins where none is given, in the place of the stack under test.

    Raises
    ------
    InputError
        If an address belongs to no peer, or there is neither a product nor a stand-in.
    """
    wanted = {peer.title: peer for peer in suts_of(scenario)}
    real = {_name_of(address, wanted, scenario): address.personality for address in given}
    peers = {title: _peer(peer, real) for title, peer in scenario.peers.items()}
    return replace(
        scenario,
        peers=peers,
        steps=tuple(_step(step, real) for step in scenario.steps),
        expect=tuple(_expected(each, real) for each in scenario.expect),
    )


def _name_of(address: Address, wanted: Mapping[str, PeerSpec], scenario: Scenario) -> str:
    if not wanted:
        raise InputError("has no stack under test", scenario.title, "leave out --sut, or choose another scenario")
    if address.name in wanted:
        return address.name
    if address.name:
        raise InputError(f"no stack under test {address.name!r}", "--sut", did_you_mean(address.name, wanted, "names"))
    if len(wanted) > 1:
        names = " and ".join(wanted)
        raise InputError(f"which of {names} is that?", "--sut", f"write {next(iter(wanted))}=HOST:PORT@AETITLE")
    return next(iter(wanted))


def _peer(peer: PeerSpec, real: Mapping[str, RemotePersonality]) -> PeerSpec:
    if peer.kind != SUT:
        return peer
    if peer.title in real:
        return replace(peer, kind=REMOTE, settings=real[peer.title], stand_in=None)
    if peer.stand_in is None:
        advice = "name it with --sut HOST:PORT@AETITLE"
        raise InputError(f"{peer.title} is the stack under test, and nobody stands in for it", peer.where, advice)
    return peer.stand_in


def _step(step: Step, real: Mapping[str, RemotePersonality]) -> Step:
    if isinstance(step, WaitStep | HealStep):
        return step
    if isinstance(step, TogetherStep):
        return replace(step, steps=tuple(_step(each, real) for each in step.steps))
    return _action(step, real)


def _action(step: ActionStep, real: Mapping[str, RemotePersonality]) -> Step:
    if not isinstance(step.parameters, AskKeys):
        return step
    if step.instead is None:
        return replace(step, parameters=Ask(ask=step.parameters.ask))
    if step.peer in real:
        # that the stand-in has to fail is the stand-in's; of a product a person says whether it did as it was asked
        return replace(step, parameters=Ask(ask=step.parameters.ask), instead=None, fails=None)
    return step.instead


def _expected(expectation: Expectation, real: Mapping[str, RemotePersonality]) -> Expectation:
    """Return an expectation in which a real product goes by its own AE title: that is what the wire says."""
    other = expectation.fields.get("with")
    title = real[other].title if isinstance(other, str) and other in real else None
    if title is None:
        return expectation
    return replace(expectation, fields={**expectation.fields, "with": title})
