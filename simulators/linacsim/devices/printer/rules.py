"""The attributes of each SOP class as rows: what may stand in one, what stands there if a client says nothing (PS3.3 C.13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from linacsim.devices.printer.personality import PrinterPersonality

Terms = Callable[[PrinterPersonality], tuple[str, ...]]
_COPIES_MIN = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row.

    Attributes
    ----------
    terms : callable or None
        The supported values; the first is the default. With `any_number` a number from 0 will do, too.
    least, most : callable or None
        The bounds of a number; a value outside is replaced by the nearest.
    default : callable or None
        The value of an attribute that the client leaves out.
    supported : callable
        Whether the printer supports the attribute.
    required : bool
        Type 1 in N-CREATE (0120, 0121).
    fixed : bool
        N-SET cannot change it (0106).
    sequence : bool
        Whether it is a sequence, which is looked at elsewhere.
    several : bool
        Whether it may have several values.
    """

    terms: Terms | None = None
    any_number: Callable[[PrinterPersonality], bool] = lambda _printer: False
    least: Callable[[PrinterPersonality], int] | None = None
    most: Callable[[PrinterPersonality], int] | None = None
    default: Callable[[PrinterPersonality], Any] | None = None
    supported: Callable[[PrinterPersonality], bool] = lambda _printer: True
    required: bool = False
    fixed: bool = False
    sequence: bool = False
    several: bool = False


Rules = Mapping[str, Rule]


def _terms(values: Terms, *, fixed: bool = False, silent: bool = False, **more: Any) -> Rule:
    """Return the row of an attribute with defined terms; `silent` gives it no default."""
    default = None if silent else (lambda printer: values(printer)[0] if values(printer) else None)
    return Rule(terms=values, default=default, fixed=fixed, **more)


def _number(least: int, most: int, default: int | None = None, **more: Any) -> Rule:
    value = None if default is None else (lambda _printer: default)
    return Rule(least=lambda _printer: least, most=lambda _printer: most, default=value, **more)


def _lut_in_session(printer: PrinterPersonality) -> bool:
    return printer.presentation_lut and printer.presentation_lut_in_session


_DENSITY = Rule()
"""Min and Max Density: the film's range is looked at in `take`, for it has a status of its own (B605)."""
DENSITIES = ("MinDensity", "MaxDensity")

_SMOOTHING = Rule(terms=lambda printer: printer.smoothings, supported=lambda printer: bool(printer.smoothings))
_CONFIGURATION = Rule()
_MAGNIFICATION = lambda printer: printer.magnifications  # noqa: E731 - a cell of the tables below

_LIGHT = ("Illumination", "ReflectedAmbientLight")

SESSION: Rules = {
    "SpecificCharacterSet": Rule(several=True),
    "NumberOfCopies": Rule(
        least=lambda _printer: _COPIES_MIN, most=lambda printer: printer.most_copies, default=lambda _printer: 1
    ),
    "PrintPriority": _terms(lambda _printer: ("MED", "HIGH", "LOW")),
    "MediumType": _terms(lambda printer: printer.media),
    "FilmDestination": _terms(lambda printer: printer.destinations),
    "FilmSessionLabel": Rule(),
    "MemoryAllocation": Rule(least=lambda _printer: 0, most=lambda _printer: 2**31 - 1),
    "OwnerID": Rule(),
    "ReferencedPresentationLUTSequence": Rule(sequence=True, supported=_lut_in_session),
    # older than the standard's film box, which has them now (PS3.3 C.13.3), like the reference
    **{keyword: _number(0, 65535, supported=_lut_in_session) for keyword in _LIGHT},
}
"""Basic Film Session (PS3.3 C.13.1, C.13.2, PS3.4 H.4.1.2.1.1)."""

FILM: Rules = {
    "ImageDisplayFormat": Rule(required=True, fixed=True),
    "FilmOrientation": _terms(lambda _printer: ("PORTRAIT", "LANDSCAPE"), fixed=True),
    "FilmSizeID": _terms(lambda printer: printer.film_sizes, fixed=True),
    "AnnotationDisplayFormatID": Rule(fixed=True, supported=lambda printer: bool(printer.annotation_formats)),
    "MagnificationType": _terms(_MAGNIFICATION),
    "SmoothingType": _SMOOTHING,
    "BorderDensity": _terms(lambda printer: printer.border_densities, any_number=lambda printer: printer.any_density),
    "EmptyImageDensity": _terms(
        lambda printer: printer.empty_image_densities, any_number=lambda printer: printer.any_density
    ),
    "MinDensity": _DENSITY,
    "MaxDensity": _DENSITY,
    "Trim": _terms(lambda printer: ("NO", "YES") if printer.trim else ("NO",)),
    "ConfigurationInformation": _CONFIGURATION,
    "ConfigurationInformationDescription": Rule(),
    "Illumination": _number(0, 65535, 2000),
    "ReflectedAmbientLight": _number(0, 65535, 10),
    "RequestedResolutionID": _terms(lambda printer: printer.resolutions),
    "ICCProfile": Rule(),
    "ReferencedFilmSessionSequence": Rule(required=True, fixed=True, sequence=True),
    "ReferencedImageBoxSequence": Rule(sequence=True, fixed=True),
    "ReferencedBasicAnnotationBoxSequence": Rule(sequence=True, fixed=True),
    "ReferencedPresentationLUTSequence": Rule(
        sequence=True, supported=lambda printer: printer.presentation_lut and not printer.presentation_lut_in_session
    ),
}
"""Basic Film Box (PS3.3 C.13.3, C.13.4)."""

_BOX: Rules = {
    "ImageBoxPosition": Rule(required=True),
    "MagnificationType": _terms(_MAGNIFICATION, silent=True),
    "SmoothingType": _SMOOTHING,
    "MinDensity": _DENSITY,
    "MaxDensity": _DENSITY,
    "ConfigurationInformation": _CONFIGURATION,
    "Polarity": _terms(lambda _printer: ("NORMAL", "REVERSE")),
    "RequestedImageSize": Rule(supported=lambda printer: printer.requested_image_size),
    "RequestedDecimateCropBehavior": Rule(
        terms=lambda _printer: ("DECIMATE", "CROP", "FAIL"), supported=lambda printer: printer.decimate_crop
    ),
    "ReferencedImageOverlayBoxSequence": Rule(sequence=True, supported=lambda printer: printer.retired),
    "ReferencedPresentationLUTSequence": Rule(
        sequence=True, supported=lambda printer: printer.presentation_lut and not printer.presentation_lut_in_session
    ),
}
GRAYSCALE_BOX: Rules = {**_BOX, "BasicGrayscaleImageSequence": Rule(sequence=True)}
"""Basic Grayscale Image Box (PS3.3 C.13.5)."""
COLOR_BOX: Rules = {**_BOX, "BasicColorImageSequence": Rule(sequence=True)}
"""Basic Color Image Box (PS3.3 C.13.5)."""

ANNOTATION: Rules = {
    "SpecificCharacterSet": Rule(several=True),
    "AnnotationPosition": Rule(required=True),
    "TextString": Rule(),
}
"""Basic Annotation Box (PS3.3 C.13.7)."""

LUT: Rules = {"PresentationLUTShape": Rule(), "PresentationLUTSequence": Rule(sequence=True)}
"""Presentation LUT (PS3.3 C.11.4)."""

OVERLAY: Rules = {
    "OverlayPixelDataSequence": Rule(sequence=True, required=True),
    "ReferencedOverlayPlaneSequence": Rule(sequence=True),
    "OverlayMagnificationType": Rule(),
    "OverlaySmoothingType": Rule(),
    "OverlayOrImageMagnification": Rule(),
    "MagnifyToNumberOfColumns": Rule(),
    "OverlayForegroundDensity": Rule(),
    "OverlayBackgroundDensity": Rule(),
    "OverlayMode": Rule(),
    "ThresholdDensity": Rule(),
    "ReferencedImageBoxSequenceRetired": Rule(sequence=True),
}
"""Basic Print Image Overlay Box, retired (PS3.3-1999 C.13.8)."""
