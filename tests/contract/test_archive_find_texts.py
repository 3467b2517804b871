"""Specific Character Set in queries and in responses (PS3.4 C.2.2.2, PS3.5 6.1.2): what is read, matched and written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.devices.entity import application_entity, associate
from linacsim.devices.queryretrieve import Found, PatientRootFind, StudyRootFind, find
from linacsim.kernel.log import Record
from tests.contract.archived import Asker, as_read, build_archive, everything, identifier, instance

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
Records = Callable[..., list[Record]]

NAMES: dict[str | tuple[str, ...], str] = {
    "ISO_IR 100": "Buc^Jérôme",
    "ISO_IR 101": "Wałęsa^Łukasz",
    "ISO_IR 144": "Люкceмбypг",
    "ISO_IR 126": "Διονυσιος",
    "ISO_IR 138": "שרון^דבורה",
    "ISO_IR 166": "นามสกุล^ชื่อ",
    "ISO_IR 192": "Wang^XiaoDong=王^小東",
    "GB18030": "Wang^XiaoDong=王^小东",
    ("", "ISO 2022 IR 87"): "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ("ISO 2022 IR 13", "ISO 2022 IR 87"): "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ("", "ISO 2022 IR 149"): "Hong^Gildong=洪^吉洞=홍^길동",
    ("ISO 2022 IR 100", "ISO 2022 IR 144"): "Dionysios é^Люкceмбypг",
}
"""Names by Specific Character Set; most are those of PS3.5 H to K."""
TERMS = list(NAMES)


def named(terms: str | tuple[str, ...], name: str, number: int) -> Dataset:
    """Return an object whose patient's name and whose description are in a character set."""
    ds = instance(f"P{number}", f"1.{number}", f"1.{number}.1", f"1.{number}.1.1")
    ds.SpecificCharacterSet = terms if isinstance(terms, str) else list(terms)
    ds.PatientName = name
    ds.StudyDescription = name.partition("=")[0]
    return as_read(ds)


def build(bench: Bench, folder: Path) -> Asker:
    objects = [named(terms, name, number) for number, (terms, name) in enumerate(NAMES.items(), 1)]
    return build_archive(bench, folder / "in", objects)


def ask(asker: Asker, wanted: Dataset, model: str = StudyRootFind, syntax: UID = ExplicitVRLittleEndian) -> Found:
    device: Any = asker.device

    def task() -> Found:
        ae = application_entity(device, device.personality)
        assoc = associate(device, ae, "ARCHIVE", [build_context(model, syntax)])
        found = find(device, ae, assoc, model, wanted)
        assoc.release()
        return found

    answer: Found = asker._bench.play(task, place=device.place)
    return answer


def question(terms: str | tuple[str, ...] | None, **keys: Any) -> Dataset:
    wanted = identifier("STUDY", StudyInstanceUID="", **keys)
    if terms is not None:
        wanted.SpecificCharacterSet = terms if isinstance(terms, str) else list(terms)
    return as_sent(wanted)


def as_sent(ds: Dataset) -> Dataset:
    """Return an identifier whose names have been told their character set."""
    for element in ds:
        if element.VR == "PN" and element.value:
            ds.add_new(element.tag, "PN", str(element.value))
    return ds


def terms_of(match: Dataset) -> Any:
    told = match.get("SpecificCharacterSet")
    return told if told is None or isinstance(told, str) else tuple(told)


@pytest.mark.parametrize("terms", TERMS, ids=str)
def test_a_name_is_found_and_returned_in_its_own_character_set(
    bench_clock: Bench, tmp_path: Path, terms: str | tuple[str, ...]
) -> None:
    asker, name = build(bench_clock, tmp_path), NAMES[terms]
    found = ask(asker, question(terms, PatientName=name, StudyDescription=""))
    told = [(str(match.PatientName), str(match.StudyDescription), terms_of(match)) for match in found.identifiers]
    assert told == [(name, name.partition("=")[0], terms)]


@pytest.mark.parametrize("terms", TERMS, ids=str)
def test_a_name_is_found_in_unicode_and_returned_in_unicode(
    bench_clock: Bench, tmp_path: Path, terms: str | tuple[str, ...]
) -> None:
    asker, name = build(bench_clock, tmp_path), NAMES[terms]
    for wanted in (name, f"{name[:3]}*", f"*{name[-2:]}"):
        found = ask(asker, question("ISO_IR 192", PatientName=wanted))
        assert name in [str(match.PatientName) for match in found.identifiers]
        assert {terms_of(match) for match in found.identifiers} == {"ISO_IR 192"}


def test_what_the_asked_character_set_cannot_write_comes_in_the_object_s(bench_clock: Bench, tmp_path: Path) -> None:
    asker = build(bench_clock, tmp_path)
    found = ask(asker, question("ISO_IR 100", PatientName=""))
    told = {str(match.PatientName): terms_of(match) for match in found.identifiers}
    assert set(told) == set(NAMES.values())
    assert told["Buc^Jérôme"] == "ISO_IR 100"
    assert told["Yamada^Tarou=山田^太郎=やまだ^たろう"] == ("", "ISO 2022 IR 87")


def test_without_a_character_set_everything_comes_as_it_is_kept(bench_clock: Bench, tmp_path: Path) -> None:
    found = ask(build(bench_clock, tmp_path), question(None, PatientName=""))
    assert {terms_of(match): str(match.PatientName) for match in found.identifiers} == NAMES


def test_what_is_plain_needs_no_character_set(bench_clock: Bench, tmp_path: Path) -> None:
    asker = build_archive(bench_clock, tmp_path / "in", everything())
    found = ask(asker, question("ISO_IR 192", PatientName="Doe*"))
    assert [terms_of(match) for match in found.identifiers] == [None, None]


def test_a_character_set_is_never_matched(bench_clock: Bench, tmp_path: Path) -> None:
    found = ask(build(bench_clock, tmp_path), question("ISO_IR 110", StudyDescription=""))
    assert len(found.identifiers) == len(NAMES)


def test_levels_in_different_character_sets_come_in_one_that_writes_both(bench_clock: Bench, tmp_path: Path) -> None:
    first = instance("P1", "1.1", "1.1.1", "1.1.1.1")
    first.SpecificCharacterSet, first.PatientName = "ISO_IR 144", "Люкceмбypг"
    second = instance("P1", "1.2", "1.2.1", "1.2.1.1")
    second.SpecificCharacterSet, second.PatientName, second.StudyDescription = "ISO_IR 100", "Luxembourg", "Tête"
    asker = build_archive(bench_clock, tmp_path / "in", [first, second])
    found = ask(asker, question(None, PatientName="", StudyDescription="T*"))
    (match,) = found.identifiers
    assert (str(match.PatientName), match.StudyDescription) == ("Люкceмбypг", "Tête")
    assert terms_of(match) == "ISO_IR 192"


@pytest.mark.parametrize("asked", ["ISO_IR 192", None])
def test_text_in_a_sequence_has_the_character_set_of_the_response(
    bench_clock: Bench, tmp_path: Path, asked: str | None
) -> None:
    ds, code = instance("P1", "1.1", "1.1.1", "1.1.1.1"), Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "T-1", "99X", "Tête"
    ds.ProcedureCodeSequence = Sequence([code])
    asker = build_archive(bench_clock, tmp_path / "in", [as_read(ds)])
    item = Dataset()
    item.CodeMeaning, item.CodeValue = "Têt?", ""
    (match,) = ask(asker, question("ISO_IR 100", ProcedureCodeSequence=[item])).identifiers
    (told,) = match.ProcedureCodeSequence
    assert (told.CodeMeaning, told.CodeValue, "CodingSchemeDesignator" in told) == ("Tête", "T-1", False)
    # the whole sequence
    (match,) = ask(asker, question(asked, ProcedureCodeSequence=[])).identifiers
    (told,) = match.ProcedureCodeSequence
    assert (told.CodeMeaning, told.CodingSchemeDesignator) == ("Tête", "99X")
    assert terms_of(match) == (asked or "ISO_IR 100")


def test_the_items_that_match_are_returned_with_what_was_asked_for(bench_clock: Bench, tmp_path: Path) -> None:
    ds, codes = instance("P1", "1.1", "1.1.1", "1.1.1.1"), []
    for value, meaning in (("A1", "Head"), ("A2", "Neck"), ("B1", "Chest")):
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "99X", meaning
        codes.append(code)
    ds.ProcedureCodeSequence = Sequence(codes)
    asker = build_archive(bench_clock, tmp_path / "in", [as_read(ds)])
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "A*", ""
    (match,) = ask(asker, question(None, ProcedureCodeSequence=[item])).identifiers
    told = [(str(one.CodeValue), str(one.CodeMeaning), len(one)) for one in match.ProcedureCodeSequence]
    assert told == [("A1", "Head", 2), ("A2", "Neck", 2)]


SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_responses_are_the_same_in_every_transfer_syntax(bench_clock: Bench, tmp_path: Path, syntax: UID) -> None:
    ds = instance("P1", "1.1", "1.1.1", "1.1.1.1")
    ds.PatientName, ds.PatientComments = "Müller^Änne", "x" * 70_000
    item = Dataset()
    item.ScheduledProcedureStepID = "S1"
    ds.RequestAttributesSequence = Sequence([item])
    asker = build_archive(bench_clock, tmp_path / "in", [as_read(ds)])
    wanted = identifier("PATIENT", PatientID="P1", PatientName="", PatientComments="", NumberOfPatientRelatedStudies="")
    (match,) = ask(asker, wanted, PatientRootFind, syntax).identifiers
    assert (str(match.PatientName), terms_of(match)) == ("Müller^Änne", "ISO_IR 100")
    assert len(match.PatientComments) == 70_000
    assert int(match.NumberOfPatientRelatedStudies) == 1
    wanted = identifier("SERIES", StudyInstanceUID="1.1", SeriesInstanceUID="", RequestAttributesSequence=[])
    (match,) = ask(asker, wanted, StudyRootFind, syntax).identifiers
    assert match.RequestAttributesSequence[0].ScheduledProcedureStepID == "S1"
    wanted = identifier(
        "IMAGE", StudyInstanceUID="1.1", SeriesInstanceUID="1.1.1", SOPInstanceUID="", Rows="", ImageType=""
    )
    wanted["Rows"].value = None
    (match,) = ask(asker, wanted, StudyRootFind, syntax).identifiers
    assert (match.Rows, list(match.ImageType)) == (2, ["ORIGINAL", "PRIMARY", "AXIAL"])
