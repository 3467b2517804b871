"""Whose pictures they are: plans that say little, plans that are none, names in any script."""

from __future__ import annotations

import warnings
from copy import deepcopy
from dataclasses import replace

import pytest
from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.imaging import Session, ct_slices, made_up, marker_set, rt_image, subject_of
from tests.objects.imaging.made import case, radiograph, read_back, scan


def plan() -> Dataset:
    return deepcopy(case().rtplan[0])


def test_a_subject_is_what_the_plan_says() -> None:
    ds = plan()
    subject = subject_of(ds)
    assert (subject.patient_name, subject.patient_id) == (str(ds.PatientName), ds.PatientID)
    assert (subject.study, subject.study_date, subject.study_time) == (ds.StudyInstanceUID, ds.StudyDate, ds.StudyTime)
    assert (subject.study_id, subject.accession) == (ds.StudyID, ds.AccessionNumber)
    assert subject.plan == (ds.SOPClassUID, ds.SOPInstanceUID)
    assert subject.isocentre == (80.0, -10.0, 0.0)
    assert (subject.position, subject.frame_of_reference) == ("HFS", ds.FrameOfReferenceUID)


def test_an_ion_plan_is_a_plan() -> None:
    ds = case().rtionplan[0]
    subject = subject_of(ds)
    assert subject.plan == (ds.SOPClassUID, ds.SOPInstanceUID)
    assert subject.isocentre is not None


@pytest.mark.parametrize("name", ["Łukasz^Ülo", "山田^太郎", "Αλέξης", "Müller^Jürgen"])
def test_a_name_in_any_script_comes_through(name: str) -> None:
    ds = plan()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = name
    day = Session(Identity(1), subject_of(ds), "one")
    marked = marker_set(day, case().ct, case().rtstruct[0], [(1, 2, 3)], ["Märkør Ж"], at=0)
    for made in (
        rt_image(day, radiograph(), number=1, label="Aufnahme Ж", at=0),
        ct_slices(day, scan(), at=0)[0],
        marked,
    ):
        assert read_back(made).PatientName == name
    assert read_back(marked).StructureSetROISequence[0].ROIName == "Märkør Ж"
    assert read_back(rt_image(day, radiograph(), number=1, label="Bild Ж", at=0)).RTImageLabel == "Bild Ж"


def test_what_a_plan_does_not_say_stays_empty() -> None:
    ds = plan()
    for keyword in ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "PatientBirthDate", "PatientSex"):
        delattr(ds, keyword)
    ds.PatientName = ds.PatientID = None
    day = Session(Identity(1), subject_of(ds), "one")
    image = read_back(rt_image(day, radiograph(), number=1, label="one", at=0))
    for keyword in ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "PatientBirthDate", "PatientSex",
                    "PatientName", "PatientID"):  # fmt: skip
        assert keyword in image
        assert not image.get(keyword)


@pytest.mark.parametrize(("keyword", "value"), [
    ("PatientID", "9" * 70), ("PatientName", "Long^" + "x" * 80), ("StudyID", "seventeen letters"),
    ("StudyDate", "6 May 2024"), ("PatientBirthDate", "19991332"), ("PatientSex", "male"),
])  # fmt: skip
def test_odd_values_of_a_plan_go_on_as_they_came(keyword: str, value: str) -> None:
    ds = plan()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        setattr(ds, keyword, value)
    day = Session(Identity(1), subject_of(ds), "one")
    image = rt_image(day, radiograph(), number=1, label="one", at=0)
    assert str(image[keyword].value) == value


def test_a_plan_without_isocentre_is_a_subject_without() -> None:
    ds = plan()
    for beam in ds.BeamSequence:
        for point in beam.ControlPointSequence:
            point.pop("IsocenterPosition", None)
    assert subject_of(ds).isocentre is None
    del ds.BeamSequence
    assert subject_of(ds).isocentre is None
    day = Session(Identity(1), subject_of(ds), "one")
    image = rt_image(day, radiograph(), number=1, label="one", at=0)
    assert [float(one) for one in image.IsocenterPosition] == [0, 0, 0]  # of the session, not of the plan


def test_how_the_patient_lies_is_of_the_first_setup_that_says_it() -> None:
    ds = plan()
    ds.PatientSetupSequence = [Dataset(), Dataset()]
    assert subject_of(ds).position == "HFS"
    ds.PatientSetupSequence[1].PatientPosition = "FFP"
    assert subject_of(ds).position == "FFP"
    del ds.PatientSetupSequence
    assert subject_of(ds).position == "HFS"
    ds.PatientSetupSequence = [Dataset()]
    ds.PatientSetupSequence[0].PatientPosition = "HFDL"
    with pytest.raises(InputError, match="PatientPosition HFDL"):
        subject_of(ds)


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(InputError, match="this is no plan"):
        subject_of(case().ct[0])
    with pytest.raises(InputError, match="this is no plan"):
        subject_of(Dataset())
    for keyword in ("SOPInstanceUID", "StudyInstanceUID"):
        ds = plan()
        delattr(ds, keyword)
        with pytest.raises(InputError, match=f"the plan has no {keyword}"):
            subject_of(ds)


def test_a_made_up_subject_is_the_same_for_the_same_seed() -> None:
    one, again, other = made_up(Identity(1), "head"), made_up(Identity(1), "head"), made_up(Identity(2), "head")
    assert one == again
    assert (one.patient_name, one.patient_id, one.plan, one.isocentre) == ("Phantom^Head", "HEAD", None, None)
    assert one.study != other.study
    assert one.study_date == "20240506"


def test_sessions_are_told_apart_by_label_study_and_plan() -> None:
    subject = made_up(Identity(1), "head")
    frames = {
        Session(Identity(1), subject, "one").frame_of_reference,
        Session(Identity(1), subject, "two").frame_of_reference,
        Session(Identity(2), subject, "one").frame_of_reference,
        Session(Identity(1), replace(subject, study="1.2"), "one").frame_of_reference,
        Session(Identity(1), replace(subject, plan=("1.2", "3.4")), "one").frame_of_reference,
    }
    assert len(frames) == 5
    assert Session(Identity(1), subject, "one").frame_of_reference in frames


def test_moments_are_of_the_bench() -> None:
    day = Session(Identity(1), made_up(Identity(1), "head"), "one")
    image = rt_image(day, radiograph(), number=1, label="one", at=61_250_000)
    assert (image.ContentDate, image.ContentTime) == ("20240506", "080101.250000")
    assert (image.AcquisitionTime, image.InstanceCreationTime) == ("080101.250000", "080101.250000")
