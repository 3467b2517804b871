"""One plan, played: on a bench of its own, on the virtual clock, from a seed."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from linacsim.bench import Bench
from linacsim.errors import HarnessError, InputError, LinacsimError, PlayFailure
from linacsim.explore.story import Story
from linacsim.explore.subject import REST, Plan, Subject, composed
from linacsim.kernel.border.links import link_of
from linacsim.kernel.log import Record
from linacsim.scenario.loader import scenario_of
from linacsim.scenario.runner import Outcome, play
from linacsim.scenario.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class Open:
    """An association that nobody has ended."""

    at: str
    assoc: int
    other: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """What an invariant looks at.

    Attributes
    ----------
    subject : Subject
        The scenario.
    plan : tuple of dict
        The faults that were armed beside the scenario's own.
    seed : int
        What the run was drawn from.
    records : list of dict
        The event log.
    fired : tuple of int
        How often each fault of the plan has fired.
    kept : frozenset of str
        The paths of all objects that the peers have at the end.
    open : tuple of Open
        Associations that were left open.
    failures : tuple of str
        Steps of the healed phase that failed.
    error : HarnessError or None
        Why the run came to no end.
    undisturbed : Run or None
        The same without the plan; ``None`` if it is that.
    """

    subject: Subject
    plan: Plan
    seed: int
    records: list[Record]
    fired: tuple[int, ...] = ()
    kept: frozenset[str] = frozenset()
    open: tuple[Open, ...] = ()
    failures: tuple[str, ...] = ()
    error: HarnessError | None = None
    undisturbed: Run | None = None

    @cached_property
    def healed_at(self) -> int | None:
        """The time at which the faults were healed, in microseconds; ``None`` if it did not come to that."""
        heals = [one["t"] for one in self.records if one["event"] == "healed"]
        return heals[self.subject.heals] if len(heals) > self.subject.heals else None

    @cached_property
    def again_at(self) -> int | None:
        """The time at which the steps began once more."""
        return None if self.healed_at is None else self.healed_at + REST

    @cached_property
    def first(self) -> Story:
        """The steps under faults, and what comes of them before they are played once more."""
        end = self.again_at
        return Story([one for one in self.records if end is None or one["t"] < end])

    @cached_property
    def again(self) -> Story:
        """The steps once more; times count from their beginning."""
        start = self.again_at
        if start is None:
            return Story([])
        return Story([{**one, "t": one["t"] - start} for one in self.records if one["t"] >= start])

    @property
    def reference(self) -> Run:
        """The undisturbed run."""
        return self.undisturbed or self


def trial(subject: Subject, plan: Plan, seed: int, undisturbed: Run | None = None) -> Run:
    """Play the steps of `subject` with the faults of `plan`.

    Raises
    ------
    InputError
        If that cannot be played: the plan contradicts itself or the scenario, a function cannot be imported.
    """
    scenario = scenario_of(composed(subject, plan), vocabulary())
    bench = Bench(seed=seed)
    outcome, left, error = Outcome(), [], None
    try:
        with forgotten(subject.functions), bench:
            outcome = play(bench, scenario)
            left = list(_left_open(bench))
    except InputError:
        raise
    except PlayFailure as exc:
        # a fault that this device cannot have: a printer without a sorter
        raise InputError(str(exc)) from exc
    except LinacsimError as exc:
        error = exc if isinstance(exc, HarnessError) else HarnessError(str(exc))
    except Exception as exc:  # noqa: BLE001 - whatever breaks the bench is a finding about it, not the end of the exploration
        last = traceback.extract_tb(exc.__traceback__)[-1]
        error = HarnessError(f"{type(exc).__name__}: {exc} ({last.filename}:{last.lineno})")
    faults = outcome.faults[len(subject.faults) :]
    return Run(
        subject=subject,
        plan=plan,
        seed=seed,
        records=bench.log.records,
        fired=tuple(fault.fired for fault in faults),
        kept=frozenset(bench.shelf.names("objects")),
        open=tuple(left),
        failures=tuple(outcome.failures),
        error=outcome.error or error,
        undisturbed=undisturbed,
    )


def _left_open(bench: Bench) -> Iterator[Open]:
    for place in bench.kernel.places.values():
        for assoc in place.associations:
            link = link_of(assoc)
            yield Open(place.name, link.ordinal, link.other)


@contextmanager
def forgotten(functions: Iterable[str]) -> Iterator[None]:
    """Forget afterwards what was imported of the stack under test: the next run finds it as a new process would.

    What a module remembers - a connection that is kept, a counter - else goes from one seed into the next, and then the order
    of the seeds would matter.
    """
    roots = {name.partition(":")[0].partition(".")[0] for name in functions}
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in [*sys.modules]:
            if name not in before and name.partition(".")[0] in roots:
                _forget(name)


def _forget(name: str) -> None:
    module = sys.modules.pop(name)
    package, _, last = name.rpartition(".")
    parent: Any = sys.modules.get(package)
    if parent is not None and getattr(parent, last, None) is module:
        delattr(parent, last)
