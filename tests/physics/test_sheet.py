"""The sheet: where the boxes lie, and what is exposed in and between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.film import (
    FILM_SIZES_MM,
    IDENTITY,
    LIN_OD,
    Film,
    FilmSheet,
    PlacedImage,
    PresentationLut,
    compose,
    expose,
    film_size_mm,
    fitted_size,
    image_boxes,
    lin_od_to_density,
    p_values_to_density,
)

FILM = Film(min_density=20, max_density=300)
# One bright quadrant, a brighter upper left corner: no turn or flip of it looks the same.
LEANING = np.zeros((40, 60), dtype=np.uint8)
LEANING[:20, :30] = 128
LEANING[:8, :8] = 255


def a_sheet(size: str = "14INX17IN", **changes: Any) -> FilmSheet:
    return FilmSheet(size_mm=film_size_mm(size), film=FILM, **changes)


def an_image(position: int = 1, **changes: Any) -> PlacedImage:
    return PlacedImage(**{"pixels": LEANING, "bits": 8, "position": position, **changes})


# Layout


def test_all_film_sizes_are_known() -> None:
    assert len(FILM_SIZES_MM) == 12
    assert a_sheet("14INX17IN").shape == (2591, 2134)
    assert a_sheet("14INX17IN", film_orientation="LANDSCAPE").shape == (2134, 2591)


@pytest.mark.parametrize("size", FILM_SIZES_MM)
@pytest.mark.parametrize("layout", [r"STANDARD\1,1", r"STANDARD\3,5", r"ROW\2,1,3", r"COL\1,2"])
def test_boxes_lie_on_the_sheet_and_not_on_each_other(size: str, layout: str) -> None:
    sheet = a_sheet(size, image_display_format=layout, label=("x",))
    covered = np.zeros(sheet.shape, dtype=int)
    for box in image_boxes(sheet):
        assert covered[box.window].shape == (box.height, box.width)
        covered[box.window] += 1
    assert covered.max() == 1


def test_standard_boxes_are_where_a_ruler_puts_them() -> None:
    boxes = image_boxes(a_sheet(image_display_format=r"STANDARD\2,3"))
    width, height = (355.6 - 12 - 3) / 2, (431.8 - 12 - 6) / 3
    assert len(boxes) == 6
    for position, box in enumerate(boxes):
        row, column = divmod(position, 2)
        expected = np.array([6 + row * (height + 3), 6 + column * (width + 3), height, width]) * 6
        np.testing.assert_allclose([box.top, box.left, box.height, box.width], expected, atol=1)


def test_rows_count_along_and_columns_count_down() -> None:
    first, second, third = image_boxes(a_sheet(image_display_format=r"ROW\1,2"))
    assert (second.top, third.top) == (third.top, second.top)
    assert first.top < second.top
    assert second.left < third.left
    first, second, third = image_boxes(a_sheet(image_display_format=r"COL\2,1"))
    assert first.left == second.left < third.left
    assert first.top == third.top < second.top


@pytest.mark.parametrize(
    "changes",
    [{"image_display_format": r"STANDARD\2"}, {"image_display_format": r"CUSTOM\1"}, {"film_orientation": "UPRIGHT"},
     {"image_display_format": r"STANDARD\0,1"}, {"border_density": "GREY"}, {"trim": "MAYBE"}, {"pixels_per_mm": 0}],
)  # fmt: skip
def test_a_sheet_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        a_sheet(**changes)


def test_too_many_boxes_are_refused() -> None:
    with pytest.raises(InputError, match="no room"):
        image_boxes(a_sheet("8INX10IN", image_display_format=r"STANDARD\80,80"))


# The sheet


@pytest.mark.parametrize("orientation", ["PORTRAIT", "LANDSCAPE"])
@pytest.mark.parametrize("position", [1, 2, 3, 4])
def test_an_image_lands_upright_in_its_box(orientation: Any, position: int) -> None:
    sheet = a_sheet("8INX10IN", film_orientation=orientation, image_display_format=r"STANDARD\2,2", label=("label",))
    density = compose(sheet, [an_image(position)])
    boxes = image_boxes(sheet)
    for other, box in enumerate(boxes, start=1):
        assert (density[box.window].min() < 1) == (other == position)
    box = boxes[position - 1]
    height, width = fitted_size((40, 60), (box.height, box.width))
    area = density[box.window][(box.height - height) // 2 :][:height, (box.width - width) // 2 :][:, :width]
    corners = [area[2, 2], area[2, -3], area[-3, 2], area[-3, -3]]
    np.testing.assert_allclose(corners, [0.2, 3.0, 3.0, 3.0], atol=0.01)
    assert area[height // 3, width // 3] == pytest.approx(float(p_values_to_density(128, 8, FILM)), rel=0.02)


@pytest.mark.parametrize("lut", [IDENTITY, LIN_OD])
def test_a_step_wedge_has_the_densities_of_its_table(lut: PresentationLut) -> None:
    steps = np.linspace(0, 4095, 16).round().astype(np.uint16)
    wedge = np.repeat(np.repeat(steps, 40)[None], 320, axis=0)
    sheet = a_sheet("8INX10IN")
    density = compose(sheet, [an_image(pixels=wedge, bits=12, presentation_lut=lut)])
    box = image_boxes(sheet)[0]
    middle = density[box.top + box.height // 2, box.left : box.left + box.width]
    measured = middle[((np.arange(16) + 0.5) * box.width / 16).astype(int)]
    table = lin_od_to_density if lut is LIN_OD else p_values_to_density
    np.testing.assert_allclose(measured, table(steps, 12, FILM), rtol=0.02)


def test_borders_empty_boxes_and_trim_have_their_densities() -> None:
    sheet = a_sheet(
        "8INX10IN", image_display_format=r"STANDARD\1,2", border_density="WHITE", empty_image_density=150, trim="YES"
    )
    density = compose(sheet, [an_image()])
    empty = image_boxes(sheet)[1]
    assert density[0, 0] == pytest.approx(0.2)
    np.testing.assert_allclose(density[empty.window], 1.5)
    np.testing.assert_allclose(density[empty.top - 1, empty.left : empty.left + empty.width], 3.0)


def test_densities_stay_in_the_range_of_the_film() -> None:
    sheet = a_sheet("8INX10IN", border_density=900, label=("a label",))
    density = compose(sheet, [an_image(film=Film(min_density=0, max_density=400))])
    assert density.dtype == np.float32
    assert (density.min(), density.max()) == pytest.approx((0.2, 3.0))


def test_none_is_centred_pixel_by_pixel_and_refused_if_too_large() -> None:
    sheet = a_sheet("8INX10IN")
    box = image_boxes(sheet)[0]
    density = compose(sheet, [an_image(magnification_type="NONE")])
    top, left = box.top + (box.height - 40) // 2, box.left + (box.width - 60) // 2
    np.testing.assert_allclose(density[top : top + 40, left : left + 60], expose(LEANING, bits=8, film=FILM))
    with pytest.raises(InputError, match="larger than its box"):
        compose(sheet, [an_image(pixels=np.zeros((3000, 10), np.uint8), magnification_type="NONE")])


def test_requested_image_size_is_the_width_on_the_film() -> None:
    density = compose(
        a_sheet("8INX10IN"), [an_image(pixels=np.full((10, 20), 255, np.uint8), requested_image_size_mm=100)]
    )
    rows, columns = np.nonzero(density < 1)
    assert [int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1] == [300, 600]


def test_positions_are_checked() -> None:
    with pytest.raises(InputError, match="no box 2"):
        compose(a_sheet(), [an_image(2)])
    with pytest.raises(InputError, match="taken twice"):
        compose(a_sheet(), [an_image(), an_image()])


@pytest.mark.parametrize("border", ["BLACK", "WHITE"])
def test_the_label_is_light_on_dark_and_grows_no_further_than_the_sheet(border: str) -> None:
    for label in (("printer", "session", "1 of 2"), ("a very long label " * 30,), ("",)):
        foot = compose(a_sheet("8INX10IN", border_density=border, label=label), [])[-50:]
        assert np.median(foot) == pytest.approx(3.0)
        assert (foot.min() < 0.5) == bool(label[0])
