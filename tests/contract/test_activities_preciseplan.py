"""Elekta PrecisePLAN 2.15: its two activities, step by step against the table, read from the wire."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from linacsim.bench import Bench
from linacsim.conformance.kinds import KINDS
from linacsim.devices.planning.activities import Export, Verify
from linacsim.devices.planning.preciseplan import PrecisePlanPersonality
from linacsim.devices.storage.instance import file_header
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.log import Record
from tests.contract.planned import (
    BIG,
    EXPLICIT,
    IMPLICIT,
    RELEASED,
    SMALL,
    VERIFICATION,
    Answering,
    check_request,
    entity_of,
    files,
    listed,
    only,
    plays,
    stores,
    told,
)

Act = Callable[..., Any]
PP = entity_of("preciseplan", "precplan-export")
CT, PLAN, STRUCT, DOSE = "CT_small.dcm", "rtplan.dcm", "rtstruct.dcm", "rtdose.dcm"
STORAGE = listed(PP, but=(VERIFICATION,))


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    bench_clock.add("preciseplan-precplan-export", "PLAN1")
    return bench_clock


@plays("preciseplan", "precplan-export", "export-objects")
def test_objects_built_here_leave_in_the_order_of_the_table(bench: Bench, act: Act) -> None:
    act("PLAN1", "export-objects", Export(to="STORE", case=SMALL))
    said = only(bench, "STORE")
    check_request(said, PP, STORAGE, calling="PLAN1", called="STORE")
    sent = [KINDS[one] for one, _ in said.stored]
    # a DRR is an RT Image if the destination takes one
    assert list(dict.fromkeys(sent)) == [step.kinds[0] for step in PP.activity("export-objects").steps]
    pairs = ["> C-STORE-RQ", "< C-STORE-RSP"] * len(sent)
    assert said.order == ["> A-ASSOCIATE-RQ", "< A-ASSOCIATE-AC", *pairs, *RELEASED]


def test_files_leave_in_the_order_of_the_table(bench: Bench, act: Act) -> None:
    names, objects = files(DOSE, STRUCT, CT, PLAN)
    act("PLAN1", "export-objects", Export(to="STORE", files=names))
    said = only(bench, "STORE")
    assert said.stored == stores(PP.activity("export-objects"), objects, KINDS)
    assert [KINDS[one] for one, _ in said.stored] == ["rtplan", "ct", "rtstruct", "rtdose"]


@pytest.mark.parametrize(
    ("capabilities", "kind"),
    [(("CRIMAGE", "SCIMAGE"), "cr"), (("SCIMAGE",), "sc"), (("RTIMAGE", "SCIMAGE"), "rtimage")],
)
def test_the_form_of_a_drr_follows_the_destination(bench: Bench, act: Act, capabilities: Any, kind: str) -> None:
    bench.add("preciseplan-precplan-export", "PLAN2", settings=PrecisePlanPersonality(capabilities=capabilities))
    act("PLAN2", "export-objects", Export(to="STORE", case=SMALL))
    assert {KINDS[one] for one, _ in only(bench, "STORE").stored} == {kind}
    with pytest.raises(InputError, match="RT Plan is not sent here"):
        act("PLAN2", "export-objects", Export(to="STORE", files=(f"pydicom:{PLAN}",)))


@plays("preciseplan", "precplan-export", "verify")
def test_the_link_is_checked(bench: Bench, act: Act) -> None:
    act("PLAN1", "verify", Verify(to="STORE"))
    said = only(bench, "STORE")
    check_request(said, PP, listed(PP, only_of=(VERIFICATION,)), calling="PLAN1", called="STORE")
    assert [(one.name, one.sop_class) for one in said.requests] == [("C-ECHO-RQ", VERIFICATION)]
    assert said.end == RELEASED


@pytest.mark.parametrize("syntax", [BIG, EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("name", [CT, PLAN])
def test_an_object_is_sent_in_the_transfer_syntax_that_was_accepted(
    bench: Bench, act: Act, syntax: str, name: str
) -> None:
    Answering(bench, "PEER", syntaxes=[syntax])
    original = dcmread(str(get_testdata_file(name)))
    act("PLAN1", "export-objects", Export(to="PEER", files=(f"pydicom:{name}",)))
    said = only(bench, "PEER")
    assert said.answered()[str(original.SOPClassUID)] == (0, syntax)
    header = file_header(str(original.SOPClassUID), str(original.SOPInstanceUID), syntax, "")
    sent = dcmread(BytesIO(header + said.requests[0].data))
    assert sent.PatientID == original.PatientID
    if name == CT:
        assert np.array_equal(sent.pixel_array, original.pixel_array)
        assert sent.PixelSpacing == original.PixelSpacing
    else:
        assert sent.BeamSequence == original.BeamSequence


def test_warnings_are_ignored_for_a_destination_that_says_so(
    bench: Bench, act: Act, records: Callable[..., list[Record]]
) -> None:
    site = PrecisePlanPersonality(ignore_warnings=True, status_texts={"A700": "Disk of the linac is full"})
    bench.add("preciseplan-precplan-export", "PLAN2", settings=site)
    Answering(bench, "PEER", 0xB000, 0xB007)
    act("PLAN2", "export-objects", Export(to="PEER", files=(f"pydicom:{CT}", f"pydicom:{PLAN}")))
    assert told(records, "PLAN2") == []
    assert len(records("object-sent", "PLAN2", category="warning")) == 2
    Answering(bench, "FULL", 0xA700)
    with pytest.raises(PlayFailure, match="status 0xA700 Disk of the linac is full, as told"):
        act("PLAN2", "export-objects", Export(to="FULL", files=(f"pydicom:{CT}",)))
