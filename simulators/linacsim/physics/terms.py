"""The words of PS3.3 C.11.4 and C.13 that the film understands, and how a wrong one is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from linacsim.errors import InputError

PhotometricInterpretation = Literal["MONOCHROME1", "MONOCHROME2"]
Polarity = Literal["NORMAL", "REVERSE"]
PresentationLUTShape = Literal["IDENTITY", "LIN OD"]
MagnificationType = Literal["REPLICATE", "BILINEAR", "CUBIC", "NONE"]
FilmOrientation = Literal["PORTRAIT", "LANDSCAPE"]
Trim = Literal["YES", "NO"]
RequestedDecimateCropBehavior = Literal["DECIMATE", "CROP", "FAIL"]
LargerImage = Literal["demagnify", "decimate", "crop", "fail"]

PHOTOMETRIC_INTERPRETATIONS: tuple[str, ...] = get_args(PhotometricInterpretation)
POLARITIES: tuple[str, ...] = get_args(Polarity)
PRESENTATION_LUT_SHAPES: tuple[str, ...] = get_args(PresentationLUTShape)
MAGNIFICATION_TYPES: tuple[str, ...] = get_args(MagnificationType)
FILM_ORIENTATIONS: tuple[str, ...] = get_args(FilmOrientation)
TRIMS: tuple[str, ...] = get_args(Trim)
REQUESTED_DECIMATE_CROP_BEHAVIORS: tuple[str, ...] = get_args(RequestedDecimateCropBehavior)
LARGER_IMAGES: tuple[str, ...] = get_args(LargerImage)


def require(keyword: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse a value that is not one of the defined terms.

    Parameters
    ----------
    keyword : str
        DICOM keyword of the attribute.
    value : object
        The value that was given.
    allowed : iterable of str
        The defined terms.

    Raises
    ------
    InputError
        If the value is none of them; the message lists them.
    """
    terms = tuple(allowed)
    if value not in terms:
        raise InputError(f"{value!r} is not a {keyword}", keyword, f"use one of {', '.join(terms)}")
