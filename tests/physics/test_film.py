"""The film: display function, density, layout, composition, light box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.film import (
    LIN_OD,
    MEDIA,
    Film,
    draw_text,
    expose,
    fitted_size,
    jnd_index,
    lin_od_to_density,
    luminance,
    magnify,
    on_light_box,
    p_values_to_density,
)
from linacsim.physics.lettering import legible

FILM = Film(min_density=20, max_density=300)
GREY = np.tile(np.arange(60, dtype=np.uint8), (40, 1)) * 4


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
        shown = expose(ends, bits=8, film=FILM, photometric_interpretation=photometric, presentation_lut=LIN_OD)
        np.testing.assert_allclose(shown, [0.2, 3.0])
    turned = expose(ends, bits=8, film=FILM, polarity="REVERSE", presentation_lut=LIN_OD)
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
    scaled = magnify(GREY, size, kernel)
    assert scaled.shape == size
    assert 0 <= scaled.min() <= scaled.max() <= 255


def test_replicate_repeats_pixels() -> None:
    np.testing.assert_array_equal(
        magnify([[1, 2], [3, 4]], (4, 4), "REPLICATE"), np.kron([[1, 2], [3, 4]], np.ones((2, 2)))
    )


def test_none_does_not_scale() -> None:
    np.testing.assert_array_equal(magnify(GREY, GREY.shape, "NONE"), GREY)
    with pytest.raises(InputError, match="60x40 pixels cannot be printed at 5x5 without scaling"):
        magnify(GREY, (5, 5), "NONE")


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
