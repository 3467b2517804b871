"""Images that are larger than their image box: the statuses of what becomes of them (PS3.4 H.4.2.2.4, H.4.3.1.2.1).

What becomes of them is `linacsim.physics.fitting`'s to say; an overlay needs room with its image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from pydicom.dataset import Dataset

from linacsim.devices.printer.desk import Desk
from linacsim.devices.printer.film import sheet_of
from linacsim.devices.printer.hierarchy import FilmBox, ImageBox
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
from linacsim.physics.fitting import Outcome, Wish, fit
from linacsim.physics.layout import image_boxes

_STATUSES: Mapping[Outcome, int] = MappingProxyType(
    {
        "fits": SUCCESS,
        "demagnified": DEMAGNIFIED,
        "decimated": DECIMATED,
        "cropped": CROPPED,
        "too large": IMAGE_TOO_LARGE,
    }
)
_GRAVITY = (*_STATUSES.values(), COMBINED_IMAGE_TOO_LARGE)


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


def judge(desk: Desk, film: FilmBox, box: ImageBox, *, at: str = "N-ACTION") -> Judgement:
    """Judge the image of a box at one of the two occasions; at the other one there is nothing to say."""
    image = box.image
    if image is None or desk.personality.checks_size_at != at:
        return FITS
    try:
        sheet = sheet_of(film, desk.personality, ())
        place = image_boxes(sheet)[box.position - 1]
    except InputError:
        # a sheet without room for its boxes comes out all the same, and its record says so
        return FITS
    asked = box.attributes.get("RequestedImageSize")
    wish = Wish(
        magnification_type=cast("Any", _magnification(film, box)),
        pixel_aspect=_aspect(image),
        requested_columns=sheet.pixels(float(asked)) if asked else None,
        requested_behavior=cast("Any", str(box.attributes.get("RequestedDecimateCropBehavior") or "") or None),
        larger_image=desk.personality.larger_image,
    )
    outcome = fit(combined_size(image, box.overlay), (place.height, place.width), wish).outcome
    if outcome == "fits":
        return FITS
    status = _STATUSES[outcome]
    if status == IMAGE_TOO_LARGE and box.overlay is not None:
        status = COMBINED_IMAGE_TOO_LARGE
    what = "image and overlay" if box.overlay is not None else "image"
    return Judgement(status=status, comment=f"image box {box.position}: {what} {outcome}")


def _aspect(image: Dataset) -> tuple[int, int]:
    value = image.get("PixelAspectRatio")
    return (int(value[0]), int(value[1])) if value else (1, 1)


def _magnification(film: FilmBox, box: ImageBox) -> str:
    return str(box.attributes.get("MagnificationType") or film.attributes.get("MagnificationType") or "CUBIC")
