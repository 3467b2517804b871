"""Pictures for people: a radiograph and a montage of a volume, windowed, with letters that say where is what.

As on film, what stops the beam is bright. Letters are those of PS3.3 C.7.6.1.1.1: A, P, L, R, H, F. Everything is drawn from
arrays, so the same picture is the same file.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from linacsim.errors import InputError
from linacsim.physics.fdk import Grid
from linacsim.physics.geometry import Array, PatientPosition, patient_pose
from linacsim.physics.lettering import draw_text
from linacsim.physics.room import Radiograph

Picture = NDArray[np.uint8]

WINDOW = (40.0, 700.0)
"""Centre and width in Hounsfield units that show soft tissue and what is beside it."""

_GAP = 6
"""Pixels between the parts of a montage."""
_LEAST = 200
"""Pixels of the axial plane of a montage on which letters can be read."""
_STRIP = 8
"""Slices in the strip below the three planes."""
_PENUMBRA = 4.0
"""mm on the panel at a field's edge that are left out."""
_AIR = 0.05
"""What stops less of the beam (minus the logarithm of what is left) is air beside the body."""
_LETTERS = {(0, 1): "L", (0, -1): "R", (1, 1): "P", (1, -1): "A", (2, 1): "H", (2, -1): "F"}


def radiograph_picture(radiograph: Radiograph, *, position: PatientPosition = "HFS", letters: bool = True) -> Picture:
    """Return a radiograph as a person looks at it: bone is bright, the window fits what is in the field.

    Parameters
    ----------
    radiograph : Radiograph
    position : str
        How the patient lies, for the letters.
    letters : bool
        Whether letters at the edges say which side is which.

    Returns
    -------
    numpy.ndarray of uint8, shape (rows, columns)
    """
    beam = radiograph.pixels / radiograph.open_field
    stopped = -np.log(np.maximum(beam, 0.5 / radiograph.open_field))
    field = _field(radiograph)
    low, high = _limits(stopped[field])
    image = _grey(stopped, low, high)
    image[~field] = 0
    if letters:
        right, down = radiograph.gaze.axes[0], -radiograph.gaze.axes[1]
        to_patient = patient_pose(position=position).rotation.T
        _label(image, _letter(to_patient @ right), _letter(to_patient @ down), image.shape[0] // 28)
    return image


def _field(radiograph: Radiograph) -> NDArray[np.bool_]:
    """Tell which pixels the aperture lets the beam through to, without the penumbra; all of them of a kV picture."""
    if radiograph.axis == "kV":
        return np.ones(radiograph.pixels.shape, dtype=np.bool_)
    from scipy.ndimage import binary_erosion  # noqa: PLC0415 - a fifth of a second, for whoever makes no pictures

    edge = round(_PENUMBRA / radiograph.gaze.panel.pitch)
    return np.asarray(binary_erosion(radiograph.water != 0, iterations=max(edge, 1)))


def _limits(values: Array) -> tuple[float, float]:
    """Return the grey values' ends: most of what is behind something, and never nothing."""
    behind = values[values > _AIR]
    if behind.size < 100:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(behind, (8.0, 99.7)))
    return low, max(high, low + 0.1)


def volume_picture(
    volume: NDArray[np.float32], grid: Grid, *, window: tuple[float, float] = WINDOW, strip: int = _STRIP,
    least: int = _LEAST,
) -> Picture:  # fmt: skip
    """Return a montage: the axial, coronal and sagittal plane through the isocentre, and a strip of axial slices.

    Parameters
    ----------
    volume : numpy.ndarray, shape (slices, rows, columns)
        Hounsfield units; slices towards the head, rows towards the back, columns to the left.
    grid : Grid
        Its voxels.
    window : tuple of float
        Centre and width in Hounsfield units.
    strip : int
        Slices in the strip, evenly spread; 0 for none.
    least : int
        Pixels that the axial plane has at least; fewer are shown larger.

    Returns
    -------
    numpy.ndarray of uint8, shape (rows, columns)

    Raises
    ------
    InputError
        If the volume is not of that grid, or the window has no width.
    """
    if volume.shape != (grid.slices, grid.rows, grid.columns):
        what = f"a volume of {volume.shape} and a grid of {(grid.slices, grid.rows, grid.columns)}"
        raise InputError(what, "montage", "use the grid that it was made on")
    if not window[1] > 0:
        raise InputError(f"a window of {window[1]:g} HU", "montage", "give a width above 0 HU")
    low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    at = [int(np.abs(axis).argmin()) for axis in grid.axes]
    tall = max(round(grid.slices * grid.thickness / grid.pitch), 1)
    grey = _grey(volume[at[2]].astype(np.float64), low, high)
    upright = (volume[::-1, at[1], :], volume[::-1, :, at[0]])
    planes = [grey, *(_resized(_grey(cut.astype(np.float64), low, high), cut.shape[1], tall) for cut in upright)]
    grow = -(-least // max(grid.columns, grid.rows))
    planes = [_resized(plane, plane.shape[1] * grow, plane.shape[0] * grow) if grow > 1 else plane for plane in planes]
    size = max(min(plane.shape[0] for plane in planes) // 14, 11)
    for plane, (right, down) in zip(planes, (("L", "P"), ("L", "F"), ("P", "F")), strict=True):
        _label(plane, right, down, size)
    rows = [_beside(planes)]
    if strip:
        rows.append(_strip(volume, grid, (low, high), strip, rows[0].shape[1]))
    return _below(rows)


def _strip(volume: NDArray[np.float32], grid: Grid, limits: tuple[float, float], count: int, width: int) -> Picture:
    """Return evenly spread slices beside each other, together `width` pixels wide."""
    chosen = np.unique(np.rint(np.linspace(0, grid.slices - 1, min(count, grid.slices) + 2)[1:-1]).astype(np.int64))
    each = max((width - _GAP * (len(chosen) - 1)) // len(chosen), 8)
    tall = max(round(each * grid.rows / grid.columns), 1)
    thumbs = []
    for index in chosen:
        thumb = _resized(_grey(volume[index].astype(np.float64), *limits), each, tall)
        _write(thumb, f"{grid.axes[2][index]:+.0f} mm", max(each // 9, 9), (0.03, 0.97))
        thumbs.append(thumb)
    return _beside(thumbs)


def png(picture: Picture) -> bytes:
    """Return a picture as PNG."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", optimize=False)
    return buffer.getvalue()


def _grey(values: Array, low: float, high: float) -> Picture:
    return np.clip(np.rint((values - low) / (high - low) * 255.0), 0, 255).astype(np.uint8)


def _resized(image: Picture, width: int, height: int) -> Picture:
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def _beside(parts: list[Picture]) -> Picture:
    height = max(part.shape[0] for part in parts)
    out = np.zeros((height, sum(part.shape[1] for part in parts) + _GAP * (len(parts) - 1)), dtype=np.uint8)
    left = 0
    for part in parts:
        top = (height - part.shape[0]) // 2
        out[top : top + part.shape[0], left : left + part.shape[1]] = part
        left += part.shape[1] + _GAP
    return out


def _below(parts: list[Picture]) -> Picture:
    return np.ascontiguousarray(_beside([part.T for part in parts]).T)


def _letter(direction: Array) -> str:
    """Return the letter of the patient's side that a direction mostly goes to."""
    axis = int(np.abs(direction).argmax())
    return _LETTERS[axis, 1 if direction[axis] > 0 else -1]


_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


def _label(image: Picture, right: str, down: str, size: int) -> None:
    """Write the letters of the four sides, told those of the right and the lower one."""
    size = max(size, 11)
    for text, at in (
        (_OPPOSITE[right], (0.01, 0.5)), (right, (0.99, 0.5)), (_OPPOSITE[down], (0.5, 0.01)), (down, (0.5, 0.99)),
    ):  # fmt: skip
        _write(image, text, size, at)


def _write(image: Picture, text: str, size: int, at: tuple[float, float]) -> None:
    """Write white text with a dark edge, at parts (x, y) of the room that is left beside it."""
    thick = draw_text(text, size, stroke=1)
    thin = np.pad(draw_text(text, size), 1)
    height, width = (min(have, room) for have, room in zip(thick.shape, image.shape, strict=True))
    top, left = round((image.shape[0] - height) * at[1]), round((image.shape[1] - width) * at[0])
    part = image[top : top + height, left : left + width]
    dark, bright = thick[:height, :width], thin[:height, :width]
    part[...] = np.rint(part * (1 - dark) * (1 - bright) + 255 * bright).astype(np.uint8)
