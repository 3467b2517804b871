"""What the hardware hands over: when, where and how an acquisition was made, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from linacsim.devices.imager.hardware.buffer import Hold
from linacsim.physics.geometry import Couch
from linacsim.physics.presets import CbctPreset

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One exposure, for what makes a picture of it.

    Attributes
    ----------
    number : int
        Ordinal of the acquisition at this imager, from 1; scans count as well.
    gantry : float
        The angle of the gantry (not of the kV axis), degrees, 0 to below 360.
    extended : bool
        Whether it stands in its extended range.
    couch : Couch
        Readout of the couch.
    began, ended : int
        Beam on and beam off, microseconds since the start of the run.
    """

    number: int
    gantry: float
    extended: bool
    couch: Couch
    began: int
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Generic[T]):
    """A picture.

    Attributes
    ----------
    exposure : Exposure
        Of what.
    picture : object
        What the work has made of it.
    hold : Hold
        Its place in the image buffer, until it is released.
    """

    exposure: Exposure
    picture: T
    hold: Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One rotation with the beam on.

    Attributes
    ----------
    number : int
        Ordinal of the acquisition at this imager, from 1.
    preset : CbctPreset
        What was asked for.
    views : int
        How many of its projections have been taken, from the first on.
    gantry : float
        Where the gantry has come to, degrees.
    couch : Couch
        Readout of the couch.
    began, ended : int
        Beam on and beam off, microseconds since the start of the run.
    """

    number: int
    preset: CbctPreset
    views: int
    gantry: float
    couch: Couch
    began: int
    ended: int

    @property
    def complete(self) -> bool:
        """Whether all projections are there."""
        return self.views == self.preset.projections


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept(Generic[V]):
    """The views of a scan.

    Attributes
    ----------
    sweep : Sweep
        The rotation.
    views : object
        What the work has made of it.
    slices : int
        How many are to be reconstructed.
    hold : Hold
        The places in the image buffer that wait for the slices; given back already if the scan was stopped.
    """

    sweep: Sweep
    views: V
    slices: int
    hold: Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned(Generic[V, R]):
    """A scan and its volume.

    Attributes
    ----------
    swept : Swept
        The views.
    volume : object
        What the reconstruction has made of them.
    hold : Hold
        The places of the slices in the image buffer, until they are released.
    """

    swept: Swept[V]
    volume: R
    hold: Hold
