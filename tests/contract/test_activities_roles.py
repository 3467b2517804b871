"""What roles do for any system, without a file of behaviour; how many associations at a time; and that it is repeatable."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from linacsim.bench import Bench
from linacsim.conformance import load_system
from linacsim.devices import breaking, planning
from linacsim.devices.archive.personality import Load
from linacsim.devices.caseof import CaseOf
from linacsim.devices.device import Kind
from linacsim.devices.planning import kind
from linacsim.devices.planning.activities import Export, FileExport, FileImport, Query
from linacsim.devices.planning.oncentra import FileCase, RestoreCase
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.planning.raystation import InboxImport, PacsQuery, PacsRetrieve
from linacsim.devices.planning.receiving import StorageSCP
from linacsim.devices.planning.retrieving import Retrieve
from linacsim.devices.planning.services import EVENTS, FIELDS, Client, Files, role_of
from linacsim.devices.planning.varian import FileMode
from linacsim.devices.registry import KINDS
from linacsim.devices.storage.personality import FillDisk, StoragePersonality
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND
from linacsim.kernel.words import FIELDS as OF_THE_KERNEL
from tests.contract.archived import everything, write
from tests.contract.planned import FINDS, MOVES, SMALL, only, to

Act = Callable[..., Any]
Records = Callable[..., list[Record]]


def made(bench: Bench, base: type[Peer], system: str, entity_id: str, name: str) -> Any:
    """Put a peer on the bench that is played by a role alone."""
    entity = load_system(system).entities[entity_id]
    device = cast("type[Peer]", type("Made", (base,), {"system_id": system, "entity_id": entity_id}))
    device.kind = Kind(
        name="made", build=device, settings=PlanningPersonality, about="made", actions=dict(base.actions(entity))
    )
    peer = device(bench.kernel.place(name), PlanningPersonality(), bench.shelf)
    bench.devices[name] = peer
    bench.play(peer.start, 104 if bench.clock == "virtual" else 0, place=peer.place)
    return peer


@pytest.fixture
def archive(bench_clock: Bench, tmp_path: Path) -> Any:
    device = bench_clock.add("archive", "ARCHIVE")
    load = Load(files=(str(write(tmp_path / "archive", everything())),))
    bench_clock.play(device.act, "load", load, place=device.place)
    return device


@pytest.mark.parametrize(
    ("system", "entity", "role"),
    [
        ("monaco", "cms-scu", Client),
        ("oncentra", "fr-scp", StorageSCP),
        ("raystation", "raystation-file-import", Files),
    ],
)
def test_what_an_entity_is_follows_from_its_roles(system: str, entity: str, role: type[Peer]) -> None:
    assert role_of(load_system(system).entities[entity]) is role


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("root", ["study", "patient"])
def test_a_query_walks_down_the_levels_of_the_table(bench_clock: Bench, act: Act, root: Any) -> None:
    made(bench_clock, Client, "oncentra", "cm-query-retrieve-scu", "ANY")
    act("ANY", "query-remote-ae", Query(to="ARCHIVE", root=root, patient_id="A1", study="1.2"))
    said = only(bench_clock, "ARCHIVE")
    levels = [str(one.dataset().QueryRetrieveLevel) for one in said.requests]
    assert levels == (["PATIENT"] if root == "patient" else []) + ["STUDY", "SERIES", "IMAGE"]
    assert {one.sop_class for one in said.requests} == {FINDS[root == "study"]}
    last = said.requests[-1].dataset()
    assert (last.StudyInstanceUID, last.SeriesInstanceUID) == ("1.2", "1.2.1")


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("what", "levels"),
    [
        ({"study": "1.1"}, ["STUDY"]),
        ({"study": "1.1", "series": "1.1.1"}, ["SERIES"]),
        ({"study": "1.1", "series": "1.1.1", "instances": ("1.1.1.1", "1.1.1.3")}, ["IMAGE", "IMAGE"]),
        ({"root": "patient", "patient_id": "A1"}, ["PATIENT"]),
    ],
)
def test_a_retrieval_is_at_the_lowest_level_that_is_given(
    bench_clock: Bench, act: Act, what: dict[str, Any], levels: list[str]
) -> None:
    made(bench_clock, Client, "oncentra", "cm-query-retrieve-scu", "ANY")
    bench_clock.add("storage", "DEST")
    act("ANY", "retrieve-from-remote-ae", Retrieve(to="ARCHIVE", destination="DEST", **what))
    said = only(bench_clock, "ARCHIVE")
    assert [str(one.dataset().QueryRetrieveLevel) for one in said.requests] == levels
    assert {one.sop_class for one in said.requests} == {MOVES[what.get("root") != "patient"]}
    with pytest.raises(PlayFailure, match="0xA801"):
        act("ANY", "retrieve-from-remote-ae", Retrieve(to="ARCHIVE", destination="NOBODY", **what))


def test_files_in_and_out_of_any_system(bench_clock: Bench, act: Act, records: Records) -> None:
    made(bench_clock, Files, "raystation", "raystation-file-export", "OUT")
    made(bench_clock, Files, "raystation", "raystation-file-import", "IN")
    act("OUT", "file-export", FileExport(case=SMALL, what=("rtplan",)))
    assert len(bench_clock.shelf.names("export/OUT")) == 1
    act("IN", "file-import", FileImport(files=("pydicom:CT_small.dcm",)))
    assert records("import-done", "IN", objects=1)


def overlap(bench: Bench, peer: str, steps: int, name: str, activity: str) -> int:
    """Let a peer export so often at once; return how many of its associations were open at one time."""
    device = bench.devices[name]
    what = Export(to=peer, files=("pydicom:CT_small.dcm",))

    def together() -> None:
        tasks = [
            bench.kernel.spawn(device.act, activity, what, name=f"export {each}", place=device.place)
            for each in range(steps)
        ]
        for task in tasks:
            bench.kernel.join(task)

    bench.play(together)
    bench.settle()
    open_now = most = 0
    for record in bench.log.records:
        if record["at"] == name and record["event"] in ("A-ASSOCIATE-RQ", "A-RELEASE-RP"):
            open_now += 1 if record["event"] == "A-ASSOCIATE-RQ" else -1
            most = max(most, open_now)
    return most


@pytest.mark.parametrize(
    ("name", "activity", "most"),
    [("oncentra-cm-storage-scu", "store-to-remote-ae", 1), ("varian-obi-storage-scu", "store-acquired-ct", 3)],
)
def test_no_more_associations_at_a_time_than_documented(
    bench_clock: Bench, name: str, activity: str, most: int
) -> None:
    slow = StoragePersonality().disk.model_copy(update={"write_time": 20 * MILLISECOND})
    bench_clock.add("storage", "STORE", settings=StoragePersonality(disk=slow))
    bench_clock.add(name, "SCU")
    assert overlap(bench_clock, "STORE", 5, "SCU", activity) == most
    assert len(to(bench_clock, "STORE")) == 5


def test_the_same_seed_gives_the_same_log_and_bytes() -> None:
    def run() -> tuple[list[Record], list[Any]]:
        with Bench(seed=11) as bench:
            bench.add("storage", "STORE")
            device = bench.add("preciseplan-precplan-export", "PLAN1")
            what = Export(to="STORE", case=SMALL)
            bench.play(device.act, "export-objects", what, place=device.place)
            bench.settle()
            return list(bench.log.records), [bench.shelf.read(one) for one in bench.shelf.names("objects/STORE")]

    assert run() == run()


def test_a_case_is_the_same_each_time_it_is_asked_for(bench_clock: Bench, act: Act) -> None:
    bench_clock.add("storage", "STORE")
    bench_clock.add("preciseplan-precplan-export", "PLAN1")
    act("PLAN1", "export-objects", Export(to="STORE", case=SMALL, what=("ct",)))
    other = CaseOf(**{**SMALL.model_dump(), "label": "2"})
    act("PLAN1", "export-objects", Export(to="STORE", case=other, what=("ct",)))
    first, second = to(bench_clock, "STORE")
    assert not set(first.stored) & set(second.stored), "another label is another case"
    act("PLAN1", "export-objects", Export(to="STORE", case=SMALL, what=("ct",)))
    assert to(bench_clock, "STORE")[2].stored == first.stored


def test_kinds_are_made_when_they_are_asked_for_and_keep_their_words() -> None:
    assert KINDS["monaco-scp"] is kind("monaco-scp")
    assert "nobody" not in KINDS
    with pytest.raises(KeyError):
        KINDS["nobody"]
    assert kind("monaco-scp").events == EVENTS | breaking.EVENTS
    assert kind("monaco-scp").fields == FIELDS | breaking.FIELDS


def test_every_field_that_is_logged_is_declared(bench_clock: Bench, act: Act, tmp_path: Path) -> None:
    bench_clock.add("archive", "ARCHIVE")
    for name, title in (
        ("oncentra-fr-scu", "OTP_FR"),
        ("oncentra-winscp32-scp", "OTP_INCOMING"),
        ("raystation-qr-scu", "RAY"),
        ("raystation-storage-scp-service", "RAYSCP"),
        ("raystation-storage-scp-source", "SOURCE"),
        ("raystation-file-import", "FILES"),
        ("preciseplan-precplan-export", "PLAN1"),
        ("varian-obi-media-file-mode", "MEDIA"),
    ):
        bench_clock.add(name, title)
    folder = write(tmp_path / "in", everything())
    (folder / "notes.txt").write_text("no DICOM")
    image = ("pydicom:CT_small.dcm",)
    act("OTP_FR", "file-patient-case", FileCase(to="ARCHIVE", files=image))
    act("OTP_FR", "restore-patient-case", RestoreCase())
    act("RAY", "pacs-query", PacsQuery(to="ARCHIVE", patient_id="1CT1"))
    act("RAY", "pacs-retrieve", PacsRetrieve(strict=False))
    act("PLAN1", "export-objects", Export(to="RAYSCP", files=image))
    act("SOURCE", "inbox-import", InboxImport(inbox="RAYSCP", delete=True, strict=False))
    act("FILES", "file-import", FileImport(files=(str(folder), "pydicom:SC_rgb_rle.dcm"), strict=False))
    act("MEDIA", "file-import-export", FileMode(case=SMALL, what=("rtstruct",)))
    bench_clock.devices["OTP_INCOMING"].strike("fill-disk", FillDisk(cleared_after=MILLISECOND))
    with pytest.raises(PlayFailure):
        act("PLAN1", "export-objects", Export(to="NOBODY", files=image))
    seen: dict[str, set[str]] = {}
    for record in bench_clock.log.records:
        seen.setdefault(record["event"], set()).update(record)
    assert set().union(*(seen[event] for event in EVENTS & set(seen))) <= FIELDS | OF_THE_KERNEL | {
        "n",
        "t",
        "at",
        "event",
    }
    assert len(EVENTS & set(seen)) >= 18


def test_every_event_that_is_logged_is_declared() -> None:
    source = Path(planning.__file__).parent
    text = "".join(file.read_text("utf-8") for file in source.glob("*.py"))
    logged = set(re.findall(r'place\.log\(\s*"([a-z-]+)"', text)) | {
        "printer-told",
        "object-imported",
        "object-rejected",
    }
    assert logged == EVENTS
