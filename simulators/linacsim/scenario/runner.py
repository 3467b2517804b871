"""Plays a scenario on a bench and judges it.

The runner sees the bench as a `Stage`: peers are added, faults armed, steps played as tasks. It does not know which clock
it is on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from linacsim.devices.device import Device
from linacsim.errors import (
    Deadlock,
    HarnessError,
    HorizonReached,
    InputError,
    Livelock,
    PlayFailure,
    ScenarioError,
)
from linacsim.faults import ACTIONS, Armed
from linacsim.faults.model import occasion
from linacsim.faults.when import happening_of
from linacsim.kernel.core import Kernel
from linacsim.kernel.log import EventLog, Record
from linacsim.kernel.tasks import Task
from linacsim.kernel.units import MINUTE, SECOND, format_duration
from linacsim.scenario.account import account, flood
from linacsim.scenario.expectation import Met, Unmet
from linacsim.scenario.loader import BENCH
from linacsim.scenario.model import ActionStep, FaultSpec, HealStep, Scenario, Step, TogetherStep, WaitStep
from linacsim.scenario.sut import Address, with_suts
from linacsim.scenario.verdict import Verdict, judge

LINGER = 2 * MINUTE
"""After the last step the bench goes on for this long, or until every expectation is met."""
_GLANCE = SECOND
FLOOD = 200_000
"""Events after which a run is given up: nobody looks at more, and they must not fill the memory."""
_AFTERWARDS = 100
UNDER_TEST = ("remote", "program", "code")
"""The kinds of peers that are the stack under test, or may be: what they do is not the bench's fault."""


class Stage(Protocol):
    """What the runner needs of a bench."""

    devices: dict[str, Device]

    @property
    def kernel(self) -> Kernel:
        """The kernel underneath."""

    @property
    def log(self) -> EventLog:
        """The event log."""

    def add(self, kind: str, name: str = "", *, port: int | None = None, settings: Any = None) -> Device:
        """Add a peer."""

    def arm(self, name: str, faults: list[Armed]) -> None:
        """Arm faults of the network at a peer."""

    def heal(self, name: str = "") -> None:
        """Call faults of the network off, all or those at a peer."""

    def play(self, fn: Callable[..., Any], *args: Any, place: Any = None, limit: int = 0) -> Any:
        """Run `fn` as a task and wait for its end."""

    def settle(self) -> None:
        """Let associations that are ending come to their end."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run has shown.

    Attributes
    ----------
    verdict : Verdict
        Pass, fail, inconclusive or error.
    expectations : list of (str, Met or Unmet)
        Each expectation in words, and its result.
    faults : list of Armed
        The armed faults with how often they have fired.
    failures : list of str
        Steps that failed and should not have, or the other way round.
    happened : list of int
        How often the event of each fault has happened at its peer, whatever its conditions.
    error : HarnessError or None
        Why the bench could not go on.
    """

    verdict: Verdict = Verdict.PASS
    expectations: list[tuple[str, Met | Unmet]] = field(default_factory=list)
    faults: list[Armed] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    happened: list[int] = field(default_factory=list)
    error: HarnessError | None = None


def play(stage: Stage, scenario: Scenario, suts: Iterable[Address] = ()) -> Outcome:
    """Play `scenario` and judge it.

    Parameters
    ----------
    stage : Stage
        The bench.
    scenario : Scenario
        What is played.
    suts : iterable of Address
        Real products in the place of the stack under test; its stand-ins play without them.

    Raises
    ------
    InputError
        If the scenario cannot be set up: unknown peer, a file that cannot be printed, a fault without an event.
    """
    outcome = Outcome()
    scenario = with_suts(scenario, suts)
    if BENCH in scenario.peers:
        raise ScenarioError(f"no peer may be called {BENCH}", scenario.peers[BENCH].where, "choose another AE title")
    script: _Script | None = None
    try:
        outcome.faults = _set_up(stage, scenario)
        script = _Script(stage, scenario, outcome)
        stage.play(script.run, place=stage.kernel.place(BENCH), limit=scenario.limit)
        if not script.is_flooded:
            stage.settle()
    except HarnessError as exc:
        blamed = script.blamed(exc) if script is not None else ""
        if blamed:
            outcome.failures.append(blamed)
        else:
            outcome.error = exc
    _judge(stage, scenario, outcome)
    return outcome


def _judge(stage: Stage, scenario: Scenario, outcome: Outcome) -> None:
    records = list(stage.log.records)
    outcome.expectations = [(one.describe(), one.evaluate(records)) for one in scenario.expect]
    unfired = [fault for fault in outcome.faults if not fault.fired]
    outcome.happened = [
        0 if fault.fired else sum(one["event"] == fault.on and one["at"] == spec.at for one in records)
        for spec, fault in zip(scenario.faults, outcome.faults, strict=False)
    ]
    results = [result for _text, result in outcome.expectations]
    outcome.failures[:0] = _complaints(stage, scenario)
    if outcome.failures or any(isinstance(result, Unmet) for result in results):
        outcome.failures += _account(stage, scenario, outcome)
    outcome.verdict = judge(results, outcome.failures, unfired, outcome.error)
    # the verdict finds room, and whoever floods the bench until it is closed does not find much
    stage.log.most = (stage.log.most or 0) + _AFTERWARDS
    stage.log.add(BENCH, "verdict", verdict=str(outcome.verdict))


def _complaints(stage: Stage, scenario: Scenario) -> list[str]:
    """Return what went wrong at a peer that no step has told, unless the scenario looks at it itself."""
    looked_at = {one.at for one in scenario.expect if one.event == "program-ended"}
    told = [(name, device.complaint()) for name, device in stage.devices.items() if name not in looked_at]
    return [f"{name}: {complaint}" for name, complaint in told if complaint]


def _account(stage: Stage, scenario: Scenario, outcome: Outcome) -> list[str]:
    """Return what the stack under test did instead of what was expected."""
    if not any(peer.kind in UNDER_TEST for peer in scenario.peers.values()):
        return []
    places = [device.place for device in stage.devices.values() if device.kind.serves]
    listening = {place.name: f"{place.address[0]}:{place.address[1]}" for place in places if place.address is not None}
    pairs = zip(scenario.expect, outcome.expectations, strict=True)
    unmet = {one.at or "" for one, (_text, result) in pairs if isinstance(result, Unmet)}
    waiting = [] if outcome.failures else [name for name in listening if name in unmet]
    return account(stage.log.records, listening, waiting)


def _set_up(stage: Stage, scenario: Scenario) -> list[Armed]:
    """Add the peers and arm the faults."""
    for peer in scenario.peers.values():
        stage.add(peer.kind, peer.title, settings=peer.settings)
    armed = []
    by_peer: dict[str, list[Armed]] = {}
    for ordinal, spec in enumerate(scenario.faults, 1):
        fault = _armed(spec)
        fault.ordinal = ordinal
        armed.append(fault)
        if spec.do in ACTIONS:
            by_peer.setdefault(spec.at, []).append(fault)
        else:
            _arm_hardware(stage, spec, fault)
    for name, faults in by_peer.items():
        stage.arm(name, faults)
    return armed


def _armed(spec: FaultSpec) -> Armed:
    on = spec.on or ""
    if spec.do in ACTIONS:
        on = occasion(spec.do, on, spec.where, ScenarioError, spec.conditions.way or "")
    elif not on:
        raise ScenarioError(f"when does {spec.do!r} strike?", spec.where, "add 'on:' with an event, such as C-STORE-RQ")
    return Armed(
        do=spec.do,
        on=on,
        when=spec.occurrence,
        conditions=spec.conditions,
        parameters=spec.parameters,
        text=spec.text,
    )


def _arm_hardware(stage: Stage, spec: FaultSpec, fault: Armed) -> None:
    """Let a breakage of the hardware strike when its event is logged at its peer."""
    device = stage.devices[spec.at]
    if spec.do not in device.kind.breakages:
        todo = f"what breaks there: {', '.join(device.kind.breakages)}" if device.kind.breakages else ""
        raise ScenarioError(f"a {device.kind.name} has no {spec.do!r}", spec.where, todo or "choose another peer")
    device.check(spec.do)

    def listen(record: Record) -> None:
        if record["at"] != spec.at:
            return
        if fault.conditions.until == record["event"]:
            fault.off = True
        if record["event"] == fault.on and fault.strikes(fault.on, happening_of(record, stage.kernel)):
            fault.tell(device.place, fault.on, device=device.kind.name)
            device.strike(spec.do, spec.parameters)

    stage.log.listeners.append(listen)


class _FloodedError(Exception):
    """More has happened than anybody looks at."""


class _Script:
    """The steps of a scenario, as a task."""

    def __init__(self, stage: Stage, scenario: Scenario, outcome: Outcome) -> None:
        self._stage = stage
        self._scenario = scenario
        self._outcome = outcome
        self._kernel = stage.kernel
        self._task: Task | None = None
        self._under_way: list[ActionStep] = []
        self.is_flooded = False
        stage.log.most, stage.log.on_flood = FLOOD, self._flood

    def run(self) -> None:
        """Play the steps, then linger until the expectations are met."""
        self._task = self._kernel.running_task()
        try:
            for step in self._scenario.steps:
                if not self._play(step):
                    return
            self._linger()
        except _FloodedError:
            self._outcome.failures.append(flood(self._stage.log.records))

    def blamed(self, error: HarnessError) -> str:
        """Return why the run has failed that the bench could not go on with; empty if that is the bench's own fault."""
        steps = [f"{step} has not ended" for step in self._under_way]
        if isinstance(error, HorizonReached):
            limit = f"Not over within its limit of {format_duration(self._scenario.limit)}"
            return "; ".join([limit, *steps])
        kinds = self._scenario.peers
        if isinstance(error, Deadlock | Livelock) and any(
            kinds[step.peer].kind in UNDER_TEST for step in self._under_way
        ):
            return "; ".join([*steps, str(error).splitlines()[0].removesuffix("; who waits for what:")])
        return ""

    def _flood(self) -> None:
        """More has happened than anybody looks at: let whatever waits for the end of a step know."""
        self.is_flooded = True
        if self._task is not None:
            self._task.unpark()

    def _pause(self, duration: int) -> None:
        """Let bench time pass."""
        self._kernel.sleep(duration)
        if self.is_flooded:
            raise _FloodedError

    def _join(self, task: Task) -> None:
        """Wait until `task` has ended."""
        while not task.done.triggered:
            self._kernel.join(task)
            if self.is_flooded and not task.done.triggered:
                raise _FloodedError

    def _play(self, step: Step) -> bool:
        """Play a step; return whether the script goes on."""
        if isinstance(step, WaitStep):
            self._pause(step.duration)
            return True
        if isinstance(step, HealStep):
            return self._heal(step)
        if isinstance(step, TogetherStep):
            tasks = [self._kernel.spawn(self._play, each, name=f"step {each}") for each in step.steps]
            for task in tasks:
                self._kernel.heed(task)
            for task in tasks:
                self._join(task)
            return all(_returned(task) for task in tasks)
        return self._act(step)

    def _heal(self, step: HealStep) -> bool:
        """Call faults off: those of the network, and those of the hardware that have not struck yet."""
        for spec, fault in zip(self._scenario.faults, self._outcome.faults, strict=True):
            if step.at in ("", spec.at):
                fault.off = True
        self._stage.heal(step.at)
        self._stage.log.add(BENCH, "healed", **({"peer": step.at} if step.at else {}))
        return True

    def _act(self, step: ActionStep) -> bool:
        device = self._stage.devices[step.peer]
        device.place.log("step-started", step=step.action)
        task = self._kernel.spawn(device.act, step.action, step.parameters, name=f"step {step}", place=device.place)
        self._under_way.append(step)
        self._join(task)
        self._under_way.remove(step)
        reason = _failure(task, step)
        if reason is None:
            device.place.log("step-done", step=step.action)
        else:
            device.place.log(
                "step-failed", step=step.action, reason=reason, expected=step.fails is not None or step.may_fail or None
            )
        return self._as_expected(step, reason)

    def _as_expected(self, step: ActionStep, reason: str | None) -> bool:
        if step.may_fail:
            return True
        if step.fails is None and reason is None:
            return True
        if reason is None:
            self._outcome.failures.append(f"{step} should have failed with {step.fails!r}")
            return False
        if step.fails is not None and step.fails.lower() in reason.lower():
            return True
        wanted = f" (expected: {step.fails!r})" if step.fails is not None else ""
        self._outcome.failures.append(f"{step} failed: {reason}{wanted}")
        return False

    def _linger(self) -> None:
        end, seen = self._kernel.now + LINGER, -1
        while self._kernel.now < end:
            records = self._stage.log.records
            if len(records) != seen:
                seen = len(records)
                if all(isinstance(one.evaluate(records), Met) for one in self._scenario.expect):
                    return
            self._pause(_GLANCE)


def _returned(task: Task) -> bool:
    if task.raised is not None:
        raise task.raised
    return bool(task.done.value)


def _failure(task: Task, step: ActionStep) -> str | None:
    """Return why a step came to nothing; errors of the input and of the bench are raised."""
    error = task.raised
    if error is None:
        return None
    if isinstance(error, PlayFailure):
        return str(error)
    if isinstance(error, InputError | HarnessError):
        raise error
    raise HarnessError(f"{step}: {type(error).__name__}: {error}") from error


def result_of(scenario: Scenario, outcome: Outcome, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run's result as a plain mapping, for reports; `more` is added."""
    failures = list(outcome.failures)
    if outcome.error is not None:
        failures.append(f"{type(outcome.error).__name__}: {outcome.error}")
    return {
        "scenario": scenario.title,
        "about": scenario.about,
        "verdict": str(outcome.verdict),
        "requires": list(scenario.requires),
        "peers": {peer.title: peer.kind for peer in scenario.peers.values()},
        "expectations": [
            {
                "text": text,
                "met": isinstance(result, Met),
                "reason": getattr(result, "reason", ""),
                "events": list(result.records),
            }
            for text, result in outcome.expectations
        ],
        "faults": [
            {
                "text": fault.text or f"{fault.do} on {fault.on}",
                "fired": fault.fired,
                "ordinal": ordinal,
                "fault": fault.do,
                "at": spec.at,
                "on": fault.on,
                "seen": fault.seen,
                "happened": happened,
                "when": str(fault.when),
            }
            for ordinal, (spec, fault, happened) in enumerate(
                zip(scenario.faults, outcome.faults, outcome.happened, strict=False), 1
            )
        ],
        "failures": failures,
        **more,
    }
