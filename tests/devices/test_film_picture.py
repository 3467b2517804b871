"""The picture of a film, measured: optical densities in its colours and in its header, boxes with a ruler."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from linacsim.devices.printer.picture import density_in, picture, secondary_capture
from linacsim.physics.film import (
    ALL_FILM_SIZES_MM,
    FILM_SIZES_MM,
    IDENTITY,
    LIN_OD,
    Annotation,
    Film,
    FilmSheet,
    PlacedImage,
    PresentationLut,
    film_size_mm,
    image_boxes,
    jnd_index,
)

FILM = Film(min_density=20, max_density=300)
PER_MM = 2.0
EDGE, GAP, STRIP = 6.0, 3.0, 7.0
"""What the documentation says in mm: border, space between boxes, a line of letters."""
WHITE = np.full((30, 30), 255, dtype=np.uint8)


def a_sheet(size: str = "8INX10IN", **changes: Any) -> FilmSheet:
    return FilmSheet(**{"size_mm": film_size_mm(size), "film": FILM, "pixels_per_mm": PER_MM, **changes})


def colours(png: bytes) -> NDArray[np.float64]:
    """Return the optical density of each pixel as the eye sees it in a picture of clear film: light, from sRGB."""
    shown = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))[..., 1] / 255
    light = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return np.asarray(-np.log10(np.maximum(light, 1e-6)))


# Densities


def steps_of(png: bytes, count: int, measure: Any) -> NDArray[np.float64]:
    """Return the mean density in the middle of each step of a wedge that fills the width of the only box."""
    density = measure(png)
    (box,) = image_boxes(a_sheet())
    row = density[box.top + box.height // 2 - 4 : box.top + box.height // 2 + 4, box.left : box.left + box.width]
    edges = np.linspace(0, box.width, count + 1)
    each = pairwise(edges)
    return np.array([row[:, int(0.7 * a + 0.3 * b) : int(0.3 * a + 0.7 * b)].mean() for a, b in each])


TABLE_8 = PresentationLut.of_table((round(1023 * (value / 255) ** 1.5) for value in range(256)), 10)
TABLE_12 = PresentationLut.of_table((round(65535 * (value / 4095) ** 0.6) for value in range(4096)), 16)


@pytest.mark.parametrize("lut", [IDENTITY, LIN_OD, TABLE_8, TABLE_12], ids=["IDENTITY", "LIN OD", "256", "4096"])
@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("light", [(2000, 10), (4000, 0), (1000, 50)])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_step_wedge_has_the_densities_of_the_lut(
    lut: PresentationLut, bits: int, light: tuple[int, int], photometric: Any
) -> None:
    top, count = 2**bits - 1, 16
    film = Film(min_density=20, max_density=300, illumination=light[0], reflected_ambient_light=light[1])
    values = np.linspace(0, top, count).round().astype(np.uint16)
    wedge = np.repeat(np.repeat(values, 20)[None], 200, axis=0)
    image = PlacedImage(
        pixels=wedge, bits=bits, position=1, presentation_lut=lut, photometric_interpretation=photometric
    )
    png = picture(a_sheet(film=film), [image], "CLEAR FILM")
    wanted = expected(values / top, lut, film, turned=photometric == "MONOCHROME1")
    np.testing.assert_allclose(steps_of(png, count, density_in), wanted, rtol=0.02)
    # the darkest colours of 8 bits are further apart than that
    seen = wanted < 2.4
    np.testing.assert_allclose(steps_of(png, count, colours)[seen], wanted[seen], rtol=0.02)


def expected(share: NDArray[Any], lut: PresentationLut, film: Film, *, turned: bool) -> NDArray[np.float64]:
    """Return densities from PS3.14 alone: the luminance whose JND index is the P-Value's, found by bisection."""
    if lut is LIN_OD:
        return np.asarray(film.dmin + share * (film.dmax - film.dmin))
    share = 1 - share if turned else share
    if lut is TABLE_8:
        share = share**1.5
    if lut is TABLE_12:
        share = share**0.6
    ends = jnd_index(film.luminance((film.dmax, film.dmin)))
    wanted = ends[0] + share * (ends[1] - ends[0])
    low, high = np.full(len(wanted), film.dmin), np.full(len(wanted), film.dmax)
    for _ in range(40):
        middle = (low + high) / 2
        brighter = jnd_index(film.luminance(middle)) > wanted
        low, high = np.where(brighter, middle, low), np.where(brighter, high, middle)
    return np.asarray((low + high) / 2)


def test_every_density_of_the_film_is_in_its_palette() -> None:
    film = Film(min_density=0, max_density=400)
    for border in range(10, 400, 7):
        density = density_in(picture(a_sheet(film=film, border_density=border, pixels_per_mm=0.2), [], "BLUE FILM"))
        assert density[0, 0] == pytest.approx(border / 100, rel=0.012)


@pytest.mark.parametrize("border", [50, 150, 250])
def test_border_and_empty_boxes_are_as_dark_as_they_are_told(border: int) -> None:
    sheet = a_sheet(image_display_format=r"STANDARD\1,2", border_density=border, empty_image_density=100, trim="YES")
    png = picture(sheet, [PlacedImage(pixels=WHITE, bits=8, position=1)], "CLEAR FILM")
    empty = image_boxes(sheet)[1]
    for measure in (density_in, colours):
        density = measure(png)
        assert density[2, 2] == pytest.approx(border / 100, rel=0.02)
        assert density[empty.window].mean() == pytest.approx(1.0, rel=0.02)
        line = 3.0 if border < 100 else 0.2
        if measure is density_in:
            assert density[empty.top - 1, empty.left + 20] == pytest.approx(line, rel=0.02)


def test_min_and_max_density_of_a_box_are_its_own() -> None:
    own = Film(min_density=60, max_density=200)
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    density = density_in(picture(a_sheet(), [PlacedImage(pixels=ramp, bits=8, position=1, film=own)], "BLUE FILM"))
    (box,) = image_boxes(a_sheet())
    middle = density[box.top + box.height // 2, box.left : box.left + box.width]
    assert (middle.min(), middle.max()) == pytest.approx((0.6, 2.0), rel=0.02)


# Places


def ruler(layout: str, width: float, height: float) -> list[tuple[float, float, float, float]]:
    """Return left, top, width and height of each box in mm, as the documentation says it."""
    inside = width - 2 * EDGE, height - 2 * EDGE - STRIP
    if layout == r"STANDARD\2,3":
        each = (inside[0] - GAP) / 2, (inside[1] - 2 * GAP) / 3
        return [(EDGE + c * (each[0] + GAP), EDGE + r * (each[1] + GAP), *each) for r in range(3) for c in range(2)]
    if layout == r"ROW\1,3":
        high = (inside[1] - GAP) / 2
        wide = (inside[0] - 2 * GAP) / 3
        below = [(EDGE + c * (wide + GAP), EDGE + high + GAP, wide, high) for c in range(3)]
        return [(EDGE, EDGE, inside[0], high), *below]
    if layout == r"COL\2,1":
        wide, high = (inside[0] - GAP) / 2, (inside[1] - GAP) / 2
        return [
            (EDGE, EDGE, wide, high),
            (EDGE, EDGE + high + GAP, wide, high),
            (EDGE + wide + GAP, EDGE, wide, inside[1]),
        ]
    if layout in ("SLIDE", "SUPERSLIDE"):
        short, long, picture_mm = (3, 4, (36.0, 24.0)) if layout == "SLIDE" else (2, 3, (40.0, 40.0))
        columns, rows = (short, long) if inside[1] >= inside[0] else (long, short)
        middle = EDGE + inside[0] / 2, EDGE + inside[1] / 2
        return [
            (
                middle[0] + (c + 0.5 - columns / 2) * 50 - picture_mm[0] / 2,
                middle[1] + (r + 0.5 - rows / 2) * 50 - picture_mm[1] / 2,
                *picture_mm,
            )
            for r in range(rows)
            for c in range(columns)
        ]
    half = GAP / 2
    left = 0.6 * inside[0] - half
    high = 0.5 * inside[1] - half
    return [
        (EDGE, EDGE, left, inside[1]),
        (EDGE + left + GAP, EDGE, 0.4 * inside[0] - half, high),
        (EDGE + left + GAP, EDGE + high + GAP, 0.4 * inside[0] - half, high),
    ]


CUSTOM = {"1": "0,0,60,100; 60,0,40,50; 60,50,40,50"}
LAYOUTS = (r"STANDARD\2,3", r"ROW\1,3", r"COL\2,1", "SLIDE", "SUPERSLIDE", r"CUSTOM\1")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("orientation", ["PORTRAIT", "LANDSCAPE"])
@pytest.mark.parametrize("size", FILM_SIZES_MM)
def test_image_boxes_are_where_a_ruler_finds_them(layout: str, orientation: Any, size: str) -> None:
    sheet = a_sheet(
        size, image_display_format=layout, film_orientation=orientation, custom_formats=CUSTOM, label=("x",),
        empty_image_density="WHITE",
    )  # fmt: skip
    short, long = FILM_SIZES_MM[size]
    width, height = (short, long) if orientation == "PORTRAIT" else (long, short)
    boxes = ruler(layout, width, height)
    png = picture(sheet, [], "BLUE FILM")
    density = density_in(png)
    assert density.shape == (round(height * PER_MM), round(width * PER_MM))
    bright = density < 1
    assert len(image_boxes(sheet)) == len(boxes)
    for left, top, wide, high in boxes:
        middle = round((top + high / 2) * PER_MM), round((left + wide / 2) * PER_MM)
        edges = [*_run(bright[middle[0]], middle[1]), *_run(bright[:, middle[1]], middle[0])]
        wanted = np.array([left, left + wide, top, top + high]) * PER_MM
        np.testing.assert_allclose(edges, wanted, atol=1)


def _run(line: NDArray[np.bool_], at: int) -> tuple[int, int]:
    """Return where the bright stretch around `at` starts and ends."""
    assert line[at]
    dark = np.flatnonzero(~line)
    return int(dark[dark < at].max()) + 1, int(dark[dark > at].min())


@pytest.mark.parametrize("size", ALL_FILM_SIZES_MM)
def test_the_picture_has_the_true_size_of_the_film(size: str) -> None:
    shown = Image.open(io.BytesIO(picture(a_sheet(size, pixels_per_mm=1.0), [], "PAPER")))
    dots = shown.info["dpi"][0]
    assert dots == pytest.approx(25.4, rel=1e-3)
    inches = np.array(ALL_FILM_SIZES_MM[size]) / 25.4
    np.testing.assert_allclose(np.array(shown.size) / dots, inches, atol=0.5 / dots + 1e-3)


def test_annotations_are_written_at_their_positions() -> None:
    sheet = a_sheet(annotation_format="CORNERS", annotation_count=4)
    blank = density_in(picture(sheet, [], "BLUE FILM"))
    rows, columns = blank.shape
    for position in range(1, 5):
        texts = (Annotation(position=position, text="PATIENT 17"),)
        written = density_in(
            picture(a_sheet(annotation_format="CORNERS", annotation_count=4, annotations=texts), [], "BLUE FILM")
        )
        where = np.argwhere(np.abs(written - blank) > 0.5)
        assert len(where)
        top, left = where.min(axis=0)
        bottom, right = where.max(axis=0)
        assert (bottom < (EDGE + STRIP) * PER_MM) == (position <= 2)
        assert (top > rows - (EDGE + STRIP) * PER_MM) == (position > 2)
        assert (right < columns / 2) == (position in (1, 3))
        assert (left > columns / 2) == (position in (2, 4))
    for box in image_boxes(sheet):
        assert box.top >= (EDGE + STRIP) * PER_MM - 1
        assert box.top + box.height <= rows - (EDGE + STRIP) * PER_MM + 1


# Colour, and a Secondary Capture


def test_colours_are_printed_and_greys_beside_them() -> None:
    sheet = a_sheet(image_display_format=r"STANDARD\2,1", film=Film(min_density=0, max_density=300))
    values = ((200, 40, 40), (40, 180, 60), (30, 60, 220))
    rgb = np.stack([np.full((20, 30, 3), value, dtype=np.uint8) for value in values], axis=0).reshape(60, 30, 3)
    grey = np.full((60, 30), 100, dtype=np.uint8)
    images = [PlacedImage(pixels=rgb, bits=8, position=1), PlacedImage(pixels=grey, bits=8, position=2)]
    shown = np.asarray(Image.open(io.BytesIO(picture(sheet, images, "PAPER")))).astype(int)
    first, second = image_boxes(sheet)
    wide, high = first.width, 2 * first.width
    top = first.top + (first.height - high) // 2
    for band, value in enumerate(values):
        pixel = shown[top + round(high * (band + 0.5) / 3), first.left + wide // 2]
        np.testing.assert_allclose(pixel, value, atol=6)
    assert np.ptp(shown[second.top + second.height // 2, second.left + second.width // 2]) == 0
    turned = [PlacedImage(pixels=rgb, bits=8, position=1, polarity="REVERSE")]
    shown = np.asarray(Image.open(io.BytesIO(picture(sheet, turned, "PAPER")))).astype(int)
    np.testing.assert_allclose(shown[top + high // 6, first.left + wide // 2], (55, 215, 215), atol=6)


def test_a_picture_without_densities_is_said_to_have_none() -> None:
    rgb = np.zeros((4, 4, 3), dtype=np.uint8)
    png = picture(a_sheet(pixels_per_mm=0.5), [PlacedImage(pixels=rgb, bits=8, position=1)], "PAPER")
    with pytest.raises(ValueError, match="grey film"):
        density_in(png)


def test_a_secondary_capture_has_thousandths_of_optical_density() -> None:
    sheet = a_sheet(border_density=150, pixels_per_mm=1.0)
    about = Dataset()
    about.SOPInstanceUID = "1.2.3"
    ds = secondary_capture(sheet, [PlacedImage(pixels=WHITE, bits=8, position=1)], about)
    assert (ds.PhotometricInterpretation, ds.RescaleType, ds.ConversionType) == ("MONOCHROME1", "OD", "DF")
    values = ds.pixel_array
    assert values.shape == sheet.shape
    assert values[1, 1] == 1500
    assert values[values.shape[0] // 2, values.shape[1] // 2] == pytest.approx(200, abs=5)
    assert [float(one) for one in ds.PixelSpacing] == [1.0, 1.0]
