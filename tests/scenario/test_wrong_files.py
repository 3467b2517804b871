"""Wrong scenario files, word for word: file, line and column, what was found, what is wanted, and the nearest right word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linacsim.errors import ScenarioError
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.vocabulary import vocabulary

PEERS = """\
parameters: {patience: 30 s, who: STORE}
peers:
  STORE: {kind: storage}
  SCU: {kind: storage, dimse-timeout: $patience}
faults:
  - {do: reject, at: STORE, nth: 2, chance: 0.5}
"""
OWN = """\
scenario: Everything that a fault can have
include: [peers.yaml]
parameters:
  images: ["pydicom:CT_small.dcm"]
peers:
  PRINTER: {kind: printer}
faults:
  - {do: abort, at: $who, on: C-STORE-RQ, way: received, with: SCU, nth: 2}
  - {do: status, at: STORE, on: C-STORE-RSP, way: sent, sop-class: 1.2.840.10008.5.1.4.1.1.2, code: 0xA700}
  - {do: latency, at: SCU, not-before: 10 s, not-after: 20 s, delay: 2 s}
  - {do: no-response, at: STORE, on: C-ECHO-RQ, chance: 0.5, times: 3, until: object-stored}
  - {do: jam, at: PRINTER, on: sheet-out, first: 1}
steps:
  - SCU: {store: {to: STORE, images: $images}}
  - heal: STORE
  - wait: 1 s
  - together:
      - SCU: {store: {to: STORE, images: $images}}
expect:
  - {event: object-stored, at: STORE, at-least: 1, bytes: {at-least: 1000}}
"""
Changes = dict[str, tuple[str | None, str]]

WRONG: list[tuple[str, Changes, str]] = [
    ("with", {"own": ("with: SCU", "wiht: SCU")},
     "own.yaml:8:58: unknown key 'wiht'; did you mean 'with'?"),
    ("with-number", {"own": ("with: SCU", "with: 3")},
     "own.yaml:8:58: 'with': 3 is not an AE title; put it in quotes if it is meant as text"),
    ("with-long", {"own": ("with: SCU", "with: A_TITLE_THAT_IS_TOO_LONG")},
     "own.yaml:8:58: 'with': 'A_TITLE_THAT_IS_TOO_LONG' has 24 characters; an AE title has at most 16"),
    ("sop-class key", {"own": ("sop-class: 1.2", "sopclass: 1.2")},
     "own.yaml:9:57: unknown key 'sopclass'; did you mean 'sop-class'?"),
    ("sop-class number", {"own": ("sop-class: 1.2.840.10008.5.1.4.1.1.2", "sop-class: 3")},
     "own.yaml:9:57: 'sop-class' wants text, found 3"),
    ("not-before number", {"own": ("not-before: 10 s", "not-before: 10")},
     'own.yaml:10:28: \'not-before\': 10 is not a duration; write a number and a unit (us, ms, s, min, h), for example "30 s"'),
    ("not-before late", {"own": ("not-before: 10 s", "not-before: 30 s")},
     "own.yaml:10:5: it is over before it begins: 'not-before' comes after its end"),
    ("chance 2", {"own": ("chance: 0.5", "chance: 2")},
     "own.yaml:11:49: 'chance' wants at most 1.0, found 2"),
    ("chance text", {"own": ("chance: 0.5", "chance: often")},
     "own.yaml:11:49: 'chance' wants a number, found 'often'"),
    ("chance -", {"own": ("chance: 0.5", "chance: -0.1")},
     "own.yaml:11:49: 'chance' wants at least 0.0, found -0.1"),
    ("chance %", {"own": ("chance: 0.5", "chance: 50 %")},
     "own.yaml:11:49: 'chance' wants a number, found '50 %'"),
    ("times -1", {"own": ("times: 3", "times: -1")},
     "own.yaml:11:62: 'times' wants at least 0, found -1"),
    ("times text", {"own": ("times: 3", "times: thrice")},
     "own.yaml:11:62: 'times' wants a whole number, found 'thrice'"),
    ("until word", {"own": ("until: object-stored", "until: object-stord")},
     "own.yaml:11:72: unknown event 'object-stord'; did you mean 'object-stored'?"),
    ("until number", {"own": ("until: object-stored", "until: 5")},
     'own.yaml:11:72: \'until\': a time has a unit: write for example "5 s", or the word of an event'),
    ("until unit", {"own": ("until: object-stored", "until: 5 sek")},
     'own.yaml:11:72: \'until\': \'5 sek\' is not a duration; write a number and a unit (us, ms, s, min, h), for example "30 s"'),
    ("heal unknown", {"own": ("heal: STORE", "heal: STOR")},
     "own.yaml:15:5: unknown peer 'STOR'; did you mean 'STORE'?"),
    ("heal number", {"own": ("heal: STORE", "heal: 3")},
     "own.yaml:15:5: 'heal' wants text, found 3"),
    ("heal nothing", {"own": ("heal: STORE", "heal:")},
     "own.yaml:15:5: 'heal' wants text, found nothing"),
    ("heal fails", {"own": ("- heal: STORE", "- heal: STORE\n    fails: x")},
     "own.yaml:16:5: 'fails' stands with 'heal'; only the action of a peer can have it"),
    ("two occurrences", {"own": ("nth: 2}", "nth: 2, every: 3}")},
     "own.yaml:8:77: 'nth' and 'every' exclude each other; keep one of them"),
    ("nth 0", {"own": ("nth: 2}", "nth: 0}")},
     "own.yaml:8:69: 'nth': 0 is not a count; write a whole number, 1 or more"),
    ("nth text", {"own": ("nth: 2}", "nth: second}")},
     "own.yaml:8:69: 'nth': 'second' is not a count; write a whole number, 1 or more"),
    ("way", {"own": ("way: received", "way: recieved")},
     "own.yaml:8:43: 'way' wants 'sent' or 'received', found 'recieved'"),
    ("way bool", {"own": ("way: received", "way: true")},
     "own.yaml:8:43: 'way' wants 'sent' or 'received', found true"),
    ("code text", {"own": ("code: 0xA700", "code: full")},
     "own.yaml:9:95: 'code': 'full' is not a status code; write 0x0000 to 0xFFFF, for example 0xA700"),
    ("param unknown", {"own": ("code: 0xA700", "cde: 0xA700")},
     "own.yaml:9:95: unknown key 'cde'; did you mean 'code'?"),
    ("on wrong", {"own": ("on: C-STORE-RSP", "on: C-STORE-RPS")},
     "own.yaml:9:29: unknown event 'C-STORE-RPS'; did you mean 'C-STORE-RSP'?"),
    ("on cannot", {"own": ("do: status, at: STORE, on: C-STORE-RSP, way: sent", "do: status, at: STORE, on: A-ASSOCIATE-RQ")},
     "own.yaml:9:5: 'status' cannot strike on 'A-ASSOCIATE-RQ'; it strikes on a request such as C-STORE-RQ"),
    ("on missing", {"own": ("on: C-STORE-RSP, way: sent, ", "")},
     "own.yaml:9:5: when does 'status' strike?; add 'on:' with an event, such as C-STORE-RQ"),
    ("at sut", {"own": ("  PRINTER: {kind: printer}\nfaults:", "  PRINTER: {kind: printer}\n  MINE: {kind: sut}\nfaults:\n  - {do: abort, at: MINE, on: C-STORE-RQ}")},
     "own.yaml:9:17: MINE is the stack under test: nothing of it breaks on demand; arm the fault at the peer that it talks to, or let 'linacsim proxy' sit between"),
    ("sop-class word", {"own": ("sop-class: 1.2.840.10008.5.1.4.1.1.2", "sop-class: CTImageStroage")},
     "own.yaml:9:57: 'sop-class': 'CTImageStroage' is neither the UID nor the keyword of a SOP class; did you mean 'CTImageStorage'?"),
    ("sop-class near nothing", {"own": ("sop-class: 1.2.840.10008.5.1.4.1.1.2", "sop-class: pictures")},
     "own.yaml:9:57: 'sop-class': 'pictures' is neither the UID nor the keyword of a SOP class; write for example CTImageStorage"),
    ("sop-instance", {"own": ("sop-class: 1.2.840.10008.5.1.4.1.1.2", "sop-instance: 1.2.x")},
     "own.yaml:9:57: 'sop-instance': '1.2.x' is no UID"),
    ("breakage without event", {"own": ("on: sheet-out, ", "")},
     "own.yaml:12:5: when does 'jam' strike?; add 'on:' with an event, such as C-STORE-RQ"),
    ("breakage at a peer that has none", {"own": ("do: jam, at: PRINTER", "do: jam, at: SCU")},
     "own.yaml:12:6: a storage has no 'jam'; known breakages: break-tls, fill-disk, hang, restart"),
    ("not-after before", {"own": ("not-after: 20 s", "not-after: 5 s")},
     "own.yaml:10:5: it is over before it begins: 'not-before' comes after its end"),
    ("until before", {"own": ("not-after: 20 s", "until: 5 s")},
     "own.yaml:10:5: it is over before it begins: 'not-before' comes after its end"),
    ("every and first", {"own": ("on: sheet-out, first: 1", "on: sheet-out, first: 1, after: 2")},
     "own.yaml:12:53: 'first' and 'after' exclude each other; keep one of them"),
    ("contradiction of two aborts", {"own": ("  - {do: jam,", "  - {do: abort, at: SCU, on: C-STORE-RQ}\n  - {do: no-response, at: SCU, on: C-STORE-RQ}\n  - {do: jam,")},
     "own.yaml:13:5: 'no-response' never fires: 'abort' (own.yaml:12:5) ends the matter each time; say when each of them strikes, or leave one out"),
    ("together of nothing", {"own": ("  - together:\n      - SCU: {store: {to: STORE, images: $images}}", "  - together: []")},
     "own.yaml:17:5: 'together' wants 1 or more entries, found an empty list"),
    ("together of text", {"own": ("  - together:\n      - SCU: {store: {to: STORE, images: $images}}", "  - together: SCU")},
     "own.yaml:17:5: 'together' wants a list, found 'SCU'"),
    ("heal a printer action", {"own": ("heal: STORE", "heel: STORE")},
     "own.yaml:15:5: unknown peer 'heel'; did you mean 'heal'?"),
    ("number as key", {"own": ("- wait: 1 s", "- 1: 1 s")},
     "own.yaml:16:5: the key 1 is no text; put it in quotes if it is meant as text"),
    ("no title", {"own": ("scenario: Everything that a fault can have\n", "")},
     "own.yaml:1:1: the key 'scenario' is missing"),
    ("no peers", {"own": (None, "scenario: x\nsteps: [{wait: 1 s}]\n")},
     "own.yaml:1:1: 'peers' is missing or empty; a scenario has at least one"),
    ("no steps", {"own": (None, "scenario: x\npeers: {A: {kind: storage}}\n")},
     "own.yaml:1:1: 'steps' is missing or empty; a scenario has at least one"),
    ("title number", {"own": ("Everything that a fault can have", "7")},
     "own.yaml:1:1: 'scenario' wants text, found 7"),
    ("personality", {"own": ("PRINTER: {kind: printer}", "PRINTER: {kind: printer}\n  C: {kind: storage, dimse-timout: 30 s}")},
     "own.yaml:7:22: unknown key 'dimse-timout'; did you mean 'dimse-timeout'?"),
    ("personality value", {"own": ("PRINTER: {kind: printer}", "PRINTER: {kind: printer}\n  C: {kind: storage, dimse-timeout: 30}")},
     'own.yaml:7:22: \'dimse-timeout\': 30 is not a duration; write a number and a unit (us, ms, s, min, h), for example "30 s"'),
    ("unknown among many", {"own": ("{kind: printer}", "{kind: printer, zzz: 5 min}")},
     "own.yaml:6:28: unknown key 'zzz'; known keys: about, accept-calling, acse-timeout, annotation-formats, any-density, bin, border-densities, calibration, calibration-told, checks-size-at, chemistry, coerce, colour, colour-by-pixel, configurations, connection-timeout, covers, custom-formats, decimate-crop, destinations, dimse-timeout, display-formats, empty-image-densities, events and 64 more"),
    ("alias", {"own": ("  PRINTER: {kind: printer}", "  PRINTER: *p")},
     "own.yaml:6:12: the anchor or alias 'p'; write the value out"),
    ("two documents", {"own": ("expect:", "---\nexpect:")},
     "own.yaml:20:1: a second document starts here; write one document per file"),
    ("tag", {"own": ("chance: 0.5", "chance: !!float 0.5")},
     "own.yaml:11:57: the tag 'tag:yaml.org,2002:float'; write the value without a tag"),
    ("nul", {"own": ("Everything that", "Every\x00thing that")},
     "own.yaml:1: holds the control character '\\x00', it is no text file"),
    ("bracket", {"own": ("nth: 2}", "nth: 2")},
     'own.yaml:9:5: is not YAML: expected \',\' or \'}\', but got \'{\'; text with ": ", "#" or brackets may need quotes'),
    ("colon", {"own": ("Everything that", "Everything: that")},
     'own.yaml:1:21: is not YAML: mapping values are not allowed here; text with ": ", "#" or brackets may need quotes'),
    ("do", {"own": ("do: jam", "do: jamm")},
     "own.yaml:12:6: unknown fault 'jamm'; did you mean 'jam'?"),
    ("wrong device breakage", {"own": ("do: jam, at: PRINTER", "do: jam, at: STORE")},
     "own.yaml:12:6: a storage has no 'jam'; known breakages: break-tls, fill-disk, hang, restart"),
    ("contradiction", {"own": ("  - {do: jam,", "  - {do: accept-then-silent, at: STORE}\n  - {do: reset, at: STORE, on: connection}\n  - {do: jam,")},
     "own.yaml:13:5: 'reset' never fires: 'accept-then-silent' (own.yaml:12:5) ends the matter each time; say when each of them strikes, or leave one out"),
    ("contradiction include", {"own": ("  - {do: jam,", "  - {do: late-accept, at: STORE, delay: 5 s}\n  - {do: jam,"), "peers": ("nth: 2, chance: 0.5", "on: A-ASSOCIATE-RQ")},
     "own.yaml:12:5: 'late-accept' never fires: 'reject' (peers.yaml:6:5) ends the matter each time; say when each of them strikes, or leave one out"),
    ("context 0", {"own": ("with: SCU", "context: 0")},
     "own.yaml:8:58: 'context' wants at least 1, found 0"),
    ("status field", {"own": ("code: 0xA700", "code: 0xA700, status: 0x10000")},
     "own.yaml:9:109: 'status': 65536 is not a status code; write 0x0000 to 0xFFFF, for example 0xA700"),
    ("param undefined", {"own": ("at: $who", "at: $whom")},
     "own.yaml:8:17: no parameter 'whom'; did you mean 'who'?"),
    ("param wrong value", {"peers": ("who: STORE", "who: STOER")},
     "own.yaml:8:17 ($who, peers.yaml:1:30): unknown peer 'STOER'; did you mean 'STORE'?"),
    ("param list", {"peers": ("who: STORE", "who: [STORE]")},
     "own.yaml:8:17 ($who, peers.yaml:1:30): 'at' wants text, found a list"),
    ("param name", {"own": ('images: ["', '1images: ["')},
     "own.yaml:14:30: no parameter 'images'; did you mean '1images'?"),
    ("param unused", {"own": ('  images: ["', '  more: 1\n  images: ["')},
     "own.yaml:4:3: the parameter 'more' is never used; write '$more' somewhere"),
    ("params list", {"own": ('parameters:\n  images: ["pydicom:CT_small.dcm"]', "parameters: [images]")},
     "own.yaml:3:1: 'parameters' wants a mapping, found a list"),
    ("include self", {"own": ("[peers.yaml]", "[own.yaml]")},
     "own.yaml:2:11: 'own.yaml' includes itself; leave one of the includes out"),
    ("include cycle", {"peers": ("parameters: {", "include: [own.yaml]\nparameters: {")},
     "peers.yaml:1:11: 'own.yaml' includes itself; leave one of the includes out"),
    ("include dir", {"own": ("[peers.yaml]", '["."]')},
     "own.yaml:2:11: '.' is a folder, a file is wanted; it is looked for beside this file"),
    ("include number", {"own": ("[peers.yaml]", "[3]")},
     "own.yaml:2:11: the name of a file is wanted, found 3"),
    ("include text", {"own": ("[peers.yaml]", "peers.yaml")},
     "own.yaml:2:1: 'include' wants a list, found 'peers.yaml'"),
    ("include missing", {"own": ("[peers.yaml]", "[peer.yaml]")},
     "own.yaml:2:11: no such file: 'peer.yaml'; it is looked for beside this file"),
    ("include empty", {"peers": (None, "")},
     "peers.yaml: the file is empty"),
    ("include scenario", {"peers": ("parameters: {", "scenario: x\nparameters: {")},
     "peers.yaml:1:1: unknown key 'scenario'; known keys: expect, faults, peers, steps"),
    ("include yaml", {"peers": (None, "peers: [")},
     'peers.yaml:1:9: is not YAML: expected the node content, but found \'<stream end>\'; text with ": ", "#" or brackets may need quotes'),
    ("anchor", {"own": ("  PRINTER: {kind", "  PRINTER: &p {kind")},
     "own.yaml:6:12: the anchor or alias 'p'; write the value out"),
    ("merge", {"own": ("PRINTER: {kind: printer}", "PRINTER: {<<: {kind: printer}}")},
     "own.yaml:6:13: the merge key '<<'; write the keys out, or include a file"),
    ("dup", {"own": ("steps:", "steps: []\nsteps:")},
     "own.yaml:14:1: the key 'steps' stands twice; it is in line 13 already"),
    ("dup flow", {"own": ("at: PRINTER,", "at: PRINTER, at: PRINTER,")},
     "own.yaml:12:28: the key 'at' stands twice; it is in line 12 already"),
    ("tab", {"own": ("  - wait: 1 s", "\t- wait: 1 s")},
     "own.yaml:16:1: a tab in the indentation; indent with spaces"),
    ("tab in", {"own": ("  - wait: 1 s", "  -\twait:\t1 s")},
     'own.yaml:16:4: is not YAML: found character \'\\t\' that cannot start any token; text with ": ", "#" or brackets may need quotes'),
    ("field", {"own": ("bytes: {at-least: 1000}", "byts: {at-least: 1000}")},
     "own.yaml:20:52: unknown key 'byts'; did you mean 'bytes'?"),
    ("field pattern", {"own": ("bytes: {at-least: 1000}", "bytes: {atleast: 1000}")},
     "own.yaml:20:60: unknown key 'atleast'; did you mean 'at-least'?"),
    ("field pattern empty", {"own": ("bytes: {at-least: 1000}", "bytes: {}")},
     "own.yaml:20:52: one of 'contains' or 'at-least' and 'at-most' is wanted; keep one kind of them"),
    ("field bounds", {"own": ("bytes: {at-least: 1000}", "bytes: {at-least: 10, at-most: 5}")},
     "own.yaml:20:52: nothing is at least 10 and at most 5; swap them"),
    ("action", {"own": ("  - SCU: {store: {to: STORE, images: $images}}\n  - heal", "  - SCU: {stroe: {to: STORE, images: $images}}\n  - heal")},
     "own.yaml:14:11: unknown action of SCU 'stroe'; did you mean 'store'?"),
    ("action param", {"own": ("  - SCU: {store: {to: STORE, images: $images}}\n  - heal", "  - SCU: {store: {too: STORE, images: $images}}\n  - heal")},
     "own.yaml:14:19: unknown key 'too'; did you mean 'to'?"),
    ("action none", {"own": ("  - SCU: {store: {to: STORE, images: $images}}\n  - heal", "  - SCU: {}\n  - heal")},
     "own.yaml:14:5: one action of SCU is wanted, found an empty mapping; known actions of storage: commit, store, worklist"),
    ("kind", {"own": ("kind: printer", "kind: printr")},
     "own.yaml:6:13: unknown kind of device 'printr'; did you mean 'printer'?"),
    ("kind BENCH", {"own": ("  PRINTER: {kind: printer}", "  PRINTER: {kind: printer}\n  BENCH: {kind: storage}")},
     "own.yaml:7:3: 'BENCH' is where the script itself is, no AE title; choose another AE title"),
    ("fault in wrong include peer", {"peers": ("at: STORE", "at: STROE")},
     "peers.yaml:6:18: unknown peer 'STROE'; did you mean 'STORE'?"),
    ("expect two", {"own": ("at-least: 1, bytes", "at-least: 1, count: 2, bytes")},
     "own.yaml:20:52: 'at-least' and 'count' exclude each other; keep one of them"),
    ("within", {"own": ("at-least: 1, bytes", "within: 5, bytes")},
     'own.yaml:20:39: \'within\': 5 is not a duration; write a number and a unit (us, ms, s, min, h), for example "30 s"'),
    ("may-fail", {"own": ("- wait: 1 s", "- wait: 1 s\n    may-fail: true")},
     "own.yaml:17:5: 'may-fail' stands with 'wait'; only the action of a peer can have it"),
    ("duration unit", {"own": ("delay: 2 s", "delay: 2 sec")},
     'own.yaml:10:63: \'delay\': \'2 sec\' is not a duration; write a number and a unit (us, ms, s, min, h), for example "30 s"'),
    ("delay typo", {"own": ("delay: 2 s", "dealy: 2 s")},
     "own.yaml:10:63: unknown key 'dealy'; did you mean 'delay'?"),
    ("steps empty", {"own": ("steps:\n", "steps: []\nstep:\n")},
     "own.yaml:14:1: unknown key 'step'; did you mean 'steps'?"),
    ("limit", {"own": ("include:", "limit: 0 s\ninclude:")},
     "own.yaml:2:1: 'limit' wants more than 0, found '0 s'"),
    ("requires", {"own": ("include:", "requires: PS3.4\ninclude:")},
     "own.yaml:2:1: 'requires' wants a list, found 'PS3.4'"),
]  # fmt: skip


def written(folder: Path, changes: Changes) -> None:
    """Write the scenario and what it includes, with one change; in the place of nothing stands the whole file."""
    for name, text in (("own", OWN), ("peers", PEERS)):
        old, new = changes.get(name, ("", ""))
        assert old is None or text.count(old) == 1 or not old, f"{old!r} stands {text.count(old)} times in {name}"
        changed = new if old is None else text.replace(old, new) if old else text
        (folder / f"{name}.yaml").write_text(changed, encoding="utf-8")


def refused(path: str = "own.yaml", **values: object) -> str:
    with pytest.raises(ScenarioError) as wrong:
        load_scenario(Path(path), vocabulary(), values)
    return str(wrong.value)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_that_all_of_them_are_made_from_is_right(here: Path) -> None:
    written(here, {})
    assert len(load_scenario(Path("own.yaml"), vocabulary()).faults) == 6


@pytest.mark.parametrize(("changes", "told"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_one_line_with_its_place(here: Path, changes: Changes, told: str) -> None:
    written(here, changes)
    said = refused()
    assert said == told
    assert "\n" not in said


def test_a_value_from_outside_says_so(here: Path) -> None:
    written(here, {})
    assert (
        refused(who="STOER") == "own.yaml:8:17 ($who, given from outside): unknown peer 'STOER'; did you mean 'STORE'?"
    )
    assert refused(whom="STORE") == "own.yaml: no parameter 'whom'; did you mean 'who'?"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "peers.yaml: the file is empty"),
        ("peers: K\u00f6ln".encode("latin-1"), "peers.yaml: is not UTF-8 text: byte 9 does not fit; save it as UTF-8"),
        (b"#" * 1_000_001, "peers.yaml: has 1000001 bytes, more than 1000000"),
        (b"\xff\xfep\x00e\x00", "peers.yaml: is not UTF-8 text: byte 1 does not fit; save it as UTF-8"),
        (b"peers: {A: " + b"[" * 60, "peers.yaml:1:72: is not YAML: "),
        (b"peers: " + b"{a: " * 60 + b"1" + b"}" * 60, "peers.yaml:1:168: more than 40 levels of nesting"),
        (b"\x1f\x8b\x08\x00", "peers.yaml: is not UTF-8 text: byte 2 does not fit; save it as UTF-8"),
    ],
    ids=["empty", "Latin-1", "huge", "UTF-16", "brackets", "deep", "gzip"],
)
def test_an_included_file_that_is_none_is_told_by_its_own_name(here: Path, content: bytes, told: str) -> None:
    written(here, {})
    (here / "peers.yaml").write_bytes(content)
    said = refused()
    assert said.startswith(told) if told.endswith(" ") else said == told


def test_what_is_included_is_a_file(here: Path) -> None:
    written(here, {})
    (here / "peers.yaml").unlink()
    (here / "peers.yaml").symlink_to("nowhere")
    assert refused() == "own.yaml:2:11: no such file: 'peers.yaml'; it is looked for beside this file"
    (here / "peers.yaml").unlink()
    (here / "peers.yaml").mkdir()
    assert refused() == "own.yaml:2:11: 'peers.yaml' is a folder, a file is wanted; it is looked for beside this file"
    (here / "peers.yaml").rmdir()
    os.mkfifo(here / "peers.yaml")
    assert refused() == "own.yaml:2:11: 'peers.yaml' is no regular file; it is looked for beside this file"
    written_name = OWN.replace("peers.yaml", "x" * 5000)
    (here / "own.yaml").write_text(written_name, encoding="utf-8")
    assert refused().startswith("own.yaml:2:11: no such file: 'xxx")


def test_a_cycle_over_many_files_is_found(here: Path) -> None:
    for number in range(50):
        (here / f"f{number}.yaml").write_text(f"include: [f{(number + 1) % 50}.yaml]\n", encoding="utf-8")
    assert refused("f0.yaml") == "f49.yaml:1:11: 'f0.yaml' includes itself; leave one of the includes out"
