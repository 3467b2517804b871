"""The loader: what a scenario file means, and the one line with file, line and column when it is wrong."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from linacsim.errors import ScenarioError
from linacsim.faults.model import Occurrence, When
from linacsim.kernel.units import HOUR, MINUTE, SECOND
from linacsim.scenario.expectation import NEVER, Expectation, Times
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import (
    ActionStep,
    DeviceEntry,
    FaultSpec,
    PeerSpec,
    Scenario,
    TogetherStep,
    Vocabulary,
    WaitStep,
)
from linacsim.settings import AETitle, Count, Duration, Settings, StatusCode

UNITS = 'write a number and a unit (us, ms, s, min, h), for example "30 s"'
QUOTES = "put it in quotes if it is meant as text"


class Nothing(Settings):
    pass


class Printer(Settings):
    warm_up: Duration = 30 * SECOND
    films: Count = 100


class Planning(Settings):
    prints_to: AETitle


class Print(Settings):
    films: Count = 1
    collated: bool = False


class Reject(Settings):
    result: Literal["permanent", "transient"] = "permanent"


class Status(Settings):
    code: StatusCode


VOCABULARY = Vocabulary(
    devices={
        "printer": DeviceEntry(Printer, {"open-door": Nothing, "load": Print}),
        "oncentra": DeviceEntry(Planning, {"print": Print}),
    },
    faults={"reject": Reject, "status": Status, "jam": Nothing},
    events=["A-ASSOCIATE-RQ", "N-ACTION-RQ", "N-ACTION-RSP", "sheet-out", "jam"],
)
VALID = """\
scenario: a jam in the second film is reported
about: The printer jams and OTP_SCU has to see it.
requires: [REQ-PRINT-07, PS3.4 H.4]
tags: [print]
limit: 1 h
peers:
  PRINTER: {kind: printer, warm-up: 5 min}
  OTP_SCU:
    kind: oncentra
    prints-to: PRINTER
faults:
  - {do: jam, at: PRINTER, on: sheet-out, nth: 2}
  - do: reject
    at: PRINTER
    result: transient
  - {do: status, at: PRINTER, on: N-ACTION-RQ, after: 1, code: 0xC600}
steps:
  - OTP_SCU: {print: {films: 3, collated: true}}
    fails: jam
  - PRINTER: open-door
  - wait: 30 s
  - together:
      - OTP_SCU: print
      - wait: 10 ms
expect:
  - {event: N-ACTION-RSP, at: PRINTER, way: sent, status: 0xB602, count: 2}
  - {event: jam, within: 400 s, after: 10 s}
  - {event: sheet-out, at-most: 1}
  - {event: sheet-out, at-least: 2, tray: upper, full: false}
  - {event: A-ASSOCIATE-RQ, never: true, with: SOMEBODY}
"""


def load(file: Path, text: str, vocabulary: Vocabulary = VOCABULARY) -> Scenario:
    file.write_text(text, "utf-8")
    return load_scenario(file, vocabulary)


def refusal(file: Path, text: str, vocabulary: Vocabulary = VOCABULARY) -> str:
    """Return why the scenario `text` is refused."""
    with pytest.raises(ScenarioError) as wrong:
        load(file, text, vocabulary)
    assert "\n" not in str(wrong.value)
    return str(wrong.value)


def change(old: str, new: str) -> str:
    assert VALID.count(old) == 1, old
    return VALID.replace(old, new)


class TestMeaning:
    def test_the_head_is_read(self, file: Path) -> None:
        scenario = load(file, VALID)
        assert scenario.title == "a jam in the second film is reported"
        assert scenario.about == "The printer jams and OTP_SCU has to see it."
        assert scenario.requires == ("REQ-PRINT-07", "PS3.4 H.4")
        assert scenario.tags == ("print",)
        assert scenario.limit == HOUR
        assert scenario.path == file

    def test_peers_are_read_in_order(self, file: Path) -> None:
        assert list(load(file, VALID).peers.items()) == [
            (
                "PRINTER",
                PeerSpec(title="PRINTER", kind="printer", settings=Printer(warm_up=5 * MINUTE), where="jam.yaml:7:3"),
            ),
            (
                "OTP_SCU",
                PeerSpec(
                    title="OTP_SCU", kind="oncentra", settings=Planning(prints_to="PRINTER"), where="jam.yaml:8:3"
                ),
            ),
        ]

    def test_faults_are_read(self, file: Path) -> None:
        assert load(file, VALID).faults == (
            FaultSpec(
                do="jam",
                at="PRINTER",
                on="sheet-out",
                occurrence=Occurrence(When.NTH, 2),
                parameters=Nothing(),
                text="jam at PRINTER on sheet-out, nth 2",
                where="jam.yaml:12:5",
            ),
            FaultSpec(
                do="reject",
                at="PRINTER",
                parameters=Reject(result="transient"),
                text="reject at PRINTER, always, result transient",
                where="jam.yaml:13:5",
            ),
            FaultSpec(
                do="status",
                at="PRINTER",
                on="N-ACTION-RQ",
                occurrence=Occurrence(When.AFTER, 1),
                parameters=Status(code=0xC600),
                text="status at PRINTER on N-ACTION-RQ, after 1, code 0xC600",
                where="jam.yaml:16:5",
            ),
        )

    def test_steps_are_read(self, file: Path) -> None:
        steps = load(file, VALID).steps
        assert steps == (
            ActionStep(
                peer="OTP_SCU",
                action="print",
                parameters=Print(films=3, collated=True),
                fails="jam",
                where="jam.yaml:18:5",
            ),
            ActionStep(peer="PRINTER", action="open-door", parameters=Nothing(), where="jam.yaml:20:5"),
            WaitStep(duration=30 * SECOND, where="jam.yaml:21:5"),
            TogetherStep(
                steps=(
                    ActionStep(peer="OTP_SCU", action="print", parameters=Print(), where="jam.yaml:23:9"),
                    WaitStep(duration=10_000, where="jam.yaml:24:9"),
                ),
                where="jam.yaml:22:5",
            ),
        )
        assert [str(step) for step in steps] == [
            "OTP_SCU: print",
            "PRINTER: open-door",
            "wait 30 s",
            "together (2 steps)",
        ]

    def test_expectations_are_read(self, file: Path) -> None:
        assert load(file, VALID).expect == (
            Expectation(
                event="N-ACTION-RSP",
                at="PRINTER",
                fields={"way": "sent", "status": 0xB602},
                times=Times(2, 2),
                where="jam.yaml:26:5",
            ),
            Expectation(event="jam", within=400 * SECOND, after=10 * SECOND, where="jam.yaml:27:5"),
            Expectation(event="sheet-out", times=Times(0, 1), where="jam.yaml:28:5"),
            Expectation(
                event="sheet-out", times=Times(2), fields={"tray": "upper", "full": False}, where="jam.yaml:29:5"
            ),
            Expectation(event="A-ASSOCIATE-RQ", times=NEVER, fields={"with": "SOMEBODY"}, where="jam.yaml:30:5"),
        )

    def test_the_story_may_have_many_lines(self, file: Path) -> None:
        assert load(file, change("about: The", "about: |\n  One.\n\n  The")).about.startswith("One.\n\nThe printer")

    def test_little_is_enough(self, file: Path) -> None:
        scenario = load(file, "scenario: x\npeers: {P: {kind: printer}}\nsteps: [{wait: 1 s}]\n")
        assert scenario == Scenario(
            title="x",
            peers={"P": PeerSpec(title="P", kind="printer", settings=Printer(), where="jam.yaml:2:9")},
            steps=(WaitStep(duration=SECOND, where="jam.yaml:3:9"),),
        )
        assert (scenario.limit, scenario.faults, scenario.expect) == (24 * HOUR, (), ())

    def test_a_folded_text_is_one_line(self, file: Path) -> None:
        folded = load(file, change("about: The", "about: >\n  One line\n  and another.\n  The")).about
        assert folded.startswith("One line and another. The printer")

    def test_words_that_yaml_1_1_takes_for_truth_are_text(self, file: Path) -> None:
        text = change("tags: [print]", "tags: [on, off, yes, no, y, 1_000, 2024-01-01, 12:30, 0122, .inf]")
        assert load(file, text).tags == (
            *("on", "off", "yes", "no", "y"),
            *("1_000", "2024-01-01", "12:30", "0122", ".inf"),
        )

    def test_a_status_with_leading_zeros_is_hexadecimal(self, file: Path) -> None:
        (expectation, *_) = load(file, change("0xB602", "0107")).expect
        assert expectation.fields["status"] == "0107"
        assert "status 0x0107" in expectation.describe()

    @pytest.mark.parametrize("action", ["{print: {}}", "{print: }", "print"])
    def test_an_action_without_parameters_may_be_written_in_three_ways(self, file: Path, action: str) -> None:
        step = load(file, change("- OTP_SCU: print\n", f"- OTP_SCU: {action}\n")).steps[3]
        assert isinstance(step, TogetherStep)
        assert isinstance(step.steps[0], ActionStep)
        assert step.steps[0].parameters == Print()

    def test_a_mark_at_the_start_and_windows_line_ends_do_not_matter(self, file: Path) -> None:
        assert load(file, "\ufeff" + VALID.replace("\n", "\r\n")) == load(file, VALID)

    def test_known_fields_are_taken(self, file: Path) -> None:
        strict = replace(VOCABULARY, fields=["tray", "full"])
        assert load(file, VALID, strict) == load(file, VALID)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("about:", "abuot:", "2:1: unknown key 'abuot'; did you mean 'about'?"),
        (
            "about:",
            "colour:",
            "2:1: unknown key 'colour'; known keys: about, expect, faults, limit, peers, requires, scenario, steps, tags",
        ),
        ("scenario: a jam in the second film is reported\n", "", "1:1: the key 'scenario' is missing"),
        ("a jam in the second film is reported", "3", "1:1: 'scenario' wants text, found 3"),
        ("a jam in the second film is reported", '""', "1:1: 'scenario' wants 1 or more characters, found ''"),
        (
            "a jam in the second film is reported",
            '"a\\nb"',
            "1:1: 'scenario': one line of text is wanted, found '\\n' in it",
        ),
        ("about: The", 'about: "\\a"#', "2:1: 'about': one line of text is wanted, found '\\x07' in it"),
        ("limit: 1 h", "limit: 3600", f"5:1: 'limit': 3600 is not a duration; {UNITS}"),
        ("limit: 1 h", "limit: 0 s", "5:1: 'limit' wants more than 0, found '0 s'"),
        ("tags: [print]", "tags: print", "4:1: 'tags' wants a list, found 'print'"),
        ("tags: [print]", "tags: [print, 1]", "4:15: 'tags[1]' wants text, found 1"),
        ("about: The", "about: The\nabout: The", "3:1: the key 'about' stands twice; it is in line 2 already"),
        # peers
        ("kind: printer", "kind: prnter", "7:13: unknown kind of device 'prnter'; did you mean 'printer'?"),
        ("kind: printer", "kind: lathe", "7:13: unknown kind of device 'lathe'; known kinds: oncentra, printer, sut"),
        ("    kind: oncentra\n", "", "8:3: the key 'kind' is missing"),
        ("warm-up: 5 min", "warm_up: 5 min", "7:28: unknown key 'warm_up'; did you mean 'warm-up'?"),
        ("warm-up: 5 min", "knd: 5 min", "7:28: unknown key 'knd'; did you mean 'kind'?"),
        ("warm-up: 5 min", "warm-up: 5", f"7:28: 'warm-up': 5 is not a duration; {UNITS}"),
        ("    prints-to: PRINTER\n", "", "8:3: the key 'prints-to' is missing"),
        (
            "PRINTER: {kind: printer, warm-up: 5 min}",
            "PRINTER:",
            "7:3: 'peers.PRINTER' wants a mapping of keys, found nothing",
        ),
        (
            "  OTP_SCU:\n",
            "  ONCENTRA_PRINT_SCU:\n",
            "8:3: 'peer': 'ONCENTRA_PRINT_SCU' has 18 characters; an AE title has at most 16",
        ),
        ("  OTP_SCU:\n", "  wait:\n", "8:3: 'wait' is a word of the steps, no AE title; choose another AE title"),
        (
            "  OTP_SCU:\n",
            '  "PRINTER ":\n',
            "8:3: the peer 'PRINTER' stands twice; spaces around an AE title do not count",
        ),
        ("  OTP_SCU:\n", "  104:\n", f"8:3: the key 104 is no text; {QUOTES}"),
        # faults
        ("do: jam", "do: jma", "12:6: unknown fault 'jma'; did you mean 'jam'?"),
        ("do: jam", "do: fire", "12:6: unknown fault 'fire'; known faults: jam, reject, status"),
        ("do: jam, ", "", "12:5: the key 'do' is missing"),
        (
            "at: PRINTER, on: sheet-out",
            "at: PRINTR, on: sheet-out",
            "12:15: unknown peer 'PRINTR'; did you mean 'PRINTER'?",
        ),
        ("on: sheet-out", "on: sheet-oot", "12:28: unknown event 'sheet-oot'; did you mean 'sheet-out'?"),
        ("on: sheet-out", "on: ", "12:28: 'on' wants text, found nothing"),
        ("nth: 2", "nth: 2, first: 1", "12:51: 'nth' and 'first' exclude each other; keep one of them"),
        ("nth: 2", "nth: 0", "12:43: 'nth': 0 is not a count; write a whole number, 1 or more"),
        ("nth: 2", "nth: second", "12:43: 'nth': 'second' is not a count; write a whole number, 1 or more"),
        ("nth: 2", "nht: 2", "12:43: unknown key 'nht'; did you mean 'nth'?"),
        (
            "nth: 2",
            "colour: red",
            (
                "12:43: unknown key 'colour'; known keys: after, at, chance, context, do, every, first, not-after, not-before, "
                "nth, on, sop-class, sop-instance, state, status, times, until, way, with"
            ),
        ),
        ("result: transient", "resutl: transient", "15:5: unknown key 'resutl'; did you mean 'result'?"),
        ("result: transient", "result: often", "15:5: 'result' wants 'permanent' or 'transient', found 'often'"),
        (", code: 0xC600", "", "16:5: the key 'code' is missing"),
        # steps
        ("- OTP_SCU: {", "- OPT_SCU: {", "18:5: unknown peer 'OPT_SCU'; did you mean 'OTP_SCU'?"),
        ("wait: 30 s", "wiat: 30 s", "21:5: unknown peer 'wiat'; did you mean 'wait'?"),
        (
            "wait: 30 s",
            "X: 30 s",
            "21:5: unknown peer 'X'; known words for a step: OTP_SCU, PRINTER, heal, together, wait",
        ),
        ("wait: 30 s", "wait: 30", f"21:5: 'wait': 30 is not a duration; {UNITS}"),
        ("- wait: 30 s", "- wait", "21:5: 'steps[2]' wants a mapping of keys, found 'wait'"),
        (
            "- wait: 30 s",
            "- wait: 30 s\n    fails: x",
            "22:5: 'fails' stands with 'wait'; only the action of a peer can have it",
        ),
        ("fails: jam", "fails: ", "19:5: 'fails' wants text, found nothing"),
        ("fails: jam", 'fails: ""', "19:5: 'fails' wants 1 or more characters, found ''"),
        (
            "    fails: jam",
            "    PRINTER: open-door",
            "18:5: a step names one peer, or wait or together; found 'OTP_SCU' and 'PRINTER'; begin each step with '- '",
        ),
        (
            "- OTP_SCU: {print: {films: 3, collated: true}}\n    fails: jam",
            "- fails: jam",
            "18:5: a step names one peer, or wait or together; found none; begin each step with '- '",
        ),
        (
            "open-door",
            "opn-door",
            "20:5: unknown action of PRINTER 'opn-door'; did you mean 'open-door'?",
        ),
        (
            "open-door",
            "",
            "20:5: one action of PRINTER is wanted, found nothing; known actions of printer: load, open-door",
        ),
        (
            "open-door",
            "{open-door: , load: }",
            "20:5: one action of PRINTER is wanted, found a mapping; known actions of printer: load, open-door",
        ),
        (
            "open-door",
            "[open-door]",
            "20:5: one action of PRINTER is wanted, found a list; known actions of printer: load, open-door",
        ),
        ("open-door", "{open-door: 3}", "20:15: a mapping of keys is wanted, found 3"),
        ("collated: true", "colated: true", "18:33: unknown key 'colated'; did you mean 'collated'?"),
        ("collated: true", "collated: yes", "18:33: 'collated' wants true or false, found 'yes'"),
        ("      - wait: 10 ms", "      - wiat: 10 ms", "24:9: unknown peer 'wiat'; did you mean 'wait'?"),
        (
            "together:\n      - OTP_SCU: print\n      - wait: 10 ms",
            "together: []",
            "22:5: 'together' wants 1 or more entries, found an empty list",
        ),
        # expectations
        ("event: jam", "event: jams", "27:6: unknown event 'jams'; did you mean 'jam'?"),
        ("{event: jam, ", "{", "27:5: the key 'event' is missing"),
        (
            "event: N-ACTION-RSP, at: PRINTER",
            "event: N-ACTION-RSP, at: PRINTR",
            "26:27: unknown peer 'PRINTR'; did you mean 'PRINTER'?",
        ),
        ("count: 2", "cuont: 2", "26:67: unknown key 'cuont'; did you mean 'count'?"),
        ("count: 2", "count: 0", "26:67: 'count': 0 is not a count; write a whole number, 1 or more"),
        ("count: 2", "at_least: 2", "26:67: unknown key 'at_least'; did you mean 'at-least'?"),
        ("count: 2", "count: 2, never: true", "26:77: 'count' and 'never' exclude each other; keep one of them"),
        ("way: sent", "way: [sent]", "26:40: 'way' wants text, a number, true or false, found a list"),
        ("way: sent", "way: ", "26:40: 'way' wants text, a number, true or false, found nothing"),
        ("never: true", "never: false", "30:29: 'never' can only be true; leave it out to expect the event"),
        ("never: true", "nver: true", "30:29: unknown key 'nver'; did you mean 'never'?"),
        ("way: sent", "WAY: sent", "26:40: unknown key 'WAY'; did you mean 'way'?"),
        ("way: sent", '"": sent', "26:40: unknown key ''; known keys: "),
        (
            "status: 0xB602",
            "status: 70000",
            "26:51: 'status': 70000 is not a status code; write 0x0000 to 0xFFFF, for example 0xA700",
        ),
        ("within: 400 s", "within: 400", f"27:18: 'within': 400 is not a duration; {UNITS}"),
        (
            "within: 400 s",
            "within: 4 s",
            "27:5: nothing happens after 10 s and within 4 s; both count from the start of the run",
        ),
        # YAML
        ("tags: [print]", "tags: [print", "5:6: is not YAML: "),
        ("  OTP_SCU:\n", "\tOTP_SCU:\n", "8:1: a tab in the indentation; indent with spaces"),
        ("tags: [print]", "tags: &t [print]", "4:7: the anchor or alias 't'; write the value out"),
        ("tags: [print]", "tags: *t", "4:7: the anchor or alias 't'; write the value out"),
        ("tags: [print]", "tags: !!set {a}", "4:7: the tag 'tag:yaml.org,2002:set'; write the value without a tag"),
        ("tags: [print]", "? [print]\n: x", "4:3: a list, mapping or alias as a key"),
        ("tags: [print]", "---\ntags: [print]", "5:1: a second document starts here; write one document per file"),
        ("tags: [print]", "<<: {about: x}", "4:1: the merge key '<<'; write the keys out, or include a file"),
        ("tags: [print]", 'tags: ["\\ud800"]', "4:8: '\\ud800' is no Unicode text"),
        ("tags: [print]", "tags: " + "[" * 50 + "]" * 50, "4:47: more than 40 levels of nesting"),
        ("about: The", "about: a: The", "2:9: is not YAML: mapping values are not allowed here; "),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(file: Path, old: str, new: str, text: str) -> None:
    said = refusal(file, change(old, new))
    expected = f"jam.yaml:{text}"
    # The words of the parser, and long lists of keys, are not ours to pin to the end.
    assert said.startswith(expected) if text.endswith(" ") else said == expected


def test_with_known_fields_an_unknown_one_is_refused(file: Path) -> None:
    strict = replace(VOCABULARY, fields=["tray", "full"])
    assert (
        refusal(file, change("tray: upper", "try: upper"), strict)
        == "jam.yaml:29:37: unknown key 'try'; did you mean 'tray'?"
    )


class TestFiles:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "jam.yaml: the file is empty"),
            ("# nothing but words\n", "jam.yaml: the file is empty"),
            ("---\n...\n", "jam.yaml: the file is empty"),
            ("- a\n", "jam.yaml:1:1: a mapping of keys is wanted, found a list"),
            ("just text\n", "jam.yaml:1:1: a mapping of keys is wanted, found 'just text'"),
            ("3\n", "jam.yaml:1:1: a mapping of keys is wanted, found 3"),
            ("{}\n", "jam.yaml:1:1: the key 'scenario' is missing"),
            ("a: 1\nb\0: 2\n", "jam.yaml:2: holds the control character '\\x00', it is no text file"),
        ],
    )
    def test_that_are_no_scenario_are_refused(self, file: Path, text: str, said: str) -> None:
        assert refusal(file, text) == said

    def test_that_are_missing(self, file: Path) -> None:
        with pytest.raises(ScenarioError) as wrong:
            load_scenario(file, VOCABULARY)
        assert str(wrong.value) == "jam.yaml: no such file"

    def test_that_are_folders(self, file: Path) -> None:
        file.mkdir()
        with pytest.raises(ScenarioError) as wrong:
            load_scenario(file, VOCABULARY)
        assert str(wrong.value) == "jam.yaml: is a folder, a file is wanted"

    def test_that_would_never_end(self, file: Path) -> None:
        os.mkfifo(file)
        with pytest.raises(ScenarioError) as wrong:
            load_scenario(str(file), VOCABULARY)
        assert str(wrong.value) == "jam.yaml: is no regular file"

    def test_that_are_too_large(self, file: Path) -> None:
        file.write_bytes(b"#" * 1_000_001)
        with pytest.raises(ScenarioError) as wrong:
            load_scenario(file, VOCABULARY)
        assert str(wrong.value) == "jam.yaml: has 1000001 bytes, more than 1000000"

    def test_that_are_no_utf_8(self, file: Path) -> None:
        file.write_bytes("scenario: K\u00f6ln".encode("latin-1"))
        with pytest.raises(ScenarioError) as wrong:
            load_scenario(file, VOCABULARY)
        assert str(wrong.value) == "jam.yaml: is not UTF-8 text: byte 12 does not fit; save it as UTF-8"

    @pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
    def test_whose_names_are_impossible(self, name: str) -> None:
        with pytest.raises(ScenarioError, match="cannot be read: "):
            load_scenario(name, VOCABULARY)
