"""Reads a scenario file into a `Scenario`, strictly: whatever is wrong is one `ScenarioError` with file, line and column.

::

    scenario: a jam in the second film is reported
    peers:
      PRINTER: {kind: printer, warm-up: 5 min}
      OTP_SCU: {kind: oncentra, prints-to: PRINTER}
    faults:
      - {do: jam, at: PRINTER, on: sheet-out, nth: 2}
    steps:
      - OTP_SCU: {print: {films: 3}}
        fails: jam
      - wait: 30 s
    expect:
      - {event: N-ACTION-RSP, at: PRINTER, way: sent, status: 0xB602}
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Never, TypeVar

from linacsim.errors import InputError, ScenarioError
from linacsim.faults import ACTIONS, Armed, contradiction
from linacsim.faults.model import Occurrence, When, occasion
from linacsim.faults.when import Conditions
from linacsim.scenario.expectation import NEVER, Between, Contains, Expectation, Times, is_status
from linacsim.scenario.keys import (
    AskKeys,
    ExpectKeys,
    FailsKeys,
    FaultKeys,
    FaultsKeys,
    FieldKeys,
    FileKeys,
    HealKeys,
    MayFailKeys,
    PartKeys,
    PeerKeys,
    PeerTitle,
    StatusKeys,
    SutKeys,
    TogetherKeys,
    WaitKeys,
)
from linacsim.scenario.model import (
    ALL,
    ASK,
    SUT,
    ActionStep,
    FaultSpec,
    HealStep,
    PeerSpec,
    Scenario,
    Step,
    TogetherStep,
    Vocabulary,
    WaitStep,
)
from linacsim.scenario.parts import Part, gather
from linacsim.settings import KeyPath, Settings, build, did_you_mean, dotted, found, keys_of
from linacsim.yaml_file import YamlFile, read_yaml

BESIDE = ("fails", "may-fail", "instead")
"""What may stand beside the action of a peer."""
RESERVED = ("wait", "together", "heal", *BESIDE)
"""Words of a step; no peer can be called so."""
BENCH = "BENCH"
"""Where the script itself runs; no peer can be called so."""
NOTHING = "nothing"
"""What a stand-in does where a person only looks."""
PROTOCOL_FIELDS = frozenset({"way", "with", "assoc", "status"})
"""Fields of every protocol record (see `linacsim.kernel.log`)."""
S = TypeVar("S", bound=Settings)


def load_scenario(path: Path | str, vocabulary: Vocabulary, values: Mapping[str, Any] | None = None) -> Scenario:
    """Return the scenario in the file at `path`.

    Parameters
    ----------
    path : Path or str
        The file.
    vocabulary : Vocabulary
        The words that it is written in.
    values : mapping of str to value, optional
        Values of its parameters that win over its own.

    Raises
    ------
    ScenarioError
        If there is no such file, or anything in it is wrong; the text is one line that says where and what to do.
    """
    return _Loader(read_yaml(Path(path), ScenarioError), vocabulary).load(values or {})


def scenario_of(
    mapping: Mapping[str, Any], vocabulary: Vocabulary, values: Mapping[str, Any] | None = None
) -> Scenario:
    """Return the scenario that a mapping describes, with the keys and values of a file: for those who write Python.

    Parameters and errors are those of `load_scenario`; an error names the path of keys.
    """
    scenario = _Loader(_Mapping(Path("scenario"), dict(mapping), {}), vocabulary).load(values or {})
    return replace(scenario, path=None)


def load_faults(path: Path | str, vocabulary: Vocabulary, at: Iterable[str]) -> tuple[FaultSpec, ...]:
    """Return the faults in a file that has nothing else: ``faults: [...]``.

    Parameters
    ----------
    path, vocabulary : Path or str, Vocabulary
        As for `load_scenario`.
    at : iterable of str
        Where they may be armed.

    Raises
    ------
    ScenarioError
        If there is no such file, or anything in it is wrong.
    """
    file = read_yaml(Path(path), ScenarioError)
    keys = build(FaultsKeys, file.data, locate=file.locate, error=ScenarioError)
    loader = _Loader(file, vocabulary)
    loader.peers = {name: PeerSpec(title=name, kind="line", settings=Settings()) for name in at}
    faults = [loader.fault(raw, ("faults", index)) for index, raw in enumerate(keys.faults)]
    loader.contradictions(faults)
    return tuple(faults)


@dataclass(frozen=True, slots=True, eq=False)
class _Mapping(YamlFile):
    """Python's own mapping in place of a file; what it includes lies in the current folder."""

    def locate(self, path: KeyPath = ()) -> str:
        """Return the path of keys."""
        remark = self.remarks.get(path)
        return (f"scenario.{dotted(path)}" if path else "scenario") + (f" ({remark})" if remark else "")


class _Loader:
    """Checks one scenario against the vocabulary."""

    def __init__(self, file: YamlFile, vocabulary: Vocabulary) -> None:
        self.file = file
        self.vocabulary = vocabulary
        self.peers: dict[str, PeerSpec] = {}

    def load(self, values: Mapping[str, Any]) -> Scenario:
        """Return the scenario; peers first, for everything else names them."""
        own = self.file
        parts = [(part.file, self._head(part)) for part in gather(own, values)]
        head = next(keys for _file, keys in parts if isinstance(keys, FileKeys))
        for self.file, keys in parts:
            for key, entry in keys.peers.items():
                self._peer(key, entry, ("peers", key))
        faults: list[FaultSpec] = []
        steps: list[Step] = []
        expect: list[Expectation] = []
        for self.file, keys in parts:
            faults += [self.fault(raw, ("faults", index)) for index, raw in enumerate(keys.faults)]
            steps += self._steps(keys.steps, ("steps",))
            expect += [self._expect(raw, ("expect", index)) for index, raw in enumerate(keys.expect)]
        self.contradictions(faults)
        self.file = own
        for name, found_ in (("peers", self.peers), ("steps", steps)):
            if not found_:
                self._refuse(f"{name!r} is missing or empty", (name,), "a scenario has at least one")
        return Scenario(
            title=head.scenario,
            about=head.about,
            requires=head.requires,
            tags=head.tags,
            limit=head.limit,
            peers=self.peers,
            faults=tuple(faults),
            steps=tuple(steps),
            expect=tuple(expect),
            path=own.path,
        )

    def _head(self, part: Part) -> PartKeys:
        self.file = part.file
        return self._build(FileKeys if part.own else PartKeys, part.data, ())

    def _peer(self, key: str, entry: Mapping[str, Any], path: KeyPath) -> None:
        """Add the peer `key` to the peers."""
        title = self._build(PeerTitle, {"peer": key}, path).peer
        if title in RESERVED:
            self._refuse(f"{title!r} is a word of the steps, no AE title", path, "choose another AE title")
        if title == BENCH:
            self._refuse(f"{title!r} is where the script itself is, no AE title", path, "choose another AE title")
        if title in self.peers:
            self._refuse(f"the peer {title!r} stands twice", path, "spaces around an AE title do not count")
        self.peers[title] = self._spec(title, entry, path)

    def _spec(self, title: str, entry: Mapping[str, Any], path: KeyPath) -> PeerSpec:
        """Return the peer that `entry` describes."""
        kind = self._build(PeerKeys, _only(entry, PeerKeys), path).kind
        where = self.file.locate(path)
        if kind == SUT:
            keys = self._rest(SutKeys, entry, PeerKeys, path)
            stand_in = self._spec(title, keys.stand_in, (*path, "stand-in")) if keys.stand_in else None
            if stand_in is not None and stand_in.kind == SUT:
                self._refuse("nobody stands in for a stand-in", (*path, "stand-in"), "name a kind of device")
            return PeerSpec(title=title, kind=SUT, settings=keys, where=where, stand_in=stand_in)
        self._known("kind of device", kind, [*self.vocabulary.devices, SUT], "kinds", (*path, "kind"))
        settings = self._rest(self.vocabulary.devices[kind].settings, entry, PeerKeys, path)
        return PeerSpec(title=title, kind=kind, settings=settings, where=where)

    def fault(self, raw: Mapping[str, Any], path: KeyPath) -> FaultSpec:
        """Return the fault that `raw` describes."""
        head = self._build(FaultKeys, _only(raw, FaultKeys), path)
        self._known("fault", head.do, self.vocabulary.faults, "faults", (*path, "do"))
        self._known("peer", head.at, self.peers, "peers", (*path, "at"))
        if self.peers[head.at].kind == SUT:
            todo = "arm the fault at the peer that it talks to, or let 'linacsim proxy' sit between"
            self._refuse(f"{head.at} is the stack under test: nothing of it breaks on demand", (*path, "at"), todo)
        if head.do not in ACTIONS:
            self._breakage(head, path)
        if head.on:
            self._known("event", head.on, self.vocabulary.events, "events", (*path, "on"))
        occurrence = self._occurrence(raw, path)
        conditions, rest = self._conditions(head.do, raw, path)
        if conditions.state:
            entry = self.vocabulary.devices.get(self.peers[head.at].kind)
            self._known("state", conditions.state, () if entry is None else entry.states, "states", (*path, "state"))
        parameters = self._rest(self.vocabulary.faults[head.do], rest, FaultKeys, path, keys_of(Conditions))
        text = f"{head.do} at {head.at}" + (f" on {head.on}" if head.on else "") + f", {occurrence}"
        return FaultSpec(
            do=head.do,
            at=head.at,
            on=head.on or None,
            occurrence=occurrence,
            conditions=conditions,
            parameters=parameters,
            text=text + "".join(f", {key} {_shown(key, raw[key])}" for key in raw if key not in keys_of(FaultKeys)),
            where=self.file.locate(path),
        )

    def _breakage(self, head: FaultKeys, path: KeyPath) -> None:
        """Refuse a breakage of the hardware that its peer does not have, or that waits for nothing."""
        kind = self.peers[head.at].kind
        known = self.vocabulary.devices[kind].breakages if kind in self.vocabulary.devices else ()
        if known and head.do not in known:
            self._refuse(f"a {kind} has no {head.do!r}", (*path, "do"), did_you_mean(head.do, known, "breakages"))
        if not known and head.do in self.hardware:
            owners = " or ".join(
                sorted(name for name, entry in self.vocabulary.devices.items() if head.do in entry.breakages)
            )
            self._refuse(f"a {kind} has no {head.do!r}", (*path, "do"), f"it can happen at: {owners}")
        if not head.on and head.do in known:
            self._refuse(f"when does {head.do!r} strike?", path, "add 'on:' with an event, such as C-STORE-RQ")

    @property
    def hardware(self) -> set[str]:
        """What can break at some device."""
        return {word for entry in self.vocabulary.devices.values() for word in entry.breakages}

    def _conditions(self, do: str, raw: Mapping[str, Any], path: KeyPath) -> tuple[Conditions, dict[str, Any]]:
        """Return what else the event of a fault has to be, and the keys that are left; a fault's own keys come first."""
        own = keys_of(self.vocabulary.faults[do])
        general = {key: value for key, value in raw.items() if key in keys_of(Conditions) and key not in own}
        conditions = self._build(Conditions, general, path)
        if isinstance(conditions.until, str):
            self._known("event", conditions.until, self.vocabulary.events, "events", (*path, "until"))
        return conditions, {key: value for key, value in raw.items() if key not in general}

    def contradictions(self, faults: Iterable[FaultSpec]) -> None:
        """Refuse a fault that can never fire because of another one that strikes before it each time."""
        known: list[tuple[FaultSpec, Armed]] = []
        for spec in faults:
            if spec.do not in ACTIONS:
                continue
            on = occasion(spec.do, spec.on or "", spec.where, ScenarioError, spec.conditions.way or "")
            armed = Armed(
                do=spec.do, on=on, when=spec.occurrence, conditions=spec.conditions, parameters=spec.parameters
            )
            for other, earlier in known:
                if other.at == spec.at and contradiction(earlier, armed):
                    what = f"{spec.do!r} never fires: {other.do!r} ({other.where}) ends the matter each time"
                    raise ScenarioError(what, spec.where, "say when each of them strikes, or leave one out")
            known.append((spec, armed))

    def _occurrence(self, raw: Mapping[str, Any], path: KeyPath) -> Occurrence:
        """Return the occurrence that one of the exclusive keys of `raw` names."""
        word = self._exclusive(raw, [when.value for when in When if when is not When.ALWAYS], path)
        return Occurrence(When(word), raw[word]) if word else Occurrence()

    def _steps(self, entries: Iterable[Mapping[str, Any]], path: KeyPath) -> tuple[Step, ...]:
        return tuple(self._step(raw, (*path, index)) for index, raw in enumerate(entries))

    def _step(self, raw: Mapping[str, Any], path: KeyPath) -> Step:
        """Return the step that `raw` describes."""
        words = [key for key in raw if key not in BESIDE]
        if len(words) != 1:
            names = " and ".join(repr(word) for word in words) or "none"
            self._refuse(
                f"a step names one peer, or wait or together; found {names}", path, "begin each step with '- '"
            )
        word = words[0]
        here = (*path, word)
        beside = next((key for key in BESIDE if key in raw), None)
        if word in RESERVED and beside is not None:
            self._refuse(f"{beside!r} stands with {word!r}", (*path, beside), "only the action of a peer can have it")
        if word == "wait":
            return WaitStep(duration=self._build(WaitKeys, raw, path).wait, where=self.file.locate(path))
        if word == "heal":
            peer = self._build(HealKeys, raw, path).heal
            self._known("peer", peer, [*self.peers, ALL], "peers", here)
            return HealStep(at="" if peer == ALL else peer, where=self.file.locate(path))
        if word == "together":
            steps = self._steps(self._build(TogetherKeys, raw, path).together, here)
            return TogetherStep(steps=steps, where=self.file.locate(path))
        self._known("peer", word, [*self.peers, "wait", "together", "heal"], "words for a step", here)
        step = self._acting(word, raw, path)
        self._exclusive(raw, ["fails", "may-fail"], path)
        fails = self._build(FailsKeys, {"fails": raw["fails"]}, path).fails if "fails" in raw else None
        may = {"may-fail": raw.get("may-fail", False)}
        return _failing(step, fails, may_fail=self._build(MayFailKeys, may, path).may_fail)

    def _acting(self, word: str, raw: Mapping[str, Any], path: KeyPath) -> ActionStep:
        """Return the step in which the peer `word` does something."""
        if self.peers[word].kind == SUT:
            return self._asked(word, raw, path)
        if "instead" in raw:
            self._refuse("'instead' is for the stack under test", (*path, "instead"), f"{word} is a peer of the bench")
        action, parameters = self._action(self.peers[word], raw[word], (*path, word))
        return ActionStep(peer=word, action=action, parameters=parameters, where=self.file.locate(path))

    def _asked(self, peer: str, raw: Mapping[str, Any], path: KeyPath) -> ActionStep:
        """Return a step of the stack under test: a person is asked, a stand-in does something instead."""
        here = (*path, peer)
        entry = raw[peer] if isinstance(raw[peer], Mapping) else {"ask": raw[peer]}
        question = self._build(AskKeys, entry, here)
        instead: Step | None = None
        stand_in, where = self.peers[peer].stand_in, self.file.locate(path)
        if stand_in is not None:
            if "instead" not in raw:
                self._refuse(
                    f"what does the stand-in of {peer} do?",
                    path,
                    "add 'instead:' with one of its actions, or 'instead: nothing'",
                )
            instead = self._instead(stand_in, raw["instead"], path)
        elif "instead" in raw:
            self._refuse(f"{peer} has no stand-in", (*path, "instead"), "add 'stand-in:' to the peer")
        return ActionStep(peer=peer, action=ASK, parameters=question, instead=instead, where=where)

    def _instead(self, stand_in: PeerSpec, raw: object, path: KeyPath) -> Step:
        """Return what a stand-in does where a person would be asked."""
        where = self.file.locate(path)
        if raw == NOTHING:
            return WaitStep(duration=0, where=where)
        action, parameters = self._action(stand_in, raw, (*path, "instead"))
        return ActionStep(peer=stand_in.title, action=action, parameters=parameters, where=where)

    def _action(self, peer: PeerSpec, raw: object, path: KeyPath) -> tuple[str, Settings]:
        """Return the action of `peer` that `raw` names, and its parameters."""
        known = self.vocabulary.devices[peer.kind].actions
        entry = {raw: None} if isinstance(raw, str) else raw
        if not isinstance(entry, Mapping) or len(entry) != 1:
            advice = did_you_mean("", known, f"actions of {peer.kind}")
            self._refuse(f"one action of {peer.title} is wanted, found {found(raw)}", path, advice)
        action, parameters = next(iter(entry.items()))
        here = (*path, action)
        self._known(f"action of {peer.title}", action, known, "actions", here)
        return action, self._build(known[action], {} if parameters is None else parameters, here)

    def _expect(self, raw: Mapping[str, Any], path: KeyPath) -> Expectation:
        """Return the expectation that `raw` describes."""
        head = self._build(ExpectKeys, _only(raw, ExpectKeys), path)
        self._known("event", head.event, self.vocabulary.events, "events", (*path, "event"))
        if head.at:
            self._known("peer", head.at, self.peers, "peers", (*path, "at"))
            if self.peers[head.at].kind == SUT:
                todo = "expect it at the peer that it talks to, for example with 'way: received'"
                self._refuse(f"{head.at} is the stack under test: it writes nothing into our log", (*path, "at"), todo)
        fields = {key: self._field(key, raw[key], (*path, key)) for key in raw if key not in keys_of(ExpectKeys)}
        try:
            return Expectation(
                event=head.event,
                at=head.at or None,
                fields=fields,
                times=self._times(raw, path),
                after=head.after,
                within=head.within if "within" in raw else None,
                where=self.file.locate(path),
            )
        except ScenarioError:
            raise
        except InputError as wrong:
            self._refuse(wrong.what, path, wrong.todo)

    def _times(self, raw: Mapping[str, Any], path: KeyPath) -> Times:
        """Return how often `raw` wants its event."""
        match self._exclusive(raw, ["count", "at-least", "at-most", "never"], path):
            case "count":
                return Times(raw["count"], raw["count"])
            case "at-least":
                return Times(raw["at-least"])
            case "at-most":
                return Times(0, raw["at-most"])
            case "never" if not raw["never"]:
                self._refuse("'never' can only be true", (*path, "never"), "leave it out to expect the event")
            case "never":
                return NEVER
        return Times()

    def _field(self, key: str, value: object, path: KeyPath) -> object:
        """Return the `value` that the field `key` of a record must have.

        A misspelt ``never`` or ``within`` would else be a field that no record has.
        """
        fields = self.vocabulary.fields
        if key not in PROTOCOL_FIELDS and key not in fields:
            folded = key.lower().replace("_", "-")
            near = difflib.get_close_matches(folded, keys_of(ExpectKeys), n=1, cutoff=0.8)
            if fields or near or folded in PROTOCOL_FIELDS or not key:
                known = [*keys_of(ExpectKeys), *PROTOCOL_FIELDS, *fields]
                self._refuse(f"unknown key {key!r}", path, did_you_mean(key, known))
        if isinstance(value, Mapping):
            return self._pattern(value, path)
        if not isinstance(value, str | int | float):
            self._refuse(f"{key!r} wants text, a number, true or false, found {found(value)}", path)
        if is_status(key) and not isinstance(value, str):  # a printer's status is a word
            self._build(StatusKeys, {"status": value}, path[:-1])
        return value

    def _pattern(self, raw: Mapping[str, Any], path: KeyPath) -> Contains | Between:
        """Return what a field has to be that is given as ``{contains: text}`` or ``{at-least: 3, at-most: 5}``."""
        keys = self._build(FieldKeys, raw, path)
        if keys.contains is not None and len(raw) == 1:
            return Contains(keys.contains)
        if keys.contains is not None or not raw:
            self._refuse("one of 'contains' or 'at-least' and 'at-most' is wanted", path, "keep one kind of them")
        if keys.at_least is not None and keys.at_most is not None and keys.at_most < keys.at_least:
            self._refuse(f"nothing is at least {keys.at_least} and at most {keys.at_most}", path, "swap them")
        return Between(keys.at_least, keys.at_most)

    def _exclusive(self, raw: Mapping[str, Any], words: Iterable[str], path: KeyPath) -> str | None:
        """Return which of `words` is a key of `raw`; two are an error."""
        given = [key for key in raw if key in set(words)]
        if len(given) > 1:
            self._refuse(f"{given[0]!r} and {given[1]!r} exclude each other", (*path, given[1]), "keep one of them")
        return given[0] if given else None

    def _rest(
        self, cls: type[S], raw: Mapping[str, Any], head: type[Settings], path: KeyPath, more: Iterable[str] = ()
    ) -> S:
        """Return the `cls` that the keys of `raw` describe which do not belong to `head`."""
        known = [*keys_of(head), *keys_of(cls)]
        for key in raw:
            if key not in known:
                self._refuse(f"unknown key {key!r}", (*path, key), did_you_mean(key, [*known, *more]))
        return self._build(cls, {key: value for key, value in raw.items() if key not in keys_of(head)}, path)

    def _known(self, noun: str, word: str, known: Iterable[str], nouns: str, path: KeyPath) -> None:
        """Refuse a `word` that is not among the `known`."""
        if word not in (words := list(known)):
            self._refuse(f"unknown {noun} {word!r}", path, did_you_mean(word, words, nouns))

    def _build(self, cls: type[S], raw: object, path: KeyPath) -> S:
        return build(cls, raw, locate=lambda inner: self.file.locate((*path, *inner)), error=ScenarioError)

    def _refuse(self, what: str, path: KeyPath, todo: str = "") -> Never:
        raise ScenarioError(what, self.file.locate(path), todo)


def _failing(step: ActionStep, fails: str | None, *, may_fail: bool) -> ActionStep:
    """Return a step, and what its stand-in does instead, that has to fail, or may."""
    instead = step.instead
    if isinstance(instead, ActionStep):
        instead = _failing(instead, fails, may_fail=may_fail)
    return replace(step, fails=fails, may_fail=may_fail, instead=instead)


def _shown(key: str, value: object) -> object:
    """Return a value as DICOM writes it: codes in hexadecimal."""
    return f"0x{value:04X}" if key in ("code", "status") and isinstance(value, int) else value


def _only(raw: Mapping[str, Any], head: type[Settings]) -> dict[str, Any]:
    """Return the entries of `raw` that belong to `head`."""
    return {key: value for key, value in raw.items() if key in keys_of(head)}
