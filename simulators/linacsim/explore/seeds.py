"""One seed: the undisturbed run, a plan from what it shows, the disturbed run, and the smallest plan that shows the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any

from linacsim.errors import Deadlock, HorizonReached, InputError, Livelock, TaskFailed
from linacsim.explore.drawing import drawn
from linacsim.explore.invariants import Invariant, Violation, invariants_of, judged
from linacsim.explore.seen import chances
from linacsim.explore.shrinking import shrunk
from linacsim.explore.subject import Plan, Subject
from linacsim.explore.trial import Run, trial

MOST = 3
"""So many faults at most stand in a plan."""
PATIENCE = 120
"""Seconds of real time that one run may take."""
_JUDGED = (Deadlock, Livelock, HorizonReached, TaskFailed)
"""Ends of the bench that an invariant judges; others say that the bench itself is wrong."""
_ALONE = threading.Lock()
"""A thread of a cluster's worker plays alone: a bench puts its own clock into the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be explored with one seed.

    Attributes
    ----------
    subject : Subject
        The scenario.
    seed : int
        The seed of the plan and of the run.
    most : int
        How many faults at most.
    plan : tuple of dict or None
        The faults, if they are not to be drawn.
    invariants, without : tuple of str
        Invariants of the user's, and those of linacsim that are left out.
    shrinks : bool
        Whether a plan that fails is shrunk.
    patience : int
        Seconds of real time after which a run is given up.
    """

    subject: Subject
    seed: int
    most: int = MOST
    plan: Plan | None = None
    invariants: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    shrinks: bool = True
    patience: int = PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An invariant that does not hold.

    Attributes
    ----------
    seed : int
        With which seed.
    invariant, about : str
        Which one, and what it says.
    texts : tuple of str
        What is wrong, each in a sentence.
    expect : tuple of mapping
        Expectations that are not met because of it.
    plan, drawn : tuple of dict
        The smallest plan, and the one that it was shrunk from.
    is_repeatable : bool
        Whether the same plan shows the same again.
    """

    seed: int
    invariant: str
    about: str
    texts: tuple[str, ...]
    expect: tuple[Mapping[str, Any], ...] = field(default=())
    plan: Plan = ()
    drawn: Plan = ()
    is_repeatable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What has become of one seed.

    Attributes
    ----------
    seed : int
        Which.
    finding : Finding or None
        What does not hold.
    error : str
        What is wrong with the bench; empty if nothing is.
    refused : str
        Why it cannot be played at all; empty if it can.
    crashed : str
        How the process has ended that played it; empty if it has not.
    fired : tuple of str
        The words of the drawn faults that have fired.
    faults, plays : int
        How many faults were drawn, and how many runs were played.
    """

    seed: int
    finding: Finding | None = None
    error: str = ""
    refused: str = ""
    crashed: str = ""
    fired: tuple[str, ...] = ()
    faults: int = 0
    plays: int = 0


class TakesTooLong(BaseException):
    """A run takes more real time than it may; no `except Exception` of a stack under test swallows it."""


def explore_seed(task: Task) -> Result:
    """Explore one seed; whatever happens is in the result."""
    try:
        with _ALONE:
            return _explore(task)
    except InputError as exc:
        return Result(seed=task.seed, refused=str(exc))
    except TakesTooLong:
        text = f"a run has not ended within {task.patience} s of real time: somebody loops without waiting, or --patience is too short"
        return Result(seed=task.seed, crashed=text)


def _explore(task: Task) -> Result:
    invariants = invariants_of(task.invariants, task.without)
    usual = _trial(task, ())
    if _is_ours(usual):
        return Result(seed=task.seed, error=str(usual.error), plays=1)
    if found := judged(usual, invariants):
        return Result(seed=task.seed, finding=_finding(task, found, (), ()), plays=1)
    plan, run = _played(task, task.plan if task.plan is not None else _drawn(task, usual), usual)
    fired = tuple(fault["do"] for fault, count in zip(plan, run.fired, strict=False) if count)
    result = Result(seed=task.seed, faults=len(plan), fired=fired, plays=2)
    if _is_ours(run):
        return replace(result, error=f"{run.error} (with {_words(plan)})")
    found = judged(run, invariants)
    if found is None:
        return result
    finding, plays = _shrunk(task, usual, run, found)
    return replace(result, finding=finding, plays=2 + plays)


def _trial(task: Task, plan: Plan, usual: Run | None = None) -> Run:
    """Play a plan, within the real time that a run may take."""
    with _limited(task.patience):
        return trial(task.subject, plan, task.seed, usual)


def _is_ours(run: Run) -> bool:
    """Whether the run has ended because something is wrong with the bench."""
    return run.error is not None and not isinstance(run.error, _JUDGED)


def _words(plan: Plan) -> str:
    return ", ".join(f"{fault['do']} at {fault['at']}" for fault in plan) or "no fault"


def _drawn(task: Task, usual: Run) -> Plan:
    """Return the plan of the seed, from what the undisturbed run shows before anything is healed."""
    heals = (one["t"] for one in usual.records if one["event"] == "healed" and "peer" not in one)
    end = next(heals, None)
    seen = [record for record in usual.records if end is None or record["t"] < end]
    kinds = {title: str(entry["kind"]) for title, entry in task.subject.peers.items()}
    return drawn(task.seed, chances(task.subject, seen), kinds, task.most)


def _played(task: Task, plan: Plan, usual: Run) -> tuple[Plan, Run]:
    """Play a plan; a fault that contradicts another one, or that the device cannot have, is left out."""
    try:
        return plan, _trial(task, plan, usual)
    except InputError:
        if not plan or task.plan is not None:
            raise
    for number in reversed(range(len(plan))):
        rest = plan[:number] + plan[number + 1 :]
        try:
            return rest, _trial(task, rest, usual)
        except InputError:
            continue
    return _played(task, plan[:-1], usual)


def _shrunk(task: Task, usual: Run, run: Run, found: tuple[Invariant, list[Violation]]) -> tuple[Finding, int]:
    invariant, plan = found[0], run.plan

    def fails(other: Plan) -> bool:
        try:
            return judged(_trial(task, other, usual), (invariant,)) is not None
        except TakesTooLong:
            # another thing that is wrong, and not the one that is looked for
            return False

    if not fails(plan):
        return _finding(task, found, plan, plan, is_repeatable=False), 1
    smallest, tries = shrunk(plan, fails) if task.shrinks else (plan, 0)
    last = judged(_trial(task, smallest, usual), (invariant,)) if smallest != plan else found
    return _finding(task, last or found, smallest, plan, is_repeatable=last is not None), tries + 2


def _finding(
    task: Task, found: tuple[Invariant, list[Violation]], plan: Plan, before: Plan, *, is_repeatable: bool = True
) -> Finding:
    invariant, violations = found
    return Finding(
        seed=task.seed,
        invariant=invariant.name,
        about=invariant.about,
        texts=tuple(one.text for one in violations),
        expect=tuple(each for one in violations for each in one.expect),
        plan=plan,
        drawn=before,
        is_repeatable=is_repeatable,
    )


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Give up what takes more real time than that, where the system can: in the main thread of a process."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise TakesTooLong

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
