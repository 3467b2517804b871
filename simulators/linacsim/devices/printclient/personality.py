"""What a scenario may have a print client say, as data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydicom.uid import UID

from linacsim.devices.entity import NetworkSettings
from linacsim.devices.printclasses import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    BasicPrintImageOverlayBox,
    PresentationLUT,
    Printer,
    PrinterConfigurationRetrieval,
    PrintJob,
)
from linacsim.settings import AETitle, Count, Duration, Settings, StatusCode

CLASSES: Mapping[str, UID] = MappingProxyType(
    {
        "film-session": BasicFilmSession,
        "film-box": BasicFilmBox,
        "image-box": BasicGrayscaleImageBox,
        "color-image-box": BasicColorImageBox,
        "annotation-box": BasicAnnotationBox,
        "print-job": PrintJob,
        "printer": Printer,
        "presentation-lut": PresentationLUT,
        "printer-configuration": PrinterConfigurationRetrieval,
        "overlay-box": BasicPrintImageOverlayBox,
        "grayscale": BasicGrayscalePrintManagementMeta,
        "color": BasicColorPrintManagementMeta,
    }
)
"""Words for the SOP classes and the two meta SOP classes."""


class ClientSettings(NetworkSettings):
    """A print client.

    Attributes
    ----------
    events : str
        What it does with an N-EVENT-REPORT: ``answer`` it, stay ``silent``, or ``leave`` (the connection is reset).
    event_status : StatusCode
        With what status it answers.
    event_delay : Duration
        How long it takes to answer.
    """

    events: Literal["answer", "silent", "leave"] = "answer"
    event_status: StatusCode = 0
    event_delay: Duration = 0


class Open(Settings):
    """Open an association.

    Attributes
    ----------
    to : AETitle
        The printer.
    sop_classes : list of str
        What is proposed, a context for each: words such as ``grayscale``, ``print-job``, or UIDs.
    implicit : bool
        Whether Implicit VR Little Endian is the one transfer syntax; else Explicit VR comes first.
    """

    to: AETitle
    sop_classes: tuple[str, ...] = ("grayscale",)
    implicit: bool = False


class Picture(Settings):
    """An image for an image box: a ramp from black to white.

    Attributes
    ----------
    rows, columns : int
        Its size.
    bits : int
        8 or 12.
    color : bool
        RGB by plane; else MONOCHROME2.
    missing : int
        Bytes that are missing at its end.
    change : mapping
        Attributes to be set to something else in the item; nothing takes one out.
    """

    rows: int = 64
    columns: int = 64
    bits: Literal[8, 12] = 8
    color: bool = False
    missing: int = 0
    change: Mapping[str, Any] = {}


class Ask(Settings):
    """One request.

    Attributes
    ----------
    op : str
        The operation.
    of : str
        The SOP class: a word, or a UID.
    set : mapping
        Attributes by keyword; a list of mappings is a sequence, ``nothing`` takes out what would be there by itself.
    vr : mapping
        Other VRs than the dictionary's, by keyword.
    instance : str
        The SOP Instance UID: ``newest`` of the class, ``older`` (the one before), ``none``, or a UID.
    position : int
        Which image or annotation box.
    image : Picture or None
        The image of an image box.
    lut : bool
        Whether the newest Presentation LUT is referred to.
    overlay : bool
        Whether the newest overlay box is referred to.
    table : int
        A Presentation LUT with as many entries.
    get : list of str
        Attributes asked for by an N-GET.
    action, event_type : int
        Action Type ID, Event Type ID.
    over : str
        The SOP class whose presentation context is used; else the one that covers the message.
    raw : str
        Hexadecimal bytes to send as the data set.
    id : int
        The Message ID; 0 takes the next.
    wait : bool
        Whether the response is waited for before the next request.
    without : list of str
        Elements of the command set to leave out.
    status : StatusCode or None
        The status that the response must have; else Success or a warning will do.
    """

    op: Literal["N-CREATE", "N-SET", "N-GET", "N-ACTION", "N-DELETE", "N-EVENT-REPORT"]
    of: str
    set: Mapping[str, Any] = {}
    vr: Mapping[str, str] = {}
    instance: str = "newest"
    position: Count = 1
    image: Picture | None = None
    lut: bool = False
    overlay: bool = False
    table: int = 0
    get: tuple[str, ...] = ()
    action: int = 1
    event_type: int = 1
    over: str = ""
    raw: str = ""
    id: int = 0
    wait: bool = True
    without: tuple[str, ...] = ()
    status: StatusCode | None = None


class Send(Settings):
    """Send requests, one after the other.

    Attributes
    ----------
    requests : list of Ask
        What to send.
    """

    requests: tuple[Ask, ...]


class Close(Settings):
    """End the association.

    Attributes
    ----------
    how : str
        ``release``, ``abort``, or ``leave``: the connection is reset.
    """

    how: Literal["release", "abort", "leave"] = "release"
