r"""Where source, panel, couch and patient are: the coordinate systems of IEC 61217, written down once.

**Fixed system** ``f``, mm, origin at the isocentre. For somebody who stands at the foot of the couch and looks at the
gantry, Xf goes to the right, Yf towards the gantry, Zf up.

**Every rotation** is clockwise as seen along the positive axis, that is right-handed: `turned_about_x`, `_y`, `_z`.

**Gantry** ``g`` turns about Yf. Its Zg goes from the isocentre to the source: at 0 degrees the source is above, at 90
degrees on the side of +Xf. Xg of a gantry at 0 degrees is Xf. The kV axis is a gantry of its own, `KV_AHEAD` further on.

**Image receptor** ``r`` has the axes Xg and Yg and lies at Zg = SAD - SID. Rows of a picture run against Yr and columns
along Xr (RT Image Orientation ``1\0\0\0\-1\0``, PS3.3 C.8.8.2), pixel [0, 0] is the upper left. A position on the
panel is given as (x, y) in mm from the foot of the central axis, on the panel itself, not scaled to the isocentre.

**Couch** ``s``, ``t``: the couch turns about Zf (`rotation`), then the table top moves by (x, y, z) and tilts: pitch about
its x axis, roll about its y axis. A point of the table top is at ``Rz(rotation) (T + Rx(pitch) Ry(roll) p)``.

**Patient** coordinates are those of PS3.3 C.7.6.2.1.1: x to the patient's left, y to the back, z to the head. Head first
supine, x is Xf, y is -Zf and z is Yf.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import cos, isfinite, radians, sin
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linacsim.errors import InputError
from linacsim.physics.terms import require

Array = NDArray[np.float64]
Vector = tuple[float, float, float]

KV_AHEAD = 90.0
"""Degrees by which the kV source is ahead of the MV source."""

SAD = 1000.0
"""Distance from either source to the axis of rotation in mm."""

PatientPosition = Literal["HFS", "HFP", "FFS", "FFP"]

_PATIENT_TO_TABLE: dict[str, tuple[Vector, Vector, Vector]] = {
    "HFS": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "HFP": ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    "FFS": ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
    "FFP": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
}
"""Rows: the table top's x, y and z in patient coordinates."""


def turned_about_x(angle: float) -> Array:
    """Return the matrix, shape (3, 3), that turns by `angle` degrees about x: y goes towards z."""
    c, s = cos(radians(angle)), sin(radians(angle))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def turned_about_y(angle: float) -> Array:
    """Return the matrix, shape (3, 3), that turns by `angle` degrees about y: z goes towards x."""
    c, s = cos(radians(angle)), sin(radians(angle))
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def turned_about_z(angle: float) -> Array:
    """Return the matrix, shape (3, 3), that turns by `angle` degrees about z: x goes towards y."""
    c, s = cos(radians(angle)), sin(radians(angle))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A rigid transformation: ``rotation @ p + shift``.

    Attributes
    ----------
    rotation : numpy.ndarray, shape (3, 3)
    shift : numpy.ndarray, shape (3,)
        In mm.
    """

    rotation: Array = field(default_factory=lambda: np.eye(3))
    shift: Array = field(default_factory=lambda: np.zeros(3))

    def __call__(self, points: ArrayLike) -> Array:
        """Return the points, shape (..., 3), transformed."""
        moved: Array = np.asarray(points, dtype=np.float64) @ self.rotation.T + self.shift
        return moved

    def after(self, first: Pose) -> Pose:
        """Return the transformation that does `first` and then this one."""
        return Pose(self.rotation @ first.rotation, self.rotation @ first.shift + self.shift)

    @property
    def inverse(self) -> Pose:
        """The transformation back."""
        return Pose(self.rotation.T, -self.rotation.T @ self.shift)

    @property
    def matrix(self) -> Array:
        """The same as a homogeneous matrix, shape (4, 4)."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.rotation, self.shift
        return matrix

    @property
    def angle(self) -> float:
        """By how much it turns in all, degrees."""
        axis = np.array([self.rotation[2, 1] - self.rotation[1, 2], self.rotation[0, 2] - self.rotation[2, 0],
                         self.rotation[1, 0] - self.rotation[0, 1]])  # fmt: skip
        return float(np.degrees(np.arctan2(np.linalg.norm(axis), np.trace(self.rotation) - 1.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Couch:
    """Six degrees of freedom of the patient support, all 0 where the plan's isocentre is at the machine's.

    Attributes
    ----------
    x, y, z : float
        Table top lateral, longitudinal and vertical in mm along the couch's own axes.
    rotation, pitch, roll : float
        In degrees.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    rotation: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    def __post_init__(self) -> None:
        for name in ("x", "y", "z", "rotation", "pitch", "roll"):
            if not isfinite(getattr(self, name)):
                raise InputError(f"{getattr(self, name)} is no position", f"couch {name}", "give a number")

    @property
    def pose(self) -> Pose:
        """From the table top to the fixed system."""
        turn = turned_about_z(self.rotation)
        return Pose(
            turn @ turned_about_x(self.pitch) @ turned_about_y(self.roll), turn @ np.array([self.x, self.y, self.z])
        )

    def moved(self, by: Couch) -> Couch:
        """Return this couch with every degree of freedom further by that of `by`."""
        names = ("x", "y", "z", "rotation", "pitch", "roll")
        return replace(self, **{name: getattr(self, name) + getattr(by, name) for name in names})


def patient_pose(
    couch: Couch | None = None, isocentre: Vector = (0.0, 0.0, 0.0), position: PatientPosition = "HFS"
) -> Pose:
    """Return the transformation from patient coordinates to the fixed system.

    Parameters
    ----------
    couch : Couch, optional
        Where the couch is; by default in its zero position.
    isocentre : tuple of float
        The point of the patient, mm, that is at the machine's isocentre while the couch is in its zero position.
    position : str
        Patient Position (PS3.3 C.7.3.1.1.2): HFS, HFP, FFS or FFP.

    Raises
    ------
    InputError
        If the position is none of the four.
    """
    require("PatientPosition", position, _PATIENT_TO_TABLE)
    lying = np.array(_PATIENT_TO_TABLE[position], dtype=np.float64)
    on_table = Pose(lying, -lying @ np.array(isocentre, dtype=np.float64))
    return (couch or Couch()).pose.after(on_table)


def couch_of(pose: Pose) -> Couch:
    """Return the six degrees of freedom of a pose of the table top; the inverse of `Couch.pose`.

    The pitch is taken between -90 and 90 degrees.
    """
    r = pose.rotation
    # Rz Rx Ry: the second column is (-sin z cos x, cos z cos x, sin x), the last row (-cos x sin y, sin x, cos x cos y).
    turn = float(np.degrees(np.arctan2(-r[0, 1], r[1, 1])))
    pitch = float(np.degrees(np.arcsin(np.clip(r[2, 1], -1.0, 1.0))))
    roll = float(np.degrees(np.arctan2(-r[2, 0], r[2, 2])))
    x, y, z = (float(value) for value in turned_about_z(-turn) @ pose.shift)
    return Couch(x=x, y=y, z=z, rotation=turn, pitch=pitch, roll=roll)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A flat image receptor.

    Attributes
    ----------
    rows, columns : int
    pitch : float
        Between the centres of neighbouring pixels in mm, both ways.
    x, y : float
        The panel's centre from the central axis along Xr and Yr in mm; x is the lateral offset of a half fan.
    """

    rows: int
    columns: int
    pitch: float
    x: float = 0.0
    y: float = 0.0

    def __post_init__(self) -> None:
        if min(self.rows, self.columns) < 1 or not self.pitch > 0:
            what = f"{self.columns}x{self.rows} pixels of {self.pitch} mm are no panel"
            raise InputError(what, "panel", "give at least one row and column and a pitch above 0 mm")

    @property
    def column_centres(self) -> Array:
        """Xr of the columns in mm, shape (columns,), rising."""
        centres: Array = (np.arange(self.columns, dtype=np.float64) - (self.columns - 1) / 2) * self.pitch + self.x
        return centres

    @property
    def row_centres(self) -> Array:
        """Yr of the rows in mm, shape (rows,), falling."""
        centres: Array = ((self.rows - 1) / 2 - np.arange(self.rows, dtype=np.float64)) * self.pitch + self.y
        return centres

    def pixel_of(self, xy: ArrayLike) -> Array:
        """Return (row, column) as fractions, shape (..., 2), of positions (x, y) on the panel in mm."""
        at = np.asarray(xy, dtype=np.float64)
        row = (self.rows - 1) / 2 - (at[..., 1] - self.y) / self.pitch
        return np.stack([row, (at[..., 0] - self.x) / self.pitch + (self.columns - 1) / 2], axis=-1)

    def position_of(self, pixel: ArrayLike) -> Array:
        """Return (x, y) in mm, shape (..., 2), of (row, column); the inverse of `pixel_of`."""
        at = np.asarray(pixel, dtype=np.float64)
        x = (at[..., 1] - (self.columns - 1) / 2) * self.pitch + self.x
        return np.stack([x, ((self.rows - 1) / 2 - at[..., 0]) * self.pitch + self.y], axis=-1)

    def binned(self, by: int) -> Panel:
        """Return the panel read out in squares of `by` pixels.

        Raises
        ------
        InputError
            If the pixels do not divide into such squares.
        """
        if by < 1 or self.rows % by or self.columns % by:
            raise InputError(f"{self.columns}x{self.rows} pixels cannot be binned by {by}", "panel", "use 1, 2 or 4")
        return replace(self, rows=self.rows // by, columns=self.columns // by, pitch=self.pitch * by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaze:
    """One source that looks at one panel: everything a projection needs to know about the machine.

    Attributes
    ----------
    angle : float
        Gantry angle of this axis in degrees; for kV the gantry's plus `KV_AHEAD`.
    panel : Panel
        Its (x, y) holds what is meant: the lateral offset of a half fan.
    sad, sid : float
        From the source to the axis of rotation and to the panel in mm.
    source_shift : tuple of float
        By how much the source is off along Xg, Yg, Zg in mm (flexmap).
    panel_shift : tuple of float
        The same for the panel.
    """

    angle: float
    panel: Panel
    sad: float = SAD
    sid: float = 1500.0
    source_shift: Vector = (0.0, 0.0, 0.0)
    panel_shift: Vector = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not self.sad > 0 or not self.sid > 0:
            what = f"a source {self.sad} mm from the axis and {self.sid} mm from the panel sees nothing"
            raise InputError(what, "SAD, SID", "give distances above 0 mm")

    @property
    def axes(self) -> Array:
        """Xg, Yg, Zg in the fixed system, one in each row, shape (3, 3)."""
        return turned_about_y(self.angle).T

    @property
    def source(self) -> Array:
        """The source in the fixed system, mm, shape (3,)."""
        at: Array = (np.array([0.0, 0.0, self.sad]) + self.source_shift) @ self.axes
        return at

    @property
    def panel_origin(self) -> Array:
        """Where (0, 0) of the panel is in the fixed system, mm, shape (3,)."""
        at: Array = (np.array([0.0, 0.0, self.sad - self.sid]) + self.panel_shift) @ self.axes
        return at

    def pixels(self) -> Array:
        """Return the centres of all pixels in the fixed system, mm, shape (rows, columns, 3)."""
        x, y, _ = self.axes
        across = self.panel.column_centres[None, :, None] * x
        along = self.panel.row_centres[:, None, None] * y
        return np.asarray(self.panel_origin + across + along)

    def project(self, points: ArrayLike) -> Array:
        """Return where points of the fixed system, shape (..., 3), are seen on the panel, (x, y) in mm, (..., 2).

        Raises
        ------
        InputError
            If a point is not in front of the source.
        """
        seen = (np.asarray(points, dtype=np.float64) - self.source) @ self.axes.T
        if np.any(seen[..., 2] >= 0):
            raise InputError("a point is beside or behind the source", "projection", "move it in front of the source")
        foot = (self.panel_origin - self.source) @ self.axes.T
        scale = foot[2] / seen[..., 2]
        return np.stack([seen[..., 0] * scale - foot[0], seen[..., 1] * scale - foot[1]], axis=-1)

    def nominal(self) -> Gaze:
        """Return the gaze of a machine that does not sag."""
        return replace(self, source_shift=(0.0, 0.0, 0.0), panel_shift=(0.0, 0.0, 0.0))


def kv_gaze(gantry: float, panel: Panel, sid: float = 1500.0) -> Gaze:
    """Return how the kV axis looks while the gantry is at `gantry` degrees."""
    return Gaze(angle=gantry + KV_AHEAD, panel=panel, sid=sid)


def mv_gaze(gantry: float, panel: Panel, sid: float = 1500.0) -> Gaze:
    """Return how the MV axis looks while the gantry is at `gantry` degrees."""
    return Gaze(angle=gantry, panel=panel, sid=sid)


def meeting_point(gazes: list[Gaze], seen: ArrayLike) -> tuple[Array, float]:
    """Return the point that several gazes see at given places, and how far the rays pass by it.

    Parameters
    ----------
    gazes : list of Gaze
        Two or more.
    seen : array_like, shape (gazes, 2)
        (x, y) on each panel in mm.

    Returns
    -------
    point : numpy.ndarray, shape (3,)
        In the fixed system, mm: the point with the least squared distance to all rays.
    miss : float
        Root mean square distance of the rays from it in mm.

    Raises
    ------
    InputError
        If the rays are (almost) parallel.
    """
    matrix, right = np.zeros((3, 3)), np.zeros(3)
    rays = []
    for gaze, (x, y) in zip(gazes, np.asarray(seen, dtype=np.float64), strict=True):
        way = gaze.panel_origin + x * gaze.axes[0] + y * gaze.axes[1] - gaze.source
        across = np.eye(3) - np.outer(way, way) / (way @ way)
        rays.append((gaze.source, across))
        matrix += across
        right += across @ gaze.source
    if not np.linalg.cond(matrix) < 1e4:
        raise InputError("the rays are almost parallel", "triangulation", "take pictures from angles further apart")
    point: Array = np.linalg.solve(matrix, right).astype(np.float64)
    miss = np.sqrt(np.mean([float(np.sum((across @ (point - source)) ** 2)) for source, across in rays]))
    return point, float(miss)
