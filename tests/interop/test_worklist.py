"""The Modality Worklist with DCMTK and Orthanc, both ways, on the same schedule."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from linacsim import Bench
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.worklist import Protocol, ScheduledStep, scheduled
from linacsim.devices.worklist import Worklist
from linacsim.errors import PlayFailure
from linacsim.kernel.identity import Identity
from linacsim.kernel.units import HOUR
from tests.interop import orthanc
from tests.interop.dcmtk import free_port, listening, run

pytestmark = pytest.mark.interop

HOST = "127.0.0.1"
PLUGINS = Path("/usr/share/orthanc/plugins")
STEPS = (
    ScheduledStep(station="LINAC1", patient_name="Doe^John", patient_id="A1", start=HOUR // 2, performer="Curie^Marie",
                  protocol=Protocol(value="CBCT1", meaning="Pelvis")),
    ScheduledStep(station="LINAC1", patient_name="Müller^Änne", patient_id="B2", start=HOUR, modality="CT", sex="F"),
    ScheduledStep(station="LINAC2", patient_name="Roe^Jane", patient_id="C3", start=2 * HOUR),
    ScheduledStep(station="LINAC1", patient_name="Doe^Jack", patient_id="D4", date="20240507", time="090000"),
)  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Our archive with the schedule; its port, and a folder."""
    with Bench(clock="live") as bench:
        bench.add("archive", "ARCHIVE", settings=ArchivePersonality(schedule=STEPS))
        yield bench.address_of("ARCHIVE")[1], tmp_path


# DCMTK asks ours


def findscu(archive: tuple[int, Path], *keys: str) -> list[Dataset]:
    """Return what findscu is told."""
    port, folder = archive
    out = folder / "responses"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    options = [part for key in ("PatientID", "PatientName", *keys) for part in ("-k", key)]
    run("findscu", "-v", "-W", "-aec", "ARCHIVE", "-X", "-od", out, *options, HOST, port).assert_good()
    return [dcmread(path, force=True) for path in sorted(out.glob("rsp*.dcm"))]


IN_STEP = "ScheduledProcedureStepSequence[0]."


@pytest.mark.parametrize(
    ("keys", "patients"),
    [
        ((), "ABCD"),
        ((f"{IN_STEP}ScheduledStationAETitle=LINAC1",), "ABD"),
        ((f"{IN_STEP}Modality=CT", f"{IN_STEP}ScheduledProcedureStepID"), "B"),
        ((f"{IN_STEP}ScheduledProcedureStepStartDate=20240506", f"{IN_STEP}ScheduledStationAETitle=LINAC1"), "AB"),
        (
            (
                f"{IN_STEP}ScheduledProcedureStepStartDate=20240506-20240507",
                f"{IN_STEP}ScheduledProcedureStepStartTime=093000-093000",
            ),
            "CD",
        ),
        (("PatientName=DOE*",), "AD"),
        ((f"{IN_STEP}ScheduledPerformingPhysicianName=Curie*",), "A"),
    ],
)
def test_findscu_asks_for_the_worklist(archive: tuple[int, Path], keys: tuple[str, ...], patients: str) -> None:
    items = findscu(archive, *keys)
    assert "".join(item.PatientID[0] for item in items) == patients
    if keys and keys[-1] == f"{IN_STEP}ScheduledProcedureStepID":
        (step,) = items[0].ScheduledProcedureStepSequence
        assert (step.Modality, step.ScheduledProcedureStepID) == ("CT", "SPS2")


def test_findscu_is_told_what_is_wrong(archive: tuple[int, Path]) -> None:
    port, _ = archive
    key = f"{IN_STEP}ScheduledProcedureStepStartDate=2024*"
    told = run("findscu", "-d", "-W", "-aec", "ARCHIVE", "-k", key, HOST, port)
    assert "0xa900" in told.text


# we ask DCMTK and Orthanc


def write(folder: Path) -> Path:
    """Write the schedule as worklist files."""
    folder.mkdir(parents=True)
    (folder / "lockfile").touch()
    for ordinal, step in enumerate(STEPS, 1):
        item = scheduled(Identity(0), "ARCHIVE", ordinal, step)
        item.file_meta = FileMetaDataset()
        item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        item.file_meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"  # type: ignore[assignment]
        item.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{ordinal}"  # type: ignore[assignment]
        item.save_as(folder / f"{ordinal}.wl", enforce_file_format=True)
    return folder


@contextmanager
def wlmscpfs(folder: Path) -> Iterator[int]:
    """Let DCMTK's worklist server have the schedule; yield its port."""
    write(folder / "wl" / "WORKLIST")
    port = free_port()
    with listening("wlmscpfs", "-s", "-csk", "-dfp", folder / "wl", port, port=port):
        yield port


@contextmanager
def plugin(folder: Path) -> Iterator[int]:
    """Let Orthanc's worklist plugin have the schedule; yield its port."""
    library = PLUGINS / "libModalityWorklists.so"
    if not library.exists():
        pytest.skip("Orthanc's plugin for worklists is not installed")
    settings = {"Enable": True, "Database": str(write(folder / "wl"))}
    with orthanc.running(
        folder, {}, Plugins=[str(library)], Worklists=settings, DicomAlwaysAllowFindWorklist=True
    ) as peer:
        yield peer.port


@pytest.fixture(params=[wlmscpfs, plugin], ids=["wlmscpfs", "orthanc"])
def linac(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Callable[[Worklist], list[str]]]]:
    """A linac that asks the one or the other, and what it is told: the step IDs."""
    peer: Callable[[Path], AbstractContextManager[int]] = request.param
    with peer(tmp_path) as port, Bench(clock="live") as bench:
        bench.kernel.place("WORKLIST").address = (HOST, port)
        device = bench.add("storage", "LINAC1")

        def ask(what: Worklist) -> list[str]:
            before = len(bench.log.records)
            bench.play(device.act, "worklist", what, place=device.place)
            records = bench.log.records[before:]
            assert not [one for one in records if one["event"] == "worklist-item-incomplete"]
            return sorted(str(one["step-id"]) for one in records if one["event"] == "worklist-item")

        yield peer.__name__, ask


def test_a_linac_asks_other_worklists(linac: tuple[str, Callable[[Worklist], list[str]]]) -> None:
    _name, ask = linac
    assert ask(Worklist(to="WORKLIST", date="20240506")) == ["SPS1", "SPS2"]
    assert ask(Worklist(to="WORKLIST", date="20240506-20240507", matches=3)) == ["SPS1", "SPS2", "SPS4"]
    assert ask(Worklist(to="WORKLIST", date="", station="LINAC2")) == ["SPS3"]
    assert ask(Worklist(to="WORKLIST", date="20240506", modality="CT")) == ["SPS2"]
    assert ask(Worklist(to="WORKLIST", date="", keys={"PatientName": "Doe*"})) == ["SPS1", "SPS4"]
    assert ask(Worklist(to="WORKLIST", date="20240509")) == []
    with pytest.raises(PlayFailure, match="2 items instead of 5"):
        ask(Worklist(to="WORKLIST", date="20240506", matches=5))


def test_ranges_of_dates_and_times_are_one_range_for_some(linac: tuple[str, Callable[[Worklist], list[str]]]) -> None:
    name, ask = linac
    found = ask(Worklist(to="WORKLIST", station="", date="20240506-20240507", time="093000-093000"))
    # from 6 May 09:30 to 7 May 09:30 (PS3.4 Table K.6-1); who takes each range on its own finds nothing at 09:30
    assert found == {"wlmscpfs": ["SPS3", "SPS4"], "plugin": []}[name]
