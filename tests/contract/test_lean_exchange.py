"""Requests as SCU with data sets as the bytes they are, on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.dsutils import encode

from linacsim.bench import Bench
from linacsim.kernel.border import exchange
from linacsim.kernel.log import Record
from linacsim.kernel.units import SECOND

Records = Callable[..., list[Record]]
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    return bench_clock


def encoded() -> tuple[bytes, str]:
    image = dcmread(str(get_testdata_file("CT_small.dcm")))
    data = encode(image, is_implicit_vr=False, is_little_endian=True)
    assert data is not None
    return data, str(image.SOPInstanceUID)


def send(assoc: Any, **changes: Any) -> exchange.Answer | None:
    data, uid = encoded()
    given = {"sop_class": CT_IMAGE, "sop_instance": uid, "syntax": ExplicitVRLittleEndian, "data": data}
    asked = exchange.store(assoc, **{**given, "message_id": 7, **changes})
    return None if asked is None else asked.answer()


def test_bytes_are_stored_as_they_are(bench: Bench, client: Callable[..., Any], records: Records) -> None:
    answer = client("STORE", [CT_IMAGE], lambda assoc: send(assoc, originator="MOVER", originator_id=3))
    assert (answer.status, answer.comment, answer.responds_to) == (0, "", 7)
    (stored,) = records("object-stored", "STORE")
    kept = dcmread(BytesIO(bench.shelf.read(stored["object"])))
    assert kept == dcmread(str(get_testdata_file("CT_small.dcm")))
    (got,) = records("C-STORE-RQ", "STORE", way="received")
    assert (got["message-id"], got["sop-class"]) == (7, CT_IMAGE)


@pytest.mark.usefixtures("bench")
def test_a_refusal_has_its_comment(client: Callable[..., Any]) -> None:
    answer = client("STORE", [CT_IMAGE], lambda assoc: send(assoc, sop_instance="1.2.3"))
    assert (answer.status, answer.comment) == (0xA900, "UIDs of command and data set differ")


@pytest.mark.usefixtures("bench")
def test_without_a_context_nothing_is_sent(client: Callable[..., Any], records: Records) -> None:
    with pytest.raises(ValueError, match="no presentation context for"):
        client("STORE", [CT_IMAGE], lambda assoc: send(assoc, syntax=ImplicitVRLittleEndian))
    assert not records("C-STORE-RQ", "STORE")


@pytest.mark.usefixtures("bench")
def test_several_requests_and_pynetdicoms_own_take_turns(client: Callable[..., Any]) -> None:
    def body(assoc: Any) -> list[int]:
        statuses = []
        for _ in range(3):
            answer = send(assoc)
            assert answer is not None
            statuses += [answer.status, assoc.send_c_echo().Status]
        return statuses

    assert client("STORE", [CT_IMAGE, VERIFICATION], body) == [0] * 6


@pytest.mark.usefixtures("bench")
def test_any_request_can_be_sent(client: Callable[..., Any]) -> None:
    def body(assoc: Any) -> exchange.Answer | None:
        echo = C_ECHO()
        echo.MessageID, echo.AffectedSOPClassUID = 5, VERIFICATION
        asked = exchange.send(assoc, echo, assoc.accepted_contexts[0].context_id)
        return None if asked is None else asked.answer()

    answer = client("STORE", [VERIFICATION], body)
    assert (answer.status, answer.responds_to) == (0, 5)


@pytest.mark.usefixtures("bench")
def test_nobody_answers_after_the_end(client: Callable[..., Any]) -> None:
    def body(assoc: Any) -> exchange.Answer | None:
        assoc.abort()
        return send(assoc)

    assert client("STORE", [CT_IMAGE], body) is None


@pytest.mark.parametrize("after", [0, 100, 200, 250, 300, 400, 600, 1000])
def test_an_abort_that_follows_a_response_is_the_answer_to_a_release(bench_clock: Bench, after: int) -> None:
    """The peer aborts some microseconds after it has answered, and the client releases: neither waits for the other."""
    kernel = bench_clock.kernel
    place = kernel.place("PEER")

    def answer(event: evt.Event) -> int:
        def abort() -> None:
            kernel.sleep(after)
            event.assoc.abort()

        kernel.spawn(abort, name="abort", place=place)
        return 0

    def serve() -> None:
        ae = AE("PEER")
        ae.add_supported_context(VERIFICATION)
        server = ae.start_server((place.host, 0), block=False, evt_handlers=[(evt.EVT_C_ECHO, answer)])
        assert server is not None
        place.address = (place.host, int(server.server_address[1]))

    def ask() -> int:
        ae = AE("CLIENT")
        ae.acse_timeout = 5
        ae.add_requested_context(VERIFICATION)
        assoc = ae.associate(*bench_clock.address_of("PEER"))
        assoc.send_c_echo()
        released = kernel.now
        assoc.release()
        assert not assoc.is_established
        return int(kernel.now - released)

    bench_clock.play(serve, place=place)
    assert max(bench_clock.play(ask) for _ in range(5)) < 2 * SECOND
