"""Every status code and event of Print Management on the wire: read from the bytes that left the printer, not from its log."""

from __future__ import annotations

from pathlib import Path

import pytest

from linacsim.bench import Bench
from linacsim.devices.printclasses import NAMES, PrinterInstance
from linacsim.devices.printer.operations import OPERATIONS, PAIRS
from linacsim.devices.printer.statuses import GENERAL, PRINT
from linacsim.scenario.library import all_scenarios, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.runner import play
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary
from tests.contract.wire import Message, all_conversations

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
"""pydicom says what it thinks of the values that scenarios send on purpose."""

SCENARIOS = {scenario_name(path): path for path in all_scenarios()}
SERVICES = {name: path for name, path in SCENARIOS.items() if name.startswith("print/services/")}


def played(path: Path) -> list[Message]:
    """Return all messages of a scenario, decoded from the bytes by pynetdicom's PDUs and pydicom alone."""
    with Bench(seed=1) as bench:
        bench.search = (path.parent, Path())
        outcome = play(bench, load_scenario(path, vocabulary()))
        assert outcome.verdict is Verdict.PASS, outcome
        return [message for one in all_conversations(bench) for message in one.messages]


@pytest.fixture(scope="module")
def messages() -> dict[str, list[Message]]:
    return {name: played(path) for name, path in SERVICES.items()}


@pytest.fixture(scope="module")
def answers(messages: dict[str, list[Message]]) -> dict[int, str]:
    """The statuses that printers have answered with, each with the Error Comment of the first time."""
    found: dict[int, str] = {}
    for said in messages.values():
        for one in said:
            if not one.forth and one.name.endswith("-RSP"):
                found.setdefault(int(one.command.Status), str(one.command.get("ErrorComment") or ""))
    return found


@pytest.mark.parametrize("code", sorted({**PRINT, **GENERAL}), ids=lambda code: f"{code:04X}")
def test_a_code_is_on_the_wire(answers: dict[int, str], code: int) -> None:
    assert code in answers
    # 0113 is the one answer that pynetdicom's handler gives without a comment
    assert answers[code] or code in (0x0000, 0x0113)


def test_there_are_15_and_24() -> None:
    assert (len(PRINT), len(GENERAL)) == (15, 24)


def test_nothing_else_is_answered(answers: dict[int, str]) -> None:
    assert set(answers) <= {*PRINT, *GENERAL}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_association_is_aborted_by_a_printer_unless_the_scenario_wants_it(name: str) -> None:
    aborts = "A-ABORT" in SERVICES[name].read_text("utf-8")
    assert aborts == (
        name.rpartition("/")[2]
        in {"codes-of-bad-requests", "event-never-answered", "event-never-answered-and-forgiven"}
    )


def test_the_seven_events_are_on_the_wire(messages: dict[str, list[Message]]) -> None:
    reports = [one for said in messages.values() for one in said if one.name == "N-EVENT-REPORT-RQ" and not one.forth]
    told = {(NAMES[one.command.AffectedSOPClassUID], int(one.command.EventTypeID)) for one in reports}
    assert told == {("Print Job", number) for number in (1, 2, 3, 4)} | {("Printer", number) for number in (1, 2, 3)}
    printer = [one for one in reports if NAMES[one.command.AffectedSOPClassUID] == "Printer"]
    assert {str(one.command.AffectedSOPInstanceUID) for one in printer} == {PrinterInstance}


def test_the_eighteen_pairs_are_served(messages: dict[str, list[Message]]) -> None:
    served = {
        (one.name.removesuffix("-RSP"), one.sop_class)
        for said in messages.values()
        for one in said
        if one.name.endswith("-RSP")
        and (int(one.command.Status) in (0, 1, 0x0107, 0x0116) or one.command.Status >> 12 == 0xB)
    }
    assert len(PAIRS) == len(set(PAIRS)) == 18
    assert {(operation, str(uid)) for operation, uid in PAIRS} <= served
    assert len([pair for pair in OPERATIONS if pair in PAIRS]) == 16
