"""Objects against a system: each against its table, all of one patient against the rules beyond one attribute."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.uid import UID

from linacsim.conformance.check.findings import Finding, Report, State, Unread
from linacsim.conformance.check.judge import Judge
from linacsim.conformance.check.plan import plan_of
from linacsim.conformance.check.preconditions import about_of, judge_preconditions
from linacsim.conformance.check.scope import Instance, ObjectSet
from linacsim.conformance.model import Role
from linacsim.conformance.system import Iod, System, Way

_TAKES = {"import": (Role.SCP, Role.FILE_IMPORT), "export": (Role.SCU, Role.FILE_EXPORT)}


def check(
    objects: Iterable[Instance | Dataset], system: System, way: Way = "import", unread: Sequence[Unread] = ()
) -> Report:
    """Check objects against a system.

    Parameters
    ----------
    objects : iterable of Instance or pydicom.Dataset
        The objects; those of one Patient ID are a set.
    system : System
        The system whose tables count.
    way : {"import", "export"}
        Whether it reads or writes them.
    unread : sequence of Unread
        Files that are no objects, for the report.

    Raises
    ------
    InputError
        If a table of the system is wrong.
    """
    given = [one if isinstance(one, Instance) else Instance(one, f"object {n}") for n, one in enumerate(objects, 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's words on odd values; the findings are ours
        return _check(given, system, way, unread)


def _check(given: list[Instance], system: System, way: Way, unread: Sequence[Unread]) -> Report:
    report = Report(system.id, system.head.title, way, given, list(unread))
    report.findings.extend(_twice(given))
    for one in _by_patient(given):
        for instance in one.objects:
            report.findings.extend(_one(instance, one, system, way, report.judged))
        _add(report.findings, judge_preconditions(system, way, one, report.judged))
    return report


def _add(known: list[Finding], more: Iterable[Finding]) -> None:
    """Add what preconditions found; what one says of an element that a row complains of goes along with that finding."""
    where = {(one.about.file, one.path): n for n, one in enumerate(known) if one.state is State.BROKEN and one.path}
    for one in more:
        place = where.get((one.about.file, one.path)) if one.state is State.BROKEN else None
        if place is None:
            known.append(one)
            continue
        first = known[place]
        effect = one.effect if first.effect.effect == "not documented" else first.effect
        known[place] = replace(first, effect=effect, also=(*first.also, one))


def _by_patient(given: list[Instance]) -> list[ObjectSet]:
    patients: dict[str, list[Instance]] = defaultdict(list)
    for one in given:
        patients[one.patient].append(one)
    return [ObjectSet(some) for some in patients.values()]


def _one(instance: Instance, objects: ObjectSet, system: System, way: Way, judged: set[str]) -> list[Finding]:
    judged.add("sop-class")
    iod = system.iod_of(instance.sop_class, instance.text("Modality"), way)
    if iod is None:
        return [_not_taken(instance, system, way)]
    found = list(_transfer_syntax(instance, system, way, judged))
    plan = plan_of(system, iod, way)
    if not plan.nodes:
        found.append(_untabled(instance, iod))
    found.extend(Judge(system, way, instance, objects, plan, judged).run())
    return found


def _not_taken(instance: Instance, system: System, way: Way) -> Finding:
    names = [one.name for one in system.iods if one.goes(way)]
    wanted = f"{system.head.title} {way}s {', '.join(names)}" if names else f"{system.head.title} documents no {way}"
    effect = system.consequence(way, "sop-class")
    name = instance.name if instance.sop_class else "no SOP Class UID"
    section = next((one.head.section for one in system.iods if one.goes(way)), "")
    about = about_of(instance)
    if any(instance.sop_class in one.head.candidates for one in system.iods if one.goes(way)):
        found = f"{instance.text('Modality') or 'no'} of {name}"
        wanted += f"; by modality {', '.join(one.head.modality or '' for one in system.iods if one.head.candidates)}"
        return Finding("sop-class", section, about, "Modality", found, wanted, effect=effect)
    return Finding("sop-class", section, about, "SOPClassUID", name, wanted, effect=effect)


def _untabled(instance: Instance, iod: Iod) -> Finding:
    reason = iod.head.note or "the document has no attribute table for this object"
    return Finding(f"{iod.id}#table", iod.head.section, about_of(instance), "", "", "", State.PERSON, reason=reason,
                   sentence="the object as a whole")  # fmt: skip


def _transfer_syntax(instance: Instance, system: System, way: Way, judged: set[str]) -> Iterable[Finding]:
    """Yield a finding if the object is compressed and no entity takes that: what is not can be sent another way."""
    syntax = UID(instance.transfer_syntax) if instance.transfer_syntax else None
    if syntax is None or not syntax.is_transfer_syntax or not (syntax.is_compressed):
        return
    judged.add("transfer-syntax")
    contexts = [
        context
        for entity in system.entities.values()
        for context in entity.presentation_contexts
        if context.abstract_syntax == instance.sop_class and context.role in _TAKES[way]
    ]
    known = list(dict.fromkeys(uid for context in contexts for uid in context.transfer_syntaxes))
    if not known or str(syntax) in known:
        return
    section = next((one.section for one in contexts if one.section), "") or next(iter(system.entities.values())).section
    wanted = ", ".join(UID(uid).name for uid in known)
    effect = system.consequence(way, "transfer-syntax")
    yield Finding(
        "transfer-syntax", section, about_of(instance), "TransferSyntaxUID", syntax.name, wanted, effect=effect
    )


def _twice(given: list[Instance]) -> list[Finding]:
    """Return a finding for every object whose SOP Instance UID an earlier one has."""
    first: dict[str, Instance] = {}
    found = []
    for one in given:
        owner = first.setdefault(one.uid, one)
        if owner is not one and one.uid:
            wanted = f"another UID than {owner.file} has, or one file only"
            found.append(Finding("duplicate-instance", "PS3.5 9", about_of(one), "SOPInstanceUID", one.uid, wanted))
    return found
