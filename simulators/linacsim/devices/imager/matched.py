"""What a match found, and the transformation that a Spatial Registration carries."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from linacsim.devices.imager.patient import LoadedPatient, Marker
from linacsim.devices.imager.preconditions import MatchKind
from linacsim.physics.geometry import Array, Couch, PatientPosition, Pose, Vector, couch_of, patient_pose


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMarker:
    """A marker that was found.

    Attributes
    ----------
    marker : Marker
        As planned.
    pixels : tuple of (float, float)
        Row and column of its middle in each picture, from 0 in the middle of the upper left pixel.
    plan, session : tuple of float
        Where it is in the plan's frame of reference after the match, and in the session's, mm.
    miss : float
        By how much a picture shows it elsewhere than the match has it, mm at the isocentre.
    """

    marker: Marker
    pixels: tuple[tuple[float, float], ...]
    plan: Vector
    session: Vector
    miss: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """What a match found.

    Attributes
    ----------
    kind : str
        2D, 2D/2D, marker or 3D/3D.
    couch : Couch
        The patient's displacement D while the couch is at zero. A 2D match tells two shifts of it: along the beam nothing is
        taken to be left.
    remaining : Couch
        The same displacement seen from where the couch stood, ``C D C^-1``: its shifts are along the room's axes.
    left : Couch
        What is left to be corrected where the couch stood, ``C D``, in the fixed system.
    at : Couch
        Where the couch stood, C.
    matrix : numpy.ndarray, shape (4, 4)
        From the plan's frame of reference to the session's.
    residual : float
        What does not fit, in `unit`.
    unit : str
        ``mm`` or ``of the contrast``.
    images, slices : tuple of Dataset
        The reference images or the slices of the planning CT that were matched with.
    markers : tuple of SeenMarker
        Of a marker match.
    refusal : str
        Why it cannot be trusted; empty if it can.
    warnings : tuple of str
        What is worth knowing.
    rounds : int
        How many it took.
    """

    kind: MatchKind
    couch: Couch
    remaining: Couch
    left: Couch
    at: Couch
    matrix: Array
    residual: float
    unit: str
    images: tuple[Dataset, ...] = ()
    slices: tuple[Dataset, ...] = ()
    markers: tuple[SeenMarker, ...] = ()
    refusal: str = ""
    warnings: tuple[str, ...] = ()
    rounds: int = 0

    @property
    def trusted(self) -> bool:
        """Whether it may be applied."""
        return not self.refusal

    @property
    def correction(self) -> Couch:
        """Where the couch has to go so that the plan's isocentre is at the machine's, as a position from zero."""
        return couch_of(self.couch.pose.inverse)


def session_matrix(couch: Couch, isocentre: Vector, position: PatientPosition) -> Array:
    """Return the transformation from the plan's frame of reference to the session's, shape (4, 4).

    Parameters
    ----------
    couch : Couch
        The patient's displacement D.
    isocentre : tuple of float
        Of the plan, in its frame of reference, mm.
    position : str
        Patient Position.
    """
    return patient_pose(position=position).inverse.after(patient_pose(couch, isocentre, position)).matrix


def matched(
    kind: MatchKind, patient: LoadedPatient, at: Couch, left: Pose, residual: float, unit: str, *,
    images: tuple[Dataset, ...] = (), slices: tuple[Dataset, ...] = (), markers: tuple[SeenMarker, ...] = (),
    warnings: tuple[str, ...] = (), rounds: int = 0,
) -> Matched:  # fmt: skip
    """Return a match from what is left to be corrected in the fixed system, with the couch at `at`."""
    back = at.pose.inverse
    displacement = couch_of(back.after(left))
    return Matched(
        kind=kind, couch=displacement, remaining=couch_of(left.after(back)), left=couch_of(left), at=at, residual=residual, unit=unit,
        matrix=session_matrix(displacement, patient.isocentre, patient.plan.lying), images=images, slices=slices,
        markers=markers, warnings=warnings, rounds=rounds,
    )  # fmt: skip


def untrusted(kind: MatchKind, patient: LoadedPatient, at: Couch, refusal: str, unit: str) -> Matched:
    """Return a match that found nothing."""
    return Matched(
        kind=kind, couch=Couch(), remaining=Couch(), left=Couch(), at=at, residual=float("inf"), unit=unit, refusal=refusal,
        matrix=session_matrix(Couch(), patient.isocentre, patient.plan.lying),
    )  # fmt: skip
