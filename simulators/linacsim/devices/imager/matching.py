"""The four matches: where the patient lies, computed from what was acquired and what was planned (Varian OBI 2.1.2.1).

::

    2D, 2D/2D   radiographs against reference images, or against pictures computed from the planning CT
    marker      planned markers found in two or more radiographs
    3D/3D       a cone-beam CT against the planning CT

Every match returns the patient's displacement D while the couch is at zero: with the plan's isocentre at I, a point p of the
plan is at ``patient_pose(D, I, position)(p)``. What the pictures show is R, what is left to be corrected where the couch stands;
with the couch at C, ``R = C D``. So pictures of one match are taken at one couch position. Nothing is faked: a match that
cannot be trusted says so and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from linacsim.devices.imager.matched import Matched, SeenMarker, matched, untrusted
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.planned import marker_size, sources_of, weight_of
from linacsim.devices.imager.preconditions import MatchKind
from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Couch, Gaze, Panel, Pose, Vector, meeting_point, patient_pose
from linacsim.physics.projection import Voxels
from linacsim.physics.registration import Match, match_images, match_points, match_volumes
from linacsim.physics.registration.markers import find_at_most
from linacsim.physics.registration.reference import apart
from linacsim.physics.registration.seeds import Shadow, fit_shadows, measure, misses
from linacsim.physics.room import Radiograph, Scan

REACH = 30.0
"""mm at the isocentre: how far at most a patient is searched."""
TURNED = 10.0
"""Degrees: how far at most he may be turned."""

_LEAST_APART = 20.0
"""Degrees between two directions that together tell all three shifts."""
_CORE = 0.55
"""Of the width of a marker: its densest part, which neighbours do not touch."""
_NEAR = 4
"""More small dense things than there are markers that are looked at in each picture."""
_MISS = 1.5
"""mm: rays that pass each other further away have not seen the same marker."""
_MARKER_LEFT = 1.0
"""mm: markers that are further off than this after the match are not where the plan has them."""
_PICTURE_LEFT = 0.75
"""Of the pictures' detail: what a match may leave unexplained."""
_VOLUME_LEFT = 0.6
_EDGE = 15.0
"""mm inside the field of view of a scan that are left out: its edge is truncated."""


def match_2d(patient: LoadedPatient, radiograph: Radiograph, *, beam: int | None = None) -> Matched:
    """Return the displacement that one radiograph shows: in its own plane.

    Parameters
    ----------
    patient : LoadedPatient
    radiograph : Radiograph
    beam : int, optional
        The beam that it was taken for; by default its reference is found by its direction.

    Raises
    ------
    InputError
        If there is nothing to match with; the message names the picture.
    """
    return _planar("2D", patient, [radiograph], [beam])


def match_2d2d(
    patient: LoadedPatient, radiographs: Sequence[Radiograph], *, beams: Sequence[int | None] = ()
) -> Matched:
    """Return the displacement that two radiographs show: three shifts.

    Raises
    ------
    InputError
        If there are not two, taken at one couch position from directions apart, or nothing to match them with.
    """
    if len(radiographs) != 2:
        raise InputError(f"{len(radiographs)} pictures", "2D/2D match", "give two (2.2.1.4.1.5)")
    _check_apart("2D/2D", [one.gaze for one in radiographs])
    return _planar("2D/2D", patient, list(radiographs), list(beams) or [None, None])


def match_marker(patient: LoadedPatient, radiographs: Sequence[Radiograph]) -> Matched:
    """Return the displacement of the planned markers: three shifts, and three turns where there are three markers.

    Raises
    ------
    InputError
        If there are no markers, or not two pictures, taken at one couch position from directions apart.
    """
    if len(radiographs) < 2:
        raise InputError(f"{len(radiographs)} pictures", "marker match", "give two or more (2.2.1.4.1.6)")
    if not patient.markers:
        raise InputError(
            "no planned markers", f"RT Plan {patient.plan.label}", "plan POINT structures of MARKER subtype"
        )
    gazes = [one.gaze for one in radiographs]
    _check_apart("marker", gazes)
    couch = _couch_of(radiographs, "marker")
    planned = patient_pose(isocentre=patient.isocentre, position=patient.plan.lying)(
        np.array([one.position for one in patient.markers])
    )
    try:
        start, size = _recognised(patient, radiographs, planned)
        shadows = [_shadows(one, start(planned), size) for one in radiographs]
    except InputError as exc:
        return untrusted("marker", patient, couch, f"the markers are not all found: {exc.what}", "mm")
    pixels = [np.array([one.pixel for one in row]) for row in shadows]
    pose = fit_shadows(gazes, pixels, planned, start, turns=len(planned) > 2)
    off = misses(gazes, pixels, pose(planned))
    found = matched(
        "marker", patient, couch, pose, float(np.sqrt(np.mean(off**2))), "mm",
        markers=_seen(patient, gazes, pixels, pose, couch, off), slices=patient.reference_slices,
        warnings=() if len(planned) > 2 else (f"{len(planned)} markers tell no turn",),
    )  # fmt: skip
    return _judged(found, _marker_faults(patient, radiographs, shadows, off))


def match_3d3d(patient: LoadedPatient, scan: Scan) -> Matched:
    """Return the displacement between planning CT and cone-beam CT: three shifts and three turns.

    Raises
    ------
    InputError
        If the planning CT is no volume.
    """
    position = patient.plan.lying
    planned = _moved(patient.volume.voxels, patient.isocentre)
    grid = scan.grid
    x, y, z = grid.axes
    found = Voxels(scan.volume, (grid.pitch, grid.pitch, grid.thickness), (float(x[0]), float(y[0]), float(z[0])))
    radius = min(scan.preset.field_of_view / 2, *(float(one[-1]) for one in (x, y))) - _EDGE
    try:
        match = match_volumes(found, planned, radius=radius, position=position)
    except InputError as exc:
        return untrusted("3D/3D", patient, scan.couch, f"the volumes cannot be matched: {exc.what}", "of the contrast")
    done = matched(
        "3D/3D", patient, scan.couch, match.couch.pose, match.residual, "of the contrast", slices=patient.reference_slices,
        rounds=match.rounds,
    )  # fmt: skip
    faults = _unlike("the cone-beam CT does not look like the planning CT", match, _VOLUME_LEFT)
    return _judged(done, faults)


def match(
    kind: MatchKind, patient: LoadedPatient, radiographs: Sequence[Radiograph] = (), scan: Scan | None = None,
    beams: Sequence[int | None] = (),
) -> Matched:  # fmt: skip
    """Return the match of that kind; see the functions for each.

    Raises
    ------
    InputError
        If what the kind needs is not given.
    """
    if kind == "3D/3D":
        if scan is None:
            raise InputError("no cone-beam CT", "3D/3D match", "acquire one")
        return match_3d3d(patient, scan)
    if kind == "marker":
        return match_marker(patient, radiographs)
    if kind == "2D/2D":
        return match_2d2d(patient, radiographs, beams=beams)
    if len(radiographs) != 1:
        raise InputError(f"{len(radiographs)} pictures", "2D match", "give one")
    return match_2d(patient, radiographs[0], beam=beams[0] if beams else None)


# -- what is common ----------------------------------------------------------------------------------------------------


def _couch_of(radiographs: Sequence[Radiograph], kind: MatchKind) -> Couch:
    first = radiographs[0].couch
    if any(one.couch != first for one in radiographs):
        what = "the couch was moved between the pictures"
        raise InputError(what, f"{kind} match", "take all pictures of a match at one couch position")
    return first


def _check_apart(kind: MatchKind, gazes: Sequence[Gaze]) -> None:
    widest = max(min(apart(a, b), 180.0 - apart(a, b)) for a in gazes for b in gazes)
    if widest < _LEAST_APART:
        what = f"pictures from directions {widest:.1f} degrees apart"
        todo = f"take them {_LEAST_APART:g} degrees apart or more; 90 are advised (2.2.1.4.1.5, 2.2.1.4.1.6)"
        raise InputError(what, f"{kind} match", todo)


def _judged(found: Matched, faults: Sequence[str]) -> Matched:
    """Return the match with the reasons why it cannot be trusted: those given, and what any match may break."""
    reasons = list(faults)
    far = float(np.linalg.norm(found.left.pose.shift))
    if far > 0.98 * REACH:
        reasons.append(f"the displacement of {far:.1f} mm is not within the {REACH:g} mm that are searched")
    if found.left.pose.angle > TURNED:
        reasons.append(f"a turn of {found.left.pose.angle:.1f} degrees is beyond the limit of {TURNED:g} degrees")
    return replace(found, refusal="; ".join(reasons))


def _moved(volume: Voxels, isocentre: Vector) -> Voxels:
    x, y, z = (first - at for first, at in zip(volume.first, isocentre, strict=True))
    return Voxels(volume.hu, volume.spacing, (x, y, z))


# -- 2D and 2D/2D ------------------------------------------------------------------------------------------------------


def _planar(kind: MatchKind, patient: LoadedPatient, radiographs: list[Radiograph], beams: list[int | None]) -> Matched:
    couch = _couch_of(radiographs, kind)
    weights = [weight_of(one) for one in radiographs]
    render, valid, used = sources_of(patient, radiographs, beams, weights)
    images = [np.asarray(one.water, dtype=np.float64) for one in radiographs]
    try:
        match = match_images(
            images, [one.gaze for one in radiographs], render, reach=REACH, weights=weights, valid=valid,
            finest=used.finest,
        )  # fmt: skip
    except InputError as exc:
        return untrusted(kind, patient, couch, f"the pictures cannot be matched: {exc.what}", "of the contrast")
    done = matched(
        kind, patient, couch, match.couch.pose, match.residual, "of the contrast", images=used.images,
        slices=used.slices, rounds=match.rounds, warnings=used.warnings,
    )  # fmt: skip
    return _judged(done, _unlike("the pictures do not look like the references", match, _PICTURE_LEFT))


def _unlike(what: str, match: Match, limit: float) -> list[str]:
    if match.residual <= limit:
        return []
    return [f"{what}: {match.residual:.2f} of the contrast is left, the limit is {limit:g}"]


# -- markers -----------------------------------------------------------------------------------------------------------


def _recognised(patient: LoadedPatient, radiographs: Sequence[Radiograph], planned: Array) -> tuple[Pose, float]:
    """Return about where the markers are, a displacement in the fixed system, and about how wide they are in mm."""
    size = marker_size(patient)
    one, other = _widest(radiographs)
    places = [_candidates(shot, planned, size) for shot in (one, other)]
    points = []
    for first in places[0]:
        for second in places[1]:
            point, miss = meeting_point([one.gaze, other.gaze], [first, second])
            if miss < _MISS and np.linalg.norm(point - planned, axis=1).min() < REACH + _MISS:
                points.append(point)
    if len(points) < len(planned):
        what = f"{len(points)} of {len(planned)} are seen in both pictures"
        raise InputError(what, "marker match", "open the field, or look for markers that were lost")
    match, _ = match_points(planned, np.array(points), most_turned=2 * TURNED)
    return match.couch.pose, size


def _widest(radiographs: Sequence[Radiograph]) -> tuple[Radiograph, Radiograph]:
    """Return the two pictures that are nearest to a right angle."""
    pairs = [(a, b) for index, a in enumerate(radiographs) for b in radiographs[index + 1 :]]
    return min(pairs, key=lambda pair: abs(apart(pair[0].gaze, pair[1].gaze) - 90.0))


def _candidates(shot: Radiograph, planned: Array, size: float) -> Array:
    """Return where the strongest small dense things near the planned markers are, (x, y) on the panel, shape (n, 2)."""
    gaze, panel = shot.gaze, shot.gaze.panel
    wide = gaze.sid / gaze.sad
    at = panel.pixel_of(gaze.project(planned))
    around = (REACH + 2 * size) * wide / panel.pitch
    low = np.clip(np.floor(at.min(axis=0) - around), 0, [panel.rows, panel.columns]).astype(int)
    high = np.clip(np.ceil(at.max(axis=0) + around), 0, [panel.rows, panel.columns]).astype(int)
    if min(high - low) < 8:
        where = ", ".join(f"row {row:.0f} column {column:.0f}" for row, column in at)
        raise InputError(
            f"the markers would be at {where} of {panel.rows} x {panel.columns} pixels", "marker match", ""
        )
    part = np.asarray(shot.water[low[0] : high[0], low[1] : high[1]], dtype=np.float64)
    cut = Panel(
        rows=part.shape[0], columns=part.shape[1], pitch=panel.pitch,
        x=float(panel.column_centres[low[1] : high[1]].mean()), y=float(panel.row_centres[low[0] : high[0]].mean()),
    )  # fmt: skip
    return find_at_most(part, cut, len(planned) + _NEAR, _CORE * size * wide)


def _shadows(shot: Radiograph, points: Array, size: float) -> list[Shadow]:
    """Return each marker measured in a picture, near where it must be."""
    panel, water = shot.gaze.panel, np.asarray(shot.water, dtype=np.float64)
    at = panel.pixel_of(shot.gaze.project(points))
    wide = size * shot.gaze.sid / shot.gaze.sad
    return [
        measure(water, panel, (float(row), float(column)), wide, np.delete(at, index, axis=0))
        for index, (row, column) in enumerate(at)
    ]


def _seen(
    patient: LoadedPatient, gazes: Sequence[Gaze], pixels: Sequence[Array], pose: Pose, couch: Couch, off: Array
) -> tuple[SeenMarker, ...]:
    """Return where each marker is: in the pictures, in the plan's frame of reference and in that of the session."""
    position = patient.plan.lying
    to_plan = pose.after(patient_pose(isocentre=patient.isocentre, position=position)).inverse
    to_session = patient_pose(couch, position=position).inverse
    found = []
    for index, marker in enumerate(patient.markers):
        seen = [gaze.panel.position_of(rows[index]) for gaze, rows in zip(gazes, pixels, strict=True)]
        point, _ = meeting_point(list(gazes), seen)
        found.append(
            SeenMarker(
                marker=marker,
                pixels=tuple((float(rows[index][0]), float(rows[index][1])) for rows in pixels),
                plan=_vector(to_plan(point)),
                session=_vector(to_session(point)),
                miss=float(off[:, index].max()),
            )
        )
    return tuple(found)


def _vector(point: Array) -> Vector:
    return float(point[0]), float(point[1]), float(point[2])


def _marker_faults(
    patient: LoadedPatient, radiographs: Sequence[Radiograph], shadows: Sequence[Sequence[Shadow]], off: Array
) -> list[str]:
    faults = []
    for shot, row, left in zip(radiographs, shadows, off, strict=True):
        where = f"the {shot.axis} picture at gantry {shot.gantry % 360:g} degrees"
        for marker, shadow, miss in zip(patient.markers, row, left, strict=True):
            if not shadow.is_clear:
                faults.append(f"{marker.name} does not stand out in {where}")
            elif miss > _MARKER_LEFT:
                faults.append(f"{marker.name} is {miss:.1f} mm off in {where}, the limit is {_MARKER_LEFT:g} mm")
    return faults
