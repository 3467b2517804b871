"""CT slices of a cone-beam scan (PS3.3 A.3), in the frame of reference of the session.

**Axes.** Columns of a slice run along the patient's x (to the left), rows along y (to the back), slices along z (to the head),
whichever way the patient lies: `linacsim.physics.room.Scan` has its voxels so. They lie about the machine's isocentre, and the
machine does not move with the couch; so where the couch has been moved since the session began, positions are moved back into
the frame that is fixed to the table top, and Image Orientation (Patient) is that of axial slices unless the couch is turned.

Stored values are Hounsfield units less Rescale Intercept: whole units come back as they went in. There are 65536 of them; what
is beyond, inside or beside metal, is stored as the nearest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.objects.case.modules import date, finish, monochrome, numbers, put
from linacsim.objects.case.modules import number as decimal
from linacsim.objects.imaging.radiograph import angle
from linacsim.objects.imaging.session import Session, begin, clock, content, in_session_frame
from linacsim.physics.geometry import SAD, Array, Couch
from linacsim.physics.presets import SID
from linacsim.physics.room import Scan

MODEL = "OBI Cone-beam CT"
"""Manufacturer's Model Name (B.2.5)."""

_STEP = 1024
"""Rescale Intercept is a negative multiple of this, low enough for the lowest value."""
_LOWEST, _VALUES = -32768, 65536
_WINDOW = ("40", "400")
"""Of soft tissue, HU."""


def ct_slices(session: Session, scan: Scan, *, number: int = 1, at: int) -> list[Dataset]:
    """Return a scan as CT slices with File Meta Information, from the feet to the head.

    Parameters
    ----------
    session : Session
    scan : Scan
        In whole Hounsfield units; others are rounded.
    number : int
        Ordinal of the acquisition in the session: Acquisition Number, and what the UIDs hang on.
    at : int
        When the scan began, microseconds since the start of the run.

    Raises
    ------
    InputError
        If the volume is not of the size of its grid, or holds what is no number.
    """
    grid = scan.grid
    if scan.volume.shape != (grid.slices, grid.rows, grid.columns):
        what = f"a volume of {'x'.join(map(str, scan.volume.shape))} voxels"
        raise InputError(what, "CT slices", f"its grid has {grid.slices}x{grid.rows}x{grid.columns}")
    stored, intercept = _stored(scan.volume)
    origin, rotation = _placed(session, scan)
    made = []
    for index, pixels in enumerate(stored):
        ds = _slice(session, scan, pixels, (number, index + 1), at)
        ds.RescaleIntercept = str(intercept)
        directions = [rotation[:, 0], rotation[:, 1]]
        ds.ImageOrientationPatient = [one for axis in directions for one in numbers(axis, 9)]
        ds.ImagePositionPatient = numbers(origin + index * grid.thickness * rotation[:, 2], 6)
        made.append(finish(ds))
    return made


def _stored(volume: NDArray[np.float32]) -> tuple[NDArray[np.uint16], int]:
    """Return stored values, and the Rescale Intercept that turns them into Hounsfield units."""
    if not np.isfinite(volume).all():
        raise InputError("values that are no numbers", "CT slices", "give Hounsfield units")
    low = max(float(np.rint(volume.min())), float(_LOWEST))
    intercept = -_STEP * max(int(np.ceil(-low / _STEP)), 1)
    return np.clip(np.rint(volume) - intercept, 0, _VALUES - 1).astype(np.uint16), intercept


def _placed(session: Session, scan: Scan) -> tuple[Array, Array]:
    """Return the centre of the first voxel, shape (3,), and the axes of the volume in its columns, in the session frame."""
    back = session.pose(scan.couch).inverse.after(session.pose(Couch()))
    x, y, z = scan.grid.axes
    return back([x[0], y[0], z[0]]), back.rotation


def _slice(session: Session, scan: Scan, pixels: NDArray[np.uint16], key: tuple[int, int], at: int) -> Dataset:
    """Return a slice without its place."""
    grid = scan.grid
    acquisition, instance = key
    ds = begin(session, "ct", key=("scan", acquisition, instance), at=at, model=MODEL)
    in_session_frame(ds, session)
    put(ds, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], InstanceNumber=instance, AcquisitionNumber=acquisition)
    moment = session.moment(at)
    put(ds, AcquisitionDate=date(moment), AcquisitionTime=clock(moment), PatientPosition=session.subject.position)
    content(ds, moment)
    monochrome(ds, pixels)
    put(ds, RescaleSlope="1", RescaleType="HU", WindowCenter=_WINDOW[0], WindowWidth=_WINDOW[1])
    put(ds, PixelSpacing=[decimal(grid.pitch, 6)] * 2, SliceThickness=decimal(grid.thickness, 6))
    _technique(ds, scan)
    _couch(ds, scan.couch)
    return ds


def _technique(ds: Dataset, scan: Scan) -> None:
    """Add how the scan was taken (C.8.2.1): the time and charge of all its frames."""
    preset, grid = scan.preset, scan.grid
    put(ds, KVP=decimal(preset.kvp), ScanOptions="TOMO", ConvolutionKernel=preset.window)
    put(ds, XRayTubeCurrent=round(preset.ma), ExposureTime=round(preset.projections * preset.ms))
    put(ds, Exposure=round(preset.mas), GeneratorPower=round(preset.kvp * preset.ma / 1000.0))
    put(ds, DataCollectionDiameter=decimal(preset.field_of_view))
    ds.ReconstructionDiameter = decimal(max(grid.columns, grid.rows) * grid.pitch)
    put(ds, DistanceSourceToDetector=decimal(SID), DistanceSourceToPatient=decimal(SAD), GantryDetectorTilt="0")


def _couch(ds: Dataset, couch: Couch) -> None:
    """Add where the couch stood; all but Table Height are elements that the CT Image module does not know (B.2.9)."""
    put(ds, TableHeight=decimal(-couch.z, 6), TableTopLongitudinalPosition=decimal(couch.y, 6))
    put(ds, TableTopLateralPosition=decimal(couch.x, 6), PatientSupportAngle=angle(couch.rotation))
