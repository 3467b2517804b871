"""Nobody can tell from the log, or from an event, whether P-DATA has taken the lean path or pynetdicom's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, association, evt, service_class
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.devices.queryretrieve import StudyRootFind
from linacsim.devices.storage.personality import Store
from linacsim.kernel.border import codec, lean
from linacsim.kernel.border.links import link_of
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND

CT, MR, PLAN = "pydicom:CT_small.dcm", "pydicom:MR_small.dcm", "pydicom:rtplan.dcm"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"


def told(records: list[Record]) -> list[dict[str, Any]]:
    """Return what the records tell, place by place, without times."""
    plain = [{key: value for key, value in record.items() if key not in ("n", "t")} for record in records]
    return sorted(plain, key=lambda record: str(record["at"]))


def ask(bench: Bench) -> None:
    """Send a C-ECHO and a C-FIND with pynetdicom's own methods."""
    contexts = [build_context(uid) for uid in (StudyRootFind, VERIFICATION)]
    assoc = AE("CLIENT").associate(*bench.address_of("ARCHIVE"), contexts=contexts)
    assert assoc.is_established
    assert assoc.send_c_echo().Status == 0
    keys = Dataset()
    keys.QueryRetrieveLevel, keys.PatientID, keys.StudyInstanceUID = "STUDY", "", ""
    statuses = [status.Status for status, _ in assoc.send_c_find(keys, StudyRootFind)]
    assert statuses == [0xFF00] * 3 + [0]
    assoc.release()


def played() -> list[dict[str, Any]]:
    """Store, ask and release on the virtual clock; return what the log tells."""
    with Bench(clock="virtual", seed=3) as bench:
        sender = bench.add("storage", "SCU")
        bench.add("archive", "ARCHIVE")
        what = Store(to="ARCHIVE", images=(CT, MR, PLAN), interval=20 * MILLISECOND)
        bench.play(sender.act, "store", what, place=sender.place)
        bench.run(ask, bench)
        bench.settle()
        return told(bench.log.records)


def counting(fn: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    """Return `fn`, keeping book of its calls."""

    def counted(*args: Any, **options: Any) -> Any:
        calls.append(fn.__name__)
        return fn(*args, **options)

    return counted


def test_the_log_is_the_same_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setattr(codec, "decode", counting(codec.decode, taken))
    monkeypatch.setattr(codec, "encode", counting(codec.encode, taken))
    short = played()
    # 3 stores, an echo, and a query with 3 matches: 5 requests and 8 responses, each written once and read once
    assert Counter(taken) == {"decode": 13, "encode": 13}
    monkeypatch.setattr(lean.Passage, "_may_send", lambda _self: False)
    monkeypatch.setattr(lean.Passage, "_may_take", lambda _self: False)
    assert played() == short
    monkeypatch.setattr(lean.Passage, "_is_unwatched", lambda _self: False)
    assert played() == short
    assert len(taken) == 26


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    return bench_clock


WATCHED = [
    evt.EVT_DIMSE_RECV, evt.EVT_DIMSE_SENT, evt.EVT_PDU_RECV, evt.EVT_PDU_SENT, evt.EVT_DATA_RECV, evt.EVT_DATA_SENT,
    evt.EVT_FSM_TRANSITION,
]  # fmt: skip


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("event", WATCHED, ids=str)
def test_who_watches_sees_what_pynetdicom_shows(client: Callable[..., Any], event: Any) -> None:
    """Four echoes: an event that is bound before the third comes for two of each message."""
    seen: list[str] = []

    def watch(happened: evt.Event) -> None:
        seen.append(getattr(happened, "action", None) or type(getattr(happened, "message", None)).__name__)

    def body(assoc: Any) -> list[int]:
        statuses = []
        for ordinal in range(4):
            if ordinal == 2:
                assoc.bind(event, watch)
            statuses.append(assoc.send_c_echo().Status)
        assoc.unbind(event, watch)
        return [*statuses, assoc.send_c_echo().Status]

    assert client("STORE", [VERIFICATION], body) == [0] * 5
    wanted = {"EVT_FSM_TRANSITION": ["DT-1", "DT-2"] * 2}
    wanted |= {"EVT_DIMSE_RECV": ["C_ECHO_RSP"] * 2, "EVT_DIMSE_SENT": ["C_ECHO_RQ"] * 2}
    assert seen == wanted.get(event.name, ["NoneType"] * 2)


@pytest.mark.parametrize("waits", [False, True])
def test_what_is_sent_together_goes_out_in_one_piece_unless_somebody_waits(
    bench: Bench, client: Callable[..., Any], waits: bool
) -> None:
    def body(assoc: Any) -> list[int]:
        link = link_of(assoc)
        assoc._reactor_checkpoint.clear()
        with link.passage.together():
            for message_id in (5, 6):
                echo = C_ECHO()
                echo.MessageID, echo.AffectedSOPClassUID = message_id, VERIFICATION
                assoc.dimse.send_msg(echo, assoc.accepted_contexts[0].context_id)
                if waits:
                    link.place.kernel.sleep(1000)
        answers = [assoc.dimse.get_msg(block=True)[1] for _ in range(2)]
        assoc._reactor_checkpoint.set()
        return [answer.MessageIDBeingRespondedTo for answer in answers]

    assert client("STORE", [VERIFICATION], body) == [5, 6]
    target = bench.address_of("STORE")
    messages = [one.data for one in bench.traffic.segments if one.target == target and one.data[:1] == b"\x04"]
    assert len(messages) == (2 if waits else 1)
    assert b"".join(messages).count(VERIFICATION.encode()) == 2


@pytest.mark.usefixtures("bench")
def test_two_messages_in_one_pdu_are_two(client: Callable[..., Any], records: Callable[..., list[Record]]) -> None:
    def command(message_id: int) -> bytes:
        echo = C_ECHO()
        echo.MessageID, echo.AffectedSOPClassUID = message_id, VERIFICATION
        encoded = codec.encode(echo, with_data_set=False)
        assert encoded is not None
        return encoded[1]

    def body(assoc: Any) -> list[int]:
        items = b""
        for message_id in (5, 6):
            data = b"\x01\x03" + command(message_id)
            items += len(data).to_bytes(4, "big") + data
        assoc._reactor_checkpoint.clear()
        assoc.dul.socket.send(b"\x04\0" + len(items).to_bytes(4, "big") + items)
        answers = [assoc.dimse.get_msg(block=True)[1] for _ in range(2)]
        assoc._reactor_checkpoint.set()
        return [answer.MessageIDBeingRespondedTo for answer in answers]

    assert client("STORE", [VERIFICATION], body) == [5, 6]
    assert [record["message-id"] for record in records("C-ECHO-RQ", "STORE")] == [5, 6]


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("wanted", [4096, 16382, 0, 3 << 20])
def test_large_messages_pass_whatever_the_maximum_length(
    client: Callable[..., Any], records: Callable[..., list[Record]], wanted: int
) -> None:
    """Bytes go out in PDUs of the peer's maximum, and PDUs of ours are taken, also those larger than a stream's window."""

    def body(assoc: Any) -> int:
        from linacsim.kernel.border import exchange  # noqa: PLC0415

        assoc.acceptor.user_information[0].maximum_length_received = wanted
        data = b"\x08\0\x05\0CS\x04\0NONE" + bytes(2 << 20)
        asked = exchange.store(
            assoc, sop_class=CT_IMAGE, sop_instance="1.2.3", syntax="1.2.840.10008.1.2.1", data=data, message_id=1
        )
        answer = None if asked is None else asked.answer()
        return -1 if answer is None else answer.status

    status = client("STORE", [CT_IMAGE], body)
    if 0 < wanted <= 131072:
        # the bytes are no data set of that SOP class, and that is found out because all of them have come
        assert status >> 12 in (0xA, 0xC)
    else:
        # what is longer than the maximum that has been announced is an invalid PDU
        assert status == -1
        assert records("invalid-PDU", "STORE")


def test_a_message_that_is_not_plain_is_read_by_pynetdicom(bench: Bench, client: Callable[..., Any]) -> None:
    read: list[str] = []

    def body(assoc: Any) -> Any:
        echo = C_ECHO()
        echo.MessageID, echo.AffectedSOPClassUID, echo.MessageIDBeingRespondedTo = 9, VERIFICATION, 9
        echo.Status = 0
        setattr(echo, "ErrorComment", " begins with a space")  # noqa: B010 - pynetdicom says it is None
        assert codec.encode(echo, with_data_set=False) is None
        assoc.dimse.send_msg(echo, 1)
        return assoc.send_c_echo().Status

    place = bench.kernel.places["STORE"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DIMSEMessage, "decode_msg", counting(DIMSEMessage.decode_msg, read))
        assert client("STORE", [VERIFICATION], body) == 0
    # live, the echo may be in the same piece, and does not overtake
    assert read in (["decode_msg"], ["decode_msg"] * 2)
    events = [record["event"] for record in bench.log.records if record["at"] == place.name]
    assert events.count("C-ECHO-RSP") == 2


@pytest.mark.usefixtures("bench")
def test_a_mute_link_answers_nothing(client: Callable[..., Any]) -> None:
    def body(assoc: Any) -> bool:
        link_of(assoc).mute = True
        echo = C_ECHO()
        echo.MessageIDBeingRespondedTo, echo.Status = 3, 0
        assoc.dimse.send_msg(echo, 1)
        return bool(assoc.send_c_echo().Status == 0)

    assert client("STORE", [VERIFICATION], body)


@pytest.mark.parametrize(("level", "formatted"), [("WARNING", 0), ("INFO", 5)])
def test_identifiers_are_formatted_for_who_reads_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, level: str, formatted: int
) -> None:
    calls: list[str] = []
    for module in (association, service_class):
        monkeypatch.setattr(module, "pretty_dataset", counting(module.pretty_dataset, calls))
    caplog.set_level(level, "pynetdicom")
    played()
    # the request by who asks and by who is asked, three matches by who reads them; the archive responds by itself
    assert len(calls) == formatted
