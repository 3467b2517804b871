"""The user's own CT series as a body to take pictures of (PS3.3 A.3): sorted, in Hounsfield units, evenly spaced.

What cannot be one volume is refused in words: slices that are missing or there twice, several series, frames of reference,
orientations or pixel spacings, slices that are not axial, pixels that cannot be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage

from linacsim.errors import InputError
from linacsim.objects.imagefile import decode, name_of, pydicom_errors, read_image, read_instance
from linacsim.physics.geometry import Array, PatientPosition, Vector
from linacsim.physics.projection import Voxels
from linacsim.physics.solids import AIR_HU

_STRAIGHT = 1e-3
"""By how much a direction cosine of an axial slice may be off."""
_EVEN = 0.01
"""mm: by how much positions and spacings of one volume may differ."""
_HOLE = 1.5
"""A distance so many times that of its neighbours is a slice that is missing."""
_MOST_SLICES = 4000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CtVolume:
    """A CT series as a body.

    Attributes
    ----------
    voxels : Voxels
        Hounsfield units in patient coordinates; x, y and z all rising.
    position : str
        Patient Position: HFS, HFP, FFS or FFP.
    frame_of_reference : str
        Frame of Reference UID.
    series : str
        Series Instance UID.
    slices : int
        How many slices the series has; there are more in `voxels` if they were not evenly spaced.
    """

    voxels: Voxels
    position: PatientPosition
    frame_of_reference: str
    series: str
    slices: int

    @property
    def middle(self) -> Vector:
        """The middle of the volume in patient coordinates, mm."""
        x, y, z = ((float(axis[0]) + float(axis[-1])) / 2 for axis in self.voxels.axes)
        return x, y, z


def ct_volume(source: str | Path | Iterable[str | Path | Dataset]) -> CtVolume:
    """Return a CT series as a body.

    Parameters
    ----------
    source : path, or iterable of paths and data sets
        A folder, in which everything that is no CT slice (localizers too) is passed over; or files and data sets, all of them slices.

    Returns
    -------
    CtVolume

    Raises
    ------
    InputError
        If that is not one series of axial slices that fill a volume; the message names the slice, the value and the limit.
    """
    slices = _gathered(source)
    first = slices[0]
    for ds in slices:
        _check_slice(ds)
    series = _one(slices, "SeriesInstanceUID", "series", "name the files of one of them")
    frame = _one(slices, "FrameOfReferenceUID", "frames of reference", "use slices of one frame of reference")
    _same_geometry(slices)
    ordered = sorted(slices, key=_height)
    heights = np.array([_height(ds) for ds in ordered])
    _check_heights(heights, ordered)
    with pydicom_errors(name_of(first)):
        hu = np.stack([_hounsfield(ds) for ds in ordered])
    return CtVolume(
        voxels=_volume(hu, heights, first), position=_position(first), frame_of_reference=frame, series=series,
        slices=len(slices),
    )  # fmt: skip


def _gathered(source: str | Path | Iterable[str | Path | Dataset]) -> list[Dataset]:
    if isinstance(source, str | Path) and Path(source).is_dir():
        files = sorted(file for file in Path(source).rglob("*") if file.is_file())
        found = [ds for ds in map(_slice_in_folder, files) if ds is not None]
        if not found:
            raise InputError("there is no CT slice in it", str(source), "name the folder of a CT series")
        return found
    named = [source] if isinstance(source, str | Path) else list(source)
    if not named:
        raise InputError("no slices", "CT series", "name the files of a series or their folder")
    return [one if isinstance(one, Dataset) else read_image(one) for one in named]


def _slice_in_folder(file: Path) -> Dataset | None:
    """Return the CT slice in a file; None if something else is in it."""
    try:
        ds = read_instance(file)
    except InputError:
        return None
    if ds.get("SOPClassUID") not in {CTImageStorage, EnhancedCTImageStorage} or "LOCALIZER" in (
        ds.get("ImageType") or ()
    ):
        return None
    # Only a CT slice may say why it cannot be used.
    return read_image(file)


def _check_slice(ds: Dataset) -> None:
    name, kind = name_of(ds), ds.get("SOPClassUID")
    if kind == EnhancedCTImageStorage or int(ds.get("NumberOfFrames") or 1) > 1:
        raise InputError("this is a multi-frame image", name, "convert it to CT Image Storage, one file for each slice")
    if kind != CTImageStorage:
        what = f"this is no CT slice but {getattr(kind, 'name', None) or 'without SOP Class UID'}"
        raise InputError(what, name, "name the files of a CT series")
    for keyword, count in (("ImagePositionPatient", 3), ("ImageOrientationPatient", 6), ("PixelSpacing", 2)):
        _numbers(ds, keyword, count)
    if int(ds.get("SamplesPerPixel", 1)) != 1:
        raise InputError(f"{ds.SamplesPerPixel} samples per pixel", name, "a CT slice has one")
    _check_axial(ds)


def _numbers(ds: Dataset, keyword: str, count: int) -> Array:
    """Return the values of an attribute, shape (count,)."""
    with pydicom_errors(name_of(ds), f"correct {keyword}"):
        values = ds.get(keyword)
        numbers = np.array([float(one) for one in values or ()], dtype=np.float64)
    if len(numbers) != count or not np.isfinite(numbers).all():
        what = f"{keyword} has {len(numbers)} values, {count} are needed"
        raise InputError(what, name_of(ds), "export the series again")
    if keyword == "PixelSpacing" and not numbers.min() > 0:
        raise InputError(f"PixelSpacing {numbers[0]:g}\\{numbers[1]:g} mm", name_of(ds), "distances are above 0 mm")
    return numbers


def _check_axial(ds: Dataset) -> None:
    along = np.abs(_numbers(ds, "ImageOrientationPatient", 6))
    if np.abs(along - (1, 0, 0, 0, 1, 0)).max() > _STRAIGHT:
        told = "\\".join(f"{value:g}" for value in ds.ImageOrientationPatient)
        todo = "use axial slices without tilt: rows along the patient's x, columns along y"
        raise InputError(f"ImageOrientationPatient {told} is not axial", name_of(ds), todo)


def _one(slices: Sequence[Dataset], keyword: str, called: str, todo: str) -> str:
    """Return the value that all slices have of an attribute."""
    counts = Counter(str(ds.get(keyword, "")) for ds in slices)
    if len(counts) > 1:
        told = ", ".join(f"{uid or 'none'} ({count} slices)" for uid, count in counts.most_common(4))
        raise InputError(f"{len(counts)} {called}: {told}", "CT series", todo)
    return next(iter(counts))


def _same_geometry(slices: Sequence[Dataset]) -> None:
    first = slices[0]
    for ds in slices[1:]:
        where = name_of(ds)
        if (ds.Rows, ds.Columns) != (first.Rows, first.Columns):
            what = f"{ds.Columns}x{ds.Rows} pixels and {first.Columns}x{first.Rows} in {name_of(first)}"
            raise InputError(what, where, "use slices of one size")
        for keyword, count, limit, todo in (
            ("PixelSpacing", 2, _EVEN / 10, "use slices of one pixel spacing"),
            ("ImageOrientationPatient", 6, _STRAIGHT, "use slices of one orientation"),
        ):
            here, there = _numbers(ds, keyword, count), _numbers(first, keyword, count)
            if np.abs(here - there).max() > limit:
                raise InputError(f"{keyword} {_told(here)} and {_told(there)} in {name_of(first)}", where, todo)
        here, there = _numbers(ds, "ImagePositionPatient", 3), _numbers(first, "ImagePositionPatient", 3)
        if np.abs(here - there)[:2].max() > 10 * _EVEN:
            what = f"ImagePositionPatient {_told(here)} and {_told(there)} in {name_of(first)}"
            raise InputError(what, where, f"slices lie above each other, to within {10 * _EVEN:g} mm")


def _told(values: Array) -> str:
    return "\\".join(f"{value:g}" for value in values)


def _height(ds: Dataset) -> float:
    return float(ds.ImagePositionPatient[2])


def _check_heights(heights: Array, ordered: Sequence[Dataset]) -> None:
    if len(heights) < 2:
        raise InputError(f"{len(heights)} slice is no volume", name_of(ordered[0]), "name the whole series")
    gaps = np.diff(heights)
    close = int(np.argmin(gaps))
    if gaps[close] < _EVEN:
        what = f"two slices at z {heights[close]:g} mm: {name_of(ordered[close])} and {name_of(ordered[close + 1])}"
        raise InputError(what, "CT series", "leave one of them out")
    for index, gap in enumerate(gaps):
        beside = [gaps[at] for at in (index - 1, index + 1) if 0 <= at < len(gaps)]
        if beside and gap > _HOLE * max(beside):
            what = f"{gap:g} mm between the slices at z {heights[index]:g} and {heights[index + 1]:g} mm"
            todo = f"a slice is missing, as others are {max(beside):g} mm apart; export the series again"
            raise InputError(what, "CT series", todo)
    span = float(heights[-1] - heights[0])
    if span / gaps.min() > _MOST_SLICES:
        what = f"slices {gaps.min():g} mm apart over {span:g} mm"
        raise InputError(what, "CT series", f"that makes more than {_MOST_SLICES} slices; leave the close ones out")


def _hounsfield(ds: Dataset) -> NDArray[np.float32]:
    """Return the Hounsfield units of a slice, shape (rows, columns)."""
    stored: NDArray[Any] = np.asarray(decode(ds, None))
    hu = stored.astype(np.float64) * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0))
    padding = ds.get("PixelPaddingValue")
    if padding is not None:
        hu[stored == int(padding)] = AIR_HU
    return np.maximum(hu, AIR_HU).astype(np.float32)


def _volume(hu: NDArray[np.float32], heights: Array, first: Dataset) -> Voxels:
    """Return the volume with x, y and z rising, z evenly spaced."""
    position, spacing = _numbers(first, "ImagePositionPatient", 3), _numbers(first, "PixelSpacing", 2)
    towards = np.sign(np.round(_numbers(first, "ImageOrientationPatient", 6)[[0, 4]]))
    steps = (float(spacing[1]), float(spacing[0]))
    counts = (hu.shape[2], hu.shape[1])
    x, y = (
        float(at) if sign > 0 else float(at) - (count - 1) * step
        for at, sign, count, step in zip(position, towards, counts, steps, strict=False)
    )
    turned = hu[:, :: int(towards[1]), :: int(towards[0])]
    even, gap = _evened(turned, heights)
    return Voxels(np.ascontiguousarray(even), (*steps, gap), (x, y, float(heights[0])))


def _evened(hu: NDArray[np.float32], heights: Array) -> tuple[NDArray[np.float32], float]:
    """Return the slices at even distances and these; slices that are not are interpolated at the smallest distance."""
    gaps = np.diff(heights)
    if float(np.ptp(gaps)) <= _EVEN:
        return hu, float(gaps.mean())
    gap = float(gaps.min())
    wanted = np.arange(heights[0], heights[-1] + _EVEN, gap)
    above = np.clip(np.searchsorted(heights, wanted, side="right"), 1, len(heights) - 1)
    part = ((wanted - heights[above - 1]) / gaps[above - 1]).astype(np.float32)[:, None, None]
    return hu[above - 1] * (1 - part) + hu[above] * part, gap


def _position(ds: Dataset) -> PatientPosition:
    """Return the Patient Position; head first supine where a series says nothing."""
    said = str(ds.get("PatientPosition") or "HFS")
    if said not in get_args(PatientPosition):
        raise InputError(f"PatientPosition {said}", name_of(ds), f"use one of {', '.join(get_args(PatientPosition))}")
    return cast("PatientPosition", said)
