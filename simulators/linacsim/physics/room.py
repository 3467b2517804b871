"""What stands in the treatment room: a body on the couch, and two axes with one particular panel each, drawn from a seed.

`Room` makes whole pictures with their ground truth out of what the other modules model: radiographs of either axis and
cone-beam scans (`linacsim.physics.scanning`). Every effect can be switched off (`Effects`).

The gain of a panel follows the technique, so an open field is always at `OPEN_FIELD` counts and what a technique changes is the
noise: quanta follow mAs and kV (`linacsim.physics.presets.relative_exposure`) or monitor units, electronic noise stays what it
is. Chance is drawn for every picture by its key: one more picture changes no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.acquisition import Chain, truth
from linacsim.physics.detector import (
    AS1000,
    PAXSCAN_4030CB,
    Calibration,
    Detector,
    Maps,
    calibrate,
    corrected,
    make_maps,
)
from linacsim.physics.fdk import Grid
from linacsim.physics.flexmap import Correction, Flexmap, measure, typical
from linacsim.physics.geometry import Array, Couch, Gaze, PatientPosition, Pose, kv_gaze, mv_gaze, turned_about_z
from linacsim.physics.mvbeam import Aperture, fluence
from linacsim.physics.presets import SID, CbctPreset, KvTechnique, MvTechnique, relative_exposure
from linacsim.physics.projection import Voxels
from linacsim.physics.scatter import Scatter
from linacsim.physics.solids import Body
from linacsim.physics.spectrum import Beam, megavoltage, mono, tube
from linacsim.physics.terms import require
from linacsim.physics.told import rounded, told

Axis = Literal["kV", "MV"]
AXES: tuple[Axis, ...] = ("kV", "MV")
Detail = Literal["draft", "fast", "full"]
DETAILS: tuple[Detail, ...] = ("draft", "fast", "full")
"""How finely scans are computed; single pictures always have all pixels of their panel."""

OPEN_FIELD = 50000.0
"""Counts of an open field."""

_FLEXMAP, _MEASURED, _MAPS, _CALIBRATED, _PICTURE = range(5)
"""What chance is drawn for, after the axis in a key."""

_COUNTLESS = 1e24
"""Quanta in an open field where noise is switched off."""

_INSIDE = 0.5
"""Of the open beam: where jaws and leaves let less through, a portal image says nothing of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What is modelled; all of it unless switched off.

    Attributes
    ----------
    noise : bool
        Quanta and electronics.
    scatter : bool
        Scatter in kV pictures; a correction takes most of it out of what is matched and reconstructed.
    hardening : bool
        A tube's spectrum; otherwise the kV beam has one energy.
    lag, glare : bool
        What the kV panel keeps for the next frame, and light that spreads.
    defects : bool
        Pixels that differ, and dead ones; offset and gain are calibrated either way.
    flexmap : bool
        Source and panel sag.
    correction : bool
        Whether the machine has measured that.
    """

    noise: bool = True
    scatter: bool = True
    hardening: bool = True
    lag: bool = True
    glare: bool = True
    defects: bool = True
    flexmap: bool = True
    correction: bool = True

    @classmethod
    def none(cls) -> Effects:
        """Return a room of ideal physics."""
        return cls(**dict.fromkeys(cls.__dataclass_fields__, False))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Radiograph:
    """One picture of one axis.

    Attributes
    ----------
    axis : str
        kV or MV.
    gantry : float
        The main gantry's angle in degrees, whichever axis looks.
    gaze : Gaze
        As the machine believes it: nominal, or corrected for what was measured of the sag.
    pixels : numpy.ndarray of uint16, shape (rows, columns)
        Counts after correction for offset, gain and dead pixels; higher is more beam.
    open_field : float
        The counts of an open field.
    water : numpy.ndarray of float32, shape (rows, columns)
        mm of water, scatter and hardening taken out; 0 where the aperture is closed.
    kvp, ma, ms : float, optional
        Of a kV picture.
    mu : float, optional
    aperture : Aperture, optional
        Of an MV picture.
    collimator : float
        Beam Limiting Device Angle in degrees; 0 for kV.
    couch : Couch
        What the couch's readout said.
    truth : mapping
        Ground truth, ready for JSON.
    """

    axis: Axis
    gantry: float
    gaze: Gaze
    pixels: NDArray[np.uint16]
    open_field: float
    water: NDArray[np.float32]
    kvp: float | None
    ma: float | None
    ms: float | None
    mu: float | None
    aperture: Aperture | None
    collimator: float
    couch: Couch
    truth: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """One cone-beam scan, reconstructed.

    Attributes
    ----------
    volume : numpy.ndarray of float32, shape (slices, rows, columns)
        Whole Hounsfield units.
    grid : Grid
        Its voxels about the isocentre in patient directions.
    preset : CbctPreset
    couch : Couch
        What the couch's readout said.
    truth : mapping
        Ground truth, ready for JSON.
    """

    volume: NDArray[np.float32]
    grid: Grid
    preset: CbctPreset
    couch: Couch
    truth: Mapping[str, Any]


class Room:
    """A body and the two axes that look at it. Nothing is drawn or computed before it is needed.

    Parameters
    ----------
    body : Body or Voxels
        What lies on the couch, in patient coordinates.
    seed : numpy.random.SeedSequence
        Of this room: its panels, its sag and the chance in its pictures.
    effects : Effects
        What is modelled.
    kv_detector, mv_detector : Detector
        Types of the two panels.
    detail : str
        ``fast``: scans are computed on pixels put together and, with many projections, on frames put together; ``draft``:
        on still fewer, for tests in which a scan is only to be one; ``full``: on all frames and on pixels two by two, as
        imagers do. A scan's truth says which.
    sag : float
        By how much the panels sag at most, mm.

    Raises
    ------
    InputError
        If there is no such detail, or the sag is no distance.
    """

    def __init__(
        self, body: Body | Voxels, seed: SeedSequence, *, effects: Effects | None = None,
        kv_detector: Detector = PAXSCAN_4030CB, mv_detector: Detector = AS1000, detail: Detail = "fast",
        sag: float = 1.2,
    ) -> None:  # fmt: skip
        require("detail", detail, DETAILS)
        if not 0.0 <= sag <= 50.0:
            raise InputError(f"panels that sag by {sag:g} mm", "room", "give 0 to 50 mm")
        self.body, self.seed, self.detail, self.sag = body, seed, detail, sag
        self.effects = effects or Effects()
        self.detectors: dict[Axis, Detector] = {"kV": kv_detector, "MV": mv_detector}
        self._panels: dict[tuple[Axis, Detector], tuple[Maps, Calibration]] = {}

    def rng(self, *key: int) -> Generator:
        """Return the generator of one purpose of this room.

        Raises
        ------
        InputError
            If a number of the key is below 0.
        """
        if min(key) < 0:
            raise InputError(f"picture {min(key)}", "room", "number pictures from 0 upwards")
        return np.random.default_rng(SeedSequence(self.seed.entropy, spawn_key=(*self.seed.spawn_key, *key)))

    @cached_property
    def sags(self) -> Mapping[Axis, tuple[Flexmap, Correction | None]]:
        """How each axis sags, and what was measured of it."""
        return {axis: self._sag(axis) for axis in AXES}

    def _sag(self, axis: Axis) -> tuple[Flexmap, Correction | None]:
        if not self.effects.flexmap or not self.sag:
            return Flexmap(), None
        stream = AXES.index(axis)
        flexmap = typical(self.rng(stream, _FLEXMAP), self.sag)
        gaze = mv_gaze(0.0, self.detectors[axis].panel, SID)
        measured = measure(flexmap, gaze, self.rng(stream, _MEASURED)) if self.effects.correction else None
        return flexmap, measured

    def gazes(self, axis: Axis, nominal: Gaze) -> tuple[Gaze, Gaze]:
        """Return how an axis really looks, and how the machine believes it does."""
        flexmap, correction = self.sags[axis]
        return flexmap.bend(nominal), correction.known(nominal) if correction else nominal

    def chain(self, axis: Axis, detector: Detector, kvp: float, exposure: float) -> Chain:
        """Return one axis at work: its beam and its panel with the gain that the exposure asks for.

        Parameters
        ----------
        axis : str
        detector : Detector
            The panel as it is read out for this.
        kvp : float
            Tube voltage; of no meaning for MV.
        exposure : float
            How many times the reference's quanta arrive in an open field.
        """
        gained = self._gained(detector, axis)
        maps, calibration = self._panel(axis, gained)
        noise = gained.electronic_noise / exposure
        used = replace(gained, quanta=gained.quanta * exposure, electronic_noise=noise)
        if not self.effects.noise:
            used = replace(used, quanta=_COUNTLESS, electronic_noise=0.0)
        scatter = Scatter() if self.effects.scatter and axis == "kV" else None
        return Chain(
            beam=self._beam(axis, kvp), detector=used, maps=maps, calibration=calibration,
            scatter=scatter, known_scatter=scatter,
        )  # fmt: skip

    def _beam(self, axis: Axis, kvp: float) -> Beam:
        if axis == "MV":
            return megavoltage()
        return tube(kvp) if self.effects.hardening else mono()

    def _gained(self, detector: Detector, axis: Axis) -> Detector:
        """Return the detector with the switched-off effects left out and a converter that the technique's gain fills."""
        by = OPEN_FIELD / detector.full_scale
        one = replace(
            detector, bits=16, full_scale=OPEN_FIELD, electronic_noise=detector.electronic_noise * by,
            offset=detector.offset * by, offset_spread=detector.offset_spread * by,
        )  # fmt: skip
        if not self.effects.lag:
            one = replace(one, lag=())
        if not self.effects.glare:
            one = replace(one, glare=0.0)
        return one if self.effects.defects else replace(one, gain_spread=0.0, offset_spread=0.0, dead=0.0)

    def _panel(self, axis: Axis, gained: Detector) -> tuple[Maps, Calibration]:
        """Draw a panel once, and calibrate it once."""
        if (axis, gained) not in self._panels:
            stream, pixels = AXES.index(axis), gained.panel.columns
            maps = make_maps(gained, self.rng(stream, _MAPS, pixels))
            flood = gained if self.effects.noise else replace(gained, quanta=_COUNTLESS, electronic_noise=0.0)
            self._panels[axis, gained] = maps, calibrate(flood, maps, self.rng(stream, _CALIBRATED, pixels))
        return self._panels[axis, gained]

    def kv(
        self, gantry: float, pose: Pose, technique: KvTechnique, *, key: int, couch: Couch | None = None
    ) -> Radiograph:
        """Return a picture of the kV axis.

        Parameters
        ----------
        gantry : float
            The main gantry's angle, degrees.
        pose : Pose
            Where the body is (`linacsim.physics.geometry.patient_pose`).
        technique : KvTechnique
        key : int
            The ordinal of the picture: what its noise is drawn by.
        couch : Couch, optional
            What the couch's readout says; it does not move the body.
        """
        real, known = self.gazes("kV", kv_gaze(_angle(gantry), self.detectors["kV"].panel, SID))
        exposure = relative_exposure(technique.kvp, technique.mas)
        using = self.chain("kV", self.detectors["kV"], technique.kvp, exposure)
        counts = using.expose(using.primary(self.body, pose, real), self.rng(0, _PICTURE, key))
        taken = {"technique": told(technique), "relative_exposure": round(exposure, 6)}
        return Radiograph(
            axis="kV", gantry=gantry, gaze=known, pixels=_pixels(using, counts), open_field=OPEN_FIELD,
            water=using.water(counts), kvp=technique.kvp, ma=technique.ma, ms=technique.ms, mu=None, aperture=None,
            collimator=0.0, couch=couch or Couch(), truth=self._truth("kV", gantry, pose, real, known, using, couch, taken),
        )  # fmt: skip

    def mv(
        self, gantry: float, pose: Pose, technique: MvTechnique, aperture: Aperture, *, key: int,
        couch: Couch | None = None,
    ) -> Radiograph:  # fmt: skip
        """Return a picture of the MV axis; the parameters are those of `kv`, and what shapes the beam.

        Raises
        ------
        InputError
            If the panel sees nothing of the field.
        """
        nominal = mv_gaze(_angle(gantry), self.detectors["MV"].panel, SID)
        _check_field(nominal, aperture)
        real, known = self.gazes("MV", nominal)
        using = self.chain("MV", self.detectors["MV"], 0.0, technique.mu)
        profile: Literal["FFF", "FLATTENED"] = "FFF" if technique.fff else "FLATTENED"
        field = fluence(real, aperture, profile=profile)
        counts = using.expose(using.primary(self.body, pose, real), self.rng(1, _PICTURE, key), field=field)
        believed = fluence(known, aperture, profile=profile)
        seen = believed > _INSIDE
        water = np.where(seen, using.water(counts, field=np.where(seen, believed, 1.0)), np.float32(0))
        taken = {"technique": told(technique), "aperture": told(aperture)}
        return Radiograph(
            axis="MV", gantry=gantry, gaze=known, pixels=_pixels(using, counts), open_field=OPEN_FIELD, water=water,
            kvp=None, ma=None, ms=None, mu=technique.mu, aperture=aperture, collimator=aperture.collimator,
            couch=couch or Couch(), truth=self._truth("MV", gantry, pose, real, known, using, couch, taken),
        )  # fmt: skip

    def scan(
        self, pose: Pose | Callable[[float], Pose], preset: CbctPreset, grid: Grid, *, key: int,
        couch: Couch | None = None, progress: Callable[[int, int], None] | None = None,
        position: PatientPosition = "HFS", body_at: Callable[[float], Body | Voxels] | None = None,
    ) -> Scan:  # fmt: skip
        """Return a cone-beam scan.

        Parameters
        ----------
        pose : Pose or callable
            Where the body is; or where it is so many seconds after the first frame.
        preset : CbctPreset
        grid : Grid
            The voxels, about the isocentre in patient directions.
        key, couch
            As of `kv`.
        progress : callable, optional
            Told after each view how many are done, and of how many.
        position : str
            How the patient lies: HFS, HFP, FFS or FFP.
        body_at : callable, optional
            What the body is like so many seconds after the first frame (`linacsim.physics.motion.breathed`).

        Raises
        ------
        InputError
            If the voxels are more than the preset can fill; before anything is computed.
        """
        from linacsim.physics.scanning import Acquisition, scanned

        pose_at = (lambda _: pose) if isinstance(pose, Pose) else pose
        acquisition = Acquisition(
            room=self, preset=preset, grid=grid, key=key, position=position, body_at=body_at or (lambda _: self.body),
            pose_at=pose_at, moves=not isinstance(pose, Pose),
        )  # fmt: skip
        volume, truth_of = scanned(acquisition, progress)
        return Scan(volume=volume, grid=grid, preset=preset, couch=couch or Couch(), truth=truth_of)

    def _truth(
        self, axis: Axis, gantry: float, pose: Pose, real: Gaze, known: Gaze, using: Chain, couch: Couch | None,
        more: Mapping[str, Any],
    ) -> dict[str, Any]:  # fmt: skip
        return {
            "kind": "radiograph",
            "axis": axis,
            "gantry": gantry,
            **more,
            "couch": told(couch or Couch()),
            "detector": using.detector.name,
            "panel": told(real.panel),
            "effects": told(self.effects),
            "believed_panel_shift": rounded(known.panel_shift),
            "dead_pixels": np.argwhere(using.maps.dead).tolist(),
            **truth(self.body, pose, real, known),
        }


def _angle(gantry: float) -> float:
    if not np.isfinite(gantry):
        raise InputError(f"{gantry} degrees", "gantry", "give an angle in degrees")
    return gantry


def _pixels(using: Chain, counts: NDArray[np.uint16]) -> NDArray[np.uint16]:
    signal = corrected(counts, using.calibration)
    return np.clip(np.rint(signal * OPEN_FIELD), 0, 65535).astype(np.uint16)


def _check_field(gaze: Gaze, aperture: Aperture) -> None:
    """Refuse an aperture whose field is wholly beside the panel."""
    turn = turned_about_z(aperture.collimator)
    corners = [(x, y, 0.0) for x in (aperture.x1, aperture.x2) for y in (aperture.y1, aperture.y2)]
    low, high = _box(gaze.project((np.array(corners) @ turn.T) @ gaze.axes))
    panel_low, panel_high = _box(
        gaze.panel.position_of([(-0.5, -0.5), (gaze.panel.rows - 0.5, gaze.panel.columns - 0.5)])
    )
    if np.any(low >= panel_high) or np.any(high <= panel_low):
        what = f"a field of X {aperture.x1:g}..{aperture.x2:g}, Y {aperture.y1:g}..{aperture.y2:g} mm beside the panel"
        raise InputError(what, "MV picture", "open the jaws where the panel is, or move the panel")


def _box(points: Array) -> tuple[Array, Array]:
    return points.min(axis=0), points.max(axis=0)
