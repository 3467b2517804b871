"""Checking CT slices against a system: seconds for 50 to 500 slices, and whether they grow linearly.

Slices of 512 x 512 pixels of 16 bits lie in a folder; gathering and checking them is what is measured, the best of a few
rounds. Linear means: ten times the slices take at most ten times `SLACK` as long, measured in the same run; if the time grew
with the square of their number it would be a hundred times.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from linacsim.conformance import System, load_system, systems
from linacsim.conformance.check import check, gather

SIDE = 512
ROOT = "1.2.826.0.1.3680043.9.9999"
LIMIT = 5.0
SLACK = 2.0
COUNTS = (50, 100, 250, 500)


def slice_of(ordinal: int) -> Dataset:
    """Return a CT slice of a made-up series."""
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 100"
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, UID(f"{ROOT}.3.{ordinal + 1}")
    image.StudyDate = image.SeriesDate = image.ContentDate = "20260101"
    image.StudyTime = image.SeriesTime = image.ContentTime = "120000"
    image.AccessionNumber, image.Modality, image.Manufacturer = "1", "CT", "linacsim"
    image.ReferringPhysicianName, image.PatientName, image.PatientID = "", "Phantom^Water", "BENCH"
    image.PatientBirthDate, image.PatientSex, image.PatientPosition = "19700101", "O", "HFS"
    image.StudyInstanceUID, image.SeriesInstanceUID = UID(f"{ROOT}.1"), UID(f"{ROOT}.2")
    image.StudyID, image.SeriesNumber, image.InstanceNumber = "1", 1, ordinal + 1
    image.KVP, image.AcquisitionNumber, image.SliceThickness = 120, 1, 2
    image.ImagePositionPatient, image.ImageOrientationPatient = [-250, -250, 2.0 * ordinal], [1, 0, 0, 0, 1, 0]
    image.FrameOfReferenceUID, image.PositionReferenceIndicator = UID(f"{ROOT}.4"), ""
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows = image.Columns = SIDE
    image.PixelSpacing = [0.9765625, 0.9765625]
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = -1024, 1, "HU"
    return image


def write_slices(folder: Path, count: int) -> None:
    """Write `count` slices."""
    pixels = bytes(2 * SIDE * SIDE)
    for ordinal in range(count):
        image = slice_of(ordinal)
        image.PixelData = pixels
        image["PixelData"].VR = "OW"
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.save_as(folder / f"{ordinal:04}.dcm", enforce_file_format=True)


def seconds(folder: Path, system: System, rounds: int) -> float:
    """Return the best time that gathering and checking a folder takes."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        found = gather([folder])
        check(found.objects, system, "import" if any(iod.goes("import") for iod in system.iods) else "export")
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Measure, print, and fail if it takes too long or grows faster than the number of slices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    failed = False
    print(
        f"CT slices of {SIDE} x {SIDE} x 16 bit, gathered and checked, best of {options.rounds}; seconds (ms per slice)"
    )
    with tempfile.TemporaryDirectory() as name:
        folders = {count: Path(name) / str(count) for count in COUNTS}
        for count, folder in folders.items():
            folder.mkdir()
            write_slices(folder, count)
        print(f"{'':14}" + "".join(f"{count:>16}" for count in COUNTS) + "   500 : 50")
        for one in systems():
            system = load_system(one)
            seconds(folders[COUNTS[0]], system, 1)  # its tables are read once
            times = {count: seconds(folder, system, options.rounds) for count, folder in folders.items()}
            each = {count: 1000 * taken / count for count, taken in times.items()}
            ratio = times[COUNTS[-1]] / times[COUNTS[0]]
            print(f"{one:14}" + "".join(f"{times[n]:8.3f} ({each[n]:4.2f})" for n in COUNTS) + f"   {ratio:5.1f} x")
            failed |= times[COUNTS[-1]] >= LIMIT or ratio > SLACK * COUNTS[-1] / COUNTS[0]
    if failed:
        raise SystemExit(
            f"500 slices have to take less than {LIMIT:g} s, and at most {SLACK * 10:g} times what 50 take"
        )


if __name__ == "__main__":
    main()
