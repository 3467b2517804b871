"""From files to the pages of a print job: what each image box of each film gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from linacsim.devices.planning.personality import Print
from linacsim.errors import InputError
from linacsim.objects.printable import PrintableImage, burn_in, frames, read_image, render
from linacsim.objects.printcolour import ColourImage, burn_in_colour, render_colour
from linacsim.physics.layout import display_format

_GRIDS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4), (4, 5))
"""Columns and rows that ``auto`` chooses from, for an upright film."""


Page = PrintableImage | ColourImage
Films = list[list[Page]]


def pages(what: Print, sources: Sequence[str | Dataset], *, colour: bool = False) -> tuple[str, Films]:
    """Return the Image Display Format and the films of a job, each a list of images in the order of their positions.

    Parameters
    ----------
    what : Print
        What the user has chosen.
    sources : sequence of str or Dataset
        Paths of images, or images that were built here.
    colour : bool
        Whether they are for Basic Color Image Boxes.

    Raises
    ------
    InputError
        If a file cannot be printed, or the display format is none that says how many image boxes it has.
    """
    images = [image for source in sources for image in _images(source, what, colour=colour)]
    if not images:
        raise InputError("there is nothing to print", "images", "name at least one image")
    layout = _grid(len(images), what) if what.image_display_format == "auto" else what.image_display_format
    kind, numbers = display_format(layout)
    room = numbers[0] * numbers[1] if kind == "STANDARD" else sum(numbers)
    return layout, [images[start : start + room] for start in range(0, len(images), room)]


def _grid(count: int, what: Print) -> str:
    """Return the smallest format with room for `count` images, or the largest one."""
    short, long = next((grid for grid in _GRIDS if grid[0] * grid[1] >= count), _GRIDS[-1])
    return f"STANDARD\\{short},{long}" if what.film_orientation == "PORTRAIT" else f"STANDARD\\{long},{short}"


def _images(source: str | Dataset, what: Print, *, colour: bool) -> list[Page]:
    ds = read_image(source) if isinstance(source, str) else source
    count = frames(ds)
    wanted = {"all": count, "first": 1}.get(what.frames, what.frames) if isinstance(what.frames, str) else what.frames
    chosen = np.linspace(0, count - 1, min(int(wanted), count)).round().astype(int)
    if colour:
        shown = [render_colour(ds, int(frame)) for frame in chosen]
        return [burn_in_colour(image) for image in shown] if what.annotate else list(shown)
    rendered = [render(ds, int(frame), what.bits) for frame in chosen]
    return [burn_in(image) for image in rendered] if what.annotate else list(rendered)


def image_item(image: Page) -> Dataset:
    """Return the item of a Basic Grayscale or Basic Color Image Sequence (PS3.3 C.13.5)."""
    item = Dataset()
    planes: NDArray[Any]
    bits: int
    if isinstance(image, ColourImage):
        item.SamplesPerPixel, item.PhotometricInterpretation = 3, "RGB"
        # colour by plane, the one that C.13.5 has
        item.PlanarConfiguration = 1
        bits, planes = 8, np.moveaxis(image.pixels, 2, 0)
    else:
        item.SamplesPerPixel, item.PhotometricInterpretation = 1, image.photometric_interpretation
        bits, planes = image.bits, np.asarray(image.pixels)
    item.Rows, item.Columns = (int(length) for length in image.pixels.shape[:2])
    item.PixelAspectRatio = [str(part) for part in image.pixel_aspect]
    item.BitsAllocated = 8 if bits == 8 else 16
    item.BitsStored = bits
    item.HighBit = bits - 1
    item.PixelRepresentation = 0
    item.PixelData = _encoded(planes)
    item["PixelData"].VR = "OB" if bits == 8 else "OW"
    return item


def _encoded(pixels: Any) -> bytes:
    """Return little endian bytes of even length (PS3.5 8.1.1)."""
    data = np.ascontiguousarray(pixels, dtype=np.uint8 if pixels.dtype == np.uint8 else "<u2").tobytes()
    return data + b"\0" * (len(data) % 2)


def sequence_of(*items: Dataset) -> DicomSequence:
    """Return a sequence of `items`."""
    return DicomSequence(items)
