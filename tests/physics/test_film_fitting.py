"""Images that are larger than their box, kernels and smoothing, Presentation LUTs that cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.film import (
    SLIDES,
    Annotation,
    Film,
    FilmSheet,
    PlacedImage,
    PresentationLut,
    Wish,
    annotation_places,
    box_count,
    compose,
    display_format,
    expose,
    film_size_mm,
    fit,
    fitting,
    image_boxes,
    magnify,
)
from linacsim.physics.formats import divide

FILM = Film(min_density=20, max_density=300)
SHEET = FilmSheet(size_mm=film_size_mm("8INX10IN"), film=FILM, pixels_per_mm=2.0)
BOX = (100, 200)


@pytest.mark.parametrize(
    ("wish", "shape", "outcome", "size"),
    [
        (Wish(), (1000, 1000), "fits", (100, 100)),
        (Wish(requested_columns=150), (50, 100), "fits", (75, 150)),
        (Wish(requested_columns=300, larger_image="demagnify"), (50, 100), "demagnified", (100, 200)),
        (Wish(requested_columns=300, larger_image="decimate"), (50, 100), "decimated", (100, 200)),
        (Wish(requested_columns=300, larger_image="crop"), (50, 100), "cropped", (150, 300)),
        (Wish(requested_columns=300), (50, 100), "too large", (150, 300)),
        (Wish(requested_columns=300, requested_behavior="CROP"), (50, 100), "cropped", (150, 300)),
        (Wish(requested_columns=150, pixel_aspect=(2, 1)), (50, 100), "too large", (150, 150)),
        (Wish(magnification_type="NONE"), (100, 200), "fits", (100, 200)),
        (Wish(magnification_type="NONE"), (101, 200), "too large", (101, 200)),
        (Wish(magnification_type="NONE", larger_image="demagnify"), (200, 200), "demagnified", (100, 100)),
        (Wish(requested_behavior="DECIMATE"), (400, 400), "decimated", (100, 100)),
        (Wish(requested_behavior="CROP", larger_image="demagnify"), (400, 400), "cropped", (400, 400)),
        (Wish(requested_behavior="FAIL", larger_image="crop"), (400, 400), "too large", (400, 400)),
        (Wish(requested_behavior="FAIL"), (50, 50), "fits", (100, 100)),
    ],
)
def test_what_becomes_of_an_image(wish: Wish, shape: tuple[int, int], outcome: str, size: tuple[int, int]) -> None:
    told = fit(shape, BOX, wish)
    assert (told.outcome, told.size) == (outcome, size)


def an_image(pixels: Any, **changes: Any) -> PlacedImage:
    return PlacedImage(**{"pixels": pixels, "bits": 8, "position": 1, **changes})


def test_cropping_keeps_the_middle_pixel_by_pixel() -> None:
    (box,) = image_boxes(SHEET)
    pixels = np.random.default_rng(3).integers(0, 256, (box.height + 40, box.width + 60), dtype=np.uint8)
    image = an_image(pixels, requested_behavior="CROP")
    assert fitting(SHEET, image).outcome == "cropped"
    kept = pixels[20 : 20 + box.height, 30 : 30 + box.width]
    np.testing.assert_array_equal(compose(SHEET, [image])[box.window], expose(kept, bits=8, film=FILM))


def test_a_cropped_image_has_the_size_that_was_requested() -> None:
    (box,) = image_boxes(SHEET)
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    whole = compose(SHEET, [an_image(ramp, requested_image_size_mm=box.width / 2.0)])
    twice = compose(SHEET, [an_image(ramp, requested_image_size_mm=box.width, larger_image="crop")])
    middle = box.top + box.height // 2
    line = twice[middle, box.left : box.left + box.width]
    # a ramp of twice the width rises half as fast, and its middle is in the middle
    quarter, three = box.left + box.width // 4, box.left + 3 * box.width // 4
    np.testing.assert_allclose((line[0], line[-1]), (whole[middle, quarter], whole[middle, three]), rtol=0.02)


def test_a_request_as_large_as_a_house_takes_no_more_memory_than_its_box() -> None:
    image = an_image(np.zeros((9, 9), np.uint8), requested_image_size_mm=10_000_000.0, larger_image="crop")
    assert compose(SHEET, [image]).shape == SHEET.shape


@pytest.mark.parametrize(
    ("behavior", "wanted"), [("DECIMATE", "decimated"), ("CROP", "cropped"), ("FAIL", "too large")]
)
def test_the_three_behaviours_on_film(behavior: Any, wanted: str) -> None:
    image = an_image(np.zeros((2000, 2000), np.uint8), requested_behavior=behavior)
    assert fitting(SHEET, image).outcome == wanted
    if wanted == "too large":
        with pytest.raises(InputError, match="larger than its box"):
            compose(SHEET, [image])
    else:
        assert compose(SHEET, [image]).shape == SHEET.shape


# Kernels


def test_smoothing_softens_an_edge_and_keeps_its_place() -> None:
    edge = np.zeros((8, 20), dtype=np.uint8)
    edge[:, 10:] = 200
    widths = []
    for smoothing in (0.0, 0.5, 1.0):
        line = magnify(edge, (80, 400), "CUBIC", smoothing)[40]
        widths.append(np.count_nonzero((line > 20) & (line < 180)))
        assert abs(np.searchsorted(line, 100) - 200) <= 1
        assert (line[0], line[-1]) == pytest.approx((0, 200), abs=1e-3)
    assert widths[0] < widths[1] < widths[2]


def test_a_little_smoothing_is_nearly_none() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (12, 9)).astype(np.float32)
    np.testing.assert_allclose(magnify(pixels, (48, 45), "CUBIC", 1e-6), magnify(pixels, (48, 45), "CUBIC"), atol=0.1)


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
@pytest.mark.parametrize("kernel", ["REPLICATE", "BILINEAR", "CUBIC"])
def test_the_middle_of_a_large_image_is_what_it_would_be_of_the_whole(kernel: Any, smoothing: float) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (30, 20)).astype(np.float32)
    whole = magnify(pixels, (300, 200), kernel, smoothing)
    part = magnify(pixels, (300, 200), kernel, smoothing, within=(100, 400))
    assert part.shape == (100, 200)
    np.testing.assert_allclose(part, whole[100:200], atol=0.02)


# Presentation LUTs, formats, annotations


@pytest.mark.parametrize(
    "changes", [{"shape": "LINEAR"}, {"shape": "LIN OD", "table": bytes(512), "bits": 10}, {"table": bytes(200), "bits": 10},
                {"table": bytes(512), "bits": 8}, {"table": bytes(8192), "bits": 17}],
)  # fmt: skip
def test_a_presentation_lut_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        PresentationLut(**changes)


def test_a_table_of_another_depth_is_entered_at_the_same_share() -> None:
    rising = PresentationLut.of_table((value * 257 for value in range(256)), 16)
    assert rising.p_values(np.array([0, 2048, 4095]), 12).tolist() == [0, 128 * 257, 65535]
    full = PresentationLut.of_table([1023] * 255 + [4095], 10)
    assert full.p_values(np.array([255]), 8).tolist() == [1023]


CUSTOM = {"1": r"ROW\1,2", "2": "0,0,50,100; 50,0,50,100", "3": r"CUSTOM\1", "4": "0,0,120,10; 1,1,1,1"}


@pytest.mark.parametrize(
    ("text", "count"), [(r"STANDARD\3,5", 15), (r"ROW\1,2,3", 6), (r"COL\4,1", 5), ("SLIDE", 12), ("SUPERSLIDE", 6),
                        (r"CUSTOM\1", 3), (r"CUSTOM\2", 2)],
)  # fmt: skip
def test_every_format_says_how_many_boxes_it_has(text: str, count: int) -> None:
    assert box_count(text, CUSTOM) == count
    assert len(list(divide(text, 300, 400, CUSTOM))) == count


@pytest.mark.parametrize(
    "text", ["SLIDES", r"CUSTOM\3", r"CUSTOM\4", r"CUSTOM\9", "CUSTOM", r"STANDARD\1", "", r"ROW\a"]
)
def test_a_format_that_is_not_defined_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        box_count(text, CUSTOM)
    with pytest.raises(InputError):
        display_format(text)


def test_slides_have_the_size_of_slides_on_every_film() -> None:
    for name, slides in SLIDES.items():
        for box in image_boxes(FilmSheet(size_mm=film_size_mm("8INX10IN"), image_display_format=name)):
            assert (box.width, box.height) == (slides.width * 6, slides.height * 6)
    with pytest.raises(InputError, match="no room"):
        image_boxes(FilmSheet(size_mm=(100.0, 100.0), image_display_format="SLIDE"))


@pytest.mark.parametrize(("name", "count"), [("LABEL", 1), ("CORNERS", 4), ("TOP", 5), ("2", 1), ("6ANNOT", 6)])
def test_no_two_annotations_lie_on_each_other(name: str, count: int) -> None:
    places = annotation_places(name, count)
    assert len(places) == count
    assert all(0 <= place.start < place.end <= 1 for place in places)
    for index, one in enumerate(places):
        for other in places[index + 1 :]:
            apart = one.end <= other.start or other.end <= one.start
            assert apart or (one.head, one.line) != (other.head, other.line)


@pytest.mark.parametrize(
    ("name", "size"), [("14INX36IN", (355.6, 914.4)), ("35CMX43CM", (350.0, 430.0)), ("8_5INX14IN", (215.9, 355.6))]
)
def test_film_sizes_beside_those_of_the_standard(name: str, size: tuple[float, float]) -> None:
    assert film_size_mm(name) == pytest.approx(size)


@pytest.mark.parametrize("name", ["14INX17CM", "0INX10IN", "A5", "", "14INX", "CURRENT"])
def test_no_film_size(name: str) -> None:
    with pytest.raises(InputError, match="FilmSizeID"):
        film_size_mm(name)


@pytest.mark.parametrize(("border", "line"), [(20, 3.0), (60, 3.0), (120, 0.2), (300, 0.2)])
def test_lines_are_what_the_eye_tells_best_from_the_border(border: int, line: float) -> None:
    sheet = FilmSheet(size_mm=film_size_mm("8INX10IN"), film=FILM, border_density=border, trim="YES")
    (box,) = image_boxes(sheet)
    assert compose(sheet, [])[box.top - 1, box.left + 20] == pytest.approx(line)


def test_annotations_do_not_hide_the_trim() -> None:
    texts = tuple(Annotation(position=position, text="a text") for position in range(1, 5))
    sheet = FilmSheet(
        size_mm=film_size_mm("8INX10IN"), trim="YES", annotation_format="CORNERS", annotation_count=4, annotations=texts
    )
    (box,) = image_boxes(sheet)
    density = compose(sheet, [])
    for row in (box.top - 1, box.top + box.height):
        np.testing.assert_allclose(density[row, box.left : box.left + box.width], sheet.film.dmin)
