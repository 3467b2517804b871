"""Images that are larger than their image box: shown smaller, cropped, decimated or refused (PS3.4 H.4.2.2.4, H.4.3.1.2.1).

An image is too large if its Requested Image Size does not go into the box; if it must be shown pixel by pixel (Magnification
Type NONE) and there are more of them than the box has; or if the client has asked for one of the three behaviours and there
are more pixels than the box has (PS3.3 C.13.5). Without such a wish an image is simply fitted into its box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linacsim.devices.printer.desk import Desk
from linacsim.devices.printer.film import sheet_of
from linacsim.devices.printer.hierarchy import FilmBox, FilmSession, ImageBox
from linacsim.devices.printer.overlay import combined_size
from linacsim.devices.printer.statuses import (
    COMBINED_IMAGE_TOO_LARGE,
    CROPPED,
    DECIMATED,
    DEMAGNIFIED,
    IMAGE_TOO_LARGE,
    SUCCESS,
)
from linacsim.errors import InputError
from linacsim.physics.film import image_boxes

BEHAVIOURS = {"DECIMATE": "decimate", "CROP": "crop", "FAIL": "fail"}
"""Requested Decimate/Crop Behavior (2020,0040), by the word of `PrinterPersonality.larger_image`."""
_WARNINGS = {"demagnify": DEMAGNIFIED, "decimate": DECIMATED, "crop": CROPPED}
_GRAVITY = (SUCCESS, DEMAGNIFIED, DECIMATED, CROPPED, IMAGE_TOO_LARGE, COMBINED_IMAGE_TOO_LARGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What has to be said of an image's size."""

    status: int = SUCCESS
    comment: str = ""

    @property
    def refused(self) -> bool:
        """Whether the image cannot be printed."""
        return self.status in (IMAGE_TOO_LARGE, COMBINED_IMAGE_TOO_LARGE)


FITS = Judgement()


def worst(judgements: Sequence[Judgement]) -> Judgement:
    """Return the gravest of them."""
    return max(judgements, key=lambda one: _GRAVITY.index(one.status), default=FITS)


def judge(desk: Desk, session: FilmSession, film: FilmBox, box: ImageBox, *, at: str = "N-ACTION") -> Judgement:
    """Judge the image of a box at one of the two occasions; at the other one there is nothing to say."""
    del session
    image = box.image
    if image is None or desk.personality.checks_size_at != at:
        return FITS
    try:
        sheet = sheet_of(film, desk.personality, ())
        place = image_boxes(sheet)[box.position - 1]
    except InputError:
        # the film box was taken as it is: its geometry is told when it is printed
        return FITS
    rows, columns = combined_size(image, box.overlay)
    asked = str(box.attributes.get("RequestedDecimateCropBehavior") or "")
    by_pixel = _magnification(film, box) == "NONE"
    too_large = (asked or by_pixel) and (rows > place.height or columns > place.width)
    if box.attributes.get("RequestedImageSize"):
        width = sheet.pixels(float(box.attributes.RequestedImageSize))
        vertical, horizontal = aspect(image)
        height = width * rows * vertical / (columns * horizontal)
        too_large = width > place.width or round(height) > place.height
    if not too_large:
        return FITS
    behaviour = BEHAVIOURS.get(asked, desk.personality.larger_image)
    if behaviour == "fail":
        status = COMBINED_IMAGE_TOO_LARGE if box.overlay is not None else IMAGE_TOO_LARGE
        return Judgement(status=status, comment=f"image box {box.position}: the image is larger")
    return Judgement(status=_WARNINGS[behaviour], comment=f"image box {box.position}: the image is larger")


def aspect(image: object) -> tuple[int, int]:
    """Return the Pixel Aspect Ratio of an image, vertical and horizontal; 1, 1 if it tells none that can be used."""
    value = getattr(image, "PixelAspectRatio", None)
    if not value or len(value) != 2 or min(int(part) for part in value) < 1:
        return 1, 1
    return int(value[0]), int(value[1])


def _magnification(film: FilmBox, box: ImageBox) -> str:
    return str(box.attributes.get("MagnificationType") or film.attributes.get("MagnificationType") or "")
