"""What is said of the hardware in scenarios and on the console: what is taken, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linacsim.devices.printer.hardware.acts import (
    ACTIONS,
    BREAKAGES,
    WORDS,
    Act,
    BreakPart,
    MountMagazine,
    PrintTest,
    Refill,
)
from linacsim.devices.printer.hardware.console import parse
from linacsim.devices.printer.hardware.machine import PARTS
from linacsim.devices.printer.hardware.reference import PRINTERS
from linacsim.devices.printer.hardware.settings import HardwareSettings, size_in_cm
from linacsim.devices.printer.hardware.terms import TERMS
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.errors import InputError, PlayFailure, ScenarioError
from linacsim.kernel.units import MINUTE, SECOND
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.vocabulary import vocabulary
from linacsim.settings import build
from tests.devices.printer.hardware_rig import switched_on


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("refill", Refill()),
        ("Refill 14INX17IN", Refill(film_size="14INX17IN")),
        ("refill mammo clear film", None),
        ("refill MAMMO CLEAR FILM 8INX10IN", Refill(film_size="8INX10IN", medium="MAMMO CLEAR FILM")),
        ("mount magazine 2 A4 PAPER 30", MountMagazine(slot=2, film_size="A4", medium="PAPER", sheets=30)),
        ("mount-magazine sheets=30 slot=2", MountMagazine(slot=2, sheets=30)),
        ("print test 3 BIN_1 HIGH", PrintTest(sheets=3, destination="BIN_1", priority="HIGH")),
        ('break part laser mended-after="5 min"', BreakPart(part="laser", mended_after=5 * MINUTE)),
        ("break-part drive 30s", BreakPart(part="drive", mended_after=30 * SECOND)),
    ],
)
def test_a_line_is_an_act(line: str, act: Act | None) -> None:
    if act is None:
        with pytest.raises(InputError):
            parse(line)
    else:
        assert parse(line) == act


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("refil", "console: unknown words 'refil'; did you mean 'refill'? (help tells all words)"),
        ("mount magazine 0", "mount-magazine: 'slot': 0 is not a count; write a whole number, 1 or more"),
        ("refill 14INX18CM", "console: '14INX18CM' is nothing that 'refill' knows; it takes film-size, medium"),
        ("refill film-size=large", "refill: 'film-size': 'large' is no Film Size ID; write one as 14INX17IN, 24CMX30CM or A4"),
        ("calibrate now", "console: 'now' is nothing that 'calibrate' knows; it takes no more"),
        ("mend part=lasers", "mend: 'part' wants " + ", ".join(f"'{part}'" for part in PARTS[:-1]) + f" or '{PARTS[-1]}', "
         "found 'lasers'"),
        ("clear jam jam=1", "clear-jam: unknown key 'jam'; there are no keys here"),
        ('"', '": a quotation mark is missing; close the quotation'),
        ("print test 0", "print-test: 'sheets' wants at least 1, found 0"),
        ("break part laser 5", "console: '5' is nothing that 'break part' knows; it takes mended-after"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_told_in_words(line: str, said: str) -> None:
    with pytest.raises(InputError) as wrong:
        parse(line)
    assert str(wrong.value) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("clear jam", "no sheet is stuck"),
        ("close cover", "no cover is open"),
        ("open cover roof", "there is no cover roof; there is front, processor"),
        ("unmount magazine 9", "there is no slot 9; the slots are 1 to 3"),
        ("damage magazine 9", "there is no slot 9; the slots are 1 to 3"),
        ("mount magazine 1 A3 PAPER", "A3 PAPER does not go into a slot of this printer"),
        ("refill A4 CLEAR FILM", "no slot has a magazine of A4 CLEAR FILM; mount one"),
        ("empty receiver BIN_9", "there is no receiver BIN_9; there is MAGAZINE, PROCESSOR, BIN_1, BIN_2"),
        ("print test BIN_9", "there is no receiver BIN_9; there is MAGAZINE, PROCESSOR, BIN_1, BIN_2"),
        ("switch on", "it is switched on"),
        ("set online", "it is online"),
        ("release queue", "the queue is not held"),
        ("cancel job", "there is no job"),
        ("cancel job 7", "no job 7 waits or is printed"),
        ("replace chemistry", "a dry printer has no chemistry"),
        ("empty overflow", "a dry printer has no chemistry"),
        ("spoil chemistry", "a dry printer has no chemistry"),
        ("fill finisher", "this printer has no finisher"),
        ("change ribbon", "this printer has no ribbon"),
        ("break part ribbon", "this printer has no ribbon"),
        ("mend laser", "the laser works"),
        ("mend engine", "the engine works"),
    ],
)
def test_an_act_that_comes_to_nothing_says_why(line: str, said: str) -> None:
    with switched_on(PRINTERS["film"]) as rig:
        with pytest.raises(PlayFailure) as failed:
            rig.act(line)
        assert str(failed.value) == f"PRINTER: {said}"
        assert rig.panel.answer(line) == [f"PRINTER: {said}"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("open cover", "open cover"), "the cover front is open"),
        (("open cover", "close cover processor"), "the cover processor is closed"),
        (("unmount magazine 1", "unmount magazine 1"), "slot 1 has no magazine"),
        (("unmount magazine 1", "damage magazine 1"), "slot 1 has no magazine"),
        (("unmount receiver", "unmount receiver"), "MAGAZINE is not in its place"),
        (("set offline", "set offline"), "it is offline"),
        (("switch off", "switch off"), "it is switched off"),
        (("switch off", "calibrate"), "it is switched off"),
        (("calibrate", "calibrate"), "it is being calibrated"),
        (("hold queue", "hold queue"), "the queue is held"),
        (("print test", "print test", "print test", "print test"), "the print queue is full"),
    ],
)
def test_an_act_is_not_done_twice(lines: tuple[str, ...], said: str) -> None:
    with switched_on(PRINTERS["film"]) as rig:
        rig.act(*lines[:-1])
        with pytest.raises(PlayFailure) as failed:
            rig.act(lines[-1])
        assert str(failed.value) == f"PRINTER: {said}"


def test_every_word_has_a_line_of_help() -> None:
    with switched_on(PRINTERS["wet"]) as rig:
        told = rig.panel.answer("help")
        assert len(told) == len(WORDS) + 2
        assert all(WORDS[word].help_text for word in WORDS)
        status = rig.panel.answer("status")
        assert status[:2] == ["WARNING: PRINTER INIT", "  WARNING PRINTER INIT (self-test)"]
        assert "slot 3: A4 PAPER, 125 of 125 sheets" in status
        assert "chemistry: 1000 ml of replenisher, 0 ml in the overflow tank" in status
        rig.act("unmount magazine 3", "print test 2")
        rig.go(23)
        status = rig.panel.answer("status")
        assert "slot 3: no magazine" in status
        assert "job 1 of OPERATOR: PRINTING (NORMAL), MED, 1 of 2 sheets" in status
        assert rig.panel.answer("  ") == []
        assert rig.panel.answer("mount magazine 3") == ["NORMAL"]


def test_scenarios_know_every_word() -> None:
    known = vocabulary()
    assert set(ACTIONS) <= set(known.devices["printer"].actions)
    assert set(BREAKAGES) <= set(known.faults)


def scenario(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.yaml"
    path.write_text(f"scenario: s\npeers:\n  PRINTER: {{kind: printer}}\n{text}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps:\n  - PRINTER: {mount-magazine: {slot: one}}", "4... 'slot': 'one' is not a count; write a whole number, 1 or more"),
        ("steps:\n  - PRINTER: {refill: {size: A4}}", "unknown key 'size'; did you mean 'film-size'?"),
        ("steps:\n  - PRINTER: open-cove", "unknown action of PRINTER 'open-cove'; did you mean 'open-cover'?"),
        (
            "faults:\n  - {do: break-part, at: PRINTER, on: sheet-out, part: laser, mended-after: 5}\nsteps:\n  - wait: 1 s",
            "'mended-after': 5 is not a duration; write a number and a unit (us, ms, s, min, h), for example \"30 s\"",
        ),
        (
            "faults:\n  - {do: break-part, at: PRINTER, on: sheet-out}\nsteps:\n  - wait: 1 s",
            "the key 'part' is missing",
        ),
    ],
)  # fmt: skip
def test_a_wrong_word_in_a_scenario_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ScenarioError) as wrong:
        load_scenario(scenario(tmp_path, text), vocabulary())
    where, _, what = str(wrong.value).partition(": ")
    assert where.startswith(f"{tmp_path / 's.yaml'}:5:")
    assert what == said.removeprefix("4... ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"magazines": [{"film-size": "9INX9CM"}]}, ("'magazines[0].film-size': '9INX9CM' is no Film Size ID; "
         "write one as 14INX17IN, 24CMX30CM or A4")),
        ({"magazines": [{"film-size": "CURRENT"}]}, "'magazines[0]': a magazine holds one medium of one size, not CURRENT"),
        ({"magazines": [{"sheets": 10, "left": 11}]}, "'magazines[0]': 11 sheets do not go into a magazine of 10"),
        ({"magazines": [{"medium": "MAMMO BLUE FILM"}]}, ("slot 1 has MAMMO BLUE FILM, which is none of media: "
         "BLUE FILM, CLEAR FILM, PAPER")),
        ({"film-sizes": ["A4"], "magazines": [{}]}, "slot 1 takes no magazine of 14INX17IN; it takes A4"),
        ({"film-sizes": ["A4"], "slots-take": ["A3"]}, "slots-take names A3, which is none of film-sizes"),
        ({"chemistry": {"capacity": 10, "low": 10}}, "'chemistry': low 10 is not below capacity 10"),
        ({"chemistry": {"overflow": 10}}, "'chemistry': overflow-warning 22000 is not below overflow 10"),
        ({"finisher": {"supplies": 3}}, "'finisher': low 20 is not below supplies 3"),
        ({"covers": []}, "'covers' wants 1 or more entries, found an empty list"),
        ({"sensor": "colour"}, "'sensor' wants 'none', 'size' or 'medium', found 'colour'"),
        ({"processor": {"degrees": 20.0}}, "'processor.degrees' wants more than 22.0, found 20.0"),
        ({"gives-up-after": 5}, ("'gives-up-after': 5 is not a duration; write a number and a unit (us, ms, s, min, h), "
         'for example "30 s"')),
        ({"queue": 0}, "'queue': 0 is not a count; write a whole number, 1 or more"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_told_in_words(given: dict[str, Any], said: str) -> None:
    for kind in (HardwareSettings, PrinterPersonality):
        with pytest.raises(InputError) as wrong:
            build(kind, given)
        assert str(wrong.value).startswith(said)


def test_a_severity_is_of_a_term_that_there_is() -> None:
    assert build(HardwareSettings, {"severity": {"ELEC DOWN": "FAILURE"}}).severity == {"ELEC DOWN": "FAILURE"}
    with pytest.raises(InputError, match=r"'FILM JAMS' is no term of Printer Status Info; did you mean 'FILM JAM'\?"):
        build(HardwareSettings, {"severity": {"FILM JAMS": "FAILURE"}})


@pytest.mark.parametrize(
    ("name", "size"), [("8_5INX11IN", (21.59, 27.94)), ("24CMX30CM", (24, 30)), ("A3", (29.7, 42)), ("14INX51IN", (35.56, 129.54))]
)  # fmt: skip
def test_a_size_has_its_centimetres(name: str, size: tuple[float, float]) -> None:
    assert size_in_cm(name) == pytest.approx(size)


def test_no_part_is_left_out_of_the_table() -> None:
    told = " ".join(line for row in TERMS.values() for line in row.reached_by)
    assert {part for part in PARTS if part not in told} == {"drive", "rollers", "engine"}
