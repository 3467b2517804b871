"""What a Print SCU does to an image before it prints it (PS3.4 annex H, PS3.3 C.13.5).

The public face; the work is done next door::

    imagefile.py      a file -> a data set with pixels, or one clear line why not
    greyscale.py      a frame -> grey from black to white (PS3.3 C.11.1, C.11.2)
    annotation.py     the data set -> the texts of the four corners
    printimage.py     the result, as a value
    burnin.py         the texts drawn into the pixels
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from linacsim.errors import InputError
from linacsim.objects.annotation import corners_of
from linacsim.objects.burnin import burn_in
from linacsim.objects.greyscale import shades
from linacsim.objects.imagefile import frames, name_of, pydicom_errors, read_image
from linacsim.objects.printimage import Corners, PrintableImage, PrintBits, pixel_aspect_of, quantised

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Corners", "PrintBits", "PrintableImage", "burn_in", "frames", "read_image", "render"]


def render(
    ds: Dataset, frame: int = 0, bits: PrintBits = 8, window: tuple[float, float] | None = None
) -> PrintableImage:
    """Render one frame as the pixels of a Basic Grayscale Image Sequence (PS3.3 C.13.5).

    The Modality LUT and the VOI LUT are applied (the first, where there are several); without one, a window from the
    1st to the 99th percentile is chosen and said so. RT Dose goes from 0 to the largest dose of all frames, so that
    its frames compare. Colour becomes luminance, MONOCHROME1 becomes MONOCHROME2.

    Parameters
    ----------
    ds : pydicom.Dataset
        An image, as `read_image` gives it; it is not changed.
    frame : int
        Frame to render, from 0.
    bits : int
        8 or 12, the depths that print knows.
    window : (float, float) or None
        Window Center and Window Width in the units behind the Modality LUT (HU, Gy); overrides the data set.

    Returns
    -------
    PrintableImage
        P-Values 0 (black) to 2^bits - 1 (white), and the texts for the corners.

    Raises
    ------
    InputError
        If the frame does not exist, the depth is not 8 or 12, the window has no width or the pixels cannot be decoded.
    """
    where = name_of(ds)
    if bits not in {8, 12}:
        raise InputError(f"{bits} bits cannot be printed", where, "use 8 or 12")
    count = frames(ds)
    if not 0 <= frame < count:
        raise InputError(f"there is no frame {frame}", where, f"use 0 to {count - 1}")
    with pydicom_errors(where):
        picture = shades(ds, frame, window)
        return PrintableImage(
            pixels=quantised(picture.shades, bits),
            bits=bits,
            pixel_aspect=pixel_aspect_of(picture.attributes),
            lines=corners_of(ds, picture.attributes, frame, count, picture.note),
        )
