"""What an archive asks another one for in SOP Class Extended Negotiation, as client (PS3.4 C.5), on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.archive.negotiation import Negotiates
from linacsim.devices.archive.personality import ArchivePersonality, Query, Retrieve
from linacsim.devices.archive.querying import QueryingSettings
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from tests.contract.archived import build_archive, everything

Records = Callable[..., list[Record]]
Act = Callable[..., Any]


@pytest.fixture
def clinic(bench_clock: Bench, tmp_path: Path) -> Bench:
    build_archive(bench_clock, tmp_path / "in", everything())
    bench_clock.add("archive", "CLINIC")
    return bench_clock


@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize(
    ("negotiate", "level", "keys", "matches"),
    [
        (("relational",), "STUDY", {"StudyInstanceUID": "", "Modality": "RTPLAN"}, 1),
        (("relational",), "IMAGE", {"SOPInstanceUID": "1.1.2.1"}, 1),
        (("multiple-value",), "STUDY", {"StudyInstanceUID": "", "ModalitiesInStudy": ("CT", "RTPLAN")}, 1),
        (("empty-value",), "STUDY", {"StudyInstanceUID": "", "PatientBirthDate": '""'}, 3),
        (("fuzzy-names",), "STUDY", {"StudyInstanceUID": "", "PatientName": "jon do"}, 2),
        (("combined-datetime",), "STUDY", {"StudyDate": "20240101-20240201", "StudyTime": "1015-1000"}, 1),
        (("timezone",), "STUDY", {"TimezoneOffsetFromUTC": "+1400", "StudyDate": "20240102"}, 1),
    ],
)
def test_a_query_that_has_to_be_negotiated(
    act: Act, records: Records, negotiate: Any, level: Any, keys: Any, matches: int
) -> None:
    act("CLINIC", "query", Query(to="ARCHIVE", level=level, keys=keys, matches=matches, negotiate=negotiate))
    (told,) = records("negotiated", "CLINIC")
    assert told["granted"] == list(negotiate)
    # without it, none of them finds the same
    with pytest.raises(PlayFailure, match=r"A900|0 matches instead"):
        act("CLINIC", "query", Query(to="ARCHIVE", level=level, keys=keys, matches=matches))


@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize("by", ["move", "get"])
def test_a_relational_retrieval(act: Act, records: Records, by: Any) -> None:
    keys: Any = {"SOPInstanceUID": "1.1.2.1"}
    act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="IMAGE", keys=keys, by=by, negotiate=("relational",)))
    assert len(records("object-stored", "CLINIC")) == 1
    with pytest.raises(PlayFailure, match="A900"):
        act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="IMAGE", keys=keys, by=by))


def test_what_is_not_granted_is_told(bench_clock: Bench, tmp_path: Path, act: Act, records: Records) -> None:
    grants = Negotiates(relational=False)
    settings = ArchivePersonality(querying=QueryingSettings(negotiates=grants))
    build_archive(bench_clock, tmp_path / "in", everything(), settings)
    bench_clock.add("archive", "CLINIC")
    wishes: Any = ("relational", "fuzzy-names")
    act(
        "CLINIC",
        "query",
        Query(to="ARCHIVE", level="STUDY", keys={"PatientName": "jon do"}, matches=2, negotiate=wishes),
    )
    assert [record["granted"] for record in records("negotiated", "CLINIC")] == [["fuzzy-names"]]
