"""How large an image gets on the film, and what becomes of one that is larger than its image box (PS3.3 C.13.5).

An image is too large if its Requested Image Size does not go into the box; or if it is to be shown pixel by pixel - because
of Magnification Type NONE, or because the client has asked for one of the three behaviours - and the box has fewer pixels.
Without such a wish an image is simply fitted into its box, whether larger or smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from linacsim.physics.magnify import fitted_size
from linacsim.physics.terms import LargerImage, MagnificationType, RequestedDecimateCropBehavior

Outcome = Literal["fits", "demagnified", "decimated", "cropped", "too large"]
"""What has to be said of it: nothing, B604, B60A, B609, C603 (C613 if an overlay makes it so)."""

_OUTCOMES: dict[LargerImage, Outcome] = {
    "demagnify": "demagnified",
    "decimate": "decimated",
    "crop": "cropped",
    "fail": "too large",
}
_ASKED: dict[RequestedDecimateCropBehavior, LargerImage] = {"DECIMATE": "decimate", "CROP": "crop", "FAIL": "fail"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """An image in its box.

    Attributes
    ----------
    outcome : str
        Whether it fits, or what has become of it.
    size : (int, int)
        Rows and columns that the whole image takes in printer pixels; more than the box if it is cropped or too large.
    scaled : bool
        Whether its pixels are resampled.
    """

    outcome: Outcome
    size: tuple[int, int]
    scaled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the client and the printer say about the size of an image.

    Attributes
    ----------
    magnification_type : str
        Magnification Type.
    pixel_aspect : (int, int)
        Vertical and horizontal size of a pixel.
    requested_columns : int or None
        Requested Image Size in printer pixels.
    requested_behavior : str or None
        Requested Decimate/Crop Behavior: DECIMATE, CROP or FAIL.
    larger_image : str
        What the printer does if the client does not say: ``demagnify``, ``decimate``, ``crop`` or ``fail``.
    """

    magnification_type: MagnificationType = "CUBIC"
    pixel_aspect: tuple[int, int] = (1, 1)
    requested_columns: int | None = None
    requested_behavior: RequestedDecimateCropBehavior | None = None
    larger_image: LargerImage = "fail"


def fit(shape: tuple[int, int], box: tuple[int, int], wish: Wish) -> Fitting:
    """Fit an image into its box.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image (of image and overlay together, if there is one).
    box : (int, int)
        Rows and columns of the box in printer pixels.
    wish : Wish
        What has been asked for.

    Returns
    -------
    Fitting
        Its size on the film, and what has to be said of it.
    """
    by_pixel = wish.magnification_type == "NONE"
    whole = fitted_size(shape, box, wish.pixel_aspect)
    if by_pixel:
        wanted = shape
    elif wish.requested_columns is not None:
        columns = max(wish.requested_columns, 1)
        picture = shape[0] * wish.pixel_aspect[0] / (shape[1] * wish.pixel_aspect[1])
        wanted = max(round(columns * picture), 1), columns
    elif wish.requested_behavior is not None and _larger(shape, box):
        wanted, by_pixel = shape, True
    else:
        return Fitting(outcome="fits", size=whole, scaled=whole != shape)
    if not _larger(wanted, box):
        return Fitting(outcome="fits", size=wanted, scaled=not by_pixel)
    asked = wish.requested_behavior
    behavior = wish.larger_image if asked is None else _ASKED[asked]
    if behavior in ("crop", "fail"):
        return Fitting(outcome=_OUTCOMES[behavior], size=wanted, scaled=not by_pixel)
    return Fitting(outcome=_OUTCOMES[behavior], size=whole)


def _larger(size: tuple[int, int], box: tuple[int, int]) -> bool:
    return size[0] > box[0] or size[1] > box[1]
