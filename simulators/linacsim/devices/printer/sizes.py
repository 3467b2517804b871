"""Images that are larger than their image box: the statuses of what becomes of them (PS3.4 H.4.2.2.4, H.4.3.1.2.1).

What becomes of them is `linacsim.physics.fitting`'s to say, here as on the film; an overlay needs room with its image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from linacsim.devices.printer.statuses import (
    COMBINED_IMAGE_TOO_LARGE,
    CROPPED,
    DECIMATED,
    DEMAGNIFIED,
    IMAGE_TOO_LARGE,
    SUCCESS,
)
from linacsim.errors import InputError
from linacsim.physics.film import FilmSheet, Outcome, PlacedImage, fitting

Size = tuple[int, int]

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


def judge(sheet: FilmSheet, image: PlacedImage, overlay: Size | None = None) -> Judgement:
    """Judge how an image fits into its box.

    Parameters
    ----------
    sheet, image
        The film, and the image at its place.
    overlay : (int, int) or None
        Rows and columns that the image needs together with its overlay, if there is one.
    """
    try:
        outcome = fitting(sheet, image, overlay).outcome
    except InputError:
        # a sheet without room for its boxes comes out all the same, and its record says so
        return FITS
    if outcome == "fits":
        return FITS
    status = _STATUSES[outcome]
    if status == IMAGE_TOO_LARGE and overlay is not None:
        status = COMBINED_IMAGE_TOO_LARGE
    what = "image and overlay" if overlay is not None else "image"
    return Judgement(status=status, comment=f"image box {image.position}: {what} {outcome}")
