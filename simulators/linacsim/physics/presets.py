"""What an operator chooses before the beam is on: techniques of single pictures and presets of cone-beam scans.

Figures of presets and techniques are [K]: common figures of the literature that no vendor's document at hand states. Their
only check is that projections x mA x ms / 1000 is the mAs they are known by. They are configuration to be replaced, not facts
to be cited. What is a panel's and a geometry's is told in `linacsim.physics.detector` and `linacsim.physics.geometry`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from linacsim.errors import InputError
from linacsim.physics.detector import PAXSCAN_4030CB
from linacsim.physics.fdk import WINDOWS, Grid, Window
from linacsim.physics.geometry import Panel
from linacsim.physics.spectrum import tube_voltages
from linacsim.physics.terms import require

T = TypeVar("T")

Fan = Literal["FULL", "HALF"]
FANS: tuple[Fan, ...] = ("FULL", "HALF")
"""Whether the panel is centred, or offset to one side so that two opposite views together see the whole body."""

OBI_OFFSET = 148.0
TRUEBEAM_OFFSET = 160.0
"""mm by which the panel of a half fan is offset [K]; the fields of view that follow, 450 and 465 mm, are the known ones."""

ROTATION_SPEED = 6.0
"""Degrees per second that a gantry turns at [K]."""

SID = 1500.0
"""mm from either source to its panel."""

MOST_MA, MOST_MS, MOST_MU = 1000.0, 6000.0, 100.0
"""Above these there is a mistake in a technique rather than a strong tube [K]."""

ENERGIES = (6.0,)
"""MV beams with a table of attenuation."""

_MOST_PROJECTIONS = 3000
_MOST_SLICES, _MOST_PIXELS = 512, 1024

REFERENCE_KVP, REFERENCE_MAS = 125.0, 0.25
"""A panel's `quanta` are those that a pixel detects of an open field of this technique at 1500 mm [K]."""

_KVP_POWER = 2.5
"""By which power of the tube voltage the detected quanta of one mAs grow [K]."""


def _within(value: float, least: float, most: float, what: str, where: str, unit: str) -> None:
    """Refuse what is not above `least` and at most `most`; not a number is refused as well."""
    if not least < value <= most:
        raise InputError(f"{value:g} {unit}", f"{where}, {what}", f"give more than {least:g} and up to {most:g} {unit}")


def _tube(kvp: float, ma: float, ms: float, where: str) -> None:
    low, high = tube_voltages()[0], tube_voltages()[-1]
    if not low <= kvp <= high:
        raise InputError(f"{kvp:g} kV", f"{where}, tube voltage", f"give {low} to {high} kV")
    _within(ma, 0.0, MOST_MA, "tube current", where, "mA")
    _within(ms, 0.0, MOST_MS, "exposure time", where, "ms")


def relative_exposure(kvp: float, mas: float) -> float:
    """Return how many times the quanta of the reference technique a technique gives, behind nothing."""
    return float(mas / REFERENCE_MAS * (kvp / REFERENCE_KVP) ** _KVP_POWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class KvTechnique:
    """One exposure of the tube.

    Attributes
    ----------
    kvp : float
        Peak Kilo Voltage, kV.
    ma, ms : float
        Tube current in mA and exposure time in ms.

    Raises
    ------
    InputError
        If the voltage is outside the tables, or there is no current or time.
    """

    kvp: float = 75.0
    ma: float = 100.0
    ms: float = 100.0

    def __post_init__(self) -> None:
        _tube(self.kvp, self.ma, self.ms, "kV technique")

    @property
    def mas(self) -> float:
        """Milliampere seconds."""
        return self.ma * self.ms / 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MvTechnique:
    """One exposure of the treatment beam.

    Attributes
    ----------
    mu : float
        Monitor units.
    energy : float
        Nominal Beam Energy in MV.
    fff : bool
        Whether the beam is not flattened.

    Raises
    ------
    InputError
        If there are no monitor units, or the energy has no table.
    """

    mu: float = 2.0
    energy: float = 6.0
    fff: bool = False

    def __post_init__(self) -> None:
        _within(self.mu, 0.0, MOST_MU, "monitor units", "MV technique", "MU")
        if self.energy not in ENERGIES:
            known = ", ".join(f"{one:g}" for one in ENERGIES)
            raise InputError(f"{self.energy:g} MV", "MV technique, energy", f"use {known} MV")


KV_TECHNIQUES: dict[str, KvTechnique] = {
    "head-ap": KvTechnique(kvp=100.0, ma=200.0, ms=50.0),
    "head-lateral": KvTechnique(kvp=70.0, ma=200.0, ms=50.0),
    "thorax-ap": KvTechnique(kvp=75.0, ma=200.0, ms=25.0),
    "thorax-lateral": KvTechnique(kvp=95.0, ma=200.0, ms=40.0),
    "pelvis-ap": KvTechnique(kvp=75.0, ma=200.0, ms=80.0),
    "pelvis-lateral": KvTechnique(kvp=105.0, ma=200.0, ms=160.0),
    "extremity": KvTechnique(kvp=65.0, ma=200.0, ms=20.0),
}
"""Techniques of single kV pictures by name [K]."""

MV_TECHNIQUES: dict[str, MvTechnique] = {
    "1-mu": MvTechnique(mu=1.0),
    "2-mu": MvTechnique(mu=2.0),
    "3-mu": MvTechnique(mu=3.0),
    "4-mu": MvTechnique(mu=4.0),
    "1-mu-fff": MvTechnique(mu=1.0, fff=True),
    "2-mu-fff": MvTechnique(mu=2.0, fff=True),
}
"""Techniques of portal images by name [K]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CbctPreset:
    """How a cone-beam scan is taken.

    Attributes
    ----------
    name : str
    kvp, ma, ms : float
        Of every frame: kV, mA, ms.
    projections : int
        Frames over the arc.
    arc : float
        Degrees that the gantry turns, clockwise.
    fan : str
        FULL or HALF.
    offset : float
        mm by which the panel is offset, 0 for a full fan.
    start : float
        Gantry angle of the first frame, degrees.
    rotation_speed : float
        Degrees per second.
    bow_tie : bool
        Whether the filter is in.
    window : str
        How the reconstruction's ramp is apodised (`linacsim.physics.fdk`).

    Raises
    ------
    InputError
        For what no tube, gantry or reconstruction can do; the message names the limit.
    """

    name: str
    kvp: float
    ma: float
    ms: float
    projections: int
    arc: float = 200.0
    fan: Fan = "FULL"
    offset: float = 0.0
    start: float = 290.0
    rotation_speed: float = ROTATION_SPEED
    bow_tie: bool = True
    window: Window = "HANN"

    def __post_init__(self) -> None:
        where = f"preset {self.name}"
        _tube(self.kvp, self.ma, self.ms, where)
        require("fan", self.fan, FANS)
        require("reconstruction window", self.window, WINDOWS)
        _within(self.projections, 1, _MOST_PROJECTIONS, "projections", where, "frames")
        _within(self.rotation_speed, 0.0, 60.0, "rotation", where, "degrees/s")
        _within(self.arc, 0.0, 360.0, "arc", where, "degrees")
        if not np.isfinite(self.start):
            raise InputError(f"{self.start}", f"{where}, start", "give the gantry angle of the first frame in degrees")
        self._check_fan(where)
        between = self.seconds / self.projections * 1000.0
        if self.ms > between:
            what = f"{self.ms:g} ms for each frame and one frame every {between:.1f} ms"
            raise InputError(what, where, "give a shorter exposure, fewer projections or a slower gantry")

    def _check_fan(self, where: str) -> None:
        half = PAXSCAN_4030CB.panel.columns * PAXSCAN_4030CB.panel.pitch / 2
        if self.fan == "FULL":
            least = 180.0 + 2 * float(np.degrees(np.arctan2(half, SID)))
            if self.offset:
                raise InputError(
                    f"a full fan and a panel offset of {self.offset:g} mm", where, "use 0 mm or a half fan"
                )
            if self.arc < least:
                what = f"a full fan on an arc of {self.arc:g} degrees"
                raise InputError(what, where, f"turn by {least:.1f} degrees or more")
        else:
            if self.arc < 360.0:
                what = f"a half fan on an arc of {self.arc:g} degrees"
                raise InputError(what, where, "turn by 360 degrees, or use a full fan")
            if not 0.0 < abs(self.offset) < half - 10.0:
                what = f"a half fan and a panel offset of {self.offset:g} mm"
                raise InputError(what, where, f"offset it by more than 0 and less than {half - 10.0:.0f} mm")

    @property
    def mas(self) -> float:
        """Milliampere seconds of the whole scan."""
        return self.projections * self.ma * self.ms / 1000.0

    @property
    def seconds(self) -> float:
        """How long the gantry turns."""
        return self.arc / self.rotation_speed

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.projections / self.seconds

    @property
    def angles(self) -> tuple[float, ...]:
        """The gantry angle of each frame, degrees, 0 to below 360."""
        return tuple((self.start + self.arc * index / self.projections) % 360.0 for index in range(self.projections))

    @property
    def field_of_view(self) -> float:
        """The diameter in mm that is seen whole."""
        reach = PAXSCAN_4030CB.panel.columns * PAXSCAN_4030CB.panel.pitch / 2 + abs(self.offset)
        return float(2000.0 * np.sin(np.arctan2(reach, SID)))

    def grid(self, columns: int = 384, slices: int = 64, thickness: float = 2.5) -> Grid:
        """Return voxels that cover the field of view: `columns` x `columns` x `slices` of `thickness` mm."""
        return Grid(
            columns=columns, rows=columns, slices=slices, pitch=round(self.field_of_view / columns, 3),
            thickness=thickness,
        )  # fmt: skip


def _obi(name: str, kvp: float, ma: float, ms: float, *, half: bool = False) -> CbctPreset:
    if half:
        return CbctPreset(
            name=name, kvp=kvp, ma=ma, ms=ms, projections=655, arc=360.0, fan="HALF", offset=OBI_OFFSET, start=180.0
        )
    return CbctPreset(name=name, kvp=kvp, ma=ma, ms=ms, projections=360)


def _truebeam(name: str, kvp: float, ma: float, ms: float, *, half: bool = False) -> CbctPreset:
    if half:
        return CbctPreset(
            name=name,
            kvp=kvp,
            ma=ma,
            ms=ms,
            projections=900,
            arc=360.0,
            fan="HALF",
            offset=TRUEBEAM_OFFSET,
            start=180.0,
        )
    return CbctPreset(name=name, kvp=kvp, ma=ma, ms=ms, projections=500)


CBCT_PRESETS: dict[str, CbctPreset] = {
    one.name: one
    for one in (
        _obi("obi-low-dose-head", 100.0, 10.0, 20.0),
        _obi("obi-standard-dose-head", 100.0, 20.0, 20.0),
        _obi("obi-high-quality-head", 100.0, 80.0, 25.0),
        _obi("obi-pelvis-spotlight", 125.0, 80.0, 25.0),
        _obi("obi-pelvis", 125.0, 80.0, 13.0, half=True),
        _obi("obi-low-dose-thorax", 110.0, 20.0, 20.0, half=True),
        _truebeam("truebeam-head", 100.0, 15.0, 20.0),
        _truebeam("truebeam-thorax", 125.0, 15.0, 20.0, half=True),
        _truebeam("truebeam-pelvis", 125.0, 60.0, 20.0, half=True),
        _truebeam("truebeam-spotlight", 125.0, 75.0, 20.0),
        _truebeam("truebeam-image-gently", 80.0, 10.0, 20.0),
    )
}
"""Presets of cone-beam scans by name [K]."""


def _named(name: str, known: Mapping[str, T], what: str) -> T:
    if name not in known:
        raise InputError(f"there is no {what} {name!r}", what, f"use one of {', '.join(known)}")
    return known[name]


def cbct_preset(name: str) -> CbctPreset:
    """Return the preset of that name, or raise `InputError`."""
    return _named(name, CBCT_PRESETS, "CBCT preset")


def kv_technique(name: str) -> KvTechnique:
    """Return the kV technique of that name, or raise `InputError`."""
    return _named(name, KV_TECHNIQUES, "kV technique")


def mv_technique(name: str) -> MvTechnique:
    """Return the MV technique of that name, or raise `InputError`."""
    return _named(name, MV_TECHNIQUES, "MV technique")


def check_grid(grid: Grid, preset: CbctPreset, panel: Panel) -> None:
    """Refuse voxels that no scan of this preset can fill, before anything is computed.

    Raises
    ------
    InputError
        If there are more voxels than a reconstruction has, or they reach beyond what the panel sees.
    """
    if max(grid.columns, grid.rows) > _MOST_PIXELS or grid.slices > _MOST_SLICES:
        what = f"{grid.columns}x{grid.rows}x{grid.slices} voxels"
        raise InputError(what, "reconstruction", f"give up to {_MOST_PIXELS}x{_MOST_PIXELS}x{_MOST_SLICES}")
    wide = max(grid.columns * grid.pitch, grid.rows * grid.pitch)
    if wide > 1.02 * preset.field_of_view:
        what = f"{wide:.0f} mm of voxels in a field of view of {preset.field_of_view:.0f} mm"
        raise InputError(what, f"preset {preset.name}", "use a smaller pitch, fewer columns or a half fan")
    seen, high = panel.rows * panel.pitch * 1000.0 / SID, grid.slices * grid.thickness
    if high > 1.02 * seen:
        what = f"{high:.0f} mm of slices where the panel sees {seen:.0f} mm"
        raise InputError(what, f"preset {preset.name}", "give fewer or thinner slices")
