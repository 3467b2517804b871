"""The personalities that are like real archives, beside those: the same requests, and what each makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydicom.dataset import Dataset
from pynetdicom.presentation import build_context

from linacsim import Bench
from linacsim.devices.archive.personality import ArchivePersonality, Destination, Load
from linacsim.devices.entity import application_entity, associate
from linacsim.devices.queryretrieve import (
    PatientRootFind,
    StudyRootFind,
    StudyRootMove,
    find,
    move,
)
from linacsim.objects.case import Case, CaseSettings
from tests.contract.archived import identifier
from tests.interop.dcmtk import free_port, run
from tests.interop.test_archive_clients import HOST, PEER, Archive, dcmqrscp, orthanc

pytestmark = pytest.mark.interop

CASE = CaseSettings(slices=3, matrix=32, radiograph=32)
ROOTS = {"S": StudyRootFind, "P": PatientRootFind}


class Uids(NamedTuple):
    """Those of a CT image of the patient."""

    patient: str
    study: str
    series: str
    image: str


class Site:
    """A real archive and ours beside it, with the same objects and the same destination."""

    def __init__(self, bench: Bench, folder: Path, port: int, personality: ArchivePersonality) -> None:
        self.bench = bench
        bench.kernel.place(PEER).address = (HOST, port)
        self.ours = bench.add("archive", "LIKE", settings=personality)
        case: list[Dataset] = list(Case(bench.kernel.identity, CASE).objects(("ct", "rtstruct", "rtplan")))
        self.uids = Uids(
            *(
                str(case[0][one].value)
                for one in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
            )
        )
        (folder / "case").mkdir()
        for number, ds in enumerate(case):
            ds.save_as(folder / "case" / f"{number}.dcm", enforce_file_format=True)
        run("storescu", "-aec", PEER, "+sd", HOST, port, folder / "case").assert_good()
        bench.play(self.ours.act, "load", Load(files=(str(folder / "case"),)), place=self.ours.place)
        self.asker = bench.add("storage", "ASKER")

    def find(self, to: str, root: str, level: str, keys: dict[str, Any]) -> tuple[int, str]:
        """Return the number of matches of a C-FIND and its final status."""

        def ask() -> tuple[int, str]:
            ae = application_entity(self.asker, self.asker.personality)
            assoc = associate(self.asker, ae, to, [build_context(ROOTS[root])])
            told = find(self.asker, ae, assoc, ROOTS[root], _identifier(level, keys))
            assoc.release()
            return len(told.identifiers), f"{told.status.Status:04X}"

        answer: tuple[int, str] = self.bench.play(ask, place=self.asker.place)
        return answer

    def move(self, to: str, level: str, destination: str, keys: dict[str, Any]) -> tuple[str, int | None]:
        """Return the final status of a C-MOVE and how many sub-operations were completed."""

        def ask() -> tuple[str, int | None]:
            ae = application_entity(self.asker, self.asker.personality)
            assoc = associate(self.asker, ae, to, [build_context(StudyRootMove)])
            told = move(self.asker, ae, assoc, StudyRootMove, _identifier(level, keys), destination)
            assoc.release()
            # where nothing was tried, a counter that is 0 says no more than one that is not there
            return f"{told.status.Status:04X}", told.counters.completed or None

        answer: tuple[str, int | None] = self.bench.play(ask, place=self.asker.place)
        return answer

    def filled(self, keys: dict[str, Any]) -> dict[str, Any]:
        """Return keys with the UIDs of the patient for the words in braces."""
        known = self.uids._asdict()
        return {word: value.format(**known) if isinstance(value, str) else value for word, value in keys.items()}


def _identifier(level: str, keys: dict[str, Any]) -> Dataset:
    return identifier(level, **keys)


@pytest.fixture(params=[dcmqrscp, orthanc], ids=["dcmqrscp", "orthanc"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Return a site with the one or the other, and our archive like it."""
    peer: Archive = request.param
    ports = {"DEST": free_port(), "DEAD": free_port()}
    table = {title: Destination(host=HOST, port=port) for title, port in ports.items()}
    settings = ArchivePersonality.named(peer.__name__, destinations=table)
    with Bench(clock="live", seed=29) as bench, peer(tmp_path, ports) as port:
        bench.add("storage", "DEST", port=ports["DEST"])
        yield Site(bench, tmp_path, port, settings)


FINDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("S", "STUDY", {"StudyInstanceUID": ""}),
    ("S", "STUDY", {"StudyInstanceUID": "{study}", "PatientID": ""}),
    ("S", "STUDY", {"StudyInstanceUID": "{study}", "ReasonForStudy": ""}),
    ("S", "STUDY", {"StudyInstanceUID": "", "StudyDate": "19900101-"}),
    ("S", "STUDY", {"PatientID": "sim0001", "StudyInstanceUID": ""}),
    ("S", "FOO", {"PatientID": ""}),
    ("S", "SERIES", {"SeriesInstanceUID": "", "Modality": ""}),
    ("S", "SERIES", {"StudyInstanceUID": "", "SeriesInstanceUID": ""}),
    ("S", "SERIES", {"StudyInstanceUID": "{study}", "PatientName": "zzz", "SeriesInstanceUID": ""}),
    ("S", "IMAGE", {"SOPInstanceUID": "{image}"}),
    ("S", "IMAGE", {"SOPInstanceUID": "{image}", "StudyInstanceUID": "", "SeriesInstanceUID": ""}),
    ("S", "IMAGE", {"SOPInstanceUID": "", "StudyInstanceUID": "{study}", "SeriesInstanceUID": "{series}"}),
    ("S", "STUDY", {"StudyInstanceUID": "", "Modality": "CT"}),
    ("P", "PATIENT", {"PatientID": "", "PatientName": ""}),
    ("P", "STUDY", {"StudyInstanceUID": ""}),
)
MOVES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("STUDY", "NOWHERE", {"StudyInstanceUID": "{study}"}),
    ("STUDY", "DEAD", {"StudyInstanceUID": "{study}"}),
    ("STUDY", "DEST", {"StudyInstanceUID": "{study}"}),
    ("STUDY", "DEST", {"StudyInstanceUID": "1.2.3"}),
    ("IMAGE", "DEST", {"SOPInstanceUID": "{image}", "StudyInstanceUID": "", "SeriesInstanceUID": ""}),
    ("IMAGE", "DEST", {"SOPInstanceUID": "{image}"}),
    ("SERIES", "DEST", {"SeriesInstanceUID": "{series}"}),
    ("IMAGE", "DEST", {"SOPInstanceUID": "{image}", "StudyInstanceUID": "{study}", "SeriesInstanceUID": "{series}"}),
)


def test_queries_get_the_same_answer(site: Site) -> None:
    asked = [(root, level, site.filled(keys)) for root, level, keys in FINDS]
    theirs = {str(one): site.find(PEER, *one) for one in asked}
    ours = {str(one): site.find("LIKE", *one) for one in asked}
    assert ours == theirs


def test_retrievals_get_the_same_answer(site: Site) -> None:
    asked = [(level, to, site.filled(keys)) for level, to, keys in MOVES]
    theirs = {str(one): site.move(PEER, *one) for one in asked}
    ours = {str(one): site.move("LIKE", *one) for one in asked}
    assert ours == theirs
