"""Pictures for people: the window fits, sides have their letters, millimetres are as long one way as the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import SeedSequence
from numpy.typing import NDArray
from PIL import Image

from linacsim.errors import InputError
from linacsim.objects.pictures import Picture, radiograph_picture, volume_picture
from linacsim.physics.detector import AS1000, PAXSCAN_4030CB
from linacsim.physics.fdk import Grid
from linacsim.physics.geometry import PatientPosition, patient_pose
from linacsim.physics.lettering import draw_text
from linacsim.physics.mvbeam import square
from linacsim.physics.phantoms import phantom
from linacsim.physics.presets import KvTechnique, MvTechnique
from linacsim.physics.room import Effects, Radiograph, Room
from linacsim.report.pictures import write_png

GRID = Grid(columns=120, rows=100, slices=30, pitch=2.0, thickness=4.0)


@pytest.fixture(scope="module")
def room() -> Room:
    return Room(
        phantom("pelvis"), SeedSequence(1), kv_detector=PAXSCAN_4030CB.binned(2), mv_detector=AS1000.binned(2),
        effects=Effects(flexmap=False),
    )  # fmt: skip


@pytest.fixture(scope="module")
def kv(room: Room) -> Radiograph:
    return room.kv(270.0, patient_pose(), KvTechnique(kvp=75, ma=200, ms=80), key=1)


def test_seeds_and_bones_are_bright_air_is_black(kv: Radiograph) -> None:
    image = radiograph_picture(kv, letters=False)
    assert image.dtype == np.uint8
    assert image.shape == kv.pixels.shape
    places = kv.truth["points"]

    def grey(name: str) -> int:
        row, column = (round(value) for value in places[name]["pixel"])
        return int(image[row, column])

    assert min(grey(f"marker {index}") for index in (1, 2, 3)) > 240
    assert 30 < np.median(image) < 200
    stops = -np.log(np.maximum(kv.pixels, 1) / kv.open_field)
    order = np.argsort(stops, axis=None, kind="stable")
    assert (np.diff(image.ravel()[order].astype(np.int64)) >= 0).all()
    black = radiograph_picture(replace(kv, pixels=np.full_like(kv.pixels, 50000)), letters=False)
    assert black.max() == 0


def test_a_portal_picture_is_windowed_within_its_field(room: Room) -> None:
    image = radiograph_picture(room.mv(0.0, patient_pose(), MvTechnique(mu=2), square(120), key=1), letters=False)
    assert image[:20].max() == image[:, :20].max() == 0
    inside = image[110:270, 180:330]
    assert np.percentile(inside, 95) > 150
    assert np.percentile(inside, 5) < 120
    # no bright frame where the jaws' shadow begins
    rows = np.flatnonzero(image.any(axis=1))
    assert int(np.median(image[rows[0]])) < 250


def letter_at(image: Picture, side: str) -> str:
    """Read the letter at a side of a picture by holding all of them against it."""
    height, width = image.shape
    size = max(height // 28, 11)
    best: dict[str, float] = {}
    for letter in "APLRHF":
        thin = np.pad(draw_text(letter, size), 1)
        rows, columns = thin.shape
        middle = {"x": (width - columns) * 0.5, "y": (height - rows) * 0.5}
        top, left = {
            "left": (middle["y"], (width - columns) * 0.01), "right": (middle["y"], (width - columns) * 0.99),
            "upper": ((height - rows) * 0.01, middle["x"]), "lower": ((height - rows) * 0.99, middle["x"]),
        }[side]  # fmt: skip
        part = image[round(top) : round(top) + rows, round(left) : round(left) + columns]
        best[letter] = float(np.abs(part - 255.0 * thin).mean())
    return min(best, key=lambda letter: best[letter])


@pytest.mark.parametrize(
    ("gantry", "position", "letters"),
    [
        (270.0, "HFS", "RLHF"),  # the source above
        (0.0, "HFS", "APHF"),  # the source on the patient's left
        (270.0, "HFP", "LRHF"),
        (270.0, "FFS", "LRFH"),
        (0.0, "FFP", "PAFH"),
    ],
)
def test_the_sides_have_their_letters(room: Room, gantry: float, position: PatientPosition, letters: str) -> None:
    blank = room.kv(gantry, patient_pose(position=position), KvTechnique(), key=1)
    image = radiograph_picture(replace(blank, pixels=np.full_like(blank.pixels, 50000)), position=position)
    assert "".join(letter_at(image, side) for side in ("left", "right", "upper", "lower")) == letters


def volume() -> NDArray[np.float32]:
    """A ball at (40, -30, 20) mm: left, anterior, towards the head."""
    x, y, z = GRID.axes
    distance = np.sqrt((x - 40.0) ** 2 + (y[:, None] + 30.0) ** 2 + (z[:, None, None] - 20.0) ** 2)
    return np.where(distance < 25.0, 300.0, -400.0).astype(np.float32)


def test_a_montage_shows_three_planes_with_millimetres_alike() -> None:
    shown = np.where(volume() > 0, 300, -400).astype(np.float32)
    # through the ball's middle
    grid = replace(GRID, centre=(-40.0, 30.0, -20.0))
    image = volume_picture(shown, grid, window=(0.0, 100.0), strip=0, least=1)
    assert image.shape == (100, 120 + 6 + 120 + 6 + 100)
    axial, coronal, sagittal = image[:, :120], image[:, 126:246], image[:, 252:]
    coronal, sagittal = coronal[20:80], sagittal[20:80]
    for part, left, top in ((axial, 79, 35), (coronal, 79, 19), (sagittal, 35, 19)):
        rows, columns = np.nonzero(part > 128)
        near = np.hypot(rows - top, columns - left) < 16  # letters are further away
        rows, columns = rows[near], columns[near]
        assert (columns.mean(), rows.mean()) == pytest.approx((left, top), abs=1.5)
        # 50 mm of 2 mm pixels either way, slices of 4 mm among them
        assert np.ptp(columns) + 1 == pytest.approx(25, abs=2)
        assert np.ptp(rows) + 1 == pytest.approx(25, abs=2)


def test_a_strip_of_slices_goes_from_the_feet_to_the_head() -> None:
    image = volume_picture(volume(), GRID, window=(0.0, 100.0), strip=5, least=1)
    strip = image[106:]
    each = (image.shape[1] - 4 * 6) // 5
    ball = [int((strip[: each // 2, index * (each + 6) : index * (each + 6) + each] > 250).sum()) for index in range(5)]
    assert ball[0] < ball[3]
    assert ball[3] > 20


def test_nonsense_is_refused() -> None:
    with pytest.raises(InputError, match=r"a volume of \(30, 100, 120\) and a grid of \(10, 100, 120\)"):
        volume_picture(volume(), replace(GRID, slices=10), least=1)
    with pytest.raises(InputError, match="a window of 0 HU"):
        volume_picture(volume(), GRID, window=(40.0, 0.0), least=1)


def test_a_file_is_the_picture_and_the_same_again(tmp_path: Path, kv: Radiograph) -> None:
    picture = radiograph_picture(kv)
    write_png(picture, tmp_path / "one.png")
    write_png(picture, tmp_path / "two.png")
    assert (np.array(Image.open(tmp_path / "one.png")) == picture).all()
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with pytest.raises(InputError, match="folder is gone"):
        write_png(picture, tmp_path / "none" / "one.png")


def test_a_small_volume_is_shown_larger() -> None:
    assert (
        volume_picture(volume(), GRID, strip=0).shape[0]
        == 2 * volume_picture(volume(), GRID, strip=0, least=1).shape[0]
    )
