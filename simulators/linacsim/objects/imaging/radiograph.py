r"""RT Image of a radiograph (PS3.3 A.17): kV, MV and portal dose.

**Gantry Angle of a kV image** is that of the kV source, 90 degrees ahead of the gantry. The document says that of plans (table
2-17: for kV beams the angle of the kV source in the fixed system) and leaves it open for images, where Gantry Angle is just
exported (B.2.10). But an image that comes back as a reference image is placed by its own attributes alone (2.2.1.4.1.3), and
no attribute tells how far the kV source is from the gantry; with any other angle X-Ray Image Receptor Translation, which counts
in the gantry's coordinates, would put the panel behind the patient as the MV source sees him.

**Image Type of a portal dose image** ends in ACQUIRED_DOSE in B.2.10, while the same attribute has no such value in B.2.6. The
value is written: without it nothing would say that the pixels are a dose, and B.2.12 speaks of such images too.

**Calibrated units** follow the usual definition: 1 CU is the signal of 100 MU at 1000 mm from the source. Field size does not
count here, as nothing else in the room knows of output factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.objects.case.modules import date, finish, item, monochrome, number, numbers, put
from linacsim.objects.export.vendor import private
from linacsim.objects.export.vendors.varian import creator
from linacsim.objects.imaging.curves import add_curves
from linacsim.objects.imaging.session import Session, begin, clock, content, in_session_frame
from linacsim.physics.geometry import Gaze
from linacsim.physics.mvbeam import Aperture
from linacsim.physics.presets import ENERGIES
from linacsim.physics.room import Radiograph

Photometric = Literal["MONOCHROME1", "MONOCHROME2"]

MODELS = {"kV": "On-Board Imager", "MV": "PortalVision AI"}
"""Manufacturer's Model Name by axis (B.2.5)."""

_CU_MU = 100.0
"""MU that give 1 CU in the open beam at `_CU_DISTANCE` mm from the source."""
_CU_DISTANCE = 1000.0
_BODY = 20.0
"""mm of water, from which on a pixel shows a body."""
_LABEL = 16
"""Characters of an SH."""
_PER_MINUTE = 60000.0
"""ms"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamReference:
    """The beam of the plan that an image is for.

    Attributes
    ----------
    number : int
        Beam Number.
    fraction_group : int, optional
        Fraction Group Number.
    description : str
        For RT Image Description of an MV image.
    """

    number: int
    fraction_group: int | None = None
    description: str = ""


def rt_image(
    session: Session, radiograph: Radiograph, *, number: int, label: str, beam: BeamReference | None = None,
    markers: ArrayLike | None = None, dose: bool = False, photometric: Photometric = "MONOCHROME2", at: int,
) -> Dataset:  # fmt: skip
    """Return a radiograph as RT Image with File Meta Information.

    Parameters
    ----------
    session : Session
    radiograph : Radiograph
        Pixels are stored as they are: lower values are less beam.
    number : int
        Ordinal of the acquisition in the session; the UID hangs on it.
    label : str
        RT Image Label, at most 16 characters.
    beam : BeamReference, optional
        The beam of the session's plan that it is for.
    markers : array_like, shape (n, 2), optional
        Matched markers, (column, row) in pixels, from 0 in the middle of the upper left one; at most 16.
    dose : bool
        Whether it is a portal dose image, in calibrated units.
    photometric : str
        Whether high values are shown bright (MONOCHROME2) or dark; the values do not change.
    at : int
        When the beam went on, microseconds since the start of the run.

    Raises
    ------
    InputError
        For a label that is empty or too long, a dose of a kV image, a beam without plan, more markers than there are curves
        or one beside the image.
    """
    _check(session, radiograph, label, beam, dose=dose)
    texts = (label, beam.description if beam is not None else "")
    ds = begin(session, "rtimage", key=("picture", number), at=at, model=MODELS[radiograph.axis], texts=texts)
    in_session_frame(ds, session)
    kv = radiograph.axis == "kV"
    kind = ["OBI"] if kv else ["ACQUIRED_DOSE"] if dose else []
    put(ds, ImageType=["ORIGINAL", "PRIMARY", "PORTAL", *kind], ConversionType="DI", PatientOrientation="")
    put(ds, InstanceNumber=number, AcquisitionNumber=number)
    moment = session.moment(at)
    put(ds, AcquisitionDate=date(moment), AcquisitionTime=clock(moment))
    content(ds, moment)
    monochrome(ds, radiograph.pixels)
    ds.PhotometricInterpretation = photometric
    put(ds, PixelIntensityRelationship="LIN", PixelIntensityRelationshipSign=1)
    _rescale(ds, radiograph, dose=dose)
    put(ds, RTImageLabel=label, ReportedValuesOrigin="ACTUAL", RadiationMachineName="")
    ds.PrimaryDosimeterUnit = "MINUTE" if kv else "MU"
    _plane(ds, radiograph.gaze)
    _machine(ds, session, radiograph)
    _plan(ds, session, radiograph, beam)
    ds.ExposureSequence = [_kv_exposure(radiograph) if kv else _mv_exposure(radiograph)]
    if markers is not None:
        add_curves(ds, markers)
    return finish(ds)


def _check(session: Session, radiograph: Radiograph, label: str, beam: BeamReference | None, *, dose: bool) -> None:
    if not label.strip() or len(label) > _LABEL or "\\" in label:
        what = f"{label!r} is no RT Image Label"
        raise InputError(what, "RTImageLabel (3002,0002)", f"give 1 to {_LABEL} characters without a backslash")
    if dose and radiograph.axis == "kV":
        raise InputError("a portal dose image of the kV axis", label, "take an MV image for a dose")
    if beam is not None and session.subject.plan is None:
        what = f"beam {beam.number} without a plan"
        raise InputError(what, label, "load the plan, or leave the beam out")
    panel = radiograph.gaze.panel
    if radiograph.pixels.shape != (panel.rows, panel.columns):
        rows, columns = radiograph.pixels.shape
        what = f"{columns}x{rows} pixels of a panel of {panel.columns}x{panel.rows}"
        raise InputError(what, label, "give the picture and its own gaze")


def calibrated_units(radiograph: Radiograph) -> float:
    """Return how many CU one count of an MV picture is."""
    if radiograph.mu is None:
        raise InputError("no monitor units", "portal dose image", "take an MV image")
    return radiograph.mu / _CU_MU * (_CU_DISTANCE / _sid(radiograph.gaze)) ** 2 / radiograph.open_field


def _rescale(ds: Dataset, radiograph: Radiograph, *, dose: bool) -> None:
    """Add Modality LUT (C.11.1), and a window that fits what it gives (C.11.2)."""
    slope = calibrated_units(radiograph) if dose else 1.0
    written = f"{slope:.9g}"
    put(ds, RescaleIntercept="0", RescaleSlope=written, RescaleType="CU" if dose else "US")
    low, high = window(radiograph)
    unit = float(written)
    put(ds, WindowCenter=f"{(low + high) / 2 * unit:.8g}", WindowWidth=f"{(high - low) * unit:.8g}")
    if dose:
        ds.VOILUTFunction = "LINEAR_EXACT"  # the plain one has no windows below 1, and a portal image is 0.01 CU


def window(radiograph: Radiograph) -> tuple[float, float]:
    """Return the stored values between which nearly all that shows the body lies.

    Air is far brighter than what is behind a body, and leaves and jaws are darker: both are left out, and so is the skin,
    where the one turns into the other. A picture without a body is shown as a whole.
    """
    pixels, water = radiograph.pixels[::4, ::4], radiograph.water[::4, ::4]
    body = pixels[water > _BODY]
    some = body if body.size > pixels.size / 100 else pixels
    low, high = np.percentile(some, (1.0, 95.0 if some is body else 99.5))
    return float(low), float(max(high, low + 1.0))


def _sid(gaze: Gaze) -> float:
    """Return the distance in mm from where the source is believed to the plane of the panel."""
    return gaze.sid + gaze.source_shift[2] - gaze.panel_shift[2]


def _plane(ds: Dataset, gaze: Gaze) -> None:
    """Add where the image lies (C.8.8.2): the receptor's origin is the middle of the panel, its axes are the gantry's."""
    panel = gaze.panel
    pitch = number(panel.pitch, 6)
    corner = (-(panel.columns - 1) / 2 * float(pitch), (panel.rows - 1) / 2 * float(pitch))
    put(ds, RTImagePlane="NORMAL", XRayImageReceptorAngle="0", RTImageOrientation=["1", "0", "0", "0", "-1", "0"])
    put(ds, ImagePlanePixelSpacing=[pitch, pitch], RTImagePosition=numbers(corner, 6))
    x, y, z = gaze.panel_shift
    ds.XRayImageReceptorTranslation = numbers((panel.x + x, panel.y + y, gaze.sad - gaze.sid + z), 6)
    put(ds, RTImageSID=number(_sid(gaze), 6), RadiationMachineSAD=number(gaze.sad + gaze.source_shift[2], 6))


def _machine(ds: Dataset, session: Session, radiograph: Radiograph) -> None:
    """Add how the machine and the couch stood, and where that is in the patient (C.8.8.2, private 3273)."""
    couch = radiograph.couch
    put(ds, GantryAngle=angle(radiograph.gaze.angle), BeamLimitingDeviceAngle=angle(radiograph.collimator))
    put(ds, PatientSupportAngle=angle(couch.rotation), TableTopEccentricAngle="0")
    put(ds, TableTopPitchAngle=float(np.float32(couch.pitch)), TableTopRollAngle=float(np.float32(couch.roll)))
    put(ds, TableTopVerticalPosition=number(couch.z, 6), TableTopLateralPosition=number(couch.x, 6))
    ds.TableTopLongitudinalPosition = number(couch.y, 6)
    isocentre = numbers(session.isocentre(couch), 6)
    put(ds, IsocenterPosition=isocentre, PatientPosition=session.subject.position)
    private(ds, creator("3273"), "3273,xx00", "DS", isocentre)
    private(ds, creator("3273"), "3273,xx01", "CS", session.subject.position)


def angle(degrees: float) -> str:
    """Return an angle as DS, 0 to below 360."""
    text = number(degrees % 360.0, 6)
    return "0" if text == "360" else text


def _plan(ds: Dataset, session: Session, radiograph: Radiograph, beam: BeamReference | None) -> None:
    """Add what of the plan the image is for."""
    plan = session.subject.plan
    if plan is not None:
        ds.ReferencedRTPlanSequence = [item(ReferencedSOPClassUID=plan[0], ReferencedSOPInstanceUID=plan[1])]
        ds.FractionNumber = 1
    if beam is not None:
        ds.ReferencedBeamNumber = beam.number
        if beam.fraction_group is not None:
            ds.ReferencedFractionGroupNumber = beam.fraction_group
    if radiograph.axis == "MV":
        ds.StartCumulativeMetersetWeight = "0"
        ds.RTImageDescription = (beam.description if beam is not None else "") or "Portal image"


def _kv_exposure(radiograph: Radiograph) -> Dataset:
    kvp, ma, ms = radiograph.kvp or 0.0, radiograph.ma or 0.0, radiograph.ms or 0.0
    exposure = item(KVP=number(kvp), XRayTubeCurrent=round(ma), ExposureTime=round(ms), NumberOfBlocks=0)
    return put(exposure, MetersetExposure=number(ms / _PER_MINUTE, 10))


def _mv_exposure(radiograph: Radiograph) -> Dataset:
    energy = float(radiograph.truth.get("technique", {}).get("energy", ENERGIES[0]))
    exposure = item(KVP=number(energy * 1000.0), MetersetExposure=number(radiograph.mu or 0.0, 6), NumberOfBlocks=0)
    if radiograph.aperture is not None:
        exposure.BeamLimitingDeviceSequence = _jaws(radiograph.aperture)
    return exposure


def _jaws(aperture: Aperture) -> list[Dataset]:
    """Return the jaws; leaves are not told (B.2.10 has jaws only)."""
    pairs = (("ASYMX", (aperture.x1, aperture.x2)), ("ASYMY", (aperture.y1, aperture.y2)))
    return [
        item(RTBeamLimitingDeviceType=kind, NumberOfLeafJawPairs=1, LeafJawPositions=numbers(ends, 6))
        for kind, ends in pairs
    ]
