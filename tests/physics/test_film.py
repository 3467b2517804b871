"""The film: display function, density, layout, composition, light box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.film import (
    FILM_SIZES_MM,
    MEDIA,
    Film,
    FilmSheet,
    PlacedImage,
    compose,
    draw_text,
    expose,
    film_size_mm,
    fitted_size,
    image_boxes,
    jnd_index,
    lin_od_to_density,
    luminance,
    magnify,
    on_light_box,
    p_values_to_density,
)
from linacsim.physics.lettering import legible

FILM = Film(min_density=20, max_density=300)
# One bright quadrant, a brighter upper left corner: no turn or flip of it looks the same.
LEANING = np.zeros((40, 60), dtype=np.uint8)
LEANING[:20, :30] = 128
LEANING[:8, :8] = 255


def a_sheet(size: str = "14INX17IN", **changes: Any) -> FilmSheet:
    return FilmSheet(size_mm=film_size_mm(size), film=FILM, **changes)


def an_image(position: int = 1, **changes: Any) -> PlacedImage:
    return PlacedImage(**{"pixels": LEANING, "bits": 8, "position": position, **changes})


# The Grayscale Standard Display Function


@pytest.mark.parametrize(
    ("jnd", "cd_per_m2"),
    [(1, 0.0500), (2, 0.0547), (3, 0.0594), (1023, 3993.4)],  # PS3.14 table B-1
)
def test_luminance_is_that_of_the_published_table(jnd: int, cd_per_m2: float) -> None:
    assert luminance(jnd) == pytest.approx(cd_per_m2, rel=1e-3)


def test_one_candela_is_the_first_coefficient_of_the_inverse() -> None:
    assert jnd_index(1.0) == pytest.approx(71.498068)


def test_jnd_index_undoes_luminance_within_a_tenth_of_a_difference() -> None:
    indices = np.arange(1, 1024)
    np.testing.assert_allclose(jnd_index(luminance(indices)), indices, atol=0.1)


def test_luminance_rises_with_every_step() -> None:
    assert np.all(np.diff(luminance(np.arange(1, 1024))) > 0)


def test_what_lies_outside_the_scale_is_its_end() -> None:
    np.testing.assert_allclose(luminance((-5, 5000)), luminance((1, 1023)))
    np.testing.assert_allclose(jnd_index((0, 1e6)), (1, 1023), atol=0.1)


# Density


@pytest.mark.parametrize("bits", [8, 12])
def test_p_values_run_from_dmax_to_dmin_and_never_back(bits: int) -> None:
    density = p_values_to_density(np.arange(2**bits), bits, FILM)
    assert density.dtype == np.float32
    assert density[0] == pytest.approx(3.0, abs=0.005)
    assert density[-1] == pytest.approx(0.2, abs=0.005)
    assert np.all(np.diff(density) < 0)


def test_equal_steps_of_p_value_are_equally_large_to_the_eye() -> None:
    wedge = np.linspace(0, 4095, 17)
    steps = np.diff(jnd_index(FILM.luminance(p_values_to_density(wedge, 12, FILM))))
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.02)


def test_ambient_light_lifts_the_shadows() -> None:
    dark = p_values_to_density(64, 8, Film(reflected_ambient_light=0))
    lit = p_values_to_density(64, 8, Film(reflected_ambient_light=100))
    assert lit < dark


def test_a_light_box_brighter_than_the_display_function_still_gives_a_falling_curve() -> None:
    density = p_values_to_density(np.arange(256), 8, Film(min_density=0, illumination=20000))
    assert np.all(np.diff(density) <= 0)
    assert np.all(np.isfinite(density))


def test_lin_od_is_linear_and_darkens() -> None:
    np.testing.assert_allclose(lin_od_to_density([0, 127.5, 255], 8, FILM), [0.2, 1.6, 3.0], rtol=1e-6)


def test_polarity_and_photometric_interpretation_turn_the_values_round() -> None:
    values = np.arange(256)
    plain = expose(values, bits=8, film=FILM)
    np.testing.assert_array_equal(expose(values, bits=8, film=FILM, polarity="REVERSE"), plain[::-1])
    inverted = expose(values, bits=8, film=FILM, photometric_interpretation="MONOCHROME1")
    np.testing.assert_array_equal(inverted, plain[::-1])
    both = expose(values, bits=8, film=FILM, photometric_interpretation="MONOCHROME1", polarity="REVERSE")
    np.testing.assert_array_equal(both, plain)


def test_lin_od_knows_its_dark_end_whatever_the_photometric_interpretation() -> None:
    ends = [0, 255]
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        shown = expose(ends, bits=8, film=FILM, photometric_interpretation=photometric, presentation_lut_shape="LIN OD")
        np.testing.assert_allclose(shown, [0.2, 3.0])
    turned = expose(ends, bits=8, film=FILM, polarity="REVERSE", presentation_lut_shape="LIN OD")
    np.testing.assert_allclose(turned, [3.0, 0.2])


@pytest.mark.parametrize(
    "changes", [{"min_density": 300}, {"min_density": -1}, {"illumination": 0}, {"reflected_ambient_light": -1}]
)
def test_an_impossible_film_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(InputError):
        Film(**changes)


# Magnification


@pytest.mark.parametrize(
    ("shape", "aspect", "expected"),
    [((10, 10), (1, 1), (100, 100)), ((10, 20), (1, 1), (100, 200)), ((10, 10), (2, 1), (100, 50)),
     ((50, 10), (1, 1), (100, 20)), ((10, 50), (1, 1), (40, 200))],
)  # fmt: skip
def test_fitting_keeps_the_shape_of_the_picture(
    shape: tuple[int, int], aspect: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fitted_size(shape, (100, 200), aspect) == expected


@pytest.mark.parametrize("kernel", ["REPLICATE", "BILINEAR", "CUBIC"])
@pytest.mark.parametrize("size", [(80, 120), (13, 19), (40, 60)])
def test_no_kernel_leaves_the_range_of_the_image(kernel: Any, size: tuple[int, int]) -> None:
    scaled = magnify(LEANING, size, kernel)
    assert scaled.shape == size
    assert 0 <= scaled.min() <= scaled.max() <= 255


def test_replicate_repeats_pixels() -> None:
    np.testing.assert_array_equal(
        magnify([[1, 2], [3, 4]], (4, 4), "REPLICATE"), np.kron([[1, 2], [3, 4]], np.ones((2, 2)))
    )


def test_none_does_not_scale() -> None:
    np.testing.assert_array_equal(magnify(LEANING, LEANING.shape, "NONE"), LEANING)
    with pytest.raises(InputError, match="60x40 pixels cannot be printed at 5x5 without scaling"):
        magnify(LEANING, (5, 5), "NONE")


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
    [{"image_display_format": r"STANDARD\2"}, {"image_display_format": "SLIDE"}, {"film_orientation": "UPRIGHT"},
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


@pytest.mark.parametrize("shape", ["IDENTITY", "LIN OD"])
def test_a_step_wedge_has_the_densities_of_its_table(shape: Any) -> None:
    steps = np.linspace(0, 4095, 16).round().astype(np.uint16)
    wedge = np.repeat(np.repeat(steps, 40)[None], 320, axis=0)
    sheet = a_sheet("8INX10IN")
    density = compose(sheet, [an_image(pixels=wedge, bits=12, presentation_lut_shape=shape)])
    box = image_boxes(sheet)[0]
    middle = density[box.top + box.height // 2, box.left : box.left + box.width]
    measured = middle[((np.arange(16) + 0.5) * box.width / 16).astype(int)]
    table = lin_od_to_density if shape == "LIN OD" else p_values_to_density
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


# Letters and light


def test_text_is_drawn_and_unknown_letters_do_not_stop_it() -> None:
    assert legible("Müller-Łukasz ß 20° ²") == "Muller-Lukasz ss 20° 2"
    assert legible("山田\n\x00ok") == "?? ok"
    mask = draw_text("Aj", 30)
    assert mask.shape[0] == 30
    assert 0.9 < mask.max() <= 1
    assert draw_text("Aj", 30, stroke=2).shape == (34, mask.shape[1] + 4)


@pytest.mark.parametrize("medium", MEDIA)
def test_more_density_is_never_brighter(medium: str) -> None:
    seen = on_light_box(np.linspace(0, 4, 500)[None], medium).astype(int)
    assert seen.shape == (1, 500, 3)
    assert np.all(np.diff(seen, axis=1) <= 0)
    assert seen[0, -1].max() < 10


def test_blue_film_is_blue_and_clear_film_is_not() -> None:
    red, green, blue = on_light_box([[0.3]], "BLUE FILM")[0, 0].tolist()
    assert red < green < blue
    assert len(set(on_light_box([[0.3]], "CLEAR FILM")[0, 0].tolist())) == 1
    assert on_light_box([[0.0]], "PAPER").tolist() == [[[255, 255, 255]]]
    with pytest.raises(InputError, match="MediumType"):
        on_light_box([[0.0]], "VELVET")
