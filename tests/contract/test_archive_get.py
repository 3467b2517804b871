"""C-GET of the archive on both clocks: the objects come over the association of the request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RTPlanStorage
from pynetdicom import AE, build_role, evt
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.devices.archive.personality import DatabaseDown, Forget
from linacsim.devices.queryretrieve import PatientRootGet, StudyRootGet
from linacsim.kernel.log import Record
from tests.contract.archived import Asker, build_archive, everything, identifier

Records = Callable[..., list[Record]]
COUNTERS = ("Remaining", "Completed", "Failed", "Warning")


@pytest.fixture
def asker(bench_clock: Bench, tmp_path: Path) -> Asker:
    return build_archive(bench_clock, tmp_path / "in", everything())


class Getter:
    """A C-GET client written with nothing but pynetdicom."""

    def __init__(self, bench: Bench) -> None:
        self.objects: list[Dataset] = []
        self.answers: list[int] = []
        self.classes = [CTImageStorage, RTPlanStorage]
        self.syntaxes: list[str | UID] = [ExplicitVRLittleEndian]
        self._bench = bench

    def get(self, level: str, model: str = StudyRootGet, cancel_after: int = 0, **keys: Any) -> list[tuple[Any, ...]]:
        """Return Status and the four counters of every response, and the failed instances of the last."""

        def task() -> list[tuple[Any, ...]]:
            ae = AE("GETTER")
            contexts = [build_context(model), *(build_context(one, self.syntaxes) for one in self.classes)]
            roles: list[Any] = [build_role(one, scp_role=True) for one in self.classes]
            host, port = self._bench.address_of("ARCHIVE")
            assoc = ae.associate(
                host, port, contexts, "ARCHIVE", ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, self._take)]
            )
            assert assoc.is_established
            told: list[tuple[Any, ...]] = []
            identifiers: list[Dataset | None] = [None]
            for status, failed in assoc.send_c_get(identifier(level, **keys), model, msg_id=5):
                told.append((status.Status, *(status.get(f"NumberOf{what}Suboperations") for what in COUNTERS)))
                identifiers.append(failed)
                if len(told) == cancel_after:
                    assoc.send_c_cancel(5, query_model=model)
            assoc.release()
            last = identifiers[-1]
            return [*told, (None if last is None else last.get("FailedSOPInstanceUIDList"),)]

        return self._bench.play(task, place=self._bench.kernel.place("GETTER"))

    def _take(self, event: evt.Event) -> int:
        ds = event.dataset
        ds.file_meta = event.file_meta
        self.objects.append(ds)
        return self.answers.pop(0) if self.answers else 0


@pytest.fixture
def getter(bench_clock: Bench, asker: Asker) -> Getter:
    assert asker.device.name == "ASKER"
    return Getter(bench_clock)


def test_objects_come_over_the_association_of_the_request(getter: Getter, records: Records) -> None:
    assert getter.get("STUDY", StudyInstanceUID="1.1") == [
        (0xFF00, 3, 1, 0, 0),
        (0xFF00, 2, 2, 0, 0),
        (0xFF00, 1, 3, 0, 0),
        (0x0000, None, 4, 0, 0),
        (None,),
    ]
    sent = {ds.SOPInstanceUID: ds for ds in everything()}
    assert [ds.SOPInstanceUID for ds in getter.objects] == ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.2.1"]
    assert all(ds == sent[ds.SOPInstanceUID] for ds in getter.objects)
    assert len(records("A-ASSOCIATE-RQ", way="sent")) == 1


def test_the_patient_root(getter: Getter) -> None:
    assert getter.get("PATIENT", PatientRootGet, PatientID="B2")[-2] == (0, None, 1, 0, 0)


def test_what_has_no_context_fails(getter: Getter) -> None:
    getter.classes = [CTImageStorage]
    *_, final, failed = getter.get("STUDY", StudyInstanceUID="1.1")
    assert (final, failed) == ((0xB000, None, 3, 1, 0), ("1.1.2.1",))


def test_all_failed_is_a702(getter: Getter) -> None:
    getter.answers = [0xA700] * 3
    *_, final, (failed,) = getter.get("SERIES", StudyInstanceUID="1.1", SeriesInstanceUID="1.1.1")
    assert (final, list(failed)) == ((0xA702, None, 0, 3, 0), ["1.1.1.1", "1.1.1.2", "1.1.1.3"])


def test_an_implicit_client_gets_implicit(getter: Getter) -> None:
    getter.syntaxes = [ImplicitVRLittleEndian]
    assert getter.get("STUDY", StudyInstanceUID="2.1")[-2] == (0, None, 1, 0, 0)
    assert getter.objects[0].file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    assert getter.objects[0].PixelData == bytes(range(8))


def test_no_match_is_success(getter: Getter) -> None:
    assert getter.get("STUDY", StudyInstanceUID="9") == [(0, None, 0, 0, 0), (None,)]


def test_a_bad_identifier_is_a900(getter: Getter) -> None:
    assert getter.get("SERIES", SeriesInstanceUID="1.1.1")[0] == (0xA900, None, None, None, None)
    # the next request of another association is answered as ever
    assert getter.get("STUDY", StudyInstanceUID="2.1")[-2] == (0, None, 1, 0, 0)


def test_a_cancelled_get_ends_with_fe00(getter: Getter) -> None:
    *_, final, _failed = getter.get("PATIENT", PatientRootGet, cancel_after=1, PatientID="A1")
    status, remaining, completed, failed, warning = final
    assert (status, failed, warning) == (0xFE00, 0, 0)
    assert remaining + completed == 5
    assert len(getter.objects) == completed < 5


def test_a_database_that_is_down_is_a701(bench_clock: Bench, getter: Getter) -> None:
    bench_clock.play(bench_clock.devices["ARCHIVE"].strike, "database-down", DatabaseDown())
    assert getter.get("STUDY", StudyInstanceUID="1.1") == [(0xA701, None, None, None, None), (None,)]


def test_a_lost_object_fails(bench_clock: Bench, getter: Getter) -> None:
    archive = bench_clock.devices["ARCHIVE"]
    bench_clock.play(archive.act, "forget", Forget(nth=2), place=archive.place)
    *_, final, failed = getter.get("STUDY", StudyInstanceUID="1.1")
    assert (final, failed) == ((0xB000, None, 3, 1, 0), ("1.1.1.2",))
