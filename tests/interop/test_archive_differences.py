"""The same questions to our archive, to Orthanc and to DCMTK's dcmqrscp: where they answer differently is listed, with why.

`archive_differences.tsv` is held both ways: a difference that is not in it fails, and one in it that is none any more.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.presentation import build_context

from linacsim import Bench, PlayFailure
from linacsim.devices.archive.personality import Load
from linacsim.devices.entity import application_entity, associate
from linacsim.devices.queryretrieve import PatientRootFind, StudyRootFind, find
from tests.contract.archived import identifier, write
from tests.devices.archive.oracle import UNIQUE
from tests.interop.dcmtk import free_port, listening, run
from tests.interop.orthanc import running
from tests.interop.questions import QUESTIONS, Question, objects

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore::UserWarning")]

LISTED = Path(__file__).with_name("archive_differences.tsv")
PEERS = {"orthanc": "ORTHANC", "dcmqrscp": "QRSCP"}
HOST = "127.0.0.1"
QRSCP = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP {folder} RW (200, 1024mb) ANY
AETable END
"""


def asked(question: Question) -> Dataset:
    """Return the identifier of a question."""
    numbers = {keyword: value for keyword, value in question.keys.items() if dictionary_VR(keyword) == "IS"}
    ds = identifier(question.level or "", **{key: one for key, one in question.keys.items() if key not in numbers})
    for keyword, value in numbers.items():
        # pydicom lets no number be none; in Implicit VR nobody sees what it was written as
        ds.add(DataElement(keyword, "LO", value))
    ds.SpecificCharacterSet = "ISO_IR 192"
    if question.level is None:
        del ds.QueryRetrieveLevel
    return ds


def answer(bench: Bench, title: str, question: Question) -> str:
    """Return what an archive answers: the unique keys of the matches in order, or its status if that is no Success."""
    device: Any = bench.devices["ASKER"]
    model = PatientRootFind if question.root == "patient" else StudyRootFind

    def task() -> str:
        ae = application_entity(device, device.personality)
        assoc = associate(device, ae, title, [build_context(model, ImplicitVRLittleEndian)])
        try:
            found = find(device, ae, assoc, model, asked(question))
        except PlayFailure as failure:
            return str(failure).partition(": ")[2]
        finally:
            if assoc.is_established:
                assoc.release()
        unique = UNIQUE.get(question.level or "", "StudyInstanceUID")
        told = sorted(str(match.get(unique, "")).strip() for match in found.identifiers)
        status = f"{found.status.Status:04X}" if found.status.Status else ""
        return " ".join([*told, *([status] if status else [])]) or "none"

    text: str = bench.play(task, place=device.place)
    return text


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, str]]]:
    """The answers of all archives, by archive and by what a question is about."""
    folder = tmp_path_factory.mktemp("peers")
    files = write(folder / "in", objects())
    (folder / "db").mkdir()
    port, config = free_port(), folder / "dcmqrscp.cfg"
    config.write_text(QRSCP.format(port=port, folder=folder / "db"), "ascii")
    always = {f"DicomAlwaysAllow{what}": True for what in ("Store", "Find")}
    with (
        Bench(clock="live") as bench,
        running(folder, {}, **always) as orthanc,
        listening("dcmqrscp", "-c", config, port=port),
    ):
        archive = bench.add("archive", "ARCHIVE")
        bench.add("storage", "ASKER")
        bench.play(archive.act, "load", Load(files=(str(files),)), place=archive.place)
        for title, at in (("ORTHANC", orthanc.port), ("QRSCP", port)):
            bench.kernel.place(title).address = (HOST, at)
            run("storescu", "-aec", title, "+sd", HOST, at, files).assert_good()
        yield {
            title: {question.about: answer(bench, title, question) for question in QUESTIONS}
            for title in ("ARCHIVE", *PEERS.values())
        }


def listed() -> dict[tuple[str, str], str]:
    with LISTED.open(encoding="utf-8", newline="") as file:
        return {(row["peer"], row["about"]): row["why"] for row in csv.DictReader(file, delimiter="\t")}


def test_every_question_has_a_name_of_its_own() -> None:
    assert len({question.about for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("peer", PEERS)
def test_differences_are_those_that_are_explained(answers: dict[str, dict[str, str]], peer: str) -> None:
    ours, theirs = answers["ARCHIVE"], answers[PEERS[peer]]
    different = {about for about in ours if ours[about] != theirs[about]}
    explained = {about for one, about in listed() if one == peer}
    told = "\n".join(f"{about}: ours {ours[about]}, theirs {theirs[about]}" for about in sorted(different ^ explained))
    assert different == explained, told


def test_every_difference_is_explained_in_words() -> None:
    assert all(len(why.split()) > 3 for why in listed().values())
    assert {about for _peer, about in listed()} <= {question.about for question in QUESTIONS}


def test_where_nobody_differs_there_is_much_to_agree_on(answers: dict[str, dict[str, str]]) -> None:
    agreed = [about for about in answers["ARCHIVE"] if len({told[about] for told in answers.values()}) == 1]
    assert len(agreed) >= 40
