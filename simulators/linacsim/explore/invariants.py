"""What has to be true of every run, whatever was armed.

An invariant is a function that looks at a `Run` and yields a `Violation` for each thing that is wrong; text alone will do. What
a peer or a step may say is measured against the undisturbed run: a step that tells success under faults has done what it does
without them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple

from linacsim.errors import Deadlock, HorizonReached, InputError, Livelock, TaskFailed
from linacsim.explore.story import NOTHING, Act, Group, Stored, Story
from linacsim.explore.subject import exactly
from linacsim.explore.trial import Run
from linacsim.kernel.log import Record
from linacsim.kernel.units import format_instant
from linacsim.scenario.expectation import Met, Unmet
from linacsim.settings import did_you_mean

_WARNING = 0xB
_PENDING = (0xFF00, 0xFF01)
_STUCK = (Deadlock, Livelock, HorizonReached)
_HANGS = "has not returned within"
_MISTAKES = (
    "ArithmeticError", "AssertionError", "AttributeError", "IndexError", "KeyError", "LookupError", "NameError",
    "NotImplementedError", "RecursionError", "TypeError", "UnboundLocalError", "UnicodeDecodeError", "ZeroDivisionError",
)  # fmt: skip
"""What no function raises on purpose to say that something could not be done."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that is wrong with a run.

    Attributes
    ----------
    text : str
        What, in a sentence.
    expect : tuple of mapping
        Expectations, as a file writes them, that are not met because of it: with them `linacsim play` shows it, too.
    """

    text: str
    expect: tuple[Mapping[str, Any], ...] = field(default=())


class Invariant(NamedTuple):
    """Something that has to be true of every run.

    Attributes
    ----------
    name : str
        As `--without` and the summary know it.
    about : str
        What it says.
    violations : callable
        Yields what is wrong, as a `Violation` or as text.
    """

    name: str
    about: str
    violations: Callable[[Run], Iterable[Violation | str]]


# nothing acknowledged is lost


def _acknowledged(run: Run) -> Iterator[Violation]:
    """Yield each C-STORE that a peer has answered with Success or a warning, and whose object it does not have."""
    usual = run.reference
    judged = {one.at for one in usual.first.stored} - {
        one.at for one in usual.first.stored if one.path not in usual.kept
    }
    objects = {
        (one.at, one.instance) for story in (run.first, run.again) for one in story.stored if one.path in run.kept
    }
    asked: dict[tuple[str, int, int], Record] = {}
    for record in run.records:
        at, way = record["at"], record.get("way")
        if at not in judged:
            continue
        if record["event"] == "C-STORE-RQ" and way == "received":
            asked[at, record["assoc"], record["message-id"]] = record
        elif record["event"] == "C-STORE-RSP" and way == "sent" and _is_success(record.get("status")):
            request = asked.get((at, record["assoc"], record.get("responds-to", 0)))
            instance = "" if request is None else request.get("sop-instance", "")
            if instance and (at, instance) not in objects:
                text = f"{at} has answered 0x{record['status']:04X} for {instance}, and does not have it"
                yield Violation(f"{text} ({_when(record)})")


def _is_success(status: object) -> bool:
    return isinstance(status, int) and (status == 0 or status >> 12 == _WARNING)


# a client that is told success is right about the other side


def _told(run: Run) -> Iterator[Violation]:
    """Yield what a step that told success would have stored, and has not."""
    usual, within = run.reference, {} if run.again_at is None else {"within": exactly(run.again_at)}
    yield from _untrue(run, usual.first, run.first, within)
    if run.undisturbed is not None:
        # what has arrived before need not be sent once more
        yield from _untrue(run, usual.again, run.again, {})


def _untrue(run: Run, usual: Story, story: Story, within: Mapping[str, str]) -> Iterator[Violation]:
    """Compare what steps tell with what is there, up to the first that fails: others may need what it has not done."""
    stored = run.first.stored | story.stored
    for group in usual.groups:
        if not all(_tells_success(story, act) for act in group.acts):
            return
        told = " and ".join(f"{act.peer}: {act.action}" for act in group.acts)
        if _names_last(run):
            there = {(one.at, one.instance) for one in stored}
            for one in sorted(one for one in group.stored if (one.at, one.instance) not in there):
                expect = {"event": "object-stored", "at": one.at, "object": one.path, **within}
                yield Violation(f"{told} told success, and {one.instance} is not at {one.at}", (expect,))
        else:
            yield from _too_few(group, stored if story is run.again else _stored_by(story, group), told)


def _tells_success(story: Story, usual: Act) -> bool:
    """Whether a step goes as it goes undisturbed: it is done, and has returned the same; or it fails there, too."""
    act = story.act(usual.peer, usual.ordinal)
    return not usual.is_done or (act is not None and act.is_done and act.returned == usual.returned)


def _stored_by(story: Story, usual: Group) -> Iterable[Stored]:
    first = (usual.acts[0].peer, usual.acts[0].ordinal)
    groups = (one for one in story.groups if any((act.peer, act.ordinal) == first for act in one.acts))
    return next(groups, Group()).stored


def _too_few(group: Group, stored: Iterable[Stored], told: str) -> Iterator[Violation]:
    found = Counter(one.at for one in stored)
    for peer, wanted in sorted(Counter(one.at for one in group.stored).items()):
        if found[peer] < wanted:
            yield Violation(f"{told} told success, and {peer} has {found[peer]} of {wanted} objects")


def _names_last(run: Run) -> bool:
    """Whether the same steps store the same instances each time; else they can only be counted."""
    usual = run.reference
    instances = [{(one.at, one.instance) for one in story.stored} for story in (usual.first, usual.again)]
    return instances[0] == instances[1]


# nothing is stored twice


def _twice(run: Run) -> Iterator[Violation]:
    """Yield what has been stored beside that which the same steps store undisturbed."""
    usual, found = run.reference.first.stored, run.first.stored
    for peer in sorted({one.at for one in usual}):
        wanted, here = _at(usual, peer), _at(found, peer)
        if _names_last(run):
            known = {one.instance for one in wanted}
            for one in sorted(one for one in here if one.instance not in known):
                expect = {"event": "object-stored", "at": peer, "object": one.path, "never": True}
                yield Violation(f"{peer} has {one.instance}, which the steps do not store undisturbed", (expect,))
        elif len(here) > len(wanted):
            end = {} if run.again_at is None else {"within": exactly(run.again_at or 0)}
            expect = {"event": "object-stored", "at": peer, "at-most": len(wanted), **end}
            yield Violation(f"{peer} has {len(here)} objects, where the steps mean {len(wanted)}", (expect,))


def _at(stored: Iterable[Stored], peer: str) -> set[Stored]:
    return {one for one in stored if one.at == peer}


# one operation at a time


def _one_at_a_time(run: Run) -> Iterator[Violation]:
    """Yield each request that has been sent on an association while another one waits for its response (PS3.7 D.3.3.3)."""
    waiting: dict[tuple[str, int], Record] = {}
    for record in run.records:
        event, way, key = record["event"], record.get("way"), (record["at"], record.get("assoc", 0))
        if way == "received" and event.endswith("-RSP") and record.get("status") not in _PENDING:
            if key in waiting and waiting[key].get("message-id") == record.get("responds-to"):
                del waiting[key]
        elif way == "sent" and "message-id" in record and event.endswith("-RQ") and event != "C-CANCEL-RQ":
            if key in waiting:
                before = waiting[key]
                text = f"{key[0]} sends {event} on association {key[1]}, whose {before['event']} has not been answered"
                named = {"at": key[0], "way": "sent", "assoc": key[1], "message-id": record["message-id"]}
                yield Violation(f"{text} ({_when(record)})", ({"event": event, **named, "never": True},))
            waiting[key] = record


# every association ends


def _left_open(run: Run) -> Iterator[Violation]:
    """Yield each association that is still open at the end."""
    for one in run.open:
        expect = {"event": "A-RELEASE-RP", "at": one.at, "assoc": one.assoc}
        yield Violation(f"{one.at} has left association {one.assoc} open, with {one.other or 'somebody'}", (expect,))


# everything comes to an end


def _stuck(run: Run) -> Iterator[Violation]:
    """Yield what waits for ever: a deadlock, time that stands still, a step or a function that does not end."""
    if isinstance(run.error, _STUCK):
        yield Violation(f"{type(run.error).__name__}: {run.error}")
    for act in (*run.first.acts, *run.again.acts):
        if not act.end:
            told = "; ".join(run.failures) or "the run is over"
            yield Violation(f"{act.peer}: {act.action} has not ended: {told}")
        elif _HANGS in act.reason:
            expect = {"event": "step-failed", "at": act.peer, "reason": {"contains": _HANGS}, "never": True}
            yield Violation(f"{act.peer}: {act.reason}", (expect,))


# nobody falls over


def _fallen(run: Run) -> Iterator[Violation]:
    """Yield each exception that nobody has meant: of a task, of an association's loop, of the code under test."""
    if isinstance(run.error, TaskFailed):
        yield Violation(str(run.error))
    for record in run.records:
        if record["event"] == "association-failed":
            expect = {"event": "association-failed", "at": record["at"], "never": True}
            yield Violation(f"{record['at']}: an association's loop has died of {record['error']}", (expect,))
    for act in run.first.acts:
        kind = act.reason.removeprefix(f"{act.function}: ").partition(":")[0]
        if act.function and kind in _MISTAKES:
            expect = {"event": "step-failed", "at": act.peer, "reason": {"contains": kind}, "never": True}
            yield Violation(f"{act.peer}: {act.reason}", (expect,))


# the healed phase recovers


def _recovery(run: Run) -> Iterator[Violation]:
    """Yield what does not go as usual when the steps are played once more, with no fault left."""
    if run.error is not None:
        return
    if run.undisturbed is None:
        yield from (Violation(f"played once more: {text}") for text in run.failures)
        return
    usual = {(act.peer, act.ordinal) for act in run.undisturbed.again.acts if act.is_done}
    failed = [act for act in run.again.acts if act.end and not act.is_done and (act.peer, act.ordinal) in usual]
    yield from (Violation(f"healed: {act.peer}: {act.action} failed: {act.reason}") for act in failed)
    if not failed:
        yield from _otherwise(run)
        yield from _unmet(run)


def _otherwise(run: Run) -> Iterator[Violation]:
    """Yield each function that returns something else than undisturbed."""
    for act in run.again.acts:
        before = run.reference.again.act(act.peer, act.ordinal)
        if before is None or not act.is_done or before.returned is NOTHING or act.returned == before.returned:
            continue
        text = f"healed: {act.peer}: {act.function} returned {act.returned!r} instead of {before.returned!r}"
        expect = {
            "event": "call-returned",
            "at": act.peer,
            "returned": before.returned,
            "after": exactly(run.again_at or 0),
        }
        yield Violation(text, (expect,) if before.returned is not None else ())


def _unmet(run: Run) -> Iterator[Violation]:
    """Yield the scenario's own expectations that are met undisturbed, and not when it is healed."""
    for raw, one in zip(run.subject.expect, run.subject.expectations, strict=True):
        if not isinstance(one.evaluate(run.reference.again.records), Met):
            continue
        result = one.evaluate(run.again.records)
        if isinstance(result, Unmet):
            start = run.again_at or 0
            window = {"after": exactly(start + one.after)}
            if one.within is not None:
                window["within"] = exactly(start + one.within)
            yield Violation(f"healed: {one.describe()}: {result.reason}", ({**raw, **window},))


INVARIANTS: dict[str, Invariant] = {
    one.name: one
    for one in (
        Invariant(
            "comes-to-an-end", "nothing waits for ever: no deadlock, no standing time, no call without a return", _stuck
        ),
        Invariant(
            "nobody-falls-over", "no exception ends a task, an association's loop or a function by mistake", _fallen
        ),
        Invariant(
            "acknowledged-is-kept",
            "a peer has each object for which it has answered Success or a warning",
            _acknowledged,
        ),
        Invariant(
            "told-is-true", "a step that tells success has stored at its peers what it stores undisturbed", _told
        ),
        Invariant("stored-once", "nothing is stored that the steps do not store undisturbed", _twice),
        Invariant(
            "one-at-a-time",
            "no request is sent on an association while another one waits for its response",
            _one_at_a_time,
        ),
        Invariant("associations-end", "every association is released, aborted or closed at the end", _left_open),
        Invariant("recovers", "healed, the same steps succeed, and the scenario's expectations are met", _recovery),
    )
}
"""All that come with linacsim, in the order in which they are looked at."""


def invariants_of(more: Iterable[str] = (), without: Iterable[str] = ()) -> tuple[Invariant, ...]:
    """Return those that come with linacsim but `without` some, and `more`, each ``package.module:function``.

    Raises
    ------
    InputError
        If there is no such invariant or function.
    """
    left_out = set(without)
    for name in left_out:
        if name not in INVARIANTS:
            raise InputError(f"no invariant {name!r}", "--without", did_you_mean(name, INVARIANTS, "invariants"))
    return (*(one for one in INVARIANTS.values() if one.name not in left_out), *(_own(name) for name in more))


def _own(name: str) -> Invariant:
    module, colon, path = name.partition(":")
    if not module or not colon or not path:
        raise InputError(f"{name!r} names no function", "--invariant", "write package.module:function")
    try:
        found: Any = import_module(module)
    except ImportError as exc:
        raise InputError(f"cannot be imported: {exc}", name, "is its folder on PYTHONPATH?") from exc
    for part in path.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise InputError(f"{module} has no function {path!r}", "--invariant")
    about = (found.__doc__ or "").strip().partition("\n")[0]
    return Invariant(name, about, found)


def judged(run: Run, invariants: Iterable[Invariant]) -> tuple[Invariant, list[Violation]] | None:
    """Return the first invariant that does not hold, and all that is wrong by it.

    Raises
    ------
    InputError
        If an invariant of the user's raises an exception.
    """
    for one in invariants:
        try:
            found = list(one.violations(run))
        except Exception as exc:
            if one.name in INVARIANTS:
                raise
            raise InputError(
                f"raises {type(exc).__name__}: {exc}", one.name, "an invariant yields what is wrong"
            ) from exc
        if found:
            return one, [each if isinstance(each, Violation) else Violation(each) for each in found]
    return None


def _when(record: Record) -> str:
    return f"at {format_instant(record['t'])}"
