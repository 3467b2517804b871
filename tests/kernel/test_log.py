"""The event log: canonical lines, a digest of them and of nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from linacsim.kernel.log import EventLog, canonical
from linacsim.kernel.traffic import Traffic
from linacsim.report import RunFolder


def log_at(*times: int) -> EventLog:
    """Return a log whose clock tells `times` one after the other."""
    clock = iter(times)
    return EventLog(lambda: next(clock))


def test_fixed_fields_come_first_and_the_others_in_alphabetical_order() -> None:
    record = {"zone": 1, "event": "sheet-out", "at": "PRINTER", "t": 1500, "n": 0, "film": 2}
    assert canonical(record) == '{"n":0,"t":1500,"at":"PRINTER","event":"sheet-out","film":2,"zone":1}'


def test_a_line_is_ascii_whatever_a_peer_writes() -> None:
    assert canonical({"event": "A-ABORT", "comment": "Müller\n"}) == '{"event":"A-ABORT","comment":"M\\u00fcller\\n"}'


def test_records_count_from_zero_and_leave_out_what_is_none() -> None:
    log = log_at(10, 20)
    log.add("STORE", "disk-full", size=None)
    log.add("STORE", "disk-cleared", size=0)
    assert log.records == [
        {"n": 0, "t": 10, "at": "STORE", "event": "disk-full"},
        {"n": 1, "t": 20, "at": "STORE", "event": "disk-cleared", "size": 0},
    ]


def test_the_digest_is_that_of_the_lines() -> None:
    log = log_at(1, 2)
    log.add("A", "one")
    log.add("B", "two", field="x")
    assert log.digest() == hashlib.sha256("".join(f"{line}\n" for line in log.lines()).encode()).hexdigest()


def test_the_order_of_fields_does_not_change_the_digest_but_a_microsecond_does() -> None:
    one, same, later = log_at(1), log_at(1), log_at(2)
    one.add("A", "event", x=1, y=2)
    same.add("A", "event", y=2, x=1)
    later.add("A", "event", x=1, y=2)
    assert one.digest() == same.digest() != later.digest()


def test_the_header_of_the_file_is_no_part_of_the_digest(tmp_path: Path) -> None:
    log = log_at(1)
    log.add("A", "event")
    folders = [RunFolder.create(tmp_path, "header", f"run-{seed}") for seed in (1, 2)]
    for seed, folder in enumerate(folders, 1):
        folder.write({"linacsim": "x", "seed": seed}, log, Traffic(), {"verdict": "pass"}, 0)
    lines = [(folder.root / "events.jsonl").read_bytes().splitlines() for folder in folders]
    assert lines[0][0] != lines[1][0]
    assert json.loads(lines[0][0]) == {"linacsim": "x", "seed": 1}
    for _header, *events in lines:
        assert hashlib.sha256(b"".join(line + b"\n" for line in events)).hexdigest() == log.digest()


def test_listeners_hear_each_record_as_it_happens() -> None:
    log, heard = log_at(1, 2), []
    log.listeners.append(lambda record: heard.append((record["event"], len(log.records))))
    log.add("A", "one")
    log.add("A", "two")
    assert heard == [("one", 1), ("two", 2)]


def test_a_log_that_keeps_only_the_newest_goes_on_counting() -> None:
    log = EventLog(lambda: 0)
    log.keep = 3
    for _ in range(10):
        log.add("A", "event")
    assert log.records[-1]["n"] == 9
    assert 3 <= len(log.records) <= 6
