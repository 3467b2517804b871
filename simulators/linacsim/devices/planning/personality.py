"""The parameters of a planning system's print client, and of a print job."""

from __future__ import annotations

from typing import Literal

from linacsim.devices.entity import NetworkSettings
from linacsim.kernel.units import seconds
from linacsim.settings import AETitle, Count, Duration, Settings


class PrintSCUPersonality(NetworkSettings):
    """A print client; the timeouts are ours where the document gives none."""

    dimse_timeout: Duration = seconds(300)
    network_timeout: Duration = seconds(600)
    maximum_length: int = 65536


class Print(Settings):
    r"""Print images on film.

    Attributes
    ----------
    to : str
        The printer.
    called : str
        The AE title to call, if not the printer's own.
    images : list of str
        Paths, or ``pydicom:NAME`` for a file that comes with pydicom.
    frames : str or int
        ``all`` frames of a multi-frame image, ``first``, or a number of frames spread evenly.
    collated : bool
        Whether the whole session is printed at the end (collated) or each film by itself.
    image_display_format : str
        ``STANDARD\C,R``, or ``auto``: as few rows and columns as the images need.
    film_size, film_orientation, medium, magnification, border_density, trim : str
        Film box and session attributes (PS3.3 C.13.1, C.13.3).
    copies : int
        Number of Copies.
    label : str
        Film Session Label.
    bits : int
        Bits Stored of the images, 8 or 12.
    annotate : bool
        Whether patient and image data are burnt into the corners.
    """

    to: AETitle
    called: AETitle | None = None
    images: tuple[str, ...]
    frames: Literal["all", "first"] | Count = "first"
    collated: bool = False
    image_display_format: str = "auto"
    film_size: str = "14INX17IN"
    film_orientation: Literal["PORTRAIT", "LANDSCAPE"] = "PORTRAIT"
    medium: str = "BLUE FILM"
    magnification: Literal["REPLICATE", "BILINEAR", "CUBIC", "NONE"] = "CUBIC"
    border_density: str = "BLACK"
    trim: Literal["YES", "NO"] = "NO"
    copies: Count = 1
    label: str = "ONCENTRA"
    bits: Literal[8, 12] = 12
    annotate: bool = True
