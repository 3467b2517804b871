"""Matching what was acquired with what was planned, and moving the couch by what was found (2.2.1.4.1.4 to 2.2.1.4.1.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linacsim.devices.imager.actions import MatchKind as Wanted
from linacsim.devices.imager.actions import MatchWith
from linacsim.devices.imager.matched import Matched
from linacsim.devices.imager.matching import match
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.preconditions import MatchKind, Verdict, judge
from linacsim.devices.imager.state import Picture
from linacsim.errors import InputError, PlayFailure
from linacsim.physics.geometry import Couch
from linacsim.physics.registration import in_plane

if TYPE_CHECKING:
    from linacsim.devices.imager.services import Imager

_KINDS: dict[Wanted, MatchKind] = {"2d": "2D", "2d2d": "2D/2D", "marker": "marker", "3d3d": "3D/3D"}
_PICTURES = {"2D": 1, "2D/2D": 2, "marker": 2}
"""How many pictures a match takes: those that were taken last."""


def matched_with(imager: Imager, what: MatchWith) -> Matched:
    """Match, keep what was found for the couch and for the registration, and tell how far it is from the truth.

    Raises
    ------
    PlayFailure
        If a precondition is not met, what was acquired is not enough, the match cannot be trusted, or it is further from
        the truth than `what` allows.
    """
    kind, treatment = _KINDS[what.kind], imager.treatment
    patient = treatment.patient
    if patient is None:
        raise PlayFailure(f"{kind} match refused: no patient is open")
    pictures = treatment.pictures[-_PICTURES[kind] :] if kind in _PICTURES else []
    verdict = _judged(imager, patient, kind, pictures)
    _check_acquired(imager, kind)
    scan = treatment.volume.scan if kind == "3D/3D" and treatment.volume is not None else None
    shots, beams = [one.radiograph for one in pictures], [one.beam.number if one.beam else None for one in pictures]
    try:
        found = imager.compute(lambda: match(kind, patient, shots, scan, beams), f"the {kind} match")
    except InputError as exc:  # of what was acquired, not of the scenario
        text = f"{kind} match refused: {exc}"
        imager.tell(text)
        raise PlayFailure(text) from exc
    for warning in found.warnings:
        imager.tell(warning)
    shift, turn = _off(imager, found, pictures)
    imager.place.log(
        "match-done", match=kind, **_told(found.couch), residual=_finite(found.residual), trusted=found.trusted,
        off_mm=round(shift, 3), off_degrees=round(turn, 3), left_mm=round(_left(found), 3),
    )  # fmt: skip
    treatment.found = None  # what was found before is no longer what the user sees
    if not found.trusted:
        text = f"{kind} match cannot be trusted: {found.refusal}"
        imager.tell(text)
        raise PlayFailure(text)
    imager.keep_match(found, pictures, applies=verdict.shift_applies)
    _check_truth(what, kind, shift, turn)
    return found


def _check_acquired(imager: Imager, kind: MatchKind) -> None:
    count, treatment = _PICTURES.get(kind, 0), imager.treatment
    if kind == "3D/3D" and treatment.volume is None:
        raise PlayFailure("3D/3D match refused: no cone-beam CT has been acquired")
    if len(treatment.pictures) < count:
        text = f"{kind} match refused: {len(treatment.pictures)} pictures have been taken, it takes {count}"
        raise PlayFailure(text)


def _judged(imager: Imager, patient: LoadedPatient, kind: MatchKind, pictures: list[Picture]) -> Verdict:
    """Return what is said before a match; a refusal ends it."""
    beams = tuple(one.beam.number for one in pictures if one.beam is not None)
    verdict = imager.compute(lambda: judge(patient, kind, beams), f"the preconditions of the {kind} match")
    for one in (*verdict.warnings, *verdict.advice):
        imager.tell(str(one), unmet=one.rule)
    if verdict.refusals:
        text = f"{kind} match refused: {'; '.join(str(one) for one in verdict.refusals)}"
        imager.tell(text, unmet=", ".join(one.rule for one in verdict.refusals))
        raise PlayFailure(text)
    return verdict


def _off(imager: Imager, found: Matched, pictures: list[Picture]) -> tuple[float, float]:
    """Return how far a match is from the truth, mm at the isocentre and degrees; of a single picture, in its plane."""
    at, volume = found.at.pose, imager.treatment.volume
    displaced = pictures[0].displaced if pictures else volume.displaced if volume else imager.scene().displaced
    truth = at.after(displaced.pose).after(at.inverse)
    remaining = found.remaining.pose
    apart = remaining.shift - truth.shift
    if found.kind == "2D":
        return float(np.linalg.norm(in_plane(pictures[0].radiograph.gaze)[:, :3] @ apart)), 0.0
    turn = remaining.after(truth.inverse).angle if found.kind in ("marker", "3D/3D") else 0.0
    return float(np.linalg.norm(apart)), turn


def _finite(residual: float) -> float | None:
    """Return what the log tells of a residual: nothing where nothing was found, as JSON has no infinity."""
    return round(residual, 4) if np.isfinite(residual) else None


def _left(found: Matched) -> float:
    """Return how far the patient is from where the plan wants him, by the match, where the couch stood: mm."""
    return float(np.linalg.norm(found.at.pose.after(found.couch.pose).shift))


def _check_truth(what: MatchWith, kind: MatchKind, shift: float, turn: float) -> None:
    if what.within is not None and shift > what.within:
        raise PlayFailure(f"{kind} match is {shift:.2f} mm from the truth, {what.within:g} mm are allowed")
    if what.within_degrees is not None and turn > what.within_degrees:
        raise PlayFailure(
            f"{kind} match is {turn:.2f} degrees from the truth, {what.within_degrees:g} degrees are allowed"
        )


def _told(couch: Couch) -> dict[str, float]:
    """Return a displacement as the log tells it: mm and degrees."""
    return {
        "lateral": round(couch.x, 2), "longitudinal": round(couch.y, 2), "vertical": round(couch.z, 2),
        "rotation": round(couch.rotation, 2), "pitch": round(couch.pitch, 2), "roll": round(couch.roll, 2),
    }  # fmt: skip


def applied(imager: Imager) -> None:
    """Move the couch to where the last match wants it; a 2D match moves it in the plane of its picture.

    Raises
    ------
    PlayFailure
        If there is no match, its shift cannot be applied, or the couch cannot go there.
    """
    treatment = imager.treatment
    found = treatment.found
    if found is None:
        raise PlayFailure("couch shift refused: nothing has been matched since the couch moved last")
    if not treatment.shift_applies:
        text = "couch shift refused: the beams have several isocentres, 1.0 mm apart or more (2.2.1.4.1.4)"
        imager.tell(text)
        raise PlayFailure(text)
    now = imager.hardware.couch
    imager.hardware.move_couch(_difference(found.correction, now))
    treatment.found = None


def _difference(goal: Couch, now: Couch) -> Couch:
    names = ("x", "y", "z", "rotation", "pitch", "roll")
    return Couch(**{name: getattr(goal, name) - getattr(now, name) for name in names})
