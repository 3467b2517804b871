"""Text as an array, in the scalable font that Pillow carries."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

# The embedded font draws ASCII and a few signs. Letters that do not decompose into a base letter are spelt out.
_SIGNS = "°±«»©´·‘’“”…‹›™"
_SPELT = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "µ": "u", "μ": "u",
        "×": "x", "–": "-", "—": "-", "−": "-", "²": "2", "³": "3", "\t": " ", "\n": " ", "\r": " ",
    }
)  # fmt: skip


def legible(text: str) -> str:
    """The nearest text that the embedded font can draw: accents fall off, unknown scripts become question marks.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        One line, printable ASCII and a few signs such as the degree sign.
    """
    return "".join(_drawable(letter) for letter in text.translate(_SPELT))


def draw_text(text: str, height: int, *, stroke: int = 0) -> NDArray[np.float32]:
    """Draw one line of text.

    Lines of the same height share a base line, so masks with and without stroke lie exactly on top of each other when
    drawn with `pad` pixels between: a mask with stroke is `2 * stroke` larger in both directions.

    Parameters
    ----------
    text : str
        The text; see `legible` for what becomes of letters the font has not.
    height : int
        Height of the line in pixels, from above the ascenders to below the descenders.
    stroke : int
        Thickens the letters by so many pixels on all sides; for outlines.

    Returns
    -------
    numpy.ndarray
        Coverage 0 to 1, float32, shape (height + 2 * stroke, width + 2 * stroke).
    """
    font, ascent = _font(height)
    drawn = legible(text)
    width = max(ceil(font.getlength(drawn)), 1)
    picture = Image.new("L", (width + 2 * stroke, height + 2 * stroke))
    ImageDraw.Draw(picture).text(
        (stroke, stroke + ascent), drawn, fill=255, font=font, anchor="ls", stroke_width=stroke
    )
    return np.asarray(picture, dtype=np.float32) / np.float32(255)


@lru_cache(maxsize=64)
def _font(height: int) -> tuple[ImageFont.FreeTypeFont, int]:
    # The line of a font is taller than its nominal size: step down until ascenders and descenders fit.
    size = height
    while sum(_load(size).getmetrics()) > height and size > 1:
        size -= 1
    font = _load(size)
    return font, font.getmetrics()[0]


def _load(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType and has no scalable font")
    return font


def _drawable(letter: str) -> str:
    if letter in _SIGNS or " " <= letter <= "~":
        return letter
    if unicodedata.category(letter) in {"Mn", "Cf", "Cc", "Cs"}:
        return ""
    base = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode("ascii").strip()
    return base or (" " if letter.isspace() else "?")
