"""The whole way of one picture: body, beam, scatter, panel, and what a workstation makes of the counts.

`Chain` holds what is the same for all pictures of one panel; every effect can be switched off. `Truth` is what a picture's
ground truth file says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from linacsim.physics.detector import (
    Calibration,
    Counts,
    Detector,
    Lag,
    Maps,
    calibrate,
    corrected,
    make_maps,
    read_out,
)
from linacsim.physics.geometry import Array, Gaze, Pose
from linacsim.physics.projection import Voxels, substances_of, water_paths
from linacsim.physics.scatter import Scatter
from linacsim.physics.solids import Body
from linacsim.physics.spectrum import Beam

_LEAST = 1e-5
"""Of the open field: what is left where a pixel says nothing or less."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """One axis of an imager.

    Attributes
    ----------
    beam : Beam
        Its photons.
    detector, maps, calibration : Detector, Maps, Calibration
        Its panel: the type, what it is like, and what is known of it.
    scatter : Scatter, optional
        What is added.
    known_scatter : Scatter, optional
        What a correction believes.
    """

    beam: Beam
    detector: Detector
    maps: Maps
    calibration: Calibration
    scatter: Scatter | None = None
    known_scatter: Scatter | None = None

    def primary(self, body: Body | Voxels, pose: Pose, gaze: Gaze) -> Array:
        """Return the part of the beam that gets through, shape (rows, columns)."""
        return self.beam.transmitted(water_paths(body, pose, gaze), substances_of(body))

    def expose(
        self, primary: Array, rng: Generator, *, field: Array | None = None, exposure: float = 1.0, frames: int = 1,
        lag: Lag | None = None,
    ) -> Counts:  # fmt: skip
        """Return the panel's counts.

        Parameters
        ----------
        primary : numpy.ndarray, shape (rows, columns)
            From `primary`.
        rng : numpy.random.Generator
            For this picture alone.
        field : numpy.ndarray, shape (rows, columns), optional
            The beam without a body (`linacsim.physics.mvbeam.fluence`, `linacsim.physics.bowtie.bow_tie`); by default
            open and even.
        exposure, frames, lag
            See `linacsim.physics.detector.read_out`.
        """
        arriving = primary
        if self.scatter:
            arriving = primary + self.scatter.reaching(primary, self.detector.panel.pitch)
        if field is not None:
            arriving = arriving * field
        return read_out(arriving, self.detector, self.maps, rng, exposure=exposure, frames=frames, lag=lag)

    def signal(self, counts: Counts, exposure: float = 1.0, field: Array | None = None) -> Array:
        """Return the part of an open field that the panel's counts stand for, scatter taken out as far as it is known.

        With a `field` it is a part of that: of the air scan behind a bow-tie.
        """
        signal = corrected(counts, self.calibration, exposure)
        signal = np.maximum(signal if field is None else signal / field, _LEAST)
        return self.known_scatter.removed(signal, self.detector.panel.pitch) if self.known_scatter else signal

    def water(self, counts: Counts, exposure: float = 1.0, field: Array | None = None) -> NDArray[np.float32]:
        """Return mm of water for reconstruction, hardening taken out."""
        return self.beam.water_equivalent(self.signal(counts, exposure, field)).astype(np.float32)


def chain(
    beam: Beam,
    detector: Detector,
    rng: Generator,
    *,
    scatter: Scatter | None = None,
    known_scatter: Scatter | None = None,
) -> Chain:
    """Draw a panel of a type, calibrate it and return the chain."""
    drawn, measured = rng.spawn(2)
    maps = make_maps(detector, drawn)
    return Chain(
        beam=beam, detector=detector, maps=maps, calibration=calibrate(detector, maps, measured),
        scatter=scatter, known_scatter=known_scatter,
    )  # fmt: skip


def truth(body: Body | Voxels, pose: Pose, gaze: Gaze, known: Gaze | None = None) -> Mapping[str, Any]:
    """Return the ground truth of one picture, ready for JSON.

    Parameters
    ----------
    body, pose, gaze
        What was looked at, where it really was and how it was really looked at.
    known : Gaze, optional
        What the machine believes; by default the gaze without sag.

    Returns
    -------
    mapping
        ``axis_angle``, ``sad``, ``sid``; ``source`` and ``panel_origin`` in the fixed system, mm;
        ``source_shift``, ``panel_shift`` mm; ``patient_to_fixed``, a 4 x 4 matrix; ``points``: for the isocentre and every
        solid its place in the patient and the fixed system, mm, and on the panel: ``xy`` in mm from the central axis,
        ``pixel`` as row and column, ``visible`` whether that is on the panel; ``believed_xy`` where it would be without
        what the machine does not know.
    """
    believed = known or gaze.nominal()
    points = {"isocentre": pose.inverse(np.zeros(3))}
    if isinstance(body, Body):
        points |= {one.name: np.array(one.centre) for one in body.solids}
    return {
        "axis_angle": gaze.angle,
        "sad": gaze.sad,
        "sid": gaze.sid,
        "source": _plain(gaze.source),
        "panel_origin": _plain(gaze.panel_origin),
        "source_shift": list(gaze.source_shift),
        "panel_shift": list(gaze.panel_shift),
        "patient_to_fixed": [_plain(row) for row in pose.matrix],
        "points": {name: _seen(at, pose, gaze, believed) for name, at in points.items()},
    }


def _seen(point: Array, pose: Pose, gaze: Gaze, believed: Gaze) -> dict[str, Any]:
    fixed = pose(point)
    xy = gaze.project(fixed)
    row, column = (float(value) for value in gaze.panel.pixel_of(xy))
    return {
        "patient": _plain(point),
        "fixed": _plain(fixed),
        "xy": _plain(xy),
        "pixel": [round(row, 6), round(column, 6)],
        "visible": -0.5 <= row <= gaze.panel.rows - 0.5 and -0.5 <= column <= gaze.panel.columns - 0.5,
        "believed_xy": _plain(believed.project(fixed)),
    }


def _plain(values: Array) -> list[float]:
    return [round(float(value), 6) for value in values]
