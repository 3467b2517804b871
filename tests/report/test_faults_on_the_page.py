"""Faults on the page: whose firing it was, what was drawn for it, which message it has met, and why one has not fired."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from linacsim.playing import Played, Setting, play_scenario
from linacsim.report.pairing import pair
from linacsim.report.reason import unfired
from linacsim.report.timeline import timeline
from linacsim.scenario.loader import scenario_of
from linacsim.scenario.vocabulary import vocabulary
from tests.report.a_run import Script, result, write

IMAGE = {"store": {"to": "STORE", "images": ["pydicom:CT_small.dcm"]}}
KEYS: dict[str, Any] = {
    "scenario": "Faults on the line",
    "peers": {"STORE": {"kind": "storage"}, "SCU": {"kind": "storage", "dimse-timeout": "5 s"}},
    "faults": [
        {"do": "status", "at": "STORE", "on": "C-STORE-RSP", "way": "sent", "nth": 1},
        {"do": "latency", "at": "SCU", "on": "C-STORE-RQ", "way": "sent", "nth": 2, "delay": "2 s"},
        {"do": "status", "at": "STORE", "on": "C-STORE-RSP", "way": "sent", "nth": 9, "code": 0xA700},
        {"do": "abort", "at": "STORE", "on": "C-STORE-RQ", "with": "SOMEBODY"},
    ],
    "steps": [{"SCU": IMAGE, "may-fail": True}, {"SCU": IMAGE, "may-fail": True}, {"heal": "STORE"}, {"SCU": IMAGE}],
    "expect": [{"event": "object-stored", "at": "STORE", "count": 3}],
}


def played(tmp_path: Path) -> Played:
    return play_scenario(scenario_of(KEYS, vocabulary()), Setting(), tmp_path)


def rows_of(page: str) -> list[dict[str, Any]]:
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    found: list[dict[str, Any]] = json.loads(data)["rows"]
    return found


def test_each_firing_is_told_at_its_own_fault_with_what_was_drawn(tmp_path: Path) -> None:
    one = played(tmp_path)
    assert one.outcome.verdict == "inconclusive"
    page = (one.folder.root / "report.html").read_text(encoding="utf-8")
    fired = [record for record in one.records if record["event"] == "fault-fired"]
    assert [record["ordinal"] for record in fired] == [1, 2]
    table = page[page.index('id="h-faults"') : page.index('id="overview"')]
    [first, second, third, fourth] = re.findall(r"<tr class=.*?</tr>", table, re.DOTALL)
    assert f"drawn: {fired[0]['drawn']}" in first
    assert [f'href="#e{fired[0]["n"]}"' in each for each in (first, second, third)] == [True, False, False]
    assert f'href="#e{fired[1]["n"]}"' in second
    assert "which happened 3 times, 2 times as its conditions want it; it fires at: nth 9" in third
    assert "which happened 3 times, never as its conditions want it" in fourth


def test_a_fault_on_the_line_is_at_the_arrow_that_it_has_met(tmp_path: Path) -> None:
    rows = rows_of((played(tmp_path).folder.root / "report.html").read_text(encoding="utf-8"))
    struck = [(row["event"], row["struck"]) for row in rows if row.get("struck")]
    assert struck == [("C-STORE-RSP", "status"), ("C-STORE-RQ", "latency")]
    told = [row["words"] for row in rows if row["event"] == "fault-fired"]
    assert told[0].startswith("fault 1 on C-STORE-RSP sent, on the line as the acceptor; drawn: code ")
    assert told[1] == "fault 2 on C-STORE-RQ sent, on the line as the requestor"
    [healed] = [row for row in rows if row["event"] == "healed"]
    assert healed["kind"] == "step"


def test_why_one_has_not_fired_is_in_the_summary_too(tmp_path: Path) -> None:
    faults = played(tmp_path).result["faults"]
    assert [fault["fired"] for fault in faults] == [1, 1, 0, 0]
    assert unfired(faults[2], ()).endswith("; it fires at: nth 9")
    assert (
        unfired(faults[3], ())
        == "it waits for C-STORE-RQ at STORE, which happened 3 times, never as its conditions want it"
    )


def test_a_request_that_was_given_up_is_not_the_one_that_arrived() -> None:
    script = Script()
    script.message("A-ASSOCIATE-RQ", "SCU", "STORE", arrives=False)
    script.t += 30_000_000
    script.log.add("SCU", "ACSE-timeout", assoc=1, **{"with": "STORE"})
    script._assoc["STORE"] = 0
    script.store("SCU", "STORE")
    rows = [row for row in pair(script.records) if row.record["event"] == "A-ASSOCIATE-RQ"]
    assert [row.latency for row in rows] == [None, 100]
    assert "←" not in timeline(script.records)


def test_a_connection_on_which_nothing_was_asked_has_no_requestor(tmp_path: Path) -> None:
    script = Script()
    script.log.add(
        "STORE", "invalid-PDU", assoc=1, **{"pdu-type": 71, "length": 5, "complaint": "unrecognised PDU type"}
    )
    script.log.add("STORE", "A-ABORT", assoc=1, way="sent", source=2, reason=1)
    page = (write(tmp_path, script, result(verdict="fail")) / "report.html").read_text(encoding="utf-8")
    table = page[page.index('class="endings"') : page.index('id="h-files"')]
    assert "<td>?</td><td>STORE</td>" in table


def test_what_a_proxy_has_relayed_goes_from_one_side_to_the_other(tmp_path: Path) -> None:
    script = Script()
    for event, side, other in (
        ("A-ASSOCIATE-RQ", "requestor", "acceptor"),
        ("A-ASSOCIATE-AC", "acceptor", "requestor"),
        ("A-RELEASE-RQ", "requestor", "acceptor"),
        ("A-RELEASE-RP", "acceptor", "requestor"),
    ):
        script.log.add(side, event, way="sent", assoc=1, **{"with": other})
    fault = {"text": "status at acceptor", "fired": 1, "at": "acceptor", "on": "C-STORE-RSP", "fault": "status"}
    told = result(peers={"requestor": "line", "acceptor": "line"}, faults=[fault])
    page = (write(tmp_path, script, told) / "report.html").read_text(encoding="utf-8")
    assert "What came was relayed: 1 of 1 faults fired." in page
    assert "Associations <small>1:" in page
    assert not [row for row in rows_of(page) if row.get("lost")]
    assert [(row["at"], row["to"]) for row in rows_of(page)] == [(0, 1), (1, 0), (0, 1), (1, 0)]


def test_a_program_that_crashes_is_where_to_start_reading(tmp_path: Path) -> None:
    script = Script()
    script.log.add("SUT", "program-started", command="storescp")
    script.log.add("SUT", "program-ended", **{"exit-code": -11, "signal": "SIGSEGV"})
    told = result(
        verdict="fail", failures=["SUT: storescp was ended by SIGSEGV"], peers={"SUT": "program"}, reproduce=""
    )
    page = (write(tmp_path, script, told) / "report.html").read_text(encoding="utf-8")
    assert "Start reading at" in page
    assert "<b>program-ended</b>" in page
    assert "To play it again" not in page
