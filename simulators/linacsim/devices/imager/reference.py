r"""Reference images of a plan: RT Images read as pictures to match with (PS3.3 C.8.8.2, Varian OBI 2.2.1.4.1.3).

An image must be scaled and have its geometry, a frame of reference and the isocentre in it; RT Image Position alone may be
missing, then it is centred. What its grey means is often not told: Pixel Intensity Relationship Sign says whether higher
values are less beam (-1) or more (+1), without it both are tried. A line integral is what matching wants, so beam intensities
are turned into their logarithm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from linacsim.conformance.check.predicates.geometry import vector
from linacsim.conformance.check.scope import Instance, Item
from linacsim.conformance.check.values import is_number
from linacsim.errors import InputError
from linacsim.objects.imagefile import decode, pydicom_errors
from linacsim.physics.geometry import Array, Gaze, Panel, Vector, patient_pose
from linacsim.physics.geometry import PatientPosition as Position
from linacsim.physics.registration.reference import Picture

SECTION = "2.2.1.4.1.3"

_STRAIGHT = 1e-3
_SQUARE = 1e-4
"""mm by which rows and columns may be spaced differently before the image is resampled."""


@dataclass(frozen=True, eq=False)
class ReferenceImage:
    """A reference image, read.

    Attributes
    ----------
    dataset : pydicom.Dataset
        The RT Image itself.
    uid, label : str
    beam : int or None
        Referenced Beam Number.
    frame : str
        Frame of Reference UID.
    isocentre : tuple of float or None
        Isocenter Position in that frame, mm.
    gaze : Gaze or None
        How it is seen; nothing if its geometry is not told.
    centred : bool
        Whether RT Image Position was missing.
    problem : str
        Why it cannot be matched with; empty if it can.
    """

    dataset: Dataset
    uid: str
    label: str
    beam: int | None
    frame: str
    isocentre: Vector | None
    gaze: Gaze | None
    centred: bool
    problem: str

    @property
    def words(self) -> str:
        """What a person calls it."""
        return f"RT Image {self.label or self.uid}"

    @cached_property
    def readings(self) -> tuple[Array, ...]:
        """The picture as line integrals in some unit, one for each thing that its grey may mean.

        Raises
        ------
        InputError
            If its pixels cannot be read.
        """
        values = _values(self.dataset, self.words)
        return tuple(_upright(one, self.dataset) for one in _integrals(values, self.dataset))

    def picture(self, reading: Array, isocentre: Vector, position: Position) -> Picture:
        """Return the picture with one of its readings, about a plan's isocentre.

        Raises
        ------
        InputError
            If it cannot be matched with.
        """
        if self.gaze is None or self.problem:
            raise InputError(self.problem or "no geometry", self.words, f"export it with its geometry ({SECTION})")
        off = (0.0, 0.0, 0.0)
        if self.isocentre is not None:
            at = patient_pose(isocentre=self.isocentre, position=position)(np.array(isocentre))
            off = (float(at[0]), float(at[1]), float(at[2]))
        return Picture(reading, self.gaze, off)


def read_reference(instance: Instance) -> ReferenceImage:
    """Return a reference image; what is wrong with it is told in its `problem`."""
    root = instance.root
    problems = list(_problems(root))
    gaze = None
    if not problems:
        try:
            gaze = _gaze(root)
        except InputError as exc:
            problems.append(exc.what)
    beam, place = root.get("ReferencedBeamNumber"), vector(root.get("IsocenterPosition"), 3)
    return ReferenceImage(
        dataset=instance.dataset, uid=instance.uid, label=instance.text("RTImageLabel"),
        beam=int(beam) if is_number(beam) else None, frame=instance.text("FrameOfReferenceUID"),
        isocentre=(place[0], place[1], place[2]) if place else None, gaze=gaze,
        centred=vector(root.get("RTImagePosition"), 2) is None, problem="; ".join(problems),
    )  # fmt: skip


def _problems(root: Item) -> Iterator[str]:
    """Yield what keeps an image from being matched with."""
    for keyword, tag in (("ImagePlanePixelSpacing", "3002,0011"), ("RTImageSID", "3002,0026"),
                         ("RadiationMachineSAD", "3002,0022"), ("GantryAngle", "300A,011E"), ("Rows", "0028,0010"),
                         ("Columns", "0028,0011")):  # fmt: skip
        values = root.list(keyword)
        wanted = 2 if keyword == "ImagePlanePixelSpacing" else 1
        if len(values) != wanted or not all(is_number(one) for one in values):
            yield f"no {keyword} ({tag})"
        elif keyword != "GantryAngle" and min(values) <= 0:
            yield f"{keyword} ({tag}) {'/'.join(f'{one:g}' for one in values)} is not above 0"
    if not root.get("FrameOfReferenceUID"):
        yield "no FrameOfReferenceUID (0020,0052)"
    if vector(root.get("IsocenterPosition"), 3) is None:
        yield "no IsocenterPosition (300A,012C) of three numbers"
    if root.get("RTImagePlane") == "NON_NORMAL":
        yield "RTImagePlane (3002,000C) NON_NORMAL: a plane that is not across the beam cannot be matched with"
    if _turns(root) is None:
        told = "\\".join(f"{one}" for one in root.list("RTImageOrientation"))
        yield f"RTImageOrientation (3002,0010) {told} is not along the axes of the image receptor"
    angle = root.get("XRayImageReceptorAngle")
    if is_number(angle) and abs(angle % 360.0) > _STRAIGHT:
        yield f"XRayImageReceptorAngle (3002,000E) {angle:g} degrees: a receptor that is turned cannot be matched with"
    if root.get("NumberOfFrames") not in (None, "", 1, 1.0):
        yield f"{root.get('NumberOfFrames')} frames: one is needed"


def _turns(root: Item) -> tuple[int, int] | None:
    """Return whether columns run along +x and rows against +y; nothing for an image that is oblique."""
    six = root.list("RTImageOrientation")
    if not six:
        return 1, 1
    if len(six) != 6 or not all(is_number(one) for one in six):
        return None
    if max(abs(six[at]) for at in (1, 2, 3, 5)) > _STRAIGHT or min(abs(six[0]), abs(six[4])) < 1 - _STRAIGHT:
        return None
    return (1 if six[0] > 0 else -1), (1 if six[4] < 0 else -1)


def _gaze(root: Item) -> Gaze:
    """Return how an image is seen; its geometry is there."""
    down, across = (float(one) for one in root.list("ImagePlanePixelSpacing"))
    rows, columns = int(root.get("Rows")), int(root.get("Columns"))
    towards_x, towards_y = _turns(root) or (1, 1)
    # From the centre of the first pixel to the middle of the image, along Xr and Yr.
    half = (columns - 1) / 2 * across * towards_x, -(rows - 1) / 2 * down * towards_y
    first = vector(root.get("RTImagePosition"), 2) or [-half[0], -half[1]]
    moved = vector(root.get("XRayImageReceptorTranslation"), 3) or [0.0, 0.0, 0.0]
    x, y = (float(start + part + by) for start, part, by in zip(first, half, moved, strict=False))
    if abs(down - across) > _SQUARE:
        rows = _square_rows(rows, down, across)
    return Gaze(
        angle=float(root.get("GantryAngle")), panel=Panel(rows=rows, columns=columns, pitch=across, x=x, y=y),
        sad=float(root.get("RadiationMachineSAD")), sid=float(root.get("RTImageSID")),
    )  # fmt: skip


def _square_rows(rows: int, down: float, across: float) -> int:
    return max(round(rows * down / across), 1)


def _values(ds: Dataset, words: str) -> Array:
    """Return the values of an image, rescaled as it says."""
    with pydicom_errors(words, "export the image again"):
        if getattr(ds, "file_meta", None) is None or "TransferSyntaxUID" not in ds.file_meta:
            raise InputError("no Transfer Syntax UID", words, "keep the File Meta Information it came with")
        stored: Any = decode(ds, None)
        values = np.asarray(stored, dtype=np.float64)
        if values.ndim != 2:
            raise InputError(f"pixels of shape {values.shape}", words, "one frame of one sample a pixel is needed")
        slope, intercept = ds.get("RescaleSlope"), ds.get("RescaleIntercept")
        return values * float(1 if slope in (None, "") else slope) + float(0 if intercept in (None, "") else intercept)


def _integrals(values: Array, ds: Dataset) -> Iterator[Array]:
    """Yield the line integrals that an image may show, those that its elements tell, or the likeliest first."""
    sign, relation = ds.get("PixelIntensityRelationshipSign"), str(ds.get("PixelIntensityRelationship") or "")
    if sign in (1, -1):
        yield _attenuation(values, int(sign), relation)
        return
    bright = ds.get("PhotometricInterpretation") != "MONOCHROME1"
    # Of a radiograph bone is shown bright: where low values are bright, they are bone, so less beam.
    for one in (-1, 1) if bright else (1, -1):
        yield _attenuation(values, one, relation)
    if not relation and values.min() >= 0:
        yield _attenuation(values, 1, "LIN")


def _attenuation(values: Array, sign: int, relation: str) -> Array:
    """Return values that rise with what is in the beam; `sign` +1: lower values are less beam."""
    if relation != "LIN":
        return -sign * values
    beam = values if sign > 0 else values.max() + values.min() - values
    return np.asarray(-np.log(np.maximum(beam, 1e-4 * max(float(beam.max()), 1e-9))))


def _upright(values: Array, ds: Dataset) -> Array:
    """Return the pixels with columns along +x and rows against +y, as square ones."""
    root = Item(ds)
    towards_x, towards_y = _turns(root) or (1, 1)
    turned = values[::towards_y, ::towards_x]
    down, across = (float(one) for one in root.list("ImagePlanePixelSpacing"))
    if abs(down - across) <= _SQUARE:
        return np.ascontiguousarray(turned)
    rows = _square_rows(len(turned), down, across)
    # The middles of rows that are as high as columns are wide, about the same middle of the image.
    at = ((np.arange(rows) - (rows - 1) / 2) * across / down + (len(turned) - 1) / 2).clip(0, len(turned) - 1)
    below = np.minimum(at.astype(np.int64), max(len(turned) - 2, 0))
    part = (at - below)[:, None]
    return np.asarray(turned[below] * (1 - part) + turned[np.minimum(below + 1, len(turned) - 1)] * part)
