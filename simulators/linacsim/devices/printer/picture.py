"""A sheet of film as a picture: a PNG of its true size, or a DICOM Secondary Capture as a film digitizer would make it.

The picture of a grey film has a palette of 256 densities, each a little darker than the one before by the same share, so
every density is met within half a percent and the picture still has no more steps than the eye sees; the densities stand in
its header, so they can be measured. The picture of a colour film has sRGB colours.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from linacsim.physics.film import FilmSheet, PlacedImage, compose, on_light_box, paint, seen

DENSITIES = "Optical density"
"""The text chunk with the optical density of each colour of the palette."""

_ENTRIES = 256
_LEAST = 0.05
"""Below this density the steps of the palette are all alike: the least density has to be more than 0 for equal shares."""
_STEP = 0.001
_COMPRESSION = 1
"""zlib's level: higher ones take several times as long for a tenth less."""
_MM_PER_INCH, _MM_PER_METRE = 25.4, 1000
_SIGNATURE, _INDEXED, _METRE = b"\x89PNG\r\n\x1a\n", 3, 1
_OD_BITS, _OD_TOP = 12, 4095
_RGB_BITS = 8


def picture(sheet: FilmSheet, images: list[PlacedImage], medium: str) -> bytes:
    """Return the sheet as it looks on the light box: a PNG with the film's true size in its header.

    Parameters
    ----------
    sheet : FilmSheet
        The sheet.
    images : list of PlacedImage
        Its images.
    medium : str
        Medium Type.

    Raises
    ------
    InputError
        If the sheet cannot be exposed, or the medium is not known.
    """
    if any(image.colour for image in images):
        buffer, dots = io.BytesIO(), sheet.pixels_per_mm * _MM_PER_INCH
        shown = Image.fromarray(on_light_box(compose(sheet, images), medium))
        shown.save(buffer, "PNG", dpi=(dots, dots), compress_level=_COMPRESSION)
        return buffer.getvalue()
    palette, table = _palette(sheet.film.min_density, sheet.film.max_density)
    (plane,) = paint(sheet, images, [lambda density: table[np.rint(density / _STEP).astype(np.int64)]])
    return _grey_png(plane, palette, medium, sheet.pixels_per_mm)


def density_in(png: bytes) -> NDArray[np.float64]:
    """Return the optical density of every pixel of the picture of a grey film, shape (rows, columns).

    Raises
    ------
    ValueError
        If it is no such picture.
    """
    with Image.open(io.BytesIO(png)) as shown:
        text = shown.info.get(DENSITIES)
        if shown.mode != "P" or not text:
            raise ValueError("not the picture of a grey film")
        densities: NDArray[np.float64] = np.asarray([float(one) for one in text.split()])
        return np.asarray(densities[np.asarray(shown)])


def secondary_capture(sheet: FilmSheet, images: list[PlacedImage], about: Dataset) -> Dataset:
    """Return the sheet as a Secondary Capture: thousandths of optical density, or RGB for a colour film (PS3.3 A.8.1).

    Parameters
    ----------
    sheet : FilmSheet
        The sheet.
    images : list of PlacedImage
        Its images.
    about : Dataset
        What stands in it beside the picture: SOP Instance UID, patient, study, series, dates, manufacturer.

    Returns
    -------
    Dataset
        With file meta information, Explicit VR Little Endian.

    Raises
    ------
    InputError
        If the sheet cannot be exposed.
    """
    ds = Dataset()
    ds.update(about)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    ds.ConversionType, ds.Modality = "DF", "OT"
    density = compose(sheet, images)
    ds.Rows, ds.Columns = density.shape[:2]
    ds.PixelSpacing = ds.NominalScannedPixelSpacing = [f"{1 / sheet.pixels_per_mm:.8g}"] * 2
    _fill(ds, density)
    return ds


def _fill(ds: Dataset, density: NDArray[Any]) -> None:
    ds.PixelRepresentation = 0
    if density.ndim > 2:
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
        ds.BitsAllocated = ds.BitsStored = _RGB_BITS
        data = on_light_box(density, "CLEAR FILM").tobytes()
        vr = "OB"
    else:
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME1"
        ds.BitsAllocated, ds.BitsStored = 16, _OD_BITS
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "OD"
        data = np.minimum(np.rint(density * 1000), _OD_TOP).astype("<u2").tobytes()
        vr = "OW"
    ds.HighBit = ds.BitsStored - 1
    ds.add_new("PixelData", vr, data + b"\0" * (len(data) % 2))


def _grey_png(plane: NDArray[np.uint8], palette: NDArray[np.float64], medium: str, pixels_per_mm: float) -> bytes:
    """Return a PNG of one byte a pixel (ISO/IEC 15948); zlib alone lets other threads work meanwhile, an encoder does not."""
    rows, columns = plane.shape
    # each line begins with its filter: none
    lines = np.zeros((rows, columns + 1), dtype=np.uint8)
    lines[:, 1:] = plane
    per_metre = round(pixels_per_mm * _MM_PER_METRE)
    text = f"{DENSITIES}\0" + " ".join(f"{density:.4f}" for density in palette)
    chunks = (
        (b"IHDR", struct.pack(">LLBBBBB", columns, rows, 8, _INDEXED, 0, 0, 0)),
        (b"pHYs", struct.pack(">LLB", per_metre, per_metre, _METRE)),
        (b"tEXt", text.encode("latin-1")),
        (b"PLTE", seen(palette, medium).tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), _COMPRESSION)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(
        struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data)) for name, data in chunks
    )


@lru_cache(maxsize=16)
def _palette(low: int, high: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the densities of the palette, and the entry of every density in steps of `_STEP`."""
    palette = np.geomspace(low / 100 + _LEAST, high / 100 + _LEAST, _ENTRIES) - _LEAST
    every = np.arange(round(high / 100 / _STEP) + 2) * _STEP
    middles = np.sqrt((palette[1:] + _LEAST) * (palette[:-1] + _LEAST)) - _LEAST
    return palette, np.searchsorted(middles, every).astype(np.uint8)
