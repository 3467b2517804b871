"""The parameters of a printer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from linacsim.devices.entity import NetworkSettings
from linacsim.devices.personalities import Named, Shipped
from linacsim.devices.printer.hardware.settings import HardwareSettings, Processor, Supply
from linacsim.devices.printer.shipped import SHIPPED
from linacsim.kernel.units import minutes, seconds
from linacsim.settings import AETitle, Count, Duration, Settings

__all__ = ["Events", "PrinterPersonality", "Processor", "Supply"]


class Events(Settings):
    """What is told unasked, by N-EVENT-REPORT (PS3.4 H.4.5, H.4.6).

    Attributes
    ----------
    print_job : str
        Whether the first event of a print job leaves before the N-ACTION response and is waited for (``before``), leaves
        before it and is not waited for (``during``), or leaves after it (``after``); ``never`` tells of no print job.
    printer : bool
        Whether Printer Normal, Warning and Failure are told.
    no_answer : str
        What happens to the association of a client that does not answer within the DIMSE timeout: ``abort``, or
        ``go-on``. The print job goes on in either case.
    """

    print_job: Literal["before", "during", "after", "never"] = "after"
    printer: bool = True
    no_answer: Literal["abort", "go-on"] = "abort"


class PrinterPersonality(Named, NetworkSettings, HardwareSettings):
    r"""A printer: how it serves. What it is made of, with its film sizes, media and destinations, is `HardwareSettings`.

    Attributes
    ----------
    calibration_told : bool
        Whether the Printer tells Date and Time of Last Calibration (0001 if not, where they are asked for).
    printer_name, manufacturer, model, serial, software : str
        What N-GET of the Printer tells (PS3.3 C.13.9).
    meta_sop_classes, individual_sop_classes, colour : bool
        Which presentation contexts are accepted: those of meta SOP classes, those of their members, those of colour.
    print_job, presentation_lut, printer_configuration, retired : bool
        Whether these optional SOP classes are supported; `retired` is those that the standard has retired.
    strict_contexts : bool
        Whether a SOP class may only be spoken of in a context that covers it; else any context of print management will do.
    implicit_only : bool
        Whether Implicit VR Little Endian is the one transfer syntax.
    omit_sop_class_uid : bool
        Whether N-CREATE responses leave out the Affected SOP Class UID.
    tls : bool
        Whether it serves nothing but TLS.
    may_print : list of str
        AE titles that may create a film session (0124 to others); an empty list lets all.
    display_formats : list of str
        Supported Image Display Formats: a word such as ``STANDARD`` for all of its kind, or one with its numbers.
    custom_formats : mapping of str to str
        What ``CUSTOM\i`` is, by `i`, as another Image Display Format.
    annotation_formats : mapping of str to int
        Supported Annotation Display Format IDs, with the number of their annotation boxes; none: no annotation.
    session_label : bool
        Whether the Film Session Label is printed at the foot of each film.
    magnifications, smoothings, resolutions : list of str
        Supported values of Magnification Type, Smoothing Type and Requested Resolution ID; the first is the default.
    border_densities, empty_image_densities : list of str
        Supported values beside numbers of Border Density and Empty Image Density; the first is the default.
    any_density : bool
        Whether those two may be numbers, in hundredths of optical density.
    configurations : list of str
        Known values of Configuration Information; an empty list takes any.
    min_density, max_density : int
        The density range of the film, in hundredths of optical density.
    trim, requested_image_size, decimate_crop, twelve_bit : bool
        Whether Trim, Requested Image Size, Requested Decimate/Crop Behavior and images of 12 bits are supported.
    colour_by_pixel : bool
        Whether colour images may be sent pixel by pixel (Planar Configuration 0), too; print has them plane by plane.
    page_memory : bool
        Whether a page takes memory of the print buffer while it is exposed: a job with a page that is larger than all of it
        fails with INSUFFIC MEMORY.
    larger_image : str
        What becomes of an image that is larger than its box where the client does not say: ``demagnify`` (B604),
        ``decimate`` (B60A), ``crop`` (B609), ``fail`` (C603).
    checks_size_at : str
        Whether an image's size is judged at the N-SET of its image box or at the N-ACTION.
    presentation_lut_in_session, presentation_lut_match : bool
        Whether a Presentation LUT is referenced by the film session instead of the film box; whether the number of its
        entries has to be that of the image's grey values.
    most_luts : int
        Presentation LUTs of one association (0213 beyond).
    unknown_attributes : str
        What a request with attributes of no such SOP class gets: ``warn`` (0107), ``refuse`` (0105), or nothing: ``ignore``.
    coerce : bool
        Whether an unsupported value of an optional attribute is replaced (0116) or refused (0106).
    session_printing : bool
        Whether N-ACTION of the Film Session (collation) is supported.
    mixed_film_sizes : bool
        Whether the films of a session may be of several sizes when it is printed (0110 if not).
    memory_allocation : bool
        Whether Memory Allocation of a film session is supported (B600 if not).
    most_boxes, most_films, most_copies : int
        Image boxes on a sheet, film boxes in a session, copies of a film, at most.
    job_kept : Duration
        How long a Print Job can be asked for after it has come to its end.
    events : Events
        N-EVENT-REPORT.
    pixels_per_mm : float
        Resolution of the film picture.
    secondary_capture : bool
        Whether each film is also written as a DICOM Secondary Capture, as a film digitizer would make it.
    """

    shipped: ClassVar[Shipped] = SHIPPED

    dimse_timeout: Duration = seconds(300)
    network_timeout: Duration = seconds(300)
    printer_name: str = "LINACSIM LASER"
    manufacturer: str = "linacsim"
    model: str = "Plain film printer"
    serial: str = "0001"
    software: str = "1"
    calibration_told: bool = True

    meta_sop_classes: bool = True
    individual_sop_classes: bool = True
    colour: bool = True
    print_job: bool = True
    presentation_lut: bool = True
    printer_configuration: bool = True
    retired: bool = False
    strict_contexts: bool = False
    implicit_only: bool = False
    omit_sop_class_uid: bool = False
    tls: bool = False
    may_print: tuple[AETitle, ...] = ()

    display_formats: tuple[str, ...] = ("STANDARD", "ROW", "COL")
    custom_formats: Mapping[str, str] = {}
    annotation_formats: Mapping[str, Count] = {}
    session_label: bool = True
    magnifications: tuple[str, ...] = ("CUBIC", "BILINEAR", "REPLICATE", "NONE")
    smoothings: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ("STANDARD",)
    border_densities: tuple[str, ...] = ("BLACK", "WHITE")
    empty_image_densities: tuple[str, ...] = ("BLACK", "WHITE")
    any_density: bool = True
    configurations: tuple[str, ...] = ()
    min_density: int = 20
    max_density: int = 300
    trim: bool = True
    requested_image_size: bool = True
    decimate_crop: bool = True
    twelve_bit: bool = True
    colour_by_pixel: bool = False
    page_memory: bool = False
    larger_image: Literal["demagnify", "decimate", "crop", "fail"] = "demagnify"
    checks_size_at: Literal["N-SET", "N-ACTION"] = "N-ACTION"
    presentation_lut_in_session: bool = False
    presentation_lut_match: bool = False
    most_luts: Count = 16
    unknown_attributes: Literal["warn", "refuse", "ignore"] = "warn"
    coerce: bool = True
    session_printing: bool = True
    mixed_film_sizes: bool = True
    memory_allocation: bool = True
    most_boxes: Count = 64
    most_films: Count = 100
    most_copies: Count = 2**31 - 1
    job_kept: Duration = minutes(10)
    events: Events = Events()
    pixels_per_mm: float = 6.0
    secondary_capture: bool = False
