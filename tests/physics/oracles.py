"""Programs that judge our images, in environments of their own (`ci/oracles.sh`); files go there and JSON comes back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.uid
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

from linacsim.physics.fdk import Grid
from linacsim.physics.geometry import Gaze

ROOT = Path(__file__).parents[2]
CT_IMAGE, RT_IMAGE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.481.1"
UID_ROOT = "1.2.826.0.1.3680043.8.498.77."


def oracle(name: str) -> Path:
    """Return the Python of an oracle's environment, or skip the test."""
    folder = Path(os.environ.get("LINACSIM_ORACLES", ROOT / ".oracles")) / name
    if not (folder / "ready").exists():
        pytest.skip(f"no {name} to judge the images; for it run: sh ci/oracles.sh {name}")
    return folder / "bin" / "python"


def pylinac_says(what: str, path: Path) -> dict[str, Any]:
    """Return what pylinac finds in a file or folder."""
    script = Path(__file__).with_name("pylinac_script.py")
    done = subprocess.run(
        [oracle("pylinac"), "-W", "ignore", script, what, path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _file(sop_class: str, instance: str, modality: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = pydicom.uid.UID(sop_class)
    meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(UID_ROOT + instance)
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, UID_ROOT + instance
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = (UID_ROOT + tail for tail in ("1", "2", "3"))
    ds.Modality, ds.PatientID, ds.PatientName, ds.Manufacturer = modality, "PHANTOM", "PHANTOM", "linacsim"
    ds.StudyDate = ds.ContentDate = "20260101"
    ds.StudyTime = ds.ContentTime = "120000"
    return ds


def _pixels(ds: Dataset, pixels: NDArray[Any]) -> None:
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
    ds.PixelRepresentation = int(pixels.dtype == np.int16)
    ds.PixelData = np.ascontiguousarray(pixels).tobytes()
    ds["PixelData"].VR = "OW"


def write_ct(folder: Path, volume: NDArray[np.float32], grid: Grid) -> None:
    """Write CT slices of Hounsfield units, shape (slices, rows, columns)."""
    x, y, z = grid.axes
    for index, image in enumerate(volume):
        ds = _file(CT_IMAGE, f"10.{index + 1}", "CT")
        ds.InstanceNumber, ds.PatientPosition = index + 1, "HFS"
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.SliceThickness = grid.thickness
        ds.PixelSpacing = [grid.pitch, grid.pitch]
        ds.ImagePositionPatient = [round(float(value), 6) for value in (x[0], y[0], z[index])]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
        _pixels(ds, np.clip(np.rint(image + 1024), 0, 65535).astype(np.uint16))
        ds.save_as(folder / f"ct{index:03}.dcm", enforce_file_format=True)


def write_rt_image(path: Path, pixels: NDArray[np.uint16], gaze: Gaze, collimator: float = 0, couch: float = 0) -> None:
    """Write an RT Image in which more beam is a higher value."""
    panel = gaze.panel
    ds = _file(RT_IMAGE, f"20.{int.from_bytes(path.stem.encode()[-8:]) % 10**9}", "RTIMAGE")
    ds.ImageType = ["ORIGINAL", "PRIMARY", "PORTAL"]
    ds.RTImageLabel, ds.RTImagePlane, ds.ConversionType = path.stem, "NORMAL", "DI"
    ds.ImagePlanePixelSpacing = [panel.pitch, panel.pitch]
    ds.RTImagePosition = [float(value) for value in panel.position_of([0, 0])]
    ds.RTImageOrientation = [1, 0, 0, 0, -1, 0]
    ds.XRayImageReceptorTranslation = [0, 0, gaze.sad - gaze.sid]
    ds.RadiationMachineSAD, ds.RTImageSID = gaze.sad, gaze.sid
    ds.GantryAngle, ds.BeamLimitingDeviceAngle, ds.PatientSupportAngle = gaze.angle % 360, collimator % 360, couch % 360
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LIN", -1
    _pixels(ds, pixels)
    ds.save_as(path, enforce_file_format=True)
