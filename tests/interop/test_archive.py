"""DCMTK's findscu, movescu, getscu, storescu and storescp against linacsim's archive; and our client against dcmqrscp."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.presentation import build_context

from linacsim import Bench
from linacsim.devices.archive.personality import ArchivePersonality, Destination, Load
from linacsim.devices.entity import application_entity, associate
from linacsim.devices.queryretrieve import Counters, StudyRootFind, StudyRootMove, find, move
from linacsim.devices.storage.personality import StoragePersonality
from tests.interop.datasets import bundled, differences, many
from tests.interop.dcmtk import Done, free_port, listening, run

pytestmark = [
    pytest.mark.interop,
    # files that come with pydicom are odd on purpose
    pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning"),
]

NAMES = ("CT_small.dcm", "rtplan.dcm", "rtdose.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm", "reportsi.dcm")
HOST = "127.0.0.1"


class Site:
    """An archive on the live clock, with a table of destinations for DCMTK's programs."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.folder = folder
        self.store_port, self.move_port = free_port(), free_port()
        table = {
            "STORESCP": Destination(host=HOST, port=self.store_port),
            "MOVESCU": Destination(host=HOST, port=self.move_port),
        }
        self.archive = bench.add("archive", "ARCHIVE", settings=ArchivePersonality(destinations=table))
        _host, self.port = bench.address_of("ARCHIVE")

    def load(self, *files: Path) -> None:
        """Put files into the archive."""
        what = Load(files=tuple(str(file) for file in files))
        self.bench.play(self.archive.act, "load", what, place=self.archive.place)

    def ask(self, program: str, *arguments: object) -> Done:
        """Run one of DCMTK's clients; keys and options stand before the address."""
        return run(program, "-v", "-aec", "ARCHIVE", *arguments, HOST, self.port)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Bench(clock="live") as bench:
        yield Site(bench, tmp_path)


def keys(level: str, **values: str) -> list[str]:
    """Return the options for the keys of an identifier."""
    pairs = [f"QueryRetrieveLevel={level}", *(f"{keyword}={value}" for keyword, value in values.items())]
    return [part for pair in pairs for part in ("-k", pair)]


def found(folder: Path) -> list[Dataset]:
    """Return the responses that findscu has written, in their order, and clear the folder."""
    responses: list[Dataset] = [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]
    shutil.rmtree(folder)
    return responses


def query(site: Site, root: str, level: str, **values: str) -> list[Dataset]:
    """Query with findscu and return the identifiers."""
    folder = site.folder / "responses"
    folder.mkdir()
    site.ask("findscu", root, "-X", "-od", folder, *keys(level, **values)).assert_good()
    return found(folder)


def test_echoscu_and_storescu(site: Site) -> None:
    run("echoscu", "-aec", "ARCHIVE", HOST, site.port).assert_good()
    run("storescu", "-aec", "ARCHIVE", HOST, site.port, *(bundled(name) for name in NAMES[:3])).assert_good()
    assert len(query(site, "-S", "STUDY", StudyInstanceUID="")) == 3


def test_findscu_goes_down_the_study_root(site: Site) -> None:
    files = many(site.folder / "series", 5)
    site.load(*files, *(bundled(name) for name in NAMES[1:]))
    (study,) = query(site, "-S", "STUDY", StudyInstanceUID="", PatientName="*CT1", NumberOfStudyRelatedInstances="")
    assert (study.PatientName, int(study.NumberOfStudyRelatedInstances)) == ("CompressedSamples^CT1", 5)
    (series,) = query(site, "-S", "SERIES", StudyInstanceUID=study.StudyInstanceUID, SeriesInstanceUID="", Modality="")
    assert series.Modality == "CT"
    above = {"StudyInstanceUID": study.StudyInstanceUID, "SeriesInstanceUID": series.SeriesInstanceUID}
    images = query(site, "-S", "IMAGE", **above, SOPInstanceUID="", InstanceNumber="")
    assert [int(image.InstanceNumber) for image in images] == [1, 2, 3, 4, 5]


def test_findscu_goes_down_the_patient_root(site: Site) -> None:
    site.load(*(bundled(name) for name in NAMES))
    patients = query(site, "-P", "PATIENT", PatientID="", PatientName="")
    ct = next(patient for patient in patients if patient.PatientName == "CompressedSamples^CT1")
    (study,) = query(site, "-P", "STUDY", PatientID=ct.PatientID, StudyInstanceUID="", StudyDate="20040101-20041231")
    (series,) = query(site, "-P", "SERIES", PatientID=ct.PatientID, StudyInstanceUID=study.StudyInstanceUID)
    assert series.QueryRetrieveLevel == "SERIES"


def test_findscu_is_told_what_is_wrong(site: Site) -> None:
    site.load(bundled("CT_small.dcm"))
    told = site.ask("findscu", "-d", "-S", *keys("SERIES", SeriesInstanceUID=""))
    assert "0xa900" in told.text
    assert "Study Instance UID is missing" in told.text


def test_findscu_cancels(site: Site) -> None:
    site.load(*many(site.folder / "series", 60))
    ct = dcmread(bundled("CT_small.dcm"))
    above = {"StudyInstanceUID": str(ct.StudyInstanceUID), "SeriesInstanceUID": str(ct.SeriesInstanceUID)}
    told = site.ask("findscu", "-d", "-S", "--cancel", "3", *keys("IMAGE", **above, SOPInstanceUID=""))
    assert told.code == 0, told.text
    # the C-CANCEL may come after the last match, never without an end
    assert re.search(r"DIMSE Status\s*: 0x(fe00|0000)", told.text)


def test_movescu_receives_what_it_asks_for(site: Site) -> None:
    files = [*many(site.folder / "series", 5), *(bundled(name) for name in NAMES[1:])]
    site.load(*files)
    folder = site.folder / "moved"
    folder.mkdir()
    studies = {str(dcmread(file).StudyInstanceUID) for file in files}
    for study in sorted(studies):
        done = site.ask(
            "movescu", "-S", "-aet", "MOVESCU", "-aem", "MOVESCU", "--port", site.move_port, "+xa", "-od", folder,
            *keys("STUDY", StudyInstanceUID=study),
        )  # fmt: skip
        done.assert_good()
    kept = {dcmread(path).SOPInstanceUID: path for path in folder.iterdir()}
    assert len(kept) == len({dcmread(file).SOPInstanceUID for file in files})
    for file in files[:7]:
        assert differences(file, kept[dcmread(file).SOPInstanceUID]) == []


def test_movescu_reads_our_counters(site: Site) -> None:
    site.load(*many(site.folder / "series", 3))
    ct = dcmread(bundled("CT_small.dcm"))
    (site.folder / "kept").mkdir()
    with listening("storescp", "-od", site.folder / "kept", site.store_port, port=site.store_port):
        told = site.ask("movescu", "-d", "-S", "-aem", "STORESCP", *keys("STUDY", StudyInstanceUID=ct.StudyInstanceUID))
    told.assert_good()
    assert len(list((site.folder / "kept").iterdir())) == 3
    final = told.text[told.text.rindex("C-MOVE RSP") :]
    assert "0x0000" in final
    assert re.search(r"Remaining Suboperations\s*: none", final)
    assert re.search(r"Completed Suboperations\s*: 3", final)
    assert re.search(r"Failed Suboperations\s*: 0", final)


@pytest.mark.parametrize(
    ("destination", "study", "status"), [("NOBODY", "CT_small.dcm", "0xa801"), ("MOVESCU", "CT_small.dcm", "0xa702")]
)
def test_movescu_to_nobody(site: Site, destination: str, study: str, status: str) -> None:
    site.load(bundled("CT_small.dcm"))
    uid = dcmread(bundled(study)).StudyInstanceUID
    told = site.ask("movescu", "-d", "-S", "-aem", destination, *keys("STUDY", StudyInstanceUID=uid))
    assert status in told.text.lower()
    assert "abort" not in told.text.lower()


def test_storescp_that_aborts_leaves_failed_sub_operations(site: Site) -> None:
    site.load(*many(site.folder / "series", 4))
    ct = dcmread(bundled("CT_small.dcm"))
    (site.folder / "kept").mkdir()
    options = ("--abort-after", "-od", site.folder / "kept")
    with listening("storescp", *options, site.store_port, port=site.store_port):
        told = site.ask("movescu", "-d", "-S", "-aem", "STORESCP", *keys("STUDY", StudyInstanceUID=ct.StudyInstanceUID))
    assert "0xa702" in told.text.lower()
    assert "FailedSOPInstanceUIDList" in told.text


def test_getscu_gets_what_it_asks_for(site: Site) -> None:
    files = [*many(site.folder / "series", 4), bundled("rtplan.dcm"), bundled("rtdose.dcm")]
    site.load(*files)
    folder = site.folder / "got"
    folder.mkdir()
    for study in sorted({str(dcmread(file).StudyInstanceUID) for file in files}):
        site.ask("getscu", "-S", "+xe", "-od", folder, *keys("STUDY", StudyInstanceUID=study)).assert_good()
    kept = {dcmread(path).SOPInstanceUID: path for path in folder.iterdir()}
    for file in files:
        assert differences(file, kept[dcmread(file).SOPInstanceUID]) == []


QRSCP = """
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
dest = (DEST, {host}, {destination})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP {folder} RW (200, 1024mb) ANY
AETable END
"""


@pytest.fixture
def dcmqrscp(tmp_path: Path) -> Iterator[tuple[int, Bench]]:
    """DCMTK's archive, with a destination that is a storage peer of a bench."""
    port = free_port()
    with Bench(clock="live") as bench:
        _host, destination = bench.add("storage", "DEST").place.address or ("", 0)
        (tmp_path / "db").mkdir()
        config = tmp_path / "dcmqrscp.cfg"
        text = QRSCP.format(port=port, host=HOST, destination=destination, folder=tmp_path / "db")
        config.write_text(text, "ascii")
        bench.kernel.place("QRSCP").address = (HOST, port)
        with listening("dcmqrscp", "-c", config, port=port):
            files = many(tmp_path / "series", 8)
            run("storescu", "-aec", "QRSCP", HOST, port, *files).assert_good()
            yield port, bench


def test_our_client_finds_and_moves_at_dcmqrscp(dcmqrscp: tuple[int, Bench]) -> None:
    _port, bench = dcmqrscp
    asker = bench.add("storage", "ASKER", settings=StoragePersonality())
    ct = dcmread(bundled("CT_small.dcm"))

    def ask() -> tuple[int, int, Counters, int]:
        ae = application_entity(asker, asker.personality)
        assoc = associate(asker, ae, "QRSCP", [build_context(model) for model in (StudyRootFind, StudyRootMove)])
        wanted = Dataset()
        wanted.QueryRetrieveLevel, wanted.StudyInstanceUID, wanted.PatientName = "STUDY", "", "Compressed*"
        matches = find(asker, ae, assoc, StudyRootFind, wanted, message_id=1)
        wanted = Dataset()
        wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", ct.StudyInstanceUID
        moved = move(asker, ae, assoc, StudyRootMove, wanted, "DEST", message_id=2)
        nobody = move(asker, ae, assoc, StudyRootMove, wanted, "NOBODY", message_id=3)
        assoc.release()
        return len(matches.identifiers), moved.status.Status, moved.counters, nobody.status.Status

    matches, status, counters, unknown = bench.play(ask, place=asker.place)
    assert (matches, status, counters.completed, counters.failed) == (1, 0, 8, 0)
    assert unknown == 0xA801
    assert len(bench.shelf.names("objects/DEST")) == 8
