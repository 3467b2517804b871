"""The Oncentra print client does what its table says: in the log, and in the bytes that went over the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom.pdu import A_ASSOCIATE_RQ, P_DATA_TF

from linacsim.bench import Bench
from linacsim.conformance.loader import load_entity
from linacsim.conformance.model import Per
from linacsim.devices.planning.personality import Print
from linacsim.devices.printer.personality import PrinterPersonality, Processor
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND

ENTITY = load_entity("oncentra", "cm-print-scu")
CLASSES = {
    "Printer": "1.2.840.10008.5.1.1.16",
    "Basic Film Session": "1.2.840.10008.5.1.1.1",
    "Basic Film Box": "1.2.840.10008.5.1.1.2",
    "Basic Grayscale Image Box | Basic Color Image Box": "1.2.840.10008.5.1.1.4",
}
COMMANDS = {0x0110: "N-GET", 0x0120: "N-SET", 0x0130: "N-ACTION", 0x0140: "N-CREATE", 0x0150: "N-DELETE"}
IMAGES = ("pydicom:CT_small.dcm", "pydicom:MR_small.dcm", "pydicom:rtdose_1frame.dcm")
LAYOUT = r"STANDARD\1,2"
BOXES_OF_FILMS = (2, 1)
"""Three images on films of two boxes."""

Step = tuple[str, str]


def expected(activity: str) -> list[Step]:
    """Unroll the steps of the table for two films, one with two images and one with one."""
    steps = ENTITY.activity(activity).steps
    first = next(index for index, step in enumerate(steps) if step.per is not Per.JOB)
    last = max(index for index, step in enumerate(steps) if step.per is not Per.JOB) + 1

    def plain(part: Any, boxes: int) -> Iterator[Step]:
        for step in part:
            if step.op != "RELEASE":
                yield from [(step.op, CLASSES[step.sop_class])] * (boxes if step.per is Per.IMAGE_BOX else 1)

    films = [step for boxes in BOXES_OF_FILMS for step in plain(steps[first:last], boxes)]
    return [*plain(steps[:first], 0), *films, *plain(steps[last:], 0)]


def from_the_log(records: list[Record]) -> list[Step]:
    """Return its requests; what the printer tells unasked is none of them."""
    return [
        (record["event"].removesuffix("-RQ"), record["sop-class"])
        for record in records
        if record["at"] == "OTP_SCU" and record["event"].endswith("-RQ") and record["event"].startswith("N-")
        if record["event"] != "N-EVENT-REPORT-RQ"
    ]


def pdus(bench: Bench, target: tuple[str, int]) -> Iterator[bytes]:
    """Yield the PDUs that were sent to `target`, cut out of the byte streams."""
    streams: dict[Any, bytearray] = {}
    for segment in bench.traffic.segments:
        if segment.kind == "DATA" and segment.target[1] == target[1] and segment.target[0] == target[0]:
            streams.setdefault(segment.source, bytearray()).extend(segment.data)
    for data in streams.values():
        while data:
            end = 6 + int.from_bytes(data[2:6], "big")
            assert len(data) >= end, "a PDU breaks off"
            yield bytes(data[:end])
            del data[:end]


def from_the_bytes(bench: Bench) -> list[Any]:
    """Return the command sets that were sent to the printer, decoded by pynetdicom and pydicom alone."""
    commands, fragments = [], bytearray()
    for raw in pdus(bench, bench.address_of("PRINTER")):
        if raw[0] != 0x04:
            continue
        pdu = P_DATA_TF()
        pdu.decode(raw)
        for item in pdu.presentation_data_value_items:
            value = item.presentation_data_value
            assert value is not None
            if value[0] & 1:
                fragments += value[1:]
                if value[0] & 2:
                    commands.append(dcmread(BytesIO(bytes(fragments)), force=True))
                    fragments.clear()
    return commands


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    fast = PrinterPersonality(
        processor=Processor(warm_up=MILLISECOND, per_sheet=MILLISECOND), transport=MILLISECOND, pixels_per_mm=0.2
    )
    bench_clock.add("printer", "PRINTER", settings=fast)
    bench_clock.add("oncentra-cm-print-scu", "OTP_SCU")
    return bench_clock


@pytest.mark.parametrize(("collated", "activity"), [(True, "print-collated"), (False, "print-uncollated")])
def test_the_steps_are_those_of_the_table(bench: Bench, act: Callable[..., Any], collated: bool, activity: str) -> None:
    act("OTP_SCU", "print", Print(to="PRINTER", images=IMAGES, collated=collated, image_display_format=LAYOUT))
    bench.settle()
    steps = expected(activity)
    assert from_the_log(bench.log.records) == steps
    requests = [command for command in from_the_bytes(bench) if not command.CommandField & 0x8000]
    sent = [
        (COMMANDS[command.CommandField], str(command.get("AffectedSOPClassUID") or command.get("RequestedSOPClassUID")))
        for command in requests
    ]
    assert sent == steps
    assert [command.MessageID for command in requests] == list(range(1, len(steps) + 1))


def test_the_unrolled_tables_are_as_long_as_they_should_be() -> None:
    # by hand: 3 for the session; film box and N-SET each for 2 films; 3 images; 1 N-ACTION, or N-ACTION and N-DELETE each
    assert len(expected("print-collated")) == 3 + 2 * 2 + 3 + 1
    assert len(expected("print-uncollated")) == 3 + 2 * 2 + 3 + 2 * 2
    assert expected("print-collated")[-1] == ("N-ACTION", CLASSES["Basic Film Session"])


def test_the_association_is_proposed_as_the_table_says(bench: Bench, act: Callable[..., Any]) -> None:
    act("OTP_SCU", "print", Print(to="PRINTER", images=IMAGES[:1]))
    bench.settle()
    requests = [raw for raw in pdus(bench, bench.address_of("PRINTER")) if raw[0] == 0x01]
    assert len(requests) == 1, "one association for the whole job"
    request = A_ASSOCIATE_RQ()
    request.decode(requests[0])
    assert str(request.calling_ae_title).strip() == "OTP_SCU"
    assert request.application_context_name == ENTITY.application_context
    proposed = [
        (str(context.abstract_syntax), tuple(str(syntax) for syntax in context.transfer_syntax))
        for context in request.presentation_context
    ]
    assert proposed == [
        (context.abstract_syntax, tuple(context.transfer_syntaxes)) for context in ENTITY.presentation_contexts
    ]
    assert all(syntaxes == (str(ImplicitVRLittleEndian),) for _abstract, syntaxes in proposed)
    information: Any = request.user_information
    assert information.maximum_length <= (ENTITY.pdu.max or 0)
    assert str(information.implementation_class_uid) in ENTITY.implementation_class_uid
    assert str(information.implementation_version_name) in ENTITY.implementation_version_name


def test_no_pdu_is_longer_than_the_printer_announced(bench: Bench, act: Callable[..., Any]) -> None:
    act("OTP_SCU", "print", Print(to="PRINTER", images=IMAGES, collated=True))
    bench.settle()
    limit = PrinterPersonality().maximum_length
    assert 0 < max(len(raw) - 6 for raw in pdus(bench, bench.address_of("PRINTER"))) <= limit
