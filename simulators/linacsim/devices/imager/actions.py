"""What the imager can be told to do: the parameters of a session's steps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from linacsim.physics.geometry import Couch
from linacsim.settings import AETitle, Settings

MatchKind = Literal["2d", "2d2d", "marker", "3d3d"]
"""2D, 2D/2D, marker and 3D/3D match (2.2.1.4.1.4 to 2.2.1.4.1.7)."""

Millimetres = Annotated[float, Field(ge=-500.0, le=500.0)]
Degrees = Annotated[float, Field(ge=-360.0, le=360.0)]


class Shift(Settings):
    """By how much something is displaced, IEC 61217 table top axes.

    Attributes
    ----------
    x, y, z : float
        Lateral, longitudinal, vertical; mm.
    rotation, pitch, roll : float
        About z, x and y; degrees.
    """

    x: Millimetres = 0.0
    y: Millimetres = 0.0
    z: Millimetres = 0.0
    rotation: Degrees = 0.0
    pitch: Degrees = 0.0
    roll: Degrees = 0.0

    def couch(self) -> Couch:
        """Return the same as a position of the couch."""
        return Couch(**self.model_dump())


class Lie(Settings):
    """Lay the patient on the couch: what the pictures are made of, and how far it is from where the plan wants it.

    Attributes
    ----------
    body : str
        ``ct``: the loaded reference CT, as voxels; or the name of a phantom (``linacsim image --list``), with its origin at
        the plan's isocentre.
    shift : Shift
        The truth that a match is to find.
    breathing : float
        From exhalation to inhalation in mm, towards the head; 0 for somebody who does not breathe.
    """

    body: str = "ct"
    shift: Shift = Shift()
    breathing: Annotated[float, Field(ge=0.0, le=50.0)] = 0.0


class Load(Settings):
    """Open a patient: load the plan and what it refers to.

    Attributes
    ----------
    to : str
        The treatment management system; left out in file mode.
    called : str
        The AE title to call, if not its own.
    plan : str
        SOP Instance UID of the RT Plan; if left out, the last one that the remote was sent in this run.
    reference_ct, reference_images : bool
        Whether the structure set with its CT, and the plan's reference images, are loaded too.
    images : list of str
        More RT Images by SOP Instance UID: of earlier sessions.
    files : list of str
        File mode: files or folders to read instead, with all that is to be loaded.
    """

    to: AETitle | None = None
    called: AETitle | None = None
    plan: str = ""
    reference_ct: bool = True
    reference_images: bool = True
    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class ImageBeam(Settings):
    """Take a picture for a beam of the plan, as the plan asks for; or by hand.

    Attributes
    ----------
    beam : str
        Beam Name or Beam Number; if left out, the picture belongs to no beam.
    gantry : float
        Angle of the main gantry in degrees; by default the beam's.
    technique : str
        ``linacsim image --list`` has the names; by default one for the axis.
    """

    beam: str = ""
    gantry: Degrees | None = None
    technique: str = ""


class ImageKv(ImageBeam):
    """Take a kV picture."""


class ImageMv(ImageBeam):
    """Take an MV picture.

    Attributes
    ----------
    dose : bool
        Whether a portal dose image is made of it.
    """

    dose: bool = False


class ScanSize(Settings):
    """What a scan is reconstructed to.

    Attributes
    ----------
    columns, slices : int
        Rows and columns of a slice, and how many slices.
    thickness : float
        Of a slice, mm.
    """

    columns: Annotated[int, Field(ge=32, le=1024)] = 384
    slices: Annotated[int, Field(ge=2, le=400)] = 64
    thickness: Annotated[float, Field(gt=0.0, le=10.0)] = 2.5


class ScanBeam(ScanSize):
    """Take a cone-beam scan.

    Attributes
    ----------
    beam : str
        Beam Name or Beam Number of a setup beam that asks for one; if left out, the plan's first, if there is one.
    preset : str
        ``linacsim image --list`` has the names; by default the site's.
    """

    beam: str = ""
    preset: str = ""


class ImageSetup(ScanSize):
    """Take what the plan's setup beams ask for: kV and MV pictures, cone-beam CT, in the order of the plan.

    Attributes
    ----------
    beams : list of str
        Beam Names or Beam Numbers; all setup beams whose imaging starts by itself, if left out.
    """

    beams: tuple[str, ...] = ()


class MatchWith(Settings):
    """Match what was acquired last with what was planned.

    Attributes
    ----------
    kind : str
        ``2d``, ``2d2d``, ``marker`` or ``3d3d``.
    within : float
        The bench knows the truth: the step fails if the match is further from it than this, mm.
    within_degrees : float
        The same for what the match finds of turns.
    """

    kind: MatchKind
    within: Annotated[float, Field(gt=0.0)] | None = None
    within_degrees: Annotated[float, Field(gt=0.0)] | None = None


class ApplyShift(Settings):
    """Move the couch by what the last match found."""


class Store(Settings):
    """Store what has been acquired and found and is not stored yet.

    Attributes
    ----------
    to : str
        The treatment management system; left out in file mode.
    called : str
        The AE title to call, if not its own.
    what : list of str
        ``ct``, ``rtimage``, ``rtstruct``, ``reg``; all of them if left out.
    folder : str
        File mode: the name of a folder that the files go to, on the shelf of the run.
    """

    to: AETitle | None = None
    called: AETitle | None = None
    what: tuple[Literal["ct", "rtimage", "rtstruct", "reg"], ...] = ()
    folder: str = "export"


class Verify(Settings):
    """Ask the treatment management system with C-ECHO whether it is there.

    Attributes
    ----------
    to : str
        The remote.
    called : str
        The AE title to call, if not its own.
    """

    to: AETitle
    called: AETitle | None = None
