"""From a film box to a picture: the parameters of PS3.3 C.13 turned into a sheet of film."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from linacsim.devices.printer.hierarchy import FilmBox
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.physics.film import (
    Box,
    Film,
    FilmSheet,
    PlacedImage,
    compose,
    film_size_mm,
    image_boxes,
    on_light_box,
)

_MM_PER_METRE = 1000


def sheet_of(film: FilmBox, personality: PrinterPersonality, label: tuple[str, ...]) -> FilmSheet:
    """Return the sheet that a film box describes."""
    box = film.attributes
    return FilmSheet(
        size_mm=film_size_mm(str(box.FilmSizeID)),
        film_orientation=cast("Any", str(box.FilmOrientation)),
        image_display_format=_format(box),
        film=_film(box, personality),
        border_density=str(box.BorderDensity),
        empty_image_density=str(box.EmptyImageDensity),
        trim=cast("Any", str(box.Trim)),
        label=label,
        pixels_per_mm=personality.pixels_per_mm,
    )


def placed_images(film: FilmBox) -> list[PlacedImage]:
    """Return the images of a film box at their positions."""
    return [_placed(film, box.position, box.attributes) for box in film.boxes if box.image is not None]


def demagnified(sheet: FilmSheet, images: list[PlacedImage]) -> list[PlacedImage]:
    """Return `images`; those whose Requested Image Size is larger than their box fill it instead (B604, PS3.4 H.4.3)."""
    boxes = image_boxes(sheet)
    return [
        replace(image, requested_image_size_mm=None) if _too_large(image, boxes[image.position - 1], sheet) else image
        for image in images
    ]


def _too_large(image: PlacedImage, box: Box, sheet: FilmSheet) -> bool:
    if image.requested_image_size_mm is None:
        return False
    width = sheet.pixels(image.requested_image_size_mm)
    rows, columns = image.pixels.shape
    height = width * rows * image.pixel_aspect[0] / (columns * image.pixel_aspect[1])
    return width > box.width or round(height) > box.height


def picture(sheet: FilmSheet, images: list[PlacedImage], medium: str) -> bytes:
    """Return the sheet as it looks on the light box: a PNG with the film's true size in its header."""
    seen = on_light_box(compose(sheet, images), medium)
    buffer = io.BytesIO()
    dots = sheet.pixels_per_mm * 25.4
    Image.fromarray(seen).save(buffer, "PNG", dpi=(dots, dots), compress_level=4)
    return buffer.getvalue()


def pixels_of(image: Dataset) -> NDArray[Any]:
    """Return the pixels of a Basic Grayscale Image Sequence item, shape (Rows, Columns).

    Raises
    ------
    ValueError
        If there are fewer pixels than Rows x Columns.
    """
    dtype = np.uint8 if image.BitsAllocated == 8 else np.dtype("<u2")
    count = image.Rows * image.Columns
    values = np.frombuffer(image.PixelData, dtype=dtype)
    if values.size < count:
        raise ValueError(f"{count - values.size} of {count} pixels are missing")
    stored = values[:count].reshape(image.Rows, image.Columns)
    pixels: NDArray[Any] = np.bitwise_and(stored, (1 << image.BitsStored) - 1)
    return pixels


def _placed(film: FilmBox, position: int, box: Dataset) -> PlacedImage:
    image = box.BasicGrayscaleImageSequence[0]
    aspect = image.get("PixelAspectRatio") or (1, 1)
    size = box.get("RequestedImageSize")
    return PlacedImage(
        pixels=pixels_of(image),
        bits=image.BitsStored,
        position=position,
        photometric_interpretation=image.PhotometricInterpretation,
        polarity=cast("Any", str(box.get("Polarity") or "NORMAL")),
        magnification_type=cast("Any", str(box.get("MagnificationType") or film.attributes.MagnificationType)),
        pixel_aspect=(int(aspect[0]), int(aspect[1])),
        requested_image_size_mm=float(size) if size else None,
    )


def _format(box: Dataset) -> str:
    value = box.ImageDisplayFormat
    return value if isinstance(value, str) else "\\".join(str(part) for part in value)


def _film(box: Dataset, personality: PrinterPersonality) -> Film:
    low, high = box.get("MinDensity"), box.get("MaxDensity")
    return Film(
        min_density=max(personality.min_density, int(low)) if low is not None else personality.min_density,
        max_density=min(personality.max_density, int(high)) if high is not None else personality.max_density,
        illumination=int(box.get("Illumination") or 2000),
        reflected_ambient_light=int(box.get("ReflectedAmbientLight") or 10),
    )
