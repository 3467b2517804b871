"""What must be given before the imager loads, acquires or matches, and what it says if it is not (Varian OBI 2.2.1.4.1).

Rule and word stand once, in the tables of the conformance checker: it is asked about the loaded objects, and `DECIDED` tells
what its answer means for each activity: a refusal, a warning, or advice. What the document asks for without the checker being
able to see it in one object (whether a reference image is there for a beam, whether markers lie in the CT) is decided by the
functions of `OWN`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

import numpy as np

from linacsim.conformance.check import check
from linacsim.conformance.check.findings import Finding, State
from linacsim.conformance.check.items import Item
from linacsim.conformance.check.values import spelled
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.plan import PlannedBeam
from linacsim.errors import InputError
from linacsim.physics.geometry import Gaze, Panel
from linacsim.physics.registration.markers import MOST_MARKERS
from linacsim.physics.registration.reference import MOST_APART, apart

MatchKind = Literal["2D", "2D/2D", "marker", "3D/3D"]
Activity = Literal["load", "2D", "2D/2D", "marker", "3D/3D"]
MATCHES: tuple[MatchKind, ...] = get_args(MatchKind)


class Severity(StrEnum):
    """What a judgement means."""

    REFUSAL = "refusal"
    """The activity is not begun."""
    WARNING = "warning"
    """It goes on without what is named."""
    ADVICE = "advice"
    """It goes on as it is; something else is recommended."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thing that is said.

    Attributes
    ----------
    rule : str
        Id of the precondition; of `OWN` for what the tables do not have.
    section : str
        Where the document says so.
    severity : Severity
    words : str
        Object, value and limit, in one sentence.
    beam : int or None
        Beam Number, if it is about a beam.
    """

    rule: str
    section: str
    severity: Severity
    words: str
    beam: int | None = None

    def __str__(self) -> str:
        return f"{self.words} ({self.section})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one activity, the gravest first."""

    activity: Activity
    said: tuple[Judgement, ...]

    def _of(self, severity: Severity) -> tuple[Judgement, ...]:
        return tuple(one for one in self.said if one.severity is severity)

    @property
    def refusals(self) -> tuple[Judgement, ...]:
        """Why the activity is not begun; none if it may be."""
        return self._of(Severity.REFUSAL)

    @property
    def warnings(self) -> tuple[Judgement, ...]:
        """What is left out."""
        return self._of(Severity.WARNING)

    @property
    def advice(self) -> tuple[Judgement, ...]:
        """What is recommended."""
        return self._of(Severity.ADVICE)

    @property
    def shift_applies(self) -> bool:
        """Whether the couch may be moved by the match: not with several isocentres (2.2.1.4.1.4)."""
        return not any(one.rule.startswith("iso-same") for one in self.said)


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides a precondition, and what it means.

    Attributes
    ----------
    activities : tuple of str
        When it is asked.
    broken, open : Severity or None
        What it means that the rule is broken, or that the objects alone do not tell; nothing: it is not said.
    by : str
        What decides it: ``readings`` of the checker, or a function here.
    """

    activities: tuple[Activity, ...]
    broken: Severity | None = None
    open: Severity | None = None
    by: str = "readings"


_REFUSAL, _WARNING, _ADVICE = Severity.REFUSAL, Severity.WARNING, Severity.ADVICE
_CT: tuple[Activity, ...] = ("marker", "3D/3D")

DECIDED: dict[str, Decision] = {
    "type1-present": Decision(("load", *MATCHES), _REFUSAL, by="readings, and the presence of rows (_of_rows)"),
    "couch-translations-equal": Decision(MATCHES, _REFUSAL),
    "acquisition-parameters-advised": Decision(("load",), _ADVICE, _ADVICE),
    "field-kinds-usable": Decision(("load",), _WARNING, _WARNING),
    "setup-field-by-delivery-type": Decision(("load",), _WARNING, _ADVICE),
    "setup-field-by-xml": Decision(("load",), _WARNING, _WARNING),
    "kv-beam-definition": Decision(("load",), _WARNING),
    "acq-param-values-mv": Decision(("load",), _WARNING),
    "acq-param-values-kv": Decision(("load",), _WARNING, _ADVICE),
    "acq-param-absent-film": Decision(("load",), None, _ADVICE),
    "kv-bld-sequence-ignored": Decision((), by="plan.read_plan: a kV beam has no aperture"),
    "kv-no-wedges": Decision(("load",), _WARNING),
    "kv-no-compensators": Decision(("load",), _WARNING),
    "kv-no-boli": Decision(("load",), _WARNING),
    "kv-no-blocks": Decision(("load",), _WARNING),
    "kv-two-control-points": Decision(("load",), _WARNING),
    "kv-bld-position-ignored": Decision((), by="plan.read_plan: a kV beam has no aperture"),
    "kv-bld-angle-zero": Decision(("load",), _WARNING),
    "kv-bld-rotation-none": Decision(("load",), _WARNING),
    "gantry-angle-meaning": Decision(("load",), _WARNING, by="readings; plan.PlannedBeam.gantry turns it into a gantry angle"),
    "kv-gantry-rotation-none": Decision(("load",), _WARNING),
    "rt-image-geometry": Decision(("load",), _WARNING, by="readings; reference.read_reference for what they leave open"),
    "rt-image-position-default": Decision(("load",), None, _ADVICE, by="readings; reference.read_reference centres it"),
    "iso-same-2d": Decision(("2D",), _WARNING),
    "beams-2d": Decision(("2D",), by="_valid_beams, with the functions of the readings"),
    "iso-same-2d2d": Decision(("2D/2D",), _REFUSAL),
    "beams-2d2d": Decision(("2D/2D",), by="_valid_beams, with the functions of the readings"),
    "angle-2d2d": Decision(("2D/2D",), _ADVICE, _ADVICE),
    "iso-same-marker": Decision(("marker",), _REFUSAL),
    "beams-marker": Decision(("marker",), by="_valid_beams, with the functions of the readings"),
    "angle-marker": Decision(("marker",), _ADVICE, _ADVICE),
    "ct-load-marker": Decision(("marker",), _REFUSAL, _REFUSAL),
    "ct-same-frame-marker": Decision(("marker",), _REFUSAL),
    "ct-z-spacing-marker": Decision(("marker",), _ADVICE, _ADVICE),
    "ct-xy-offset-marker": Decision(("marker",), _REFUSAL),
    "contour-coplanar-marker": Decision(("marker",), by="patient.LoadedPatient.structures"),
    "contour-noncoplanar-skip-marker": Decision(("marker",), by="patient.LoadedPatient.skipped"),
    "contour-type-marker": Decision(("marker",), by="patient.LoadedPatient.skipped"),
    "marker-in-plan-structure-set": Decision(("marker",), _REFUSAL, _WARNING),
    "marker-between-slices": Decision((), by="_markers_in_ct: between slices is allowed, beyond the CT is not"),
    "marker-point-coding": Decision(("marker",), _WARNING, by="readings; patient.LoadedPatient.markers leaves it out"),
    "marker-observation": Decision(("marker",), _WARNING, by="readings; patient.LoadedPatient.markers leaves it out"),
    "iso-same-3d3d": Decision(("3D/3D",), _REFUSAL),
    "beam-3d3d": Decision(("3D/3D",), _WARNING, by="readings for Beam Type; _valid_beams, with their functions"),
    "ct-load-3d3d": Decision(("3D/3D",), _REFUSAL, _REFUSAL),
    "ct-same-frame-3d3d": Decision(("3D/3D",), _REFUSAL),
    "ct-z-spacing-3d3d": Decision(("3D/3D",), _ADVICE, _ADVICE),
    "ct-xy-offset-3d3d": Decision(("3D/3D",), _REFUSAL),
    "contour-coplanar-3d3d": Decision(("3D/3D",), by="patient.LoadedPatient.structures"),
    "contour-noncoplanar-skip-3d3d": Decision(("3D/3D",), by="patient.LoadedPatient.skipped"),
    "contour-type-3d3d": Decision(("3D/3D",), by="patient.LoadedPatient.skipped"),
}  # fmt: skip
"""Every precondition of 2.2.1.4.1.2 to 2.2.1.4.1.7 that is asked here."""

ELSEWHERE: dict[str, str] = {
    "session-shared-frame": "a promise about what is sent: the objects of a session are made with one Frame of Reference UID",
}
"""Those that are not, with the reason."""

_INVALID = frozenset(one for one in DECIDED if one.startswith("kv-")) | {"gantry-angle-meaning", "beam-3d3d"}
"""A beam that breaks one of these is no valid setup beam."""

_FEWEST = {"2D": 1, "2D/2D": 2, "marker": 2, "3D/3D": 1}
_BEAMS = {"2D": "beams-2d", "2D/2D": "beams-2d2d", "marker": "beams-marker", "3D/3D": "beam-3d3d"}
"""Valid beams that a match needs, and the precondition that says so (2.2.1.4.1.4 to 2.2.1.4.1.7)."""

_ANY_PANEL = Panel(rows=1, columns=1, pitch=1.0)
_REMARK = re.compile(
    r"; tags not printed| \([^()]*(?:misprinted|missing in the text)[^()]*\)|(?<=parameters) printed as KVCBCT(?= \()"
)
"""What the tables say of the document's print."""
_SHOWN = 3
"""Objects that one sentence names; more are counted."""

_SECTIONS = {
    "load": "2.2.1.4.1.2",
    "2D": "2.2.1.4.1.4",
    "2D/2D": "2.2.1.4.1.5",
    "marker": "2.2.1.4.1.6",
    "3D/3D": "2.2.1.4.1.7",
}


def judge(patient: LoadedPatient, activity: Activity, beams: Sequence[int] = ()) -> Verdict:
    """Return what the imager says before it begins.

    Parameters
    ----------
    patient : LoadedPatient
    activity : str
        ``load``, or the match.
    beams : sequence of int, optional
        The numbers of the beams whose pictures are matched; by default those whose imaging starts by itself.

    Returns
    -------
    Verdict
        Each thing is said once, the gravest first.
    """
    told = list(_of_checker(patient, activity))
    for own in OWN.values():
        told += own(patient, activity, beams)
    order = list(Severity)
    known: dict[tuple[str, str], Judgement] = {}
    for one in told:
        known.setdefault((one.severity, one.words), one)
    return Verdict(activity, tuple(sorted(known.values(), key=lambda one: order.index(one.severity))))


# -- what the checker says ---------------------------------------------------------------------------------------------


def _findings(patient: LoadedPatient) -> list[Finding]:
    """Return what the checker says of the loaded objects; it is asked once."""
    kept = patient.remembered
    if "findings" not in kept:
        report = check(patient.objects.objects, patient.system, "import")
        kept["findings"] = [each for one in report.findings for each in (one, *one.also)]
    found: list[Finding] = kept["findings"]
    return found


def _of_checker(patient: LoadedPatient, activity: Activity) -> Iterator[Judgement]:
    groups: dict[tuple[str, Severity, str], list[Finding]] = {}
    for one in _findings(patient):
        rule, severity = _meaning(one, activity)
        if severity is not None:
            groups.setdefault((rule, severity, _why(patient, one, severity)), []).append(one)
    for (rule, severity, why), some in groups.items():
        places = list(dict.fromkeys(_place(patient, one) for one in some))
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        words = f"{', '.join(places[:_SHOWN])}{more}: {why}"
        yield Judgement(rule, some[0].section or _SECTIONS[activity], severity, words, _beam_number(patient, some[0]))


def _meaning(finding: Finding, activity: Activity) -> tuple[str, Severity | None]:
    """Return which precondition a finding is about, and what it means for an activity."""
    decision = DECIDED.get(finding.rule)
    if decision is None:
        return "type1-present", _of_rows(finding, activity)
    if activity not in decision.activities:
        return finding.rule, None
    if finding.rule == "type1-present":
        return finding.rule, _of_missing(finding, activity)
    if finding.state is State.BROKEN:
        return finding.rule, decision.broken
    return finding.rule, decision.open if finding.state is State.PERSON else None


def _of_rows(finding: Finding, activity: Activity) -> Severity | None:
    """Return what it means that an element of the attribute tables is missing; other row findings say what rules say."""
    if finding.state is not State.BROKEN or not finding.rule.endswith("#presence"):
        return None
    return None if "RTROIObservationsSequence" in finding.path else _of_missing(finding, activity)


def _of_missing(finding: Finding, activity: Activity) -> Severity | None:
    """Return what a missing type 1 element means: without it the object is not used."""
    if finding.state is not State.BROKEN:
        return None
    if finding.about.kind == "RT Plan":
        return _REFUSAL
    if finding.about.kind == "RT Image":
        return _WARNING if activity == "load" else None
    return _REFUSAL if activity in _CT else None


def _why(patient: LoadedPatient, finding: Finding, severity: Severity) -> str:
    """Return what was found and what is asked for."""
    wanted, keyword = _asked(patient, finding), finding.path.rpartition(".")[2]
    if finding.state is State.PERSON:
        return finding.reason if severity is _ADVICE else f"{finding.reason}; asked for: {wanted}"
    found = finding.found
    if found in ("", "absent", "no value") and keyword:
        found = _value(patient, finding) or "is missing"
    if found and not found.startswith(keyword):
        found = f"{keyword} {found}"
    return f"{found}; asked for: {wanted}" if found else wanted


def _asked(patient: LoadedPatient, finding: Finding) -> str:
    """Return what is asked for, with its limit, and without the remarks of whoever drew up the tables."""
    words = _REMARK.sub("", finding.sentence or finding.wanted)
    row = next((one for one in patient.system.preconditions if one.id == finding.rule), None)
    limit = f"{row.tolerance[0]:g} {row.tolerance[1]}" if row is not None and row.tolerance else ""
    return (
        words
        if not limit or limit.split(maxsplit=1)[0] in words.replace(".0 ", " ")
        else f"{words} (to within {limit})"
    )


def _value(patient: LoadedPatient, finding: Finding) -> str:
    """Return the value of the element that a finding points at; empty if there is none, or it is a sequence."""
    owner = patient.objects.by_uid.get(finding.about.uid)
    item = owner.root if owner else None
    *steps, keyword = finding.path.split(".")
    for step in steps:
        name, _, index = step.rstrip("]").partition("[")
        rows = item.items(name) if item else []
        item = rows[int(index)] if index.isdecimal() and int(index) < len(rows) else None
    values = item.list(keyword) if item and "[" not in keyword and "," not in keyword else []
    return "" if any(isinstance(one, Item) for one in values) else spelled(values) if values else ""


def _index(finding: Finding) -> int | None:
    head, _, rest = finding.path.partition("[")
    return int(rest.partition("]")[0]) if head == "BeamSequence" and rest else None


def _beam(patient: LoadedPatient, finding: Finding) -> PlannedBeam | None:
    index = _index(finding)
    beams = patient.plan.beams
    return beams[index] if finding.about.kind == "RT Plan" and index is not None and index < len(beams) else None


def _beam_number(patient: LoadedPatient, finding: Finding) -> int | None:
    beam = _beam(patient, finding)
    return beam.number if beam else None


def _place(patient: LoadedPatient, finding: Finding) -> str:
    """Return the object, and the beam or structure in it, as a person calls them."""
    beam = _beam(patient, finding)
    if beam:
        return f"{finding.about.file}, {beam.label}"
    region = patient.region_at(finding.path) if finding.about.kind == "RT Structure Set" else ""
    return f"{finding.about.file}, {region}" if region else finding.about.file


# -- what is decided here ----------------------------------------------------------------------------------------------


def _said(rule: str, activity: Activity, severity: Severity, words: str) -> Judgement:
    return Judgement(rule, _SECTIONS[activity], severity, words)


def _has_beams(patient: LoadedPatient, activity: Activity, _: Sequence[int]) -> Iterator[Judgement]:
    if activity == "load" and not patient.plan.beams:
        words = f"RT Plan {patient.plan.label}: no beams in Beam Sequence (300A,00B0), the least is 1"
        yield _said("plan-beams", activity, _REFUSAL, words)


def _lies(patient: LoadedPatient, activity: Activity, _: Sequence[int]) -> Iterator[Judgement]:
    if activity == "load":
        try:
            patient.plan.lying  # noqa: B018 - raises if it is none of the four
        except InputError as exc:
            yield _said("patient-position", activity, _REFUSAL, f"{exc.where}: {exc.what}")
    elif patient.plan.isocentre is None:
        words = f"RT Plan {patient.plan.label}: no beam has an IsocenterPosition (300A,012C)"
        yield _said("isocentre", activity, _REFUSAL, words)


def _valid_beams(patient: LoadedPatient, activity: Activity, _: Sequence[int]) -> Iterator[Judgement]:
    """Refuse a match for which too few beams of the plan are set up for a picture, or too few of those are valid."""
    if activity == "load":
        return
    kinds = ("CBCT",) if activity == "3D/3D" else ("kV", "CBCT", "MV")
    meant = [one for one in patient.plan.setup_beams if one.acquires in kinds]
    if activity == "2D":
        meant += [one for one in patient.plan.treatment_beams if one.acquires == "MV"]
    broken = {number: one.rule for one in _findings(patient) if one.state is State.BROKEN and one.rule in _INVALID
              and (number := _beam_number(patient, one)) is not None}  # fmt: skip
    valid = [one for one in meant if one.number not in broken]
    if len(valid) >= _FEWEST[activity]:
        return
    rule = _BEAMS[activity]
    asked = next(one for one in patient.system.preconditions if one.id == rule)
    bad = ", ".join(f"{one.label} breaks {broken[one.number]}" for one in meant if one.number in broken)
    words = f"RT Plan {patient.plan.label}: {len(valid)} valid beams are set up for it{': ' + bad if bad else ''}"
    yield Judgement(rule, asked.section, _REFUSAL, f"{words}; asked for: {asked.rule}")


def _structures(patient: LoadedPatient, activity: Activity, _: Sequence[int]) -> Iterator[Judgement]:
    if activity in _CT:
        for words in patient.skipped:
            yield _said(f"contour-noncoplanar-skip-{activity.replace('/', '').lower()}", activity, _WARNING,
                        words.removesuffix(" (2.2.1.4.1.6)"))  # fmt: skip


def _markers_in_ct(patient: LoadedPatient, activity: Activity, _: Sequence[int]) -> Iterator[Judgement]:
    """Refuse a marker match without markers, with more than can be told apart, or with one that the CT does not hold."""
    if activity != "marker":
        return
    markers, where = patient.markers, f"structure set of RT Plan {patient.plan.label}"
    if not markers:
        words = (
            f"{where}: no marker: a POINT of one point with RTROIInterpretedType and Marker Subtype MARKER is needed"
        )
        yield _said("markers", activity, _REFUSAL, words)
    if len(markers) > MOST_MARKERS:
        words = f"{where}: {len(markers)} markers, the most that can be told apart are {MOST_MARKERS}"
        yield _said("markers", activity, _REFUSAL, words)
    try:
        axes = patient.volume.voxels.axes
    except InputError as exc:
        yield _said("ct-volume", activity, _REFUSAL, str(exc))
        return
    half = np.array(patient.volume.voxels.spacing) / 2
    low, high = np.array([one[0] for one in axes]) - half, np.array([one[-1] for one in axes]) + half
    for one in markers:
        for name, value, least, most in zip("xyz", one.position, low, high, strict=True):
            if not least <= value <= most:
                words = f"{one.name} (ROI {one.number}): {name} is {value:g} mm, the CT reaches from {least:g} to {most:g} mm"
                yield _said("marker-in-ct", activity, _REFUSAL, words)


def _volume(patient: LoadedPatient, activity: Activity, _: Sequence[int]) -> Iterator[Judgement]:
    if activity == "3D/3D":
        try:
            patient.volume  # noqa: B018 - raises if the slices are no volume
        except InputError as exc:
            yield _said("ct-volume", activity, _REFUSAL, str(exc))


def _reference_images(patient: LoadedPatient, activity: Activity, beams: Sequence[int]) -> Iterator[Judgement]:
    """Refuse a 2D or 2D/2D match of a beam for which there is neither a reference image nor a planning CT."""
    if activity not in ("2D", "2D/2D") or patient.reference_slices:
        return
    plan = patient.plan
    meant = [plan.beam(one) for one in beams] or plan.asking_for("kV", "MV")[: _FEWEST[activity]]
    for beam in meant:
        if beam.source_angle is None:
            continue
        gaze = Gaze(angle=beam.source_angle, panel=_ANY_PANEL)
        near = [one for one in patient.references if one.beam == beam.number
                or (one.gaze is not None and apart(one.gaze, gaze) <= MOST_APART)]  # fmt: skip
        if any(not one.problem for one in near):
            continue
        bad = "; ".join(f"{one.words}: {one.problem}" for one in near)
        words = bad or f"no reference image from {beam.source_angle:g} degrees to within {MOST_APART:g} degrees"
        yield Judgement("rt-image-geometry" if bad else "reference-image", "2.2.1.4.1.3", _REFUSAL,
                        f"RT Plan {plan.label}, {beam.label}: {words}", beam.number)  # fmt: skip


Own = Callable[[LoadedPatient, Activity, Sequence[int]], Iterator[Judgement]]

OWN: dict[str, Own] = {
    "plan-beams": _has_beams,
    "patient-position": _lies,
    "beams": _valid_beams,
    "contours": _structures,
    "markers": _markers_in_ct,
    "ct-volume": _volume,
    "reference-image": _reference_images,
}
"""What is asked beside the tables."""
