"""What the page of a run says, read as a browser would but without one."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from linacsim.cli import main
from linacsim.errors import InputError
from linacsim.report import report_again
from linacsim.report.page import diagram, pictures
from linacsim.report.page import page as make
from tests.report.a_run import HEADER, Script, long_script, picture, result, write

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"'\u2028\x1b[2J"


class Reader(HTMLParser):
    """Reads a page: its visible text, its data, its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.data: dict[str, Any] = {}
        self._inside = ""
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside = f"{tag} {dict(attrs).get('type', '')}".strip()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script application/json":
            self.data = json.loads(data)
        elif not self._inside:
            self.text += f"{data} "


def read(script: Script, run: Path = Path("nowhere"), **told: Any) -> Reader:
    """Return the page of a log."""
    return Reader(make(run, HEADER, script.records, result(**told), []))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of the printer with a jam."""
    out = tmp_path_factory.mktemp("runs")
    assert main(["play", "print/jam-after-the-first-sheet", "--quiet", "--out", str(out)]) == 0
    return (out / "latest").resolve()


def stored(**told: Any) -> Reader:
    script = Script()
    script.store("SCU", "STORE", 2)
    return read(script, **told)


def test_verdict_reason_and_the_line_to_play_it_again_stand_first() -> None:
    page = stored(
        verdict="fail",
        failures=["SCU: store failed: no answer"],
        expectations=[{"text": "C-STORE-RSP at SCU, at least once", "met": False, "reason": "never", "events": []}],
    )
    head = page.text[: page.text.index("digest")]
    assert re.search(r"Fail .*A run .*SCU: store failed: no answer \(and 1 more\)", head)
    assert "To play it again: linacsim play storage/a-run --seed 7" in head


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"verdict": "pass", "expectations": [{"text": "x", "met": True}]}, "Everything that was expected happened"),
        ({"verdict": "pass"}, "Every step was played."),
        ({"verdict": "error", "failures": ["Deadlock: SCU waits"]}, "Deadlock: SCU waits"),
        ({"verdict": "fail"}, "without a reason in its result"),
    ],
)
def test_each_verdict_has_its_reason(told: dict[str, Any], words: str) -> None:
    assert words in stored(**told).text


def test_an_unfired_fault_tells_what_it_waited_for_and_how_often_that_happened() -> None:
    fault = {
        "text": "abort at STORE on C-STORE-RQ, nth 9",
        "fired": 0,
        "fault": "abort",
        "at": "STORE",
        "on": "C-STORE-RQ",
    }
    page = stored(verdict="inconclusive", faults=[fault])
    assert "an armed fault never fired (abort at STORE on C-STORE-RQ, nth 9)" in page.text
    assert "it waits for C-STORE-RQ at STORE, which happened 2 times" in page.text
    assert "which never happened" in stored(verdict="inconclusive", faults=[{**fault, "at": "ARIA"}]).text


def test_what_an_expectation_rests_on_is_linked() -> None:
    unmet = {"text": "no A-ABORT", "met": False, "reason": "it happened: #4 at 0:00:00.1, see #9999", "events": [3, 4]}
    page = stored(verdict="fail", expectations=[unmet])
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a" and attrs.get("class") == "ev"]
    assert {"#e3", "#e4"} <= set(links)
    assert "#e9999" not in links, "there is no such event"
    rests = {row["n"]: row["rests"] for row in page.data["rows"] if "rests" in row}
    assert set(rests) == {2, 4}, "3 is the receiver's record of 2"
    assert all("not met" in words for words in rests.values())


def test_reading_starts_where_something_first_went_wrong() -> None:
    script = Script()
    script.store("SCU", "STORE", 1)
    script.store("SCU", "STORE", 1, status=0xA700)
    bad = next(record for record in script.records if record.get("status") == 0xA700)
    assert f"Start reading at #{bad['n']} C-STORE-RSP" in read(script, verdict="fail").text


def test_nothing_that_a_peer_says_becomes_part_of_the_page() -> None:
    script = Script()
    script.store(HOSTILE, "STORE", 1)
    script.log.add("STORE", "user-told", text=HOSTILE)
    script.log.add(HOSTILE, HOSTILE, **{HOSTILE: HOSTILE, "status": HOSTILE})
    line = [{"text": HOSTILE, "met": False, "reason": HOSTILE, "fired": 0, "events": []}]
    page = read(
        script, scenario=HOSTILE, about=HOSTILE, failures=[HOSTILE] * 2, verdict="fail", requires=[HOSTILE],
        expectations=line, faults=line, reproduce=HOSTILE, version=HOSTILE, digest=HOSTILE,
    )  # fmt: skip
    scripts = [attrs for tag, attrs in page.tags if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "data"}, {}]
    assert not [attrs for tag, attrs in page.tags if "onerror" in attrs or attrs.get("src") == "x"]
    assert HOSTILE in [lane["name"] for lane in page.data["lanes"]]
    assert "alert(1)" in page.text


def test_the_page_asks_for_nothing_and_lets_no_other_script_run(printed: Path) -> None:
    html = (printed / "report.html").read_text("utf-8")
    page = Reader(html)
    asked = [attrs[key] for tag, attrs in page.tags for key in ("src", "href") if attrs.get(key) and tag != "a"]
    assert [address[:15] for address in asked if address] == ["data:image/png;"] * 2
    policy = next(attrs["content"] for _tag, attrs in page.tags if attrs.get("http-equiv"))
    code = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)[-1]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'" in (policy or "")
    assert "default-src 'none'" in (policy or "")


def test_the_page_tells_what_the_run_was_played_with(printed: Path) -> None:
    page = Reader((printed / "report.html").read_text("utf-8"))
    versions = json.loads((printed / "result.json").read_text("utf-8"))["versions"]
    assert {"Python", "pynetdicom", "pydicom", "simpy"} == set(versions)
    assert all(f"{name} {number}" in page.text for name, number in versions.items())


def test_every_event_is_in_the_page_once(printed: Path) -> None:
    page = Reader((printed / "report.html").read_text("utf-8"))
    lines = (printed / "events.jsonl").read_text("utf-8").splitlines()[1:]
    ordinals = [row[key] for row in page.data["rows"] for key in ("n", "received") if key in row]
    assert sorted(ordinals) == list(range(len(lines)))


def test_every_message_has_its_PDUs(printed: Path) -> None:
    page = Reader((printed / "report.html").read_text("utf-8"))
    messages = [row for row in page.data["rows"] if row["to"] >= 0]
    assert len(messages) > 20
    assert all(row.get("pdus") for row in messages)
    assert page.data["wire"] == []
    kinds = {row["event"]: {run[1] for run in row["pdus"]} for row in messages}
    assert kinds["N-SET-RQ"] == {"P-DATA-TF"}
    assert kinds["A-RELEASE-RQ"] == {"A-RELEASE-RQ"}


def test_the_fault_is_marked_and_the_hardware_has_its_states(printed: Path) -> None:
    page = Reader((printed / "report.html").read_text("utf-8"))
    rows = page.data["rows"]
    told = {band["label"]: (rows[band["first"]]["event"], rows[band["last"]]["event"]) for band in page.data["bands"]}
    assert told["film jam"] == ("film-jam", "jam-cleared")
    assert told["FILM JAM"] == ("printer-status", "printer-status")
    assert told["job printing"] == ("job-printing", "job-done")
    assert [row["kind"] for row in rows if row["event"] == "fault-fired"] == ["fault"]


def test_an_end_that_nobody_logged_is_read_from_the_connection(tmp_path: Path) -> None:
    assert main(["play", "faults/connection-reset", "--quiet", "--out", str(tmp_path)]) == 0
    page = Reader((tmp_path / "latest" / "report.html").read_text("utf-8"))
    assert [one["ending"] for one in page.data["associations"]] == ["connection reset by STORE (fault reset)"]
    assert "1 connection reset by STORE (fault reset)" in page.text


def test_the_page_can_be_made_again_from_the_folder_alone(printed: Path) -> None:
    before = {name: (printed / name).read_bytes() for name in ("report.html", "junit.xml")}
    for name in before:
        (printed / name).unlink()
    page, suite = report_again(printed)
    assert page == printed / "report.html"
    assert suite.name == "print/jam-after-the-first-sheet"
    assert {name: (printed / name).read_bytes() for name in before} == before


def test_a_run_that_was_cut_short_says_so(tmp_path: Path) -> None:
    script = Script()
    script.store("SCU", "STORE")
    run = write(tmp_path, script, result())
    (run / "result.json").unlink()
    page, _suite = report_again(run)
    assert "the run was cut short: it has no result.json" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("result.json", b"{", "cannot be read as JSON"),
        ("result.json", b"[]", "is no result of a run"),
        ("traffic.pcap", b"what is this?", "not the capture of a bench"),
        ("events.jsonl", b'{"linacsim":"0.1.0"}\n{"n":0}\n', "not an event"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    script = Script()
    script.store("SCU", "STORE")
    run = write(tmp_path, script, result())
    (run / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        report_again(run)


@pytest.mark.parametrize("told", [{}, {"verdict": 3, "expectations": [7], "faults": "x", "digest": 9, "peers": [1]}])
def test_a_result_of_which_little_is_known(told: dict[str, Any]) -> None:
    assert Reader(make(Path("nowhere"), {}, [], told, [])).data["rows"] == []


def test_a_picture_that_is_too_large_is_shown_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(tmp_path / "films" / "PRINTER-0001.png")
    large = picture(tmp_path / "films" / "PRINTER-0002.png", 1200, 1200)
    monkeypatch.setattr(pictures, "LARGEST", 100_000)
    script = Script()
    script.log.add("PRINTER", "sheet-out", picture="films/PRINTER-0001.png")
    page = read(script, tmp_path)
    shown = [attrs["src"] for tag, attrs in page.tags if tag == "img" and attrs.get("src")]
    assert len(shown) == 2
    assert f"a small copy; the file has {large.stat().st_size / 1e6:.1f} MB" in page.text
    assert "#0 sheet-out at 0:00:00.000000" in page.text


def test_pictures_that_do_not_fit_are_named_with_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for ordinal in range(5):
        picture(tmp_path / "pictures" / f"IMAGER-{ordinal}.png")
    (tmp_path / "pictures" / "IMAGER-0.png").write_bytes(b"no picture")
    (tmp_path / "pictures" / "IMAGER-1.png").write_bytes(b"\x89PNG" + bytes(200_000))
    monkeypatch.setattr(pictures, "ROOM", (tmp_path / "pictures" / "IMAGER-2.png").stat().st_size + 10)
    monkeypatch.setattr(pictures, "MOST", 4)
    page = read(Script(), tmp_path)
    assert "IMAGER-0.png not a PNG file; left out" in page.text
    assert "IMAGER-1.png cannot be shown" in page.text
    assert "IMAGER-3.png left out, as the page is full" in page.text
    assert "1 more are in the folder of the run" in page.text
    assert len([1 for tag, attrs in page.tags if tag == "img" and attrs.get("src")]) == 1


def test_what_a_peer_has_stored_is_shown_on_a_sheet(tmp_path: Path) -> None:
    names = ["CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "rtdose.dcm", "badVR.dcm"]
    script = Script()
    (tmp_path / "objects" / "STORE").mkdir(parents=True)
    for name in [*names, "gone.dcm", "../../outside.dcm"]:
        if name in names:
            shutil.copy(get_testdata_file(name, download=False) or "", tmp_path / "objects" / "STORE" / name)
        script.log.add("STORE", "object-stored", object=f"objects/STORE/{name}")
    page = read(script, tmp_path)
    sheets = [attrs for tag, attrs in page.tags if tag == "img" and attrs.get("src")]
    assert [attrs["alt"] for attrs in sheets] == ["objects/STORE"]
    assert "#0 object-stored at 0:00:00.000000 3 of the 6 objects there" in page.text
    data = base64.b64decode((sheets[0]["src"] or "").partition(",")[2])
    with Image.open(io.BytesIO(data)) as sheet:
        assert sheet.size == (3 * 132 - 4, 128)
        grey = np.asarray(sheet)
    assert [grey[:, left : left + 128].max() > 200 for left in (0, 132, 264)] == [True] * 3


def test_a_run_that_is_too_long_shows_its_ends_and_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagram, "MOST", 400)
    script = long_script(3000)
    page = read(script)
    rows = page.data["rows"]
    assert len(rows) <= 400
    assert (rows[0]["n"], rows[-1]["event"]) == (0, "verdict")
    ordinals = {row["n"] for row in rows}
    assert all(record["n"] in ordinals for record in script.records if record["event"] == "fault-fired")
    assert "rows are not printed" in page.text
    monkeypatch.setattr(diagram, "MOST", 50_000)
    everything = read(script).data
    assert everything["skips"] == []
    assert sum(count for _place, count in page.data["skips"]) + len(rows) == len(everything["rows"])


def test_what_is_read_without_scripts_and_on_paper_has_every_event_of_a_short_run() -> None:
    script = Script()
    script.store("SCU", "STORE", 3, status=0xB000)
    page = read(script)
    anchors = {attrs.get("id") for tag, attrs in page.tags if tag == "tr"}
    assert {f"e{row['n']}" for row in page.data["rows"]} <= anchors
    assert "SCU → STORE C-STORE-RQ" in page.text
