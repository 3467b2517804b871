"""The timeline's text, to the character."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest

from linacsim.kernel.log import Record
from linacsim.report import needs_ascii, timeline
from linacsim.report.pairing import pair
from linacsim.report.words import abort_words, printable, reject_words, status_words, uid_words, value_words

PRINTER_CLASS, PRINTER_INSTANCE = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.17"
CT, LONG_UID = "1.2.840.10008.5.1.4.1.1.2", "1.2.826.0.1.3680043.10.1453.77.1.2.3.42"


def log(*records: dict[str, Any]) -> list[Record]:
    """Return `records` numbered."""
    return [{"n": n, **record} for n, record in enumerate(records)]


def message(t: int, at: str, event: str, way: str, other: str, /, **fields: Any) -> Record:
    """Return the record of a message; underscores in names become hyphens."""
    named = {key.replace("_", "-"): value for key, value in fields.items()}
    return {"t": t, "at": at, "event": event, "way": way, "with": other, "assoc": 1, **named}


def both(t: int, sender: str, event: str, receiver: str, latency: int, /, **fields: Any) -> list[Record]:
    """Return both records of a message between two bench peers."""
    return [
        message(t, sender, event, "sent", receiver, **fields),
        message(t + latency, receiver, event, "received", sender, **fields),
    ]


STORY = log(
    {"t": 0, "at": "bench", "event": "step-started", "step": "print"},
    *both(0, "OTP_SCU", "A-ASSOCIATE-RQ", "PRINTER", 500, calling="OTP_SCU", called="PRINTER"),
    *both(1000, "OTP_SCU", "N-GET-RQ", "PRINTER", 0, message_id=1, sop_class=PRINTER_CLASS),
    *both(2000, "PRINTER", "N-GET-RSP", "OTP_SCU", 1500, responds_to=1, status=0, sop_class=PRINTER_CLASS),
    message(3000, "PRINTER", "N-ACTION-RSP", "sent", "SUT", status=0xB604, sop_class="1.2.840.10008.5.1.1.2"),
    message(3000, "PRINTER", "C-STORE-RQ", "received", "SUT", sop_class=CT, sop_instance=LONG_UID, message_id=7),
    message(3000, "ARCHIVE", "C-STORE-RSP", "sent", "SUT", status=0xA700),
    {"t": 8_500_000, "at": "PRINTER", "event": "sheet-out", "sheet": 1, "film": "films/PRINTER-0001.png"},
    {"t": 8_500_001, "at": "PRINTER", "event": "film-jam", "where": "receive magazine"},
    {"t": 8_600_000, "at": "PRINTER", "event": "fault-fired", "fault": "no-response", "on": "N-SET-RQ"},
    message(9_000_000, "PRINTER", "A-ASSOCIATE-RJ", "sent", "NOBODY", result=1, source=1, reason=3),
    message(9_000_000, "OTP_SCU", "A-ABORT", "received", "PRINTER", source=2, reason=0),
    {"t": 309_000_000, "at": "OTP_SCU", "event": "DIMSE-timeout", "with": "PRINTER", "assoc": 1},
    {"t": 309_000_000, "at": "bench", "event": "step-failed", "step": "print"},
    {"t": 3_600_000_000, "at": "bench", "event": "verdict", "verdict": "fail"},
)

GOLDEN = """\
0:00:00.000000 > bench              step-started    step=print
0:00:00.000000   OTP_SCU → PRINTER  A-ASSOCIATE-RQ  called=PRINTER calling=OTP_SCU +500 us
0:00:00.001000   OTP_SCU → PRINTER  N-GET-RQ        message-id=1 sop-class=Printer
0:00:00.002000   PRINTER → OTP_SCU  N-GET-RSP       status=0x0000 Success responds-to=1 sop-class=Printer +1.5 ms
0:00:00.003000   PRINTER → SUT      N-ACTION-RSP    status=0xB604 Warning: Image size is large…has been demagnified …
0:00:00.003000   PRINTER ← SUT      C-STORE-RQ      message-id=7 sop-class=CTImageStorage sop-instance=1.2.826…1.2.3.42
0:00:00.003000   ARCHIVE → SUT      C-STORE-RSP     status=0xA700 Failure: Refused: Out of Resources
0:00:08.500000 * PRINTER            sheet-out       film=films/PRINTER-0001.png sheet=1
0:00:08.500001 * PRINTER            film-jam        where="receive magazine"
0:00:08.600000 ! PRINTER            fault-fired     fault=no-response on=N-SET-RQ
0:00:09.000000 ! PRINTER → NOBODY   A-ASSOCIATE-RJ  permanent, service-user, calling-AE-title-not-recognized (1/1/3)
0:00:09.000000 ! OTP_SCU ← PRINTER  A-ABORT         service-provider, reason-not-specified (2/0)
0:05:09.000000 ! OTP_SCU            DIMSE-timeout   with=PRINTER
0:05:09.000000 ! bench              step-failed     step=print
1:00:00.000000 v bench              verdict         verdict=fail
"""


def test_a_story_reads_as_it_happened() -> None:
    assert timeline(STORY) == GOLDEN


def test_ascii_says_the_same() -> None:
    lines = timeline(STORY, ascii_only=True).splitlines()
    assert "".join(lines).isascii()
    assert lines[3].split() == GOLDEN.splitlines()[3].replace("→", "->").split()
    assert "OTP_SCU <- PRINTER" in lines[11]


@pytest.mark.parametrize("width", [100, 120])
def test_lines_keep_to_the_width(width: int) -> None:
    assert max(map(len, timeline(STORY, width=width).splitlines())) <= width


def test_colour_only_adds_codes() -> None:
    coloured = timeline(STORY, colour=True)
    assert "\x1b[31m! PRINTER            fault-fired\x1b[0m" in coloured
    assert "\x1b[31m  ARCHIVE → SUT      C-STORE-RSP\x1b[0m" in coloured
    assert "\x1b[33m  PRINTER → SUT      N-ACTION-RSP\x1b[0m" in coloured
    for code in ("0", "1", "2", "31", "32", "33", "36"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == GOLDEN


def test_an_empty_log() -> None:
    assert timeline([]) == "no events\n"


def test_a_log_without_messages_has_no_empty_column() -> None:
    record = {"n": 0, "t": 5, "at": "PRINTER", "event": "door-open"}
    assert timeline([record]) == "0:00:00.000005 * PRINTER  door-open\n"


def test_pairs_can_be_left_apart() -> None:
    assert len(timeline(STORY, pairs=False).splitlines()) == len(STORY)


def test_what_a_peer_sent_cannot_drive_the_terminal() -> None:
    record = message(0, "A\x1b[2J", "E\nF", "sent", "B\x9b", text="x\r\x1b]0;title\x07", uid="1.2.3\n")
    text = timeline(log(record))
    assert text.count("\n") == 1
    assert text[:-1].isprintable()


def test_a_lone_surrogate_and_a_strange_record_still_print() -> None:
    text = timeline([{"at": None, "event": 5, "x": "\udc80", "y": None, "z": {"a": [1]}, "status": "odd"}])
    assert text == '0:00:00.000000 * None  5  status=odd x="\\udc80" y=null z={"a":[1]}\n'


def test_long_names_are_shortened() -> None:
    line = timeline(log(message(0, "P" * 60, "E" * 60, "sent", "Q" * 60, comment="c" * 400, tail="t"))).rstrip("\n")
    assert len(line) <= 120
    assert line.endswith("…")


# Pairing


def test_a_message_whose_field_changed_on_the_way_stays_two_rows() -> None:
    sent, received = both(0, "A", "C-STORE-RSP", "B", 10, status=0)
    received["status"] = 0xA700
    assert len(pair(log(sent, received))) == 2


def test_equal_messages_are_matched_in_order_of_sending() -> None:
    first, arrived = both(0, "A", "C-ECHO-RQ", "B", 100, message_id=1)
    second, arrived_too = both(10, "A", "C-ECHO-RQ", "B", 100, message_id=1)
    assert [row.latency for row in pair(log(first, second, arrived, arrived_too))] == [100, 100]


def test_two_associations_are_kept_apart_by_what_opened_them() -> None:
    def assoc(record: Record, ordinal: int) -> Record:
        return {**record, "assoc": ordinal}

    one, one_in = both(0, "A", "A-ASSOCIATE-RQ", "B", 5)
    two, two_in = both(1, "A", "A-ASSOCIATE-RQ", "B", 5)
    ask, ask_in = both(10, "A", "C-ECHO-RQ", "B", 5, message_id=1)
    rows = pair(
        log(
            *(assoc(one, 1), assoc(two, 2), assoc(one_in, 7), assoc(two_in, 8)),
            *(assoc(ask, 1), assoc({**ask, "t": 12}, 2), assoc(ask_in, 8), assoc({**ask_in, "t": 90}, 7)),
        )
    )
    assert [(row.record["assoc"], row.latency) for row in rows] == [(1, 5), (2, 5), (1, 80), (2, 3)]
    assert "assoc=2" in timeline([row.record for row in rows])


def test_a_duplicate_and_a_lost_message_stay_as_they_are() -> None:
    sent, received = both(0, "A", "C-ECHO-RSP", "B", 1)
    lost = message(5, "A", "C-FIND-RSP", "sent", "B")
    rows = pair(log(sent, received, received, lost))
    assert [(row.record["way"], row.latency) for row in rows] == [("sent", 1), ("received", None), ("sent", None)]


def test_a_received_never_joins_a_later_sent() -> None:
    sent, received = both(0, "A", "C-ECHO-RQ", "B", 1)
    assert len(pair(log(received, sent))) == 2


def test_ten_thousand_changed_messages_take_no_time() -> None:
    pairs = [both(n, "A", "C-STORE-RSP", "B", 1, status=0) for n in range(10_000)]
    records = log(*(record for sent, received in pairs for record in (sent, {**received, "status": 1})))
    # of this process alone: the machine has other work to do
    begin = time.process_time()
    assert len(pair(records)) == 20_000
    assert time.process_time() - begin < 5


def test_an_association_without_a_sensible_ordinal_is_paired_by_its_route() -> None:
    sent, received = both(0, "A", "C-ECHO-RQ", "B", 1)
    assert len(pair(log({**sent, "assoc": [1]}, received))) == 1


def test_ae_titles_that_are_not_the_names_of_the_peers() -> None:
    sent = message(0, "printer", "N-GET-RSP", "sent", "OTP_SCU")
    received = message(9, "tps", "N-GET-RSP", "received", "PRINT_1")
    assert len(pair(log(sent, received))) == 2
    assert [row.latency for row in pair(log(sent, received), {"OTP_SCU": "tps", "PRINT_1": "printer"})] == [9]


# Words


@pytest.mark.parametrize(
    ("code", "event", "sop_class", "words"),
    [
        (0, "C-ECHO-RSP", "", ("Success", "")),
        (0xA700, "C-STORE-RSP", "", ("Failure", "Refused: Out of Resources")),
        (0xA702, "C-MOVE-RSP", "", ("Failure", "Refused: Out of resources, unable to perform sub-operations")),
        (0xFF00, "C-FIND-RSP", "", None),
        (0xC601, "N-ACTION-RSP", "1.2.840.10008.5.1.1.1", None),
        (0x0110, "N-SET-RSP", "1.2.3.4.5", ("Failure", "Processing Failure")),
        (0xC123, "N-SET-RSP", "", ("Failure", "")),
        (-5, "", "", ("Unknown", "")),
    ],
)
def test_statuses(code: int, event: str, sop_class: str, words: tuple[str, str] | None) -> None:
    found = status_words(code, event, sop_class)
    assert found == words if words else found[1]


def test_endings() -> None:
    assert reject_words(2, 3, 2) == "transient, service-provider (presentation), local-limit-exceeded"
    assert abort_words(0, 6) == "service-user"
    assert abort_words(2, 6) == "service-provider, invalid-PDU-parameter-value"
    assert reject_words([], None, {}) == reject_words(9, 9, 9) == ""


def test_values() -> None:
    assert uid_words(CT) == "CTImageStorage"
    assert uid_words(PRINTER_INSTANCE) == "PrinterInstance"
    assert uid_words(LONG_UID) == "1.2.826…1.2.3.42"
    assert uid_words(LONG_UID, "...") == "1.2.82....2.3.42"
    assert value_words([CT, "two words", 3]) == '[CTImageStorage,"two words",3]'
    assert (value_words(""), value_words(value=True), value_words("a=b")) == ('""', "true", '"a=b"')
    assert printable("ü\x07") == "ü\\x07"


@pytest.mark.parametrize(
    ("encoding", "needed"), [("utf-8", False), ("ascii", True), ("latin-1", True), ("cp437", True)]
)
def test_streams(encoding: str, needed: bool) -> None:
    assert needs_ascii(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is needed


def test_a_stream_without_an_encoding_gets_ascii() -> None:
    assert needs_ascii(io.StringIO())


def test_what_a_user_is_told_is_told_whole() -> None:
    words = "marker match refused: " + "the marker is outside of the picture, " * 6
    records: list[Record] = [
        {"n": 1, "t": 0, "at": "OBI", "event": "user-told", "text": words},
        {"n": 2, "t": 1, "at": "OBI", "event": "step-failed", "step": "match", "reason": "refused"},
    ]
    lines = timeline(records, width=80).splitlines()
    assert lines[0] == "0:00:00.000000 * OBI  user-told"
    assert " ".join(line.strip() for line in lines[1:-1]) == words.strip()
    assert all(len(line) <= 80 for line in lines)
    assert lines[-1] == "0:00:00.000001 ! OBI  step-failed  step=match refused"
