"""The Basic Grayscale and the Basic Color Image Box as SCP (PS3.4 H.4.3): N-SET is all there is."""

from __future__ import annotations

import math

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from linacsim.devices.printer.answers import Answer, as_taken, copied, without
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.film import placed_image, sheet_of
from linacsim.devices.printer.hierarchy import FilmBox, ImageBox, LutInstance
from linacsim.devices.printer.images import check_image
from linacsim.devices.printer.luts import entries_of
from linacsim.devices.printer.overlay import combined_size
from linacsim.devices.printer.references import lut_of, overlay_of
from linacsim.devices.printer.rules import COLOR_BOX, GRAYSCALE_BOX
from linacsim.devices.printer.sizes import FITS, Judgement, judge
from linacsim.devices.printer.statuses import (
    INSUFFICIENT_MEMORY,
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    PROCESSING_FAILURE,
    RefusedError,
)
from linacsim.devices.printer.taking import take
from linacsim.errors import InputError

_SEQUENCES = ("BasicGrayscaleImageSequence", "BasicColorImageSequence")


def change_grayscale(desk: Desk, request: Request) -> Answer:
    """N-SET of a Basic Grayscale Image Box."""
    return _change(desk, request, colour=False)


def change_colour(desk: Desk, request: Request) -> Answer:
    """N-SET of a Basic Color Image Box."""
    return _change(desk, request, colour=True)


def _change(desk: Desk, request: Request, *, colour: bool) -> Answer:
    """Set attributes and image of a box; without an item in its sequence the image is erased (PS3.4 H.4.3.1.2.1)."""
    session = desk.work.any_session()
    box = desk.work.named_box(request.uid, colour=colour)
    film = session.film_of(box)
    taken = take(request.attributes, COLOR_BOX if colour else GRAYSCALE_BOX, desk.personality, setting=True)
    _check_position(box, taken.attributes)
    _check_requested_size(taken.attributes)
    after = ImageBox(uid=box.uid, position=box.position, colour=colour, attributes=copied(box.attributes))
    after.attributes.update(taken.attributes)
    after.lut = lut_of(taken.attributes, desk.work) or box.lut
    after.overlay = overlay_of(taken.attributes, desk.work) or box.overlay
    if box.keyword in taken.attributes and after.image is not None:
        check_image(after.image, colour=colour, printer=desk.personality)
        _check_lut(after.image, after.lut or film.lut or session.lut, required=desk.personality.presentation_lut_match)
    told = _judged(desk, film, after)
    if told.refused:
        raise RefusedError(told.status, told.comment)
    if box.keyword in taken.attributes:
        _store(desk, box, after.image)
    box.attributes, box.lut, box.overlay = after.attributes, after.lut, after.overlay
    if told.status:
        taken.warn(told.status, told.comment)
    shown = without(as_taken(taken.given, box.attributes), *_SEQUENCES) if taken.status else None
    return Answer(status=taken.status, attributes=shown, comment=taken.comment, tags=tuple(taken.tags))


def _judged(desk: Desk, film: FilmBox, box: ImageBox) -> Judgement:
    """Return what has to be said of the size of the image, if it is not said at the N-ACTION."""
    if desk.personality.checks_size_at != "N-SET" or box.image is None:
        return FITS
    try:
        sheet, image = sheet_of(film, desk.personality, ()), placed_image(film, box, desk.personality)
    except InputError as wrong:
        raise RefusedError(PROCESSING_FAILURE, str(wrong)) from None
    return judge(sheet, image, combined_size(box))


def _check_position(box: ImageBox, attributes: Dataset) -> None:
    position = attributes.get("ImageBoxPosition")
    if position is None:
        raise RefusedError(MISSING_ATTRIBUTE, "ImageBoxPosition is missing", Tag("ImageBoxPosition"))
    if position != box.position:
        told = f"ImageBoxPosition {position}, this box is {box.position}"
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, told, Tag("ImageBoxPosition"))


def _check_requested_size(attributes: Dataset) -> None:
    size = attributes.get("RequestedImageSize")
    if size is not None and not (math.isfinite(float(size)) and float(size) > 0):
        told = f"RequestedImageSize {size} is no width"
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, told, Tag("RequestedImageSize"))


def _check_lut(image: Dataset, lut: LutInstance | None, *, required: bool) -> None:
    """A printer may want a Presentation LUT to have as many entries as the image has values (PS3.4 H.4.9)."""
    entries = entries_of(lut) if lut is not None else None
    if required and entries is not None and entries != 1 << image.BitsStored:
        told = f"the Presentation LUT has {entries} entries, the image {image.BitsStored} bits"
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, told)


def _store(desk: Desk, box: ImageBox, image: Dataset | None) -> None:
    """Put the image into the printer's memory; what it takes the place of and what is allocated make room (C605)."""
    session, before = desk.work.any_session(), box.reserved
    held = before.size if before is not None else 0
    desk.release(before)
    desk.release(session.reserved)
    session.reserved = box.reserved = None
    size = len(image.PixelData) if image is not None else 0
    left = desk.printer.store.left
    fits = size <= left
    kept = size if fits else held
    box.reserved = desk.printer.store.try_reserve(desk.client, kept) if kept else None
    desk.allot(session)
    if not fits:
        # the buffer takes notice of what it had to turn away
        desk.printer.store.try_reserve(desk.client, size)
        raise RefusedError(INSUFFICIENT_MEMORY, f"{size} bytes, {left} left", Tag("PixelData"))
