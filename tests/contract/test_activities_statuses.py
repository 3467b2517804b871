"""Every status row and every communication failure of the tables, with a peer that answers so, goes silent or aborts."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pynetdicom.dsutils import encode

from linacsim.bench import Bench
from linacsim.conformance import load_system, systems
from linacsim.conformance.model import CommunicationFailure, Does, Entity, Failing, StatusRow
from linacsim.conformance.statuses import category_of
from linacsim.devices.planning import kind, names
from linacsim.devices.planning.activities import AnswerWith, Export
from linacsim.devices.planning.oncentra import FileCase, Filed, RestoreCase
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.planning.preciseplan import PrecisePlanPersonality
from linacsim.devices.planning.varian import Reference, ScpPersonality
from linacsim.devices.storage.personality import FillDisk, StoragePersonality, Store
from linacsim.errors import PlayFailure
from linacsim.faults import fault
from linacsim.kernel.log import Record
from linacsim.kernel.units import milliseconds
from tests.contract.planned import PLAYED, RELEASED, Answering, files, only, to, told
from tests.contract.test_storage import send_raw

Act = Callable[..., Any]
Records = Callable[..., list[Record]]
Row = tuple[str, str, StatusRow]
ROOT = Path(__file__).parent
FILES = ("CT_small.dcm", "rtplan.dcm", "rtstruct.dcm")
CODES = {
    "*": 0x0122,
    "Warning (any)": 0xB006,
    "Failure (any)": 0xC123,
    "any warning or error": 0xA900,
    "warning": 0xB007,
}
TWO = ("1.2.3.1", "1.2.3.2")
"""Two instances that are asked for."""


def rows(which: str) -> list[Any]:
    """Return all rows of the tables as parameters."""
    return [
        pytest.param((system, entity.id, row), id=f"{entity.id}-{row.service}-{row.status.replace(' ', '_')}")
        for system in systems()
        for entity in load_system(system).entities.values()
        for row in getattr(entity, which)
    ]


HANDLED, RETURNED = rows("status_handling"), rows("status_returned")
FAILURES = [
    (system, entity, row)
    for system in systems()
    for entity in load_system(system).entities.values()
    for row in entity.communication_failures
]


def code_of(row: StatusRow) -> int:
    """Return a code that the row speaks of."""
    return CODES[row.status] if row.status in CODES else int(re.sub("x", "1", row.status.lower()), 16)


def kind_name(system: str, entity: str) -> str:
    return next(name for name, known in names().items() if known == (system, entity))


def step_of(entity: Entity, service: str) -> tuple[str, Any]:
    """Return an activity that uses a service, and its parameters: three objects, or two instances."""
    found = [one for one in entity.activities if any(step.op == service for step in one.steps)]
    activity = found[-1].id if entity.id == "storage-scu" else found[0].id
    if service == "C-STORE":
        paths = tuple(f"pydicom:{name}" for name in FILES)
        if entity.id == "storage-scu":
            # it sends no plans
            paths = ("pydicom:CT_small.dcm", "pydicom:rtstruct.dcm")
        what = FileCase if entity.id == "fr-scu" else Export
        return activity, what(to="PEER", files=paths)
    if entity.id == "fr-scu":
        return activity, RestoreCase(destination="PEER")
    return activity, Reference(to="PEER", instances=TWO)


def filed(device: Any) -> None:
    """Let a case be Filed, with two series."""
    device.cases["case"] = Filed("PEER", {uid: ("P", "1.2", uid) for uid in TWO}, "Filed")


def play(bench: Bench, act: Act, entity: Entity, system: str, service: str, settings: Any = None) -> str:
    """Play an activity that uses `service` against ``PEER``; return why it failed, or nothing."""
    device = bench.add(kind_name(system, entity.id), "SCU", settings=settings)
    activity, what = step_of(entity, service)
    if entity.id == "fr-scu":
        filed(device) if service == "C-MOVE" else None
    if entity.id == "move-scu":
        # the peer sends nothing; the Storage SCP has it already
        moving: Any = device
        moving.receiver.held = dict.fromkeys(TWO)
    try:
        act("SCU", activity, what)
    except PlayFailure as exc:
        return str(exc)
    return ""


@pytest.mark.parametrize("case", HANDLED)
def test_a_status_that_is_received(bench_clock: Bench, act: Act, records: Records, case: Row) -> None:
    system, entity_id, row = case
    entity, status = load_system(system).entities[entity_id], code_of(row)
    # a pending response goes before every final one
    Answering(bench_clock, "PEER", 0 if status == 0xFF00 else status)
    settings = None
    if system == "preciseplan":
        settings = PrecisePlanPersonality(ignore_warnings=row.does is Does.LOG)
    told_that = play(bench_clock, act, entity, system, row.service, settings)
    said = only(bench_clock, "PEER")
    requests = [one.name for one in said.requests]
    assert set(requests) == {f"{row.service}-RQ"}
    all_of_them = {"C-STORE": 2 if entity.id == "storage-scu" else 3}.get(row.service, 2)
    statuses = [one.command.Status for one in said.answers if one.command.Status not in (0xFF00, 0)]
    assert statuses == ([status] if status not in (0xFF00, 0) else [])
    assert said.end == RELEASED, "whatever the status, the association is released"
    check_effect(row, told_that, requests, all_of_them)
    check_words(row, told_that, told(records, "SCU"), status)


def check_effect(row: StatusRow, failed: str, requests: list[str], all_of_them: int) -> None:
    """Hold what went over the wire against what the row documents."""
    if row.does is Does.ABANDON_JOB:
        assert len(requests) == 1, "no object after the one that failed"
    else:
        assert len(requests) == all_of_them, "the others follow"
    good = row.does in (Does.CONTINUE, Does.LOG, Does.IGNORE)
    assert bool(failed) is not good


def check_words(row: StatusRow, failed: str, said: list[str], status: int) -> None:
    """The user is told the documented behaviour and the cause, or nothing."""
    if failed:
        assert f"0x{status:04X}" in failed
        assert row.behaviour in failed
        assert any(failed in one for one in said)
    elif "user is told" in row.behaviour:
        assert said, "a query that has finished is told"
    else:
        assert said == []


@pytest.mark.parametrize("status", [0xB000, 0x0122])
def test_any_other_code_counts_by_its_class(bench_clock: Bench, act: Act, status: int) -> None:
    entity = load_system("varian-obi").entities["storage-scu"]
    # 0107 and 0116 are warnings that the table has no row for
    status = 0x0107 if status == 0xB000 else status
    Answering(bench_clock, "PEER", status)
    assert bool(play(bench_clock, act, entity, "varian-obi", "C-STORE")) is (category_of(status) != "warning")


def test_the_comment_of_a_warning_is_logged(bench_clock: Bench, act: Act, records: Records) -> None:
    entity = load_system("varian-obi").entities["storage-scu"]
    Answering(bench_clock, "PEER", 0xB000)
    assert play(bench_clock, act, entity, "varian-obi", "C-STORE") == ""
    (logged,) = records("object-sent", "SCU", status=0xB000)
    assert "as told" in logged["comment"]
    assert logged["category"] == "warning"


# statuses that are returned


@pytest.mark.parametrize("case", RETURNED)
def test_a_status_that_is_returned(bench_clock: Bench, act: Act, records: Records, case: Row) -> None:
    system, entity_id, row = case
    paths, ((_, uid), _) = files("CT_small.dcm", "MR_small.dcm")
    settings = ScpPersonality(requested=(uid,)) if system == "varian-obi" else None
    scp = bench_clock.add(kind_name(system, entity_id), "SCP", settings=settings)
    # it leaves a failed association open; that must not take long
    bench_clock.add("storage", "SENDER", settings=StoragePersonality(network_timeout=milliseconds(200)))
    status = code_of(row)
    if status == 0xA700:
        scp.strike("fill-disk", FillDisk())
    elif row.does is not Does.STORE:
        scp.strike("answer-with", AnswerWith(status=status))
    store = Store(to="SCP", images=paths[:1])
    if row.does is Does.STORE:
        act("SENDER", "store", store)
    elif category_of(status) == "warning":
        # the sender takes a warning for a success
        act("SENDER", "store", store)
    else:
        with pytest.raises(PlayFailure, match=f"0x{status:04X}"):
            act("SENDER", "store", store)
    said = only(bench_clock, "SCP")
    assert [one.command.Status for one in said.answers] == [status]
    stored, refused = records("object-stored", "SCP"), records("object-refused", "SCP", status=status)
    assert (len(stored), len(refused)) == ((1, 0) if row.does is Does.STORE else (0, 1))
    if row.does is Does.REFUSE_AND_ABORT:
        # the client's A-RELEASE-RQ may cross the A-ABORT
        back = [one for one in said.order if one.startswith("<")]
        assert back[-2:] == ["< C-STORE-RSP", "< A-ABORT"], "the response first"
    elif row.does is Does.REFUSE and category_of(status) == "failure":
        assert "< A-ABORT" not in said.order


@pytest.mark.parametrize(("damage", "status"), [("cut", 0xC000), ("other instance", 0xA900)])
@pytest.mark.parametrize(("system", "entity"), [("varian-obi", "storage-scp"), ("oncentra", "fr-scp")])
def test_an_object_that_is_wrong_is_refused_without_being_told_to(
    bench_clock: Bench, client: Callable[..., Any], system: str, entity: str, damage: str, status: int
) -> None:
    ds = dcmread(str(get_testdata_file("CT_small.dcm")))
    settings = ScpPersonality(takes="all") if system == "varian-obi" else None
    bench_clock.add(kind_name(system, entity), "SCP", settings=settings)

    data = encode(ds, is_implicit_vr=False, is_little_endian=True) or b""

    def body(assoc: Any) -> int:
        if damage == "cut":
            told = send_raw(assoc, data[:-100], instance=str(ds.SOPInstanceUID))
        else:
            told = send_raw(assoc, data, instance="1.2.3")
        return int(told.Status)

    assert client("SCP", [str(ds.SOPClassUID)], body) == status
    said = only(bench_clock, "SCP")
    if entity == "fr-scp":
        # the client's A-RELEASE-RQ may cross the A-ABORT
        back = [one for one in said.order if one.startswith("<")]
        assert back[-2:] == ["< C-STORE-RSP", "< A-ABORT"]
    else:
        assert said.end == RELEASED


# communication failures


def quick(entity_id: str, clock: str) -> Any:
    """Return the documented time limits on the virtual clock, and short ones live."""
    if clock == "virtual":
        return None
    site = ScpPersonality if entity_id in ("move-scu", "storage-scp") else PlanningPersonality
    return site(dimse_timeout=milliseconds(300), acse_timeout=milliseconds(300))


@pytest.mark.parametrize(
    ("system", "entity", "row"),
    [one for one in FAILURES if one[2].when is not Failing.NOT_SAVED],
    ids=lambda one: getattr(one, "id", None) or getattr(one, "when", None),
)
def test_a_communication_failure(
    bench_clock: Bench, act: Act, records: Records, system: str, entity: Entity, row: CommunicationFailure
) -> None:
    Answering(bench_clock, "PEER")
    service = {"storage-scu": "C-STORE", "find-scu": "C-FIND", "move-scu": "C-MOVE"}[entity.id]
    what = "no-response" if row.when is Failing.TIMEOUT else "abort"
    bench_clock.arm("PEER", [fault(what, f"{service}-RQ")])
    started = bench_clock.now
    failed = play(bench_clock, act, entity, system, service, quick(entity.id, bench_clock.clock))
    waited = bench_clock.now - started
    (said,) = to(bench_clock, "PEER")
    assert [one.name for one in said.requests] == [f"{service}-RQ"], "the whole task is given up"
    assert row.behaviour in failed
    assert failed in told(records, "SCU")
    if row.when is Failing.ABORT:
        assert said.order[-1] == "< A-ABORT"
        return
    if bench_clock.clock == "virtual":
        (limit,) = [one.seconds for one in entity.timeouts if one.limits == "dimse"]
        assert limit == 300
        assert limit <= waited / 1_000_000 < limit + 1
    # the Storage SCU documents A-RELEASE; the others leave it to us
    wanted = "> A-RELEASE-RQ" if row.does == "release" else "> A-ABORT"
    assert said.end[0] == wanted


def test_an_association_that_is_not_answered_is_given_up_after_its_own_time_limit(
    bench_clock: Bench, act: Act, records: Records
) -> None:
    entity = load_system("varian-obi").entities["storage-scu"]
    Answering(bench_clock, "PEER")
    bench_clock.arm("PEER", [fault("accept-then-silent")])
    started = bench_clock.now
    failed = play(bench_clock, act, entity, "varian-obi", "C-STORE", quick(entity.id, bench_clock.clock))
    assert "ACSE timeout" in failed
    assert told(records, "SCU") == [failed]
    if bench_clock.clock == "virtual":
        assert 300 <= (bench_clock.now - started) / 1_000_000 < 301


def test_an_object_that_cannot_be_saved(bench_clock: Bench, act: Act) -> None:
    ((system, entity, row),) = [one for one in FAILURES if one[2].when is Failing.NOT_SAVED]
    assert (entity.id, row.does) == ("raystation-storage-scp-service", "abort")
    scp = bench_clock.add(kind_name(system, entity.id), "SCP")
    scp.strike("fill-disk", FillDisk())
    bench_clock.add("storage", "SENDER", settings=StoragePersonality())
    with pytest.raises(PlayFailure, match="aborted by the peer"):
        act("SENDER", "store", Store(to="SCP", images=("pydicom:CT_small.dcm",)))
    assert only(bench_clock, "SCP").order[-1] == "< A-ABORT"


@pytest.mark.parametrize("name", ["monaco-cms-scu", "raystation-storage-scu", "preciseplan-precplan-export"])
@pytest.mark.parametrize("what", ["no-response", "abort"])
def test_where_a_document_is_silent_a_failing_association_ends_the_job(
    bench_clock: Bench, act: Act, records: Records, name: str, what: str
) -> None:
    Answering(bench_clock, "PEER")
    bench_clock.arm("PEER", [fault(what, "C-STORE-RQ")])
    sites = {"preciseplan-precplan-export": PrecisePlanPersonality}
    site = (
        sites.get(name, PlanningPersonality)(dimse_timeout=milliseconds(300)) if bench_clock.clock == "live" else None
    )
    bench_clock.add(name, "SCU", settings=site)
    activity = next(iter(one for one in kind(name).actions if one.startswith("export")))
    with pytest.raises(PlayFailure, match="0 of 3 objects stored"):
        act("SCU", activity, Export(to="PEER", files=tuple(f"pydicom:{one}" for one in FILES)))
    said = only(bench_clock, "PEER")
    assert len(said.requests) == 1
    assert said.order[-1] == ("< A-ABORT" if what == "abort" else "> A-ABORT")
    assert told(records, "SCU")


def test_a_silent_document_makes_a_failure_status_the_failure_of_one_object(bench_clock: Bench, act: Act) -> None:
    Answering(bench_clock, "PEER", 0xA700, 0xB000)
    bench_clock.add("raystation-storage-scu", "SCU")
    with pytest.raises(PlayFailure, match=r"2 of 3 objects stored; CT Image .*: status 0xA700, as told"):
        act("SCU", "export-pacs", Export(to="PEER", files=tuple(f"pydicom:{one}" for one in FILES)))
    assert len(only(bench_clock, "PEER").requests) == 3


@pytest.mark.parametrize(("name", "count"), [("oncentra-cm-storage-scu", 0), ("raystation-storage-scu", 2)])
def test_a_sop_class_that_was_not_accepted_is_a_failed_object(
    bench_clock: Bench, act: Act, name: str, count: int
) -> None:
    bench_clock.add("varian-obi-storage-scp", "OBI", settings=ScpPersonality(takes="all"))
    bench_clock.add(name, "SCU")
    activity = next(one for one in kind(name).actions if one != "verify")
    # the Storage SCP of OBI takes no MR Images
    what = Export(to="OBI", files=("pydicom:MR_small.dcm", "pydicom:CT_small.dcm", "pydicom:rtplan.dcm"))
    with pytest.raises(PlayFailure, match="its SOP class was not accepted"):
        act("SCU", activity, what)
    assert len(only(bench_clock, "OBI").requests) == count


# nothing is left out


def test_every_activity_is_played_and_is_an_action() -> None:
    for file in sorted(ROOT.glob("test_activities_*.py")):
        importlib.import_module(f"tests.contract.{file.stem}")
    wanted = {
        (system, entity.id, activity.id)
        for system in systems()
        for entity in load_system(system).entities.values()
        for activity in entity.activities
    }
    assert len(wanted) == 42
    assert set(PLAYED) == wanted
    assert all(activity in kind(kind_name(system, entity)).actions for system, entity, activity in wanted)


def test_every_entity_is_a_kind_of_its_own_with_its_activities() -> None:
    assert len(names()) == 24
    for name, (system, entity_id) in names().items():
        entity = load_system(system).entities[entity_id]
        extra = set(kind(name).actions) - {activity.id for activity in entity.activities}
        assert extra <= {"verify", "print"}, name


def test_every_status_row_and_failure_is_tested() -> None:
    assert len(HANDLED) + len(RETURNED) == 47
    assert len(FAILURES) == 7
