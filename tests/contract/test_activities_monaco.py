"""Elekta Monaco 5.30: every activity, step by step against its table, read from the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.conformance.kinds import KINDS
from linacsim.devices.planning.activities import Export, LocalImport, Serve, Verify
from linacsim.devices.planning.monaco import PrintDrr
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.storage.personality import FillDisk, Store
from linacsim.devices.verification.personality import Echo
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import SECOND
from tests.contract.planned import (
    IMPLICIT,
    RELEASED,
    SMALL,
    VERIFICATION,
    check_accept,
    check_request,
    entity_of,
    fast_printer,
    files,
    listed,
    only,
    plays,
    stores,
    to,
    told,
)

Act = Callable[..., Any]
Records = Callable[..., list[Record]]
CMS, SCP, PRINT = (entity_of("monaco", one) for one in ("cms-scu", "monaco-scp", "print-scu"))
CT, MR, PLAN, DOSE, STRUCT = "CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "rtdose.dcm", "rtstruct.dcm"


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    bench_clock.add("monaco-cms-scu", "CMS_SCU")
    return bench_clock


@plays("monaco", "cms-scu", "export-objects", "export-drr")
@pytest.mark.parametrize("activity", ["export-objects", "export-drr"])
def test_objects_built_here_leave_in_the_order_of_the_table(bench: Bench, act: Act, activity: str) -> None:
    act("CMS_SCU", activity, Export(to="STORE", case=SMALL))
    said = only(bench, "STORE")
    check_request(said, CMS, listed(CMS), calling="CMS_SCU", called="STORE")
    sent = [KINDS[sop_class] for sop_class, _ in said.stored]
    # every step of the table, one after the other; each object once
    assert list(dict.fromkeys(sent)) == [step.kinds[0] for step in CMS.activity(activity).steps]
    assert sent == sorted(sent, key=[step.kinds[0] for step in CMS.activity(activity).steps].index)
    assert len(set(said.stored)) == len(said.stored)
    assert sent.count("ct") == (SMALL.slices if activity == "export-objects" else 0)
    assert [one.command.Status for one in said.answers] == [0] * len(sent)
    assert [one.command.MessageID for one in said.requests] == list(range(1, len(sent) + 1))
    assert said.end == RELEASED


@plays("monaco", "cms-scu", "export-objects")
def test_files_leave_in_the_order_of_the_table_whatever_their_own(bench: Bench, act: Act) -> None:
    names, objects = files(PLAN, DOSE, STRUCT, MR, CT)
    act("CMS_SCU", "export-objects", Export(to="STORE", called="OTHER", files=names))
    said = only(bench, "STORE")
    check_request(said, CMS, listed(CMS), calling="CMS_SCU", called="OTHER")
    assert said.stored == stores(CMS.activity("export-objects"), objects, KINDS)
    assert said.stored != objects
    assert said.end == RELEASED


def test_a_choice_of_kinds_and_objects_that_the_activity_does_not_send(bench: Bench, act: Act) -> None:
    act("CMS_SCU", "export-objects", Export(to="STORE", case=SMALL, what=("rtplan", "ct")))
    assert {KINDS[one] for one, _ in only(bench, "STORE").stored} == {"ct", "rtplan"}
    with pytest.raises(InputError, match="Secondary Capture Image is not sent here; this sends"):
        act("CMS_SCU", "export-objects", Export(to="STORE", files=("pydicom:rtplan.dcm", "pydicom:SC_rgb_rle.dcm")))
    with pytest.raises(InputError, match="makes no Spatial Registration to send here"):
        act("CMS_SCU", "export-objects", Export(to="STORE", case=SMALL, what=("reg",)))


def test_an_ae_title_of_the_site(bench: Bench, act: Act) -> None:
    site = PlanningPersonality(ae_title="MONACO1", maximum_length=32768)
    bench.add("monaco-cms-scu", "SECOND", settings=site)
    act("SECOND", "verify", Verify(to="STORE"))
    request = only(bench, "STORE").request
    assert (str(request.calling_ae_title).strip(), request.user_information.maximum_length) == ("MONACO1", 32768)


@plays("monaco", "monaco-scp", "receive-objects")
def test_objects_wait_in_a_temporary_folder(bench: Bench, act: Act, records: Records) -> None:
    bench.add("monaco-scp", "MONACO_SCP")
    names, objects = files(CT, MR, STRUCT, PLAN, DOSE)
    act("CMS_SCU", "export-objects", Export(to="MONACO_SCP", files=names))
    act("MONACO_SCP", "receive-objects", Serve(objects=len(names), within=SECOND))
    said = only(bench, "MONACO_SCP")
    check_accept(said, SCP)
    assert said.stored == stores(SCP.activity("receive-objects"), objects, KINDS)
    assert [one.command.Status for one in said.answers] == [0] * len(names)
    assert said.end == RELEASED
    kept = [record["object"] for record in records("object-stored", "MONACO_SCP")]
    assert kept == [f"inbox/MONACO_SCP/{uid}.dcm" for _, uid in said.stored]
    with pytest.raises(PlayFailure, match="has taken 0 of 1 C-STORE in time"):
        act("MONACO_SCP", "receive-objects", Serve(within=SECOND // 10))


@plays("monaco", "monaco-scp", "verify")
def test_an_echo_is_answered(bench: Bench, act: Act) -> None:
    bench.add("monaco-scp", "MONACO_SCP")
    bench.add("verification", "ECHO")
    act("ECHO", "echo", Echo(to="MONACO_SCP"))
    act("MONACO_SCP", "verify", Serve(within=SECOND))
    said = only(bench, "MONACO_SCP")
    check_accept(said, SCP)
    assert [(one.name, one.sop_class) for one in said.requests] == [("C-ECHO-RQ", VERIFICATION)]
    assert said.answered()[VERIFICATION] == (0, IMPLICIT)


def test_one_association_at_a_time(bench: Bench, act: Act) -> None:
    bench.add("monaco-scp", "MONACO_SCP")
    bench.add("verification", "ECHO")
    act("ECHO", "echo", Echo(to="MONACO_SCP", ends="never"))
    with pytest.raises(PlayFailure, match="Local limit exceeded"):
        act("CMS_SCU", "verify", Verify(to="MONACO_SCP"))
    reject = to(bench, "MONACO_SCP")[1].first("A-ASSOCIATE-RJ")
    assert (reject.result, reject.source, reject.reason_diagnostic) == (2, 3, 2)


def test_a_full_disk_is_out_of_resources(bench: Bench, act: Act) -> None:
    bench.add("monaco-scp", "MONACO_SCP")
    bench.devices["MONACO_SCP"].strike("fill-disk", FillDisk())
    with pytest.raises(PlayFailure, match="0xA700"):
        act("CMS_SCU", "export-objects", Export(to="MONACO_SCP", files=(f"pydicom:{CT}",)))
    assert [one.command.Status for one in only(bench, "MONACO_SCP").answers] == [0xA700]


@plays("monaco", "monaco-scp", "local-import")
def test_what_was_received_is_imported_later(bench: Bench, act: Act, records: Records) -> None:
    bench.add("monaco-scp", "MONACO_SCP")
    with pytest.raises(PlayFailure, match="nothing to import"):
        act("MONACO_SCP", "local-import", LocalImport())
    act("CMS_SCU", "export-objects", Export(to="MONACO_SCP", case=SMALL, what=("ct",)))
    before = len(to(bench, "MONACO_SCP")[0].order)
    act("MONACO_SCP", "local-import", LocalImport(patient_id=SMALL.patient_id))
    assert [record["objects"] for record in records("import-done", "MONACO_SCP")] == [SMALL.slices]
    assert bench.shelf.names("inbox/MONACO_SCP") == []
    # the import is no matter of the network
    assert len(to(bench, "MONACO_SCP")[0].order) == before


def test_what_it_does_not_import_stays_where_it_is(bench: Bench, act: Act, records: Records) -> None:
    bench.add("monaco-scp", "MONACO_SCP")
    bench.add("storage", "SENDER")
    act("SENDER", "store", Store(to="MONACO_SCP", images=(f"pydicom:{PLAN}",)))
    broken = bench.shelf.names("inbox/MONACO_SCP")
    with pytest.raises(PlayFailure, match=r"0 of 1 objects imported; rejected: .*import-plan-needs-structure-set"):
        act("MONACO_SCP", "local-import", LocalImport())
    assert bench.shelf.names("inbox/MONACO_SCP") == broken
    assert told(records, "MONACO_SCP")[-1].startswith("0 of 1 objects imported")
    act("MONACO_SCP", "local-import", LocalImport(strict=False))
    assert records("import-done", "MONACO_SCP", objects=0, rejected=1)


@plays("monaco", "print-scu", "print-drr")
def test_a_drr_is_printed(bench: Bench, act: Act) -> None:
    fast_printer(bench, "PRINTER")
    bench.add("monaco-print-scu", "PRINT_SCU")
    act("PRINT_SCU", "print-drr", PrintDrr(to="PRINTER", case=SMALL))
    said = only(bench, "PRINTER")
    check_request(said, PRINT, listed(PRINT), calling="PRINT_SCU", called="PRINTER")
    names = [one.name for one in said.requests]
    films = names.count("N-ACTION-RQ")
    assert films >= 1
    assert names[:3] == ["N-GET-RQ", "N-CREATE-RQ", "N-SET-RQ"]
    assert names.count("N-CREATE-RQ") == 1 + films
    assert names.count("N-DELETE-RQ") == films
    assert {one.command.get("Status") for one in said.answers} == {0}
    assert said.end == RELEASED
    assert said.longest(forth=True) <= said.accept.user_information.maximum_length
