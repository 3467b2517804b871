"""How an archive keeps what it takes: policies, names of files, disks that fill up, stores that are in use; on both clocks."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from linacsim.bench import Bench
from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.deposit import Deposit
from linacsim.devices.archive.index import read_header
from linacsim.devices.archive.keeping import KeepingSettings
from linacsim.devices.archive.naming import series_folder
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.query import Query
from linacsim.devices.archive.services import Archive
from linacsim.devices.archive.store import Store
from linacsim.devices.storage.instance import Received
from linacsim.errors import InputError
from linacsim.kernel.log import Record
from linacsim.kernel.shelf import Shelf
from tests.contract.archived import as_read, instance

Send = Callable[..., list[int]]
Records = Callable[..., list[Record]]


@pytest.fixture
def send(client: Callable[..., Any]) -> Send:
    """Send objects with C-STORE and return the statuses."""

    def store(*objects: Dataset) -> list[int]:
        return list(
            client("ARCHIVE", [CTImageStorage], lambda assoc: [assoc.send_c_store(ds).Status for ds in objects])
        )

    return store


def keeping(bench: Bench, folder: Path | None = None, **settings: Any) -> Archive:
    told = KeepingSettings(store=None if folder is None else str(folder), **settings)
    made = bench.add("archive", "ARCHIVE", settings=ArchivePersonality(keeping=told))
    assert isinstance(made, Archive)
    return made


def other(**values: Any) -> Dataset:
    ds = instance("A1", "1.1", "1.1.1", "1.1.1.1")
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return as_read(ds)


def held(archive: Archive, uid: str = "1.1.1.1") -> Dataset:
    kept = archive.index.instance(uid)
    assert kept is not None
    ds: Dataset = dcmread(BytesIO(archive.read(kept)))
    return ds


@pytest.mark.parametrize(
    ("policy", "status", "description", "files"),
    [
        ("keep-both", 0, "", 2),
        ("keep-first", 0xB000, "", 1),
        ("replace", 0, "other", 1),
        ("refuse", 0xC0DD, "", 1),
    ],
)
@pytest.mark.parametrize("on_disk", [True, False])
def test_the_same_instance_with_other_contents(
    bench_clock: Bench,
    send: Send,
    records: Records,
    tmp_path: Path,
    policy: str,
    status: int,
    description: str,
    files: int,
    on_disk: bool,
) -> None:
    archive = keeping(bench_clock, tmp_path / "store" if on_disk else None, same_instance=policy)
    first, second = other(), other(SeriesDescription="other")
    assert send(first, first, second, first if policy != "replace" else second) == [0, 0, status, 0]
    assert held(archive).get("SeriesDescription", "") == description
    assert archive.index.count() == 1
    assert len(archive.shelf.names(archive.folder)) == files
    (record,) = records("instance-differs", "ARCHIVE")
    assert (record["sop-instance"], record["policy"]) == ("1.1.1.1", policy)


@pytest.mark.parametrize("back_and_forth", [2, 5])
def test_what_is_replaced_again_and_again_is_one_file(
    bench_clock: Bench, send: Send, tmp_path: Path, back_and_forth: int
) -> None:
    archive = keeping(bench_clock, tmp_path / "store", same_instance="replace")
    for number in range(back_and_forth):
        assert send(other(SeriesDescription=f"no {number}")) == [0]
        assert held(archive).SeriesDescription == f"no {number}"
    assert len(archive.shelf.names(archive.folder)) == 1


@pytest.mark.parametrize(
    ("policy", "changes", "status", "patient", "name"),
    [
        ("keep-first", {"PatientName": "Roe^Jane"}, 0, "A1", "Doe^John"),
        ("keep-first", {"PatientID": "B2"}, 0, "A1", "Doe^John"),
        ("replace", {"PatientName": "Roe^Jane"}, 0, "A1", "Roe^Jane"),
        ("replace", {"PatientID": "B2", "PatientName": "Roe^Jane"}, 0, "B2", "Roe^Jane"),
        ("refuse", {"PatientName": "Roe^Jane"}, 0xC0DE, "A1", "Doe^John"),
        ("refuse", {"PatientID": "B2"}, 0xC0DE, "A1", "Doe^John"),
    ],
)
def test_an_instance_that_tells_otherwise_of_its_patient(
    bench_clock: Bench,
    send: Send,
    records: Records,
    policy: str,
    changes: dict[str, str],
    status: int,
    patient: str,
    name: str,
) -> None:
    archive = keeping(bench_clock, changed_patient=policy)
    changed = other(SOPInstanceUID="1.1.1.2", **changes)
    changed.file_meta.MediaStorageSOPInstanceUID = changed.SOPInstanceUID
    assert send(other(), changed) == [0, status]
    (record,) = records("patient-differs", "ARCHIVE")
    assert record["attributes"] == [one for one in ("PatientID", "PatientName") if one in changes]
    owners = [(one.unique, one.texts(0x00100010)) for one in every_patient(archive)]
    assert owners == [(patient, [name])]
    assert archive.index.count() == (1 if status else 2)


def every_patient(archive: Archive) -> list[Any]:
    return list(archive.index.search(Query(Level.PATIENT)))


@pytest.mark.parametrize(
    "patient",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "A/B",
        "A\\B",
        "con",
        "x" * 64,
        "a\nb",
        "Ünïcödé",
        "*?",
        "~root",
        "-rf",
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
def test_no_Patient_ID_leads_out_of_the_store(bench_clock: Bench, send: Send, tmp_path: Path, patient: str) -> None:
    archive = keeping(bench_clock, tmp_path / "store")
    assert send(other(PatientID=patient)) == [0]
    (where,) = archive.shelf.names("objects")
    path = (tmp_path / "store" / where).resolve()
    assert path.is_relative_to((tmp_path / "store" / "objects").resolve())
    assert len(path.relative_to((tmp_path / "store" / "objects").resolve()).parts) == 4
    assert all(part.isascii() and len(part) < 128 for part in path.parts)
    assert held(archive).SOPInstanceUID == "1.1.1.1"


def test_Patient_IDs_that_look_alike_have_folders_of_their_own() -> None:
    def folder(patient: str) -> str:
        ds = other(PatientID=patient)
        buffer = BytesIO()
        ds.save_as(buffer, enforce_file_format=True)
        data = buffer.getvalue()
        return series_folder(read_header(data[data.index(b"\x08\0\x05\0CS") :], ds.file_meta.TransferSyntaxUID))

    names = [folder(patient) for patient in ("A/B", "A:B", "A_B", "A B")]
    assert len(set(names)) == 4
    assert names[2] == "A_B/20240101_1.1/CT_1.1.1"


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_every_encoding_is_kept_as_it_comes(
    bench_clock: Bench, client: Callable[..., Any], syntax: Any, tmp_path: Path
) -> None:
    archive = keeping(bench_clock, tmp_path / "store")
    ds = instance("A1", "1.1", "1.1.1", "1.1.1.1", syntax=syntax)
    sent = client("ARCHIVE", [CTImageStorage], lambda assoc: assoc.send_c_store(ds).Status, transfer_syntaxes=syntax)
    assert sent == 0
    kept = archive.index.instance("1.1.1.1")
    assert kept is not None
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    file = archive.read(kept)
    assert (kept.syntax, len(file) - kept.start) == (syntax, kept.size)
    assert buffer.getvalue().endswith(file[kept.start :])


class _Full:
    """A disk that takes so many bytes and no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def writev(self, descriptor: int, parts: Any) -> int:
        return self.write(descriptor, b"".join(parts))

    def write(self, descriptor: int, data: Any) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = _WRITE(descriptor, bytes(data)[: self.room])
        self.room -= taken
        return taken


_WRITE = os.write


@pytest.mark.parametrize("room", [0, 1, 300, 600])
def test_a_disk_that_fills_up_in_the_midst_leaves_nothing_behind(
    bench_clock: Bench, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    archive = keeping(bench_clock, tmp_path / "store")
    with monkeypatch.context() as small:
        full = _Full(room)
        small.setattr("linacsim.devices.archive.store.os.writev", full.writev)
        small.setattr("linacsim.devices.archive.store.os.write", full.write)
        with pytest.raises(OSError, match="No space left"):
            archive.files.stage("1.2.dcm", b"x" * 400, b"y" * 400)
    assert archive.files.staged() == []
    assert send(other()) == [0]


def test_a_file_that_cannot_be_put_in_its_place_is_not_in_the_index(
    bench_clock: Bench, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = keeping(bench_clock, tmp_path / "store")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(archive.files, "publish", fail)
        assert send(other()) == [0xA700]
    assert (archive.index.count(), archive.files.staged(), archive.shelf.names("objects")) == (0, [], [])
    assert send(other()) == [0]


def test_an_index_that_fails_refuses_and_leaves_nothing_behind(
    bench_clock: Bench, send: Send, records: Records, tmp_path: Path
) -> None:
    archive = keeping(bench_clock, tmp_path / "store")
    archive.index.database.execute("PRAGMA query_only=1")  # type: ignore[attr-defined]
    assert send(other()) == [0xA700]
    assert records("index-failed", "ARCHIVE")[0]["complaint"] == "attempt to write a readonly database"
    archive.index.database.execute("PRAGMA query_only=0")  # type: ignore[attr-defined]
    assert (archive.files.staged(), archive.shelf.names("objects")) == ([], [])
    assert send(other()) == [0]


@pytest.mark.parametrize("clock", ["virtual", "live"])
def test_a_store_serves_one_archive_at_a_time_and_then_the_next(tmp_path: Path, clock: Any) -> None:
    with Bench(clock=clock) as bench, Bench(clock=clock) as second:
        keeping(bench, tmp_path / "store")
        with pytest.raises(InputError, match=r"another archive works with this store \(process \d+\)"):
            keeping(second, tmp_path / "store")
    with Bench(clock=clock) as third:
        assert keeping(third, tmp_path / "store").index.count() == 0


@pytest.mark.parametrize(("indexed", "left"), [(True, 1), (False, 0)])
def test_what_was_being_stored_when_a_run_ended_is_finished_or_goes(
    tmp_path: Path, indexed: bool, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Bench() as bench, monkeypatch.context() as killed:
        archive = keeping(bench, tmp_path / "store")
        killed.setattr(archive.files, "publish", lambda *_: None)
        if not indexed:
            killed.setattr(
                Deposit,
                "_put",
                lambda _self, new, _filing, item: archive.files.stage(
                    new.path.rpartition("/")[2], item.head, item.data[:100]
                ),
            )
        ds = other()
        buffer = BytesIO()
        ds.save_as(buffer, enforce_file_format=True)
        data = buffer.getvalue()[buffer.getvalue().index(b"\x08\0\x05\0CS") :]
        received = Received(
            sop_class=str(ds.SOPClassUID), sop_instance="1.1.1.1", syntax=ds.file_meta.TransferSyntaxUID, data=data
        )
        bench.play(archive.keep, received, place=archive.place)
        assert archive.files.staged() == ["1.1.1.1.dcm"]
    with Bench() as again:
        archive = keeping(again, tmp_path / "store")
        assert (archive.files.staged(), archive.index.count()) == ([], left)
        assert len(archive.shelf.names("objects")) == left
        if left:
            assert held(archive).PatientID == "A1"


def test_an_index_of_another_store_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.sqlite"
    with Bench() as bench:
        keeping(bench, tmp_path / "one", database=url)
    with Bench() as bench, pytest.raises(InputError, match="the index is of another store"):
        keeping(bench, tmp_path / "two", database=url)


@pytest.mark.parametrize("outlasts", ["process", "power"])
def test_what_has_to_outlast_a_loss_of_power_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outlasts: str
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("linacsim.devices.archive.store.os.fsync", synced.append)
    files = Store(Shelf(tmp_path), "objects", "archive", power=outlasts == "power")
    files.open()
    files.stage("1.2.dcm", b"data")
    files.publish("1.2.dcm", "a/b/1.2.dcm")
    files.close()
    # the file, and the folder that tells its name
    assert len(synced) == (2 if outlasts == "power" else 0)
