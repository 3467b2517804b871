"""Rules beyond one attribute: preconditions, decided for each object, item or set that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from pydicom.dataset import Dataset

from linacsim.conformance.check.findings import About, Finding, State
from linacsim.conformance.check.items import Item, PrivateAddress, tag_of
from linacsim.conformance.check.judge import UNREAD_RULE, decide
from linacsim.conformance.check.readings import ANY, SET, Compiled, Place, readings_of
from linacsim.conformance.check.scope import Instance, ObjectSet, Scope
from linacsim.conformance.check.values import Broken, Unknown
from linacsim.conformance.system import System, Way
from linacsim.conformance.tables import Precondition


def judge_preconditions(system: System, way: Way, objects: ObjectSet, judged: set[str]) -> Iterator[Finding]:
    """Yield what the preconditions of a system say of a set of objects."""
    for precondition in system.preconditions:
        readings = readings_of(system).of_precondition(precondition.id)
        if not readings:
            judged.add(precondition.id)
            yield _person(precondition, _about_set(objects), UNREAD_RULE)
        for reading in readings:
            yield from _judge(system, way, objects, precondition, reading, judged)


def _judge(
    system: System, way: Way, objects: ObjectSet, precondition: Precondition, reading: Compiled, judged: set[str]
) -> Iterator[Finding]:
    said: set[tuple[int, str]] = set()
    for scope in _scopes(system, way, objects, reading.place or Place((ANY,))):
        verdict = decide(reading, scope)
        if verdict is None:
            continue
        judged.add(precondition.id)
        about = _about(scope, objects, reading.place)
        reasons = [reading.person] if reading.person else []
        if isinstance(verdict, Unknown):
            reasons.append(verdict.reason)
        for reason in reasons:
            if (id(scope.instance), reason) not in said:
                said.add((id(scope.instance), reason))
                yield _person(precondition, about, reason, always=reading.check is None)
        if isinstance(verdict, Broken):
            yield from _broken(system, way, objects, precondition, reading, scope, verdict, about)


def _broken(
    system: System,
    way: Way,
    objects: ObjectSet,
    precondition: Precondition,
    reading: Compiled,
    scope: Scope,
    verdict: Broken,
    about: About,
) -> Iterator[Finding]:
    effect = reading.effect or system.consequence(way, "precondition")
    if effect.effect != "not documented" and not effect.section:
        effect = effect.model_copy(update={"section": precondition.section})
    found = verdict.found or (reading.check.found(scope) if reading.check else "")
    for item in [one for one in verdict.at if isinstance(one, Item)] or [scope.item]:
        owner = objects.by_root.get(id(item.root))
        who = about_of(owner) if owner else about
        path = item.path_to(reading.line.about)
        yield Finding(
            precondition.id,
            precondition.section,
            who,
            path,
            found,
            precondition.rule,
            State.BROKEN,
            effect,
            sentence=precondition.rule,
        )


def _person(precondition: Precondition, about: About, reason: str, *, always: bool = False) -> Finding:
    one, words = precondition, precondition.rule
    finding = Finding(one.id, one.section, about, "", "", words, State.PERSON, reason=reason)
    return replace(finding, sentence=words, always=always)


def _scopes(system: System, way: Way, objects: ObjectSet, place: Place) -> Iterator[Scope]:
    """Yield the scopes that a precondition is decided in."""
    if place.kinds == (SET,):
        nothing = Instance(Dataset())
        yield Scope(nothing.root, nothing, objects, way, system)
        return
    for instance in objects.objects:
        if ANY in place.kinds or instance.kind in place.kinds:
            for item in _items(system, instance.root, place.steps):
                yield Scope(item, instance, objects, way, system)


def _items(system: System, item: Item, steps: tuple[str, ...]) -> Iterator[Item]:
    if not steps:
        yield item
        return
    for address in _addresses(system, steps[0]):
        values = item.read(address)
        for one in values if isinstance(values, list) else ():
            if isinstance(one, Item):
                yield from _items(system, one, steps[1:])


@lru_cache(maxsize=1024)
def _addresses(system: System, step: str) -> tuple[int | PrivateAddress, ...]:
    if "," not in step:
        tag = tag_of(step)
        return () if tag is None else (tag,)
    group, _, element = step.partition(",")
    if "x" not in element:
        return (int(group + element, 16),)
    known = [
        (one.creator or "", one.vr or "") for one in system.private if (one.group, one.element) == (group, element)
    ]
    number = (int(group, 16), int(element.replace("x", "0"), 16))
    return tuple(PrivateAddress(*number, creator, vr) for creator, vr in dict.fromkeys(known or [("", "")]))


def about_of(instance: Instance) -> About:
    """Return what a finding says of an object."""
    return About(instance.file, instance.name, instance.uid, instance.series)


def _about(scope: Scope, objects: ObjectSet, place: Place | None) -> About:
    return _about_set(objects) if place is not None and place.kinds == (SET,) else about_of(scope.instance)


def _about_set(objects: ObjectSet) -> About:
    patient = objects.objects[0].patient if objects.objects else ""
    number = len(objects.objects)
    return About(f"{number} object{'s' if number != 1 else ''} of patient {patient or 'without ID'}", "set")
