"""The index of an archive: what it holds, finds, counts and forgets, in SQLite and in PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from linacsim.bench import Bench, Clock
from linacsim.devices.archive.attributes import PATIENT_ROOT, Level
from linacsim.devices.archive.index import Index, open_index
from linacsim.devices.archive.index.bulk import Alike, fill
from linacsim.devices.archive.index.catalogue import Catalogue
from linacsim.devices.archive.query import find_query
from linacsim.devices.archive.taking_stock import new_of, open_file
from linacsim.errors import InputError
from tests.contract.archived import as_read, everything, identifier, instance
from tests.live.archives import small
from tests.live.postgresql import Cluster, cluster


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    server: Cluster = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture
def index(url: str | None) -> Iterator[Index]:
    made = open_index(None, url)
    for ds in everything():
        add(made, ds)
    yield made
    made.close()


def add(index: Index, ds: Dataset) -> None:
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    opened = open_file(buffer.getvalue(), "test")
    index.add(new_of(opened, f"a/b/{opened.sop_instance}.dcm", len(buffer.getvalue())))


def ask(index: Index, level: str, *, after: int = 0, limit: int | None = None, **keys: Any) -> list[str]:
    query = find_query(identifier(level, **keys), PATIENT_ROOT, relational=True)
    return [entry.unique for entry in index.search(query, after=after, limit=limit)]


@pytest.mark.parametrize(
    ("level", "keys", "found"),
    [
        ("PATIENT", {"PatientID": ""}, ["A1", "B2"]),
        ("PATIENT", {"PatientID": "A*"}, ["A1"]),
        ("PATIENT", {"PatientName": "doe*"}, ["A1"]),
        ("PATIENT", {"PatientName": "*john"}, ["A1"]),
        ("PATIENT", {"Modality": "RTPLAN"}, ["A1"]),
        ("STUDY", {"PatientID": "A1"}, ["1.1", "1.2"]),
        ("STUDY", {"StudyInstanceUID": ["2.1", "1.1", "9.9", "2.1"]}, ["1.1", "2.1"]),
        ("STUDY", {"StudyDate": "20240101-20240215"}, ["1.1", "1.2"]),
        ("STUDY", {"StudyDate": "-20240101"}, ["1.1"]),
        ("STUDY", {"AccessionNumber": "ACC1*"}, ["1.1", "1.2"]),
        ("STUDY", {"AccessionNumber": "ACC?.1"}, ["1.1", "2.1"]),
        ("STUDY", {"ModalitiesInStudy": "RTPLAN"}, ["1.1"]),
        ("STUDY", {"SOPInstanceUID": "1.1.1.2"}, ["1.1"]),
        ("SERIES", {"StudyInstanceUID": "1.1", "Modality": "CT"}, ["1.1.1"]),
        ("IMAGE", {"SOPInstanceUID": ["1.1.1.3", "2.1.1.1"]}, ["1.1.1.3", "2.1.1.1"]),
        ("IMAGE", {"PatientID": "A1", "Modality": "CT", "InstanceNumber": "1"}, ["1.1.1.1", "1.2.1.1"]),
        ("IMAGE", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.5"}, ["1.1.2.1"]),
    ],
)
def test_what_is_asked_for_is_found_in_the_order_of_arrival(
    index: Index, level: str, keys: dict[str, Any], found: list[str]
) -> None:
    assert ask(index, level, **keys) == found


def test_a_search_can_be_limited_and_gone_on_with(index: Index) -> None:
    assert ask(index, "IMAGE", limit=2) == ["1.1.1.1", "1.1.1.2"]
    assert ask(index, "IMAGE", after=2, limit=2) == ["1.1.1.3", "1.1.2.1"]


def test_what_belongs_together_is_counted_and_gathered(index: Index) -> None:
    (entry,) = index.search(find_query(identifier("PATIENT", PatientID="A1"), PATIENT_ROOT))
    told = {keyword: entry.texts(tag(keyword)) for keyword in COUNTS}
    assert list(told.values()) == [["2"], ["3"], ["5"]]
    (study,) = index.search(find_query(identifier("STUDY", PatientID="A1", StudyInstanceUID="1.1"), PATIENT_ROOT))
    assert study.texts(tag("ModalitiesInStudy")) == ["CT", "RTPLAN"]
    assert len(study.texts(tag("SOPClassesInStudy"))) == 2
    assert study.texts(tag("NumberOfStudyRelatedInstances")) == ["4"]
    assert [kept.sop_instance for kept in index.instances_of(study)] == ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.2.1"]


COUNTS = ("NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances")


def tag(keyword: str) -> int:
    found = tag_for_keyword(keyword)
    assert found is not None
    return found


def test_what_is_removed_takes_what_is_left_empty_with_it(index: Index) -> None:
    index.remove("1.1.2.1")
    index.remove("2.1.1.1")
    index.remove("9.9")
    assert [index.count(level) for level in Level] == [1, 2, 2, 4]
    assert ask(index, "STUDY", ModalitiesInStudy="RTPLAN") == []
    assert index.instance("1.1.2.1") is None


def test_a_list_of_a_hundred_thousand_UIDs_is_no_trouble(index: Index) -> None:
    wanted = [f"1.9.{number}" for number in range(100_000)]
    started = time.monotonic()
    assert ask(index, "IMAGE", SOPInstanceUID=[*wanted, "1.1.1.1", "2.1.1.1"]) == ["1.1.1.1", "2.1.1.1"]
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("patient", ["'; DROP TABLE patients; --", "%_*", "\\", "a\0b", "Ä" * 60, ""])
def test_hostile_identifiers_are_only_text(index: Index, patient: str) -> None:
    ds = instance("A1", "3.1", "3.1.1", "3.1.1.1")
    ds.PatientID = patient
    add(index, as_read(ds))
    assert index.count(Level.STUDY) == 4
    assert ask(index, "STUDY", StudyInstanceUID="3.1") == ["3.1"]


def test_an_index_that_fails_in_the_midst_has_added_nothing(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("in the midst")

    assert isinstance(index, Catalogue)
    with monkeypatch.context() as broken:
        broken.setattr(index, "_set_classes", fail)
        with pytest.raises(OSError, match="midst"):
            add(index, instance("C3", "3.1", "3.1.1", "3.1.1.1"))
    assert [index.count(level) for level in Level] == [2, 3, 4, 6]
    add(index, instance("C3", "3.1", "3.1.1", "3.1.1.1"))
    assert [index.count(level) for level in Level] == [3, 4, 5, 7]


def test_a_lost_connection_is_told_and_made_anew(postgresql: Cluster) -> None:
    index = open_index(None, postgresql.database())
    add(index, instance("A1", "1.1", "1.1.1", "1.1.1.1"))
    postgresql.stop()
    try:
        with pytest.raises(Exception, match=r"terminat|closed|connection|shut"):
            index.count()
    finally:
        postgresql.start()
    assert index.count() == 1
    add(index, instance("A1", "1.1", "1.1.1", "1.1.1.2"))
    assert index.count() == 2
    index.close()


def _not_a_database(file: Path) -> None:
    file.write_bytes(b"this is no database at all" * 100)


def _of_something_else(file: Path) -> None:
    import sqlite3  # noqa: PLC0415 - what somebody else's program does

    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE patients (name TEXT)")
    made.close()


def _of_another_version(file: Path) -> None:
    index = open_index(file)
    index.note("version", "0")
    index.close()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (_not_a_database, "the index is damaged"),
        (_of_something_else, "the tables patients are of something else"),
        (_of_another_version, "the index is of version 0, this linacsim has 1"),
        (Path.mkdir, "cannot write the index"),
    ],
)
def test_what_is_no_index_of_ours_is_refused_in_words(tmp_path: Path, make: Callable[[Path], None], text: str) -> None:
    file = tmp_path / "index.sqlite"
    make(file)
    with pytest.raises(InputError, match=text):
        open_index(file)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("nonsense", "no URL of a database"),
        ("mysql://somebody@somewhere/db", "'mysql' is no database for an index"),
        ("postgresql://u:secret@127.0.0.1:1/db", "cannot open the database"),
    ],
)
def test_a_URL_that_leads_nowhere_is_refused_in_words(url: str, text: str) -> None:
    with pytest.raises(InputError, match=text) as refused:
        open_index(None, url)
    assert "secret" not in str(refused.value)


def test_two_archives_cannot_share_a_database(url: str | None) -> None:
    if url is None:
        pytest.skip("a file of SQLite is guarded by the lock of its store")
    first = open_index(None, url)
    with pytest.raises(InputError, match="another archive works with this database"):
        open_index(None, url)
    first.close()
    open_index(None, url).close()


@pytest.mark.parametrize("instances", [2_000, 20_000])
def test_a_query_by_unique_key_takes_no_longer_in_a_larger_archive(instances: int) -> None:
    index = open_index(None)
    assert isinstance(index, Catalogue)
    series = [f"1.2.{number}" for number in range(instances // 20)]
    fill(index, (Alike(small(0, series=one).data, [f"{one}.{number}" for number in range(1, 21)]) for one in series))
    assert index.count() == instances
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    driver = index.database._driver
    driver.set_progress_handler(count, 10)
    assert len(ask(index, "IMAGE", SeriesInstanceUID=series[-1])) == 20
    driver.set_progress_handler(None, 0)
    # steps of SQLite's machine, in tens: a scan of the smaller archive alone would take more
    assert 0 < steps < 200
    index.close()


@pytest.mark.parametrize(
    ("options", "synchronous"),
    [({}, 1), ({"power": True}, 2), ({"lasting": False}, 0), ({"lasting": False, "power": True}, 2)],
)
def test_only_the_index_of_a_run_that_can_be_played_again_may_be_damaged(
    tmp_path: Path, options: dict[str, Any], synchronous: int
) -> None:
    index: Any = open_index(tmp_path / "index.sqlite", **options)
    assert index.database.execute("PRAGMA synchronous").fetchone() == (synchronous,)
    index.close()


@pytest.mark.parametrize(("clock", "lasting"), [("virtual", False), ("live", True)])
def test_a_virtual_run_is_played_again(tmp_path: Path, clock: Clock, *, lasting: bool) -> None:
    assert Bench(clock=clock, out=tmp_path).shelf.lasting is lasting
