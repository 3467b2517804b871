"""What a site sets of an imager: the product, its network, its hardware, how its pictures are made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from linacsim.devices.imager.hardware.settings import HardwareSettings
from linacsim.devices.imager.network import ASSOCIATIONS
from linacsim.devices.planning.varian import ScpPersonality
from linacsim.physics.room import Effects
from linacsim.settings import Count, Settings


class EffectsSettings(Settings):
    """What the pictures are made with; all of it unless switched off.

    Attributes
    ----------
    noise, scatter, hardening, lag, glare, defects, flexmap, correction : bool
        See `linacsim.physics.room.Effects`.
    """

    noise: bool = True
    scatter: bool = True
    hardening: bool = True
    lag: bool = True
    glare: bool = True
    defects: bool = True
    flexmap: bool = True
    correction: bool = True

    def effects(self) -> Effects:
        """Return the same for the room."""
        return Effects(**self.model_dump())


class PictureSettings(Settings):
    """How pictures are made.

    Attributes
    ----------
    kv_technique, mv_technique, preset : str
        What is used where neither the user nor the plan names one; ``linacsim image --list`` has them.
    mv_detector : str
        Which portal imager it has.
    detail : str
        ``full`` computes scans on all frames and finer pixels, as imagers do; ``fast`` on fewer, ``draft`` on still fewer.
    sag : float
        By how much the panels sag at most, mm.
    effects : EffectsSettings
        What is modelled.
    field : float
        Width in mm at the isocentre of an MV field that neither the plan nor the user shapes.
    """

    kv_technique: str = "thorax-ap"
    mv_technique: str = "2-mu"
    preset: str = "obi-low-dose-thorax"
    mv_detector: Literal["aS500", "aS1000", "aS1200"] = "aS1000"
    detail: Literal["draft", "fast", "full"] = "fast"
    sag: Annotated[float, Field(ge=0.0, le=50.0)] = 1.2
    effects: EffectsSettings = EffectsSettings()
    field: Annotated[float, Field(gt=0.0, le=400.0)] = 200.0


class ImagerPersonality(Settings):
    """An imager as a site has set it up.

    Attributes
    ----------
    product : str
        ``OBI`` has both axes; ``PV AI`` has the MV axis alone (table 1-2).
    network : ScpPersonality
        Titles, limits and who may call.
    associations : int
        How many it opens at one time (2.2.1.2.2).
    ihe_ro : bool
        Whether registrations have the layout of the IHE-RO profile of 2008 (2.4.2, table 2-21).
    hardware : HardwareSettings
        Its parts.
    pictures : PictureSettings
        How pictures are made.
    """

    product: Literal["OBI", "PV AI"] = "OBI"
    network: ScpPersonality = ScpPersonality()
    associations: Count = ASSOCIATIONS
    ihe_ro: bool = False
    hardware: HardwareSettings = HardwareSettings()
    pictures: PictureSettings = PictureSettings()
