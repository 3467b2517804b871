"""What radiographs are compared with: reference images of the plan, or pictures computed from its CT; and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.reference import ReferenceImage
from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze, patient_pose
from linacsim.physics.registration.planar import Render, Valid, clear_of, likeness
from linacsim.physics.registration.reference import MOST_APART, Computed, Source, apart, for_megavoltage, renders
from linacsim.physics.room import Radiograph

_FOCUS = 35.0
"""mm at the isocentre: what is further from it counts less and less. Flat references are right near it alone."""
_VOXELS = 4.0
"""Voxels of the planning CT that a detail is wide at least: finer ones are the steps of the voxels."""
_SHADE = 12.0
"""mm at the panel beside jaws and leaves that do not count."""
_SIZES = (1.5, 10.0)
"""mm: markers are no smaller and no larger."""
_UNKNOWN_SIZE = 4.0
_AROUND = 7.0
"""mm around a planned marker where it is looked for in the planning CT."""
_STANDS_OUT = 300.0
"""Hounsfield units by which a marker is denser than what is around it."""


@dataclass(frozen=True, slots=True)
class Used:
    """What was compared with, and down to which details, mm at the panel."""

    images: tuple[Dataset, ...]
    slices: tuple[Dataset, ...]
    warnings: tuple[str, ...]
    finest: float


def weight_of(shot: Radiograph) -> Array:
    """Return how much each pixel counts, shape (rows, columns): most at the isocentre, nothing where the field is closed."""
    gaze, panel = shot.gaze, shot.gaze.panel
    middle = gaze.project(np.zeros(3))
    wide = _FOCUS * gaze.sid / gaze.sad
    x, y = (np.square((centres - at) / wide) for centres, at in
            ((panel.column_centres, middle[0]), (panel.row_centres, middle[1])))  # fmt: skip
    weight: Array = np.exp(-x / 2)[None, :] * np.exp(-y / 2)[:, None]
    closed = shot.water <= 0
    if shot.axis == "MV" and closed.any():
        weight = weight * clear_of(closed, round(_SHADE / panel.pitch))
    return weight


def sources_of(
    patient: LoadedPatient, shots: Sequence[Radiograph], beams: Sequence[int | None], weights: Sequence[Array]
) -> tuple[Render, Valid, Used]:  # fmt: skip
    """Return what shows the patient as planned, for each radiograph, and what it is made of.

    A reference image of the beam or from the direction of the picture comes first, then the planning CT.

    Raises
    ------
    InputError
        If there is neither; the message names the picture.
    """
    found: list[tuple[Gaze, Source]] = []
    images: list[Dataset] = []
    slices: tuple[Dataset, ...] = ()
    warnings: list[str] = []
    for shot, beam, weight in zip(shots, beams, weights, strict=True):
        image = _reference(patient, shot, beam)
        if image is not None:
            source, likely = _best(patient, image, shot, weight)
            images.append(image.dataset)
            if not likely:
                warnings.append(
                    f"{image.words} hardly looks like the {shot.axis} picture of gantry {shot.gantry:g} degrees"
                )
        else:
            source, slices = _computed(patient, shot), patient.reference_slices
        found.append((shot.gaze, source))
    finest = _VOXELS * max(patient.volume.voxels.spacing[:2]) * shots[0].gaze.sid / shots[0].gaze.sad if slices else 0.0
    return *renders(found), Used(tuple(images), slices, tuple(warnings), finest)


def _reference(patient: LoadedPatient, shot: Radiograph, beam: int | None) -> ReferenceImage | None:
    near = [one for one in patient.references if not one.problem and one.gaze is not None
            and apart(one.gaze, shot.gaze) <= MOST_APART]  # fmt: skip
    axes = {one.number: one.axis for one in patient.plan.beams}
    # Of several from one direction the beam's own comes first, then one that was made for this axis.
    ranked = sorted(near, key=lambda one: (beam is None or one.beam != beam, axes.get(one.beam or -1, "") != shot.axis))
    return ranked[0] if ranked else None


def _best(patient: LoadedPatient, image: ReferenceImage, shot: Radiograph, weight: Array) -> tuple[Source, bool]:
    """Return the reference image with the reading of its grey that looks most like the picture, and whether it does."""
    pictures = [image.picture(one, patient.isocentre, patient.plan.lying) for one in image.readings]
    water = np.asarray(shot.water, dtype=np.float64)
    scores = [likeness(water, shot.gaze, renders([(shot.gaze, one)])[0], weight) for one in pictures]
    best = int(np.argmax(scores))
    return pictures[best], scores[best] > 0.2


def _computed(patient: LoadedPatient, shot: Radiograph) -> Source:
    if not patient.reference_slices:
        what = f"no reference image for the {shot.axis} picture from {shot.gaze.angle % 360:g} degrees"
        todo = f"load an RT Image made from there to within {MOST_APART:g} degrees, or the planning CT (2.2.1.4.1.3)"
        raise InputError(what, f"RT Plan {patient.plan.label}", todo)
    voxels = patient.volume.voxels
    pose = patient_pose(isocentre=patient.isocentre, position=patient.plan.lying)
    return Computed(for_megavoltage(voxels) if shot.axis == "MV" else voxels, pose)


# -- markers in the planning CT ----------------------------------------------------------------------------------------


def marker_size(patient: LoadedPatient) -> float:
    """Return about how wide the planned markers are in mm: balls of the volume that stands out of the planning CT."""
    sizes = [found[1] for one in patient.markers if (found := _in_ct(patient, np.array(one.position))) is not None]
    return float(np.clip(np.median(sizes), *_SIZES)) if sizes else _UNKNOWN_SIZE


def markers_in_ct(patient: LoadedPatient) -> tuple[Array | None, ...]:
    """Return where each planned marker is in the planning CT, mm, shape (3,); nothing for one that is not seen there.

    This is the marker detection on the reference CT whose result is stored as a structure set (2.2.1.3.1.1).
    """
    found = [_in_ct(patient, np.array(one.position)) for one in patient.markers]
    return tuple(one[0] if one is not None else None for one in found)


def _in_ct(patient: LoadedPatient, place: Array) -> tuple[Array, float] | None:
    """Return the middle and the width of the dense thing at a place of the planning CT."""
    volume = patient.volume.voxels
    cuts = [np.flatnonzero(np.abs(axis - at) <= max(_AROUND, 1.5 * step))
            for axis, at, step in zip(volume.axes, place, volume.spacing, strict=True)]  # fmt: skip
    if min(len(one) for one in cuts) < 2:
        return None
    x, y, z = cuts
    part = volume.hu[np.ix_(z, y, x)].astype(np.float64)
    level = float(np.median(part))
    over = part - level
    if over.max() < _STANDS_OUT:
        return None
    dense = np.where(over > 0.2 * over.max(), over, 0.0)
    total = dense.sum()
    middle = np.array([
        float((dense.sum(axis=others) * axis[cut]).sum() / total)
        for others, axis, cut in zip(((0, 1), (0, 2), (1, 2)), volume.axes, cuts, strict=True)
    ])  # fmt: skip
    # What partial volumes have lost of the density they have won in width.
    filled = total / over.max() * float(np.prod(volume.spacing))
    return middle, float((6.0 * filled / np.pi) ** (1.0 / 3.0))
