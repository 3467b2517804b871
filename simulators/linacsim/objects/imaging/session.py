"""One session of an imager: UIDs, moments, and the modules that every object of it begins with (PS3.3 C.7)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import datetime

import numpy as np
from pydicom import Dataset
from pydicom.uid import UID

from linacsim.conformance.kinds import NAMES, SOP_CLASSES
from linacsim.kernel.identity import Identity
from linacsim.objects.case.modules import MODALITIES, RT_KINDS, date, put
from linacsim.objects.charset import charset_for
from linacsim.objects.encoding import IMPLEMENTATION_CLASS_UID
from linacsim.objects.imaging.subject import Subject
from linacsim.physics.geometry import Array, Couch, Pose, Vector, patient_pose

_SERIES_NUMBERS = {"rtimage": 1, "ct": 2, "rtstruct": 3, "reg": 4}


class Session:
    """What is acquired of one subject while it lies on the couch.

    **Session frame.** Patient coordinates (x to the left, y to the back, z to the head) that are fixed to the table top, with
    the origin where the machine's isocentre was as the session began, the couch at zero. Everything that is acquired is
    told in this one Frame of Reference, also after the couch has moved (Varian 2.2.1.4.1.2).

    Parameters
    ----------
    identity : Identity
        Where UIDs and dates come from.
    subject : Subject
        Whose.
    label : str
        Tells this session from the others of a run: two with the same subject and label have the same UIDs.
    manufacturer, station, software : str
        Manufacturer, Station Name and Software Versions of the imager.
    """

    def __init__(
        self, identity: Identity, subject: Subject, label: str, *, manufacturer: str = "linacsim",
        station: str = "LINACSIM", software: str = "1.5",
    ) -> None:  # fmt: skip
        self.identity, self.subject, self.label = identity, subject, label
        self.manufacturer, self.station, self.software = manufacturer, station, software

    def uid(self, *key: object) -> str:
        """Return the UID of something in this session: always the same for the same key."""
        plan = self.subject.plan[1] if self.subject.plan else ""
        return self.identity.uid("session", self.label, self.subject.study, plan, *key)

    @property
    def frame_of_reference(self) -> str:
        """Frame of Reference UID of all that is acquired."""
        return self.uid("frame of reference")

    def moment(self, at: int) -> datetime:
        """Return date and time of `at` microseconds since the start of the run."""
        return self.identity.moment(at)

    def pose(self, couch: Couch) -> Pose:
        """Return the transformation from the session frame to the fixed system while the couch is at `couch`."""
        return patient_pose(couch, position=self.subject.position)

    def isocentre(self, couch: Couch) -> Vector:
        """Return where the machine's isocentre is in the session frame while the couch is at `couch`, mm."""
        at: Array = self.pose(couch).inverse(np.zeros(3))
        return float(at[0]), float(at[1]), float(at[2])


def clock(moment: datetime) -> str:
    """Return a TM value, to the microsecond if it is no whole second."""
    return f"{moment:%H%M%S.%f}" if moment.microsecond else f"{moment:%H%M%S}"


def begin(
    session: Session, kind: str, *, key: tuple[object, ...], at: int, model: str, texts: Iterable[str] = ()
) -> Dataset:  # fmt: skip
    """Return a data set with patient, study, series, equipment and SOP Common of one object.

    Parameters
    ----------
    session : Session
    kind : str
        As in `linacsim.conformance.kinds`.
    key : tuple
        Of the object in the session; what comes before its last part is the key of its series.
    at : int
        When it was made, microseconds since the start of the run.
    model : str
        Manufacturer's Model Name.
    texts : iterable of str
        What else of people's words will stand in it: its character set holds them.
    """
    moment, subject = session.moment(at), session.subject
    ds = Dataset()
    put(ds, SOPClassUID=UID(SOP_CLASSES[kind]), SOPInstanceUID=session.uid(kind, *key))
    ds.SpecificCharacterSet = charset_for(
        subject.patient_name, subject.patient_id, subject.study_id, subject.accession, session.manufacturer,
        session.station, *texts,
    )  # fmt: skip
    put(ds, InstanceCreationDate=date(moment), InstanceCreationTime=clock(moment))
    ds.InstanceCreatorUID = IMPLEMENTATION_CLASS_UID
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's words on odd values: what a plan has been given goes on as it came
        put(ds, PatientName=subject.patient_name, PatientID=subject.patient_id)
        put(ds, PatientBirthDate=subject.birth_date, PatientSex=subject.sex)
        put(ds, StudyInstanceUID=subject.study, StudyID=subject.study_id, AccessionNumber=subject.accession)
        put(ds, StudyDate=subject.study_date, StudyTime=subject.study_time, ReferringPhysicianName="")
    put(ds, Modality=MODALITIES[kind], SeriesInstanceUID=session.uid(kind, "series", *key[:-1]))
    put(ds, SeriesNumber=_SERIES_NUMBERS[kind], SeriesDescription=NAMES[kind], OperatorsName="")
    put(ds, SeriesDate=date(moment), SeriesTime=clock(moment))
    if kind not in RT_KINDS:
        put(ds, BodyPartExamined="", Laterality="")
    put(ds, Manufacturer=session.manufacturer, ManufacturerModelName=model, StationName=session.station)
    ds.SoftwareVersions = session.software
    return ds


def in_session_frame(ds: Dataset, session: Session) -> None:
    """Add Frame of Reference (C.7.4.1) of the session."""
    put(ds, FrameOfReferenceUID=session.frame_of_reference, PositionReferenceIndicator="")


def content(ds: Dataset, moment: datetime) -> None:
    """Add when the content of an object was made."""
    put(ds, ContentDate=date(moment), ContentTime=clock(moment))
