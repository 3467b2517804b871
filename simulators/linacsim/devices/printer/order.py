"""What a film is to show, as bytes: it waits on the printer's disk, and goes to whoever draws it in a process of its own.

The bytes are a line, the length of a header, the header as JSON, and behind it the arrays as they are: for each image its
pixels and the table of its Presentation LUT.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from linacsim.errors import InputError
from linacsim.physics.film import Annotation, Film, FilmSheet, PlacedImage, PresentationLut

_MAGIC = b"linacsim film 1\n"
_LENGTH = struct.Struct("<Q")
_TYPES = ("|u1", "<u2")
"""What pixels may be stored as."""

Part = bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """A film to be drawn.

    Attributes
    ----------
    sheet : FilmSheet
        The sheet.
    images : sequence of PlacedImage
        Its images.
    medium : str
        Medium Type.
    capture : Dataset or None
        What stands in its Secondary Capture beside the picture; ``None`` if none is wanted.
    about : dict
        What else is to be known of it: the job that it is part of. Only what JSON has.
    """

    sheet: FilmSheet
    images: Sequence[PlacedImage]
    medium: str
    capture: Dataset | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def packed(self) -> list[Part]:
        """Return the order as bytes, in parts; pixels are not copied if they lie as they have been sent."""
        header: dict[str, Any] = {
            "sheet": _words(self.sheet),
            "images": [],
            "medium": self.medium,
            "capture": None if self.capture is None else self.capture.to_json_dict(),
            "about": self.about,
        }
        arrays: list[Part] = []
        for image in self.images:
            pixels = np.ascontiguousarray(image.pixels)
            words = {**_words(image), "shape": pixels.shape, "type": pixels.dtype.str}
            header["images"].append(words)
            arrays += [pixels.reshape(-1).view(np.uint8).data, image.presentation_lut.table]
        text = json.dumps(header).encode("ascii")
        return [_MAGIC, _LENGTH.pack(len(text)), text, *arrays]


def unpacked(data: Part) -> Order:
    """Return the order that `Order.packed` has made bytes of.

    Raises
    ------
    InputError
        If it is none, or not all of one.
    """
    try:
        header, rest = _header(memoryview(data))
        images = []
        for words in header["images"]:
            image, rest = _image(words, rest)
            images.append(image)
        sheet = {**header["sheet"], "film": Film(**header["sheet"]["film"])}
        sheet["annotations"] = tuple(Annotation(**one) for one in sheet["annotations"])
        sheet["size_mm"], sheet["label"] = tuple(sheet["size_mm"]), tuple(sheet["label"])
        capture = header["capture"]
        _end(rest)
        return Order(
            sheet=FilmSheet(**sheet),
            images=images,
            medium=header["medium"],
            capture=None if capture is None else Dataset.from_json(capture),
            about=header["about"],
        )
    except (KeyError, TypeError, ValueError, struct.error) as wrong:
        raise InputError(
            f"this is no film to be drawn: {wrong}", todo="leave it to the printer that wrote it"
        ) from wrong


def _header(data: memoryview) -> tuple[dict[str, Any], memoryview]:
    if data[: len(_MAGIC)] != _MAGIC:
        raise ValueError("it begins with other words")
    (length,) = _LENGTH.unpack_from(data, len(_MAGIC))
    begin = len(_MAGIC) + _LENGTH.size
    return cast("dict[str, Any]", json.loads(bytes(data[begin : begin + length]))), data[begin + length :]


def _image(words: dict[str, Any], data: memoryview) -> tuple[PlacedImage, memoryview]:
    shape, kind = tuple(words.pop("shape")), words.pop("type")
    if kind not in _TYPES:
        raise ValueError(f"pixels of type {kind}")
    pixels, rest = _taken(data, int(np.prod(shape)) * np.dtype(kind).itemsize)
    lut = words["presentation_lut"]
    table, rest = _taken(rest, lut.pop("table"))
    values: NDArray[Any] = np.frombuffer(pixels, dtype=kind).reshape(shape)
    words["presentation_lut"] = PresentationLut(**lut, table=bytes(table))
    words["pixel_aspect"] = tuple(words["pixel_aspect"])
    words["film"] = None if words["film"] is None else Film(**words["film"])
    return PlacedImage(**words, pixels=values), rest


def _taken(data: memoryview, length: int) -> tuple[memoryview, memoryview]:
    if len(data) < length:
        raise ValueError("it breaks off")
    return data[:length], data[length:]


def _end(rest: memoryview) -> None:
    if len(rest):
        raise ValueError("there is more behind it")


def _words(one: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as JSON has them; arrays are left out, of tables there is the length."""
    return {name: _word(getattr(one, name)) for name in _names(type(one)) if name != "pixels"}


def _word(value: Any) -> Any:
    if isinstance(value, PresentationLut):
        return {"shape": value.shape, "bits": value.bits, "table": len(value.table)}
    if isinstance(value, Film | Annotation):
        return _words(value)
    if isinstance(value, tuple):
        return [_word(one) for one in value]
    return value if value is None or isinstance(value, str | int | float) else dict(value)


def _names(kind: type) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(one.name for one in fields(kind))
    return _NAMES[kind]


_NAMES: dict[type, tuple[str, ...]] = {}
