"""The report of an acceptance run: matrix, reasons, evidence, and what is signed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from linacsim.accept.page import acceptance_page
from linacsim.accept.profile import Profile
from linacsim.accept.protocol import FILE, Entry, Protocol, evidence
from linacsim.accept.suite import Suite, suite_of

ABOUT = {
    "addresses": ["127.0.0.1:104@PACS"],
    "linacsim": "0.1.0",
    "python": "3.11",
    "system": "Linux",
    "libraries": {"simpy": "4"},
}
HASH = "0" * 60 + "abcd"
HOSTILE = '</style><script>alert(1)</script>"} body { color: red'


def entry(name: str, verdict: str = "pass", **more: object) -> Entry:
    folder = f"runs/{name.rpartition('/')[2]}/live-seed-1"
    return Entry(
        name=name, title=name, verdict=verdict, reason="", requires=["R"], folder=folder, seed=1, ended="now", took=5,
        evidence={f"{folder}/events.jsonl": HASH}, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def page_of(suite: Suite, entries: list[Entry], profile: Profile | None = None, digest: str = "") -> str:
    protocol = Protocol(about=ABOUT, started="then", sessions=["then"], entries=entries)
    return acceptance_page(protocol, suite, profile or Profile(product="P", version="1"), digest)


def row_of(page: str, requirement: str) -> str:
    rows: list[str] = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f"<td>{requirement}<" in row]
    assert len(rows) == 1
    return rows[0]


def test_the_matrix_has_a_column_for_each_scenario_and_the_gravest_verdict_for_each_requirement() -> None:
    suite = suite_of("storage-scp", {})
    names = list(suite.scenarios)
    verdicts = ["fail" if name.endswith("it-takes-a-ct-image") else "pass" for name in names]
    page = page_of(suite, [entry(name, verdict) for name, verdict in zip(names, verdicts, strict=True)])
    row = row_of(page, re.escape("PS3.4 B.2.3").replace("\\", ""))
    assert '<td class="word fail">FAIL</td>' in row
    shown = [name for name in names if "PS3.4 B.2.3" in suite.scenarios[name].requires]
    assert (row.count("✓"), row.count("✗")) == (len(shown) - 1, 1)
    assert row.count('class="cell') == len(names)
    assert "FAIL" in page[: page.index("<dl")]


def test_of_very_many_scenarios_each_requirement_lists_its_own() -> None:
    one = suite_of("storage-scp", {})
    first = next(iter(one.scenarios.values()))
    many = {f"mine/number-{number}": replace(first, requires=("REQ",)) for number in range(40)}
    page = page_of(Suite("many", "", many), [entry(name) for name in many])
    row = row_of(page, "REQ")
    assert 'class="cell' not in row
    assert re.findall(r">(\d+) ✓<", row) == [str(number) for number in range(1, 41)]


def test_all_that_was_missed_and_all_that_was_seen_is_told() -> None:
    suite = suite_of("storage-scp", {})
    name = next(iter(suite.scenarios))
    page = page_of(suite, [entry(name, "fail", missed=["first <reason>", "second reason"], checked=["this was met"])])
    assert "<li>first &lt;reason&gt;</li><li>second reason</li>" in page
    assert "✓ this was met" in page


def test_the_evidence_and_the_protocol_are_signed_for() -> None:
    suite = suite_of("storage-scp", {})
    names = list(suite.scenarios)
    page = page_of(suite, [entry(name) for name in names], digest="f" * 64)
    appendix = page[page.index("Appendix") :]
    assert appendix.count(HASH) == len(names)
    assert "f" * 64 in page[page.index("Signatures") : page.index("Appendix")]
    assert "have not been played yet" not in page
    assert "have not been played yet" in page_of(suite, [entry(names[0])])


def test_hashes_are_those_of_the_files_and_not_of_what_a_peer_keeps_for_itself(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{}", encoding="utf-8")
    (tmp_path / "runs" / ".archive").mkdir(parents=True)
    (tmp_path / "runs" / ".archive" / "lock").write_text("1", encoding="utf-8")
    (tmp_path / "runs" / "latest").symlink_to(tmp_path / FILE)
    found = evidence(tmp_path, tmp_path.rglob("*"))
    assert found == {FILE: hashlib.sha256(b"{}").hexdigest()}


def test_no_word_of_a_profile_does_anything() -> None:
    suite = suite_of("storage-scp", {})
    profile = Profile(product=HOSTILE, version=HOSTILE, vendor=HOSTILE, tester=HOSTILE, configuration=HOSTILE)
    page = page_of(suite, [entry(name, checked=[HOSTILE], missed=[HOSTILE]) for name in suite.scenarios], profile)
    assert "<script" not in page
    assert page.count("</style>") == 1
    style = page[page.index("<style>") : page.index("</style>")]
    assert "{ color: red" not in style
