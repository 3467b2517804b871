"""The parameters of a planning system, and of what its print clients print."""

from __future__ import annotations

from typing import Literal

from linacsim.conformance.model import UID, Size
from linacsim.devices.storage.personality import DiskSettings
from linacsim.settings import AETitle, Count, Duration, Settings

Syntax = Literal["implicit-little", "explicit-little", "explicit-big"]
"""An uncompressed transfer syntax (PS3.5 10)."""


class PlanningPersonality(Settings):
    """What a site can set at an application entity of a planning system.

    Whatever is left out is as its conformance statement documents it, and where that is silent, as the README says.

    Attributes
    ----------
    ae_title : str
        The AE title that it calls itself, if not the name of the peer.
    acse_timeout, dimse_timeout, network_timeout, connection_timeout : Duration
        How long it waits for an answer to an association message, for a DIMSE response, on an idle association, for a
        transport connection.
    maximum_length : int
        The P-DATA-TF length that is announced (PS3.8 D.1); 0 is no maximum.
    maximum_associations : int
        Associations accepted at the same time.
    implementation_class_uid : str
        Where the document names several: which of them.
    transfer_syntaxes : list of str
        What is proposed where the document leaves it to the site: ``implicit-little``, ``explicit-little``,
        ``explicit-big``.
    require_called : bool
        Reject associations that call another AE title.
    accept_calling : list of str
        Reject associations from other AE titles; an empty list accepts all.
    disk : DiskSettings
        Where received objects go.
    """

    ae_title: AETitle | None = None
    acse_timeout: Duration | None = None
    dimse_timeout: Duration | None = None
    network_timeout: Duration | None = None
    connection_timeout: Duration | None = None
    maximum_length: Size | None = None
    maximum_associations: Count | None = None
    implementation_class_uid: UID | None = None
    transfer_syntaxes: tuple[Syntax, ...] = ()
    require_called: bool | None = None
    accept_calling: tuple[AETitle, ...] = ()
    disk: DiskSettings = DiskSettings()


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
        Bits Stored of grayscale images, 8 or 12.
    colour : bool
        Which of two meta SOP classes is used where the printer accepts both: colour, or grayscale.
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
    colour: bool = False
    annotate: bool = True
