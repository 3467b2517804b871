"""From a film box to a sheet of film: the parameters of PS3.3 C.13 as the physics wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from linacsim.devices.printer.hierarchy import FilmBox, FilmSession, ImageBox, LutInstance
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.errors import InputError
from linacsim.physics.film import (
    IDENTITY,
    Annotation,
    Film,
    FilmSheet,
    PlacedImage,
    PresentationLut,
    film_size_mm,
)

CURRENT = "CURRENT"
"""What some printers have among film sizes, media and destinations: whatever is there."""

_FINER = {"HIGH": 2.0}
"""Requested Resolution ID HIGH is about twice as fine as STANDARD (PS3.3 C.13.3)."""
_SMOOTHINGS = {"NONE": 0.0, "SHARP": 0.0, "MEDIUM": 0.5, "SMOOTH": 1.0}
_ILLUMINATION, _AMBIENT = 2000, 10


def sheet_of(film: FilmBox, personality: PrinterPersonality, label: tuple[str, ...]) -> FilmSheet:
    """Return the sheet that a film box describes.

    A printer that writes labels keeps the room for one, whether it knows the texts yet or not, so that the image boxes
    lie where they will be printed.

    Raises
    ------
    InputError
        If such a sheet cannot be.
    """
    box = film.attributes
    name = str(box.get("AnnotationDisplayFormatID") or "")
    resolution = str(box.get("RequestedResolutionID") or "")
    return FilmSheet(
        size_mm=film_size_mm(current(str(box.FilmSizeID), personality.film_sizes)),
        film_orientation=cast("Any", str(box.FilmOrientation)),
        image_display_format=_format(box),
        custom_formats=personality.custom_formats,
        film=_film(box, personality),
        border_density=str(box.BorderDensity),
        empty_image_density=str(box.EmptyImageDensity),
        trim=cast("Any", str(box.get("Trim") or "NO")),
        label=(label or ("",)) if personality.session_label else (),
        annotation_format=name,
        annotation_count=personality.annotation_formats.get(name, 0),
        annotations=tuple(Annotation(position=one.position, text=one.text) for one in film.annotations),
        pixels_per_mm=personality.pixels_per_mm * _FINER.get(resolution, 1.0),
    )


def current(value: str, known: Sequence[str]) -> str:
    """Return what CURRENT stands for: the first of the other values that a printer knows.

    Raises
    ------
    InputError
        If it knows no other.
    """
    if value != CURRENT:
        return value
    for one in known:
        if one != CURRENT:
            return one
    raise InputError("CURRENT stands for nothing", "film-sizes, media", "name what is in the magazine beside CURRENT")


def placed_images(
    film: FilmBox, personality: PrinterPersonality, session: FilmSession | None = None
) -> list[PlacedImage]:
    """Return the images of a film box at their positions.

    Raises
    ------
    InputError
        If one of them cannot be exposed.
    ValueError
        If one of them has fewer pixels than Rows x Columns.
    """
    lut = film.lut or (session.lut if session is not None else None)
    return [placed_image(film, box, personality, lut) for box in film.boxes if box.image is not None]


def placed_image(
    film: FilmBox, box: ImageBox, personality: PrinterPersonality, lut: LutInstance | None = None
) -> PlacedImage:
    """Return the image of a box at its position; `lut` is the Presentation LUT of a box that names none.

    Raises
    ------
    InputError
        If it cannot be exposed.
    ValueError
        If it has fewer pixels than Rows x Columns.
    """
    image, attributes = cast("Dataset", box.image), box.attributes
    aspect = image.get("PixelAspectRatio") or (1, 1)
    size = attributes.get("RequestedImageSize")
    smoothing = str(attributes.get("SmoothingType") or film.attributes.get("SmoothingType") or "")
    colour: dict[str, Any] = {} if box.colour else {"photometric_interpretation": image.PhotometricInterpretation}
    kernel = str(attributes.get("MagnificationType") or film.attributes.get("MagnificationType") or "CUBIC")
    return PlacedImage(
        pixels=_stored(image),
        bits=image.BitsStored,
        position=box.position,
        polarity=cast("Any", str(attributes.get("Polarity") or "NORMAL")),
        presentation_lut=presentation_lut_of(box.lut or lut),
        magnification_type=cast("Any", kernel),
        smoothing=smoothing_of(smoothing, personality.smoothings),
        pixel_aspect=(int(aspect[0]), int(aspect[1])),
        requested_image_size_mm=float(size) if size else None,
        requested_behavior=cast("Any", str(attributes.get("RequestedDecimateCropBehavior") or "") or None),
        larger_image=personality.larger_image,
        film=_own_film(film.attributes, attributes, personality),
        **colour,
    )


def presentation_lut_of(lut: LutInstance | None) -> PresentationLut:
    """Return a Presentation LUT as the film uses it; without one, pixel values are P-Values.

    Raises
    ------
    InputError
        If it is none of PS3.3 C.11.4.
    """
    if lut is None:
        return IDENTITY
    items = lut.attributes.get("PresentationLUTSequence")
    if not items:
        return PresentationLut(shape=str(lut.attributes.get("PresentationLUTShape") or "IDENTITY"))
    descriptor, data = items[0].LUTDescriptor, items[0].LUTData
    if isinstance(descriptor, bytes):
        descriptor = [int(one) for one in np.frombuffer(descriptor, dtype="<u2")]
    if not isinstance(data, bytes):
        return PresentationLut.of_table((int(one) for one in data), int(descriptor[2]))
    return PresentationLut(table=data[: 2 * int(descriptor[0])], bits=int(descriptor[2]))


def smoothing_of(value: str, known: Sequence[str]) -> float:
    """Return a Smoothing Type as a share from 0, none, to 1; the words are the printer's own (PS3.3 C.13.3).

    Of numbers the largest that the printer knows is the sharpest, as it is with those that tell.
    """
    numbers = [int(one) for one in known if one.isdecimal()]
    if value.isdecimal() and numbers and max(numbers) > 0:
        return max(1 - int(value) / max(numbers), 0.0)
    return _SMOOTHINGS.get(value.upper(), 0.0)


def _stored(image: Dataset) -> NDArray[Any]:
    """Return the pixels of an item of a Basic Grayscale or Color Image Sequence, shape (Rows, Columns) or (Rows, Columns, 3).

    They are as they have been sent, no copy; bits above Bits Stored mean nothing.
    """
    samples = int(image.get("SamplesPerPixel") or 1)
    dtype = np.uint8 if image.BitsAllocated == 8 else np.dtype("<u2")
    count = image.Rows * image.Columns * samples
    values: NDArray[Any] = np.frombuffer(image.PixelData, dtype=dtype)
    if values.size < count:
        raise ValueError(f"{count - values.size} of {count} pixels are missing")
    if samples == 1:
        return values[:count].reshape(image.Rows, image.Columns)
    if int(image.get("PlanarConfiguration", 1)) == 0:
        return values[:count].reshape(image.Rows, image.Columns, samples)
    return np.moveaxis(values[:count].reshape(samples, image.Rows, image.Columns), 0, -1)


def _format(box: Dataset) -> str:
    value = box.ImageDisplayFormat
    return value if isinstance(value, str) else "\\".join(str(part) for part in value)


def _own_film(film: Dataset, box: Dataset, personality: PrinterPersonality) -> Film | None:
    """Return the densities of an image box that has some of its own."""
    if box.get("MinDensity") is None and box.get("MaxDensity") is None:
        return None
    both = Dataset()
    for keyword in ("MinDensity", "MaxDensity"):
        value = film.get(keyword) if box.get(keyword) is None else box.get(keyword)
        if value is not None:
            setattr(both, keyword, value)
    for keyword in ("Illumination", "ReflectedAmbientLight"):
        if keyword in film:
            setattr(both, keyword, film[keyword].value)
    return _film(both, personality)


def _film(box: Dataset, personality: PrinterPersonality) -> Film:
    """Return densities within those of the printer; a range without extent has the least one that film can show."""
    low, high = box.get("MinDensity"), box.get("MaxDensity")
    least = _within(personality.min_density if low is None else int(low), personality)
    most = _within(personality.max_density if high is None else int(high), personality)
    ambient = box.get("ReflectedAmbientLight")
    return Film(
        min_density=min(least, most - 1) if most > 0 else 0,
        max_density=max(most, 1),
        illumination=int(box.get("Illumination") or _ILLUMINATION),
        reflected_ambient_light=_AMBIENT if ambient is None else int(ambient),
    )


def _within(density: int, personality: PrinterPersonality) -> int:
    return min(max(density, personality.min_density), personality.max_density)
