"""What a fault could strike on: words, peers and events of which the undisturbed run shows that they are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from linacsim.devices.registry import KINDS
from linacsim.explore.settings import HARDWARE, drawable, settings_of
from linacsim.explore.subject import UNDER_TEST, Subject
from linacsim.faults.model import ARMED, ASSOCIATE, CONNECTION, DATA, REACH, WORDS, Word
from linacsim.faults.when import RECEIVED, SENT
from linacsim.kernel.log import Record

_LIES = ("duplicate-instance", "misbehave", "misreport")
"""What makes a right client wrong: it is told success for what has not come about."""
_LIVE = ("break-tls",)
"""What needs real sockets."""
_LISTENER = ("refuse", "black-hole", "backlog-full")
_CALLER = ("refuse", "black-hole", "unresolvable")
_ACCEPTOR = "accept-then-silent"
_SCRIPT = ("step-started", "step-done", "step-failed", "call-started", "call-returned", "fault-fired")
_WITHOUT_DATA = ("C-STORE-RSP", "C-MOVE-RSP", "C-GET-RSP", "C-ECHO-RQ", "C-ECHO-RSP", "N-DELETE-RQ", "N-DELETE-RSP")


class Chance(NamedTuple):
    """Something that a fault can strike on.

    Attributes
    ----------
    layer, do : str
        What goes wrong.
    at : str
        The peer.
    on, way : str
        The event, and which way it goes; an empty way is left out.
    times : int
        How often the undisturbed run shows it.
    """

    layer: str
    do: str
    at: str
    on: str
    way: str
    times: int


class Seen:
    """What the undisturbed run shows of one peer.

    Attributes
    ----------
    name, kind : str
        The peer, and what it is.
    wire : Counter of (str, str)
        PDUs and messages by event and way.
    others : Counter of str
        Everything else on its log.
    """

    def __init__(self, name: str, kind: str, records: Iterable[Record]) -> None:
        self.name, self.kind = name, kind
        self.wire: Counter[tuple[str, str]] = Counter()
        self.others: Counter[str] = Counter()
        for record in records:
            if "way" in record:
                self.wire[record["event"], record["way"]] += 1
            elif record["event"] not in _SCRIPT:
                self.others[record["event"]] += 1
        self.accepted = self.wire[ASSOCIATE, RECEIVED]
        self.opened = self.wire[ASSOCIATE, SENT]

    @property
    def is_ours(self) -> bool:
        """Whether it is a peer of the bench, not the stack under test."""
        return self.kind not in UNDER_TEST


def chances(subject: Subject, records: Iterable[Record]) -> list[Chance]:
    """Return everything that could strike a run of `subject` whose undisturbed `records` are these."""
    by_peer: dict[str, list[Record]] = {}
    for record in records:
        by_peer.setdefault(record["at"], []).append(record)
    found: list[Chance] = []
    for title, entry in subject.peers.items():
        seen = Seen(title, str(entry["kind"]), by_peer.get(title, ()))
        # nothing of a product breaks on demand, and a stand-in stands for one
        if seen.kind != "sut":
            found += _of_the_network(seen)
            found += _of_the_hardware(seen)
    return found


def _of_the_network(seen: Seen) -> Iterator[Chance]:
    for do, word in WORDS.items():
        if do in _LIES or not drawable(do):
            continue
        for on, way, count in dict.fromkeys(_occasions(do, word, seen)):
            if count:
                yield Chance(word.layer, do, seen.name, on, way, count)


def _occasions(do: str, word: Word, seen: Seen) -> Iterator[tuple[str, str, int]]:
    if word.layer == REACH:
        yield from _reached(do, seen)
        return
    if word.layer == DATA:
        # what the stack under test sends is its own; only what it is sent may be wrong
        if seen.is_ours:
            yield from (
                (on, SENT, seen.wire[on, SENT])
                for on in word.events
                if on not in _WITHOUT_DATA and settings_of(do, on) is not None
            )
        return
    for on, way in seen.wire:
        if on in word.events:
            yield on, way, seen.wire[on, way]
        if on in word.served and way == RECEIVED and seen.is_ours:
            yield on, "", seen.wire[on, way]
    if CONNECTION in word.events:
        for way in (SENT, RECEIVED):
            yield CONNECTION, way, seen.accepted + seen.opened
    if word.wide:
        yield from ((on, "", count) for on, count in seen.others.items())


def _reached(do: str, seen: Seen) -> Iterator[tuple[str, str, int]]:
    if do == _ACCEPTOR:
        yield CONNECTION, "", seen.accepted if seen.is_ours else 0
    if do in _CALLER:
        yield CONNECTION, SENT, seen.opened
    if do in _LISTENER and seen.accepted:
        yield ARMED, "", 1
        yield from ((on, "", count) for on, count in seen.others.items())


def _of_the_hardware(seen: Seen) -> Iterator[Chance]:
    kind = KINDS.get(seen.kind)
    for do in kind.breakages if kind is not None and seen.is_ours else ():
        if do not in (*WORDS, *_LIVE, *_LIES) and settings_of(do, "", seen.kind) is not None:
            for on, count in [*seen.others.items(), *((event, n) for (event, _way), n in seen.wire.items())]:
                yield Chance(HARDWARE, do, seen.name, on, "", count)
