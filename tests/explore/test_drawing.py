"""A plan follows from the seed, and from what the undisturbed run shows; it is never blind."""

from __future__ import annotations

from collections import Counter

import pytest

from linacsim.explore.drawing import drawn
from linacsim.explore.seen import Chance, chances
from linacsim.explore.subject import Plan, Subject, composed, subject_of
from linacsim.explore.trial import Run, trial
from linacsim.faults.model import LAYERS, WORDS
from linacsim.scenario.loader import scenario_of
from linacsim.scenario.vocabulary import vocabulary
from tests.explore.conftest import SCENARIO

KINDS = {"ARCHIVE": "storage", "MINE": "code"}


@pytest.fixture(name="subject")
def made_subject() -> Subject:
    return subject_of(SCENARIO, {})


@pytest.fixture(name="usual")
def played(subject: Subject) -> Run:
    return trial(subject, (), 1)


@pytest.fixture(name="known")
def seen(subject: Subject, usual: Run) -> list[Chance]:
    return chances(subject, [one for one in usual.records if one["t"] < (usual.healed_at or 0)])


def plans(known: list[Chance], seeds: int = 400) -> list[Plan]:
    return [drawn(seed, known, KINDS, 3) for seed in range(seeds)]


def test_the_same_seed_has_the_same_plan_and_another_seed_another(known: list[Chance]) -> None:
    assert plans(known) == plans(known)
    assert len({repr(plan) for plan in plans(known)}) > 350
    assert Counter(len(plan) for plan in plans(known)).keys() == {1, 2, 3}


def test_all_layers_are_drawn_and_every_word_that_can_strike(known: list[Chance]) -> None:
    words = {fault["do"] for plan in plans(known, 1500) for fault in plan}
    assert words == {one.do for one in known}
    layers = {WORDS[word].layer if word in WORDS else "hardware" for word in words}
    # nothing of the bench sends a data set here: what the stack under test sends is left as it is
    assert layers == {*LAYERS, "hardware"} - {"data set"}


def test_no_plan_is_blind(known: list[Chance], usual: Run) -> None:
    shown = Counter((one["at"], one["event"], one.get("way", "")) for one in usual.first.records)
    for plan in plans(known):
        for fault in plan:
            if fault.get("on", "connection") == "connection":
                continue
            ways = [fault["way"]] if "way" in fault else ["sent", "received", ""]
            times = sum(shown[fault["at"], fault["on"], way] for way in ways)
            wanted = [int(fault[key]) for key in ("nth", "first", "after") if key in fault]
            assert all(1 <= number <= times for number in wanted), fault
            assert times, fault


def test_every_plan_is_one_that_a_scenario_can_have(known: list[Chance], subject: Subject) -> None:
    for plan in plans(known, 100):
        for fault in plan:
            scenario_of(composed(subject, [fault]), vocabulary())


def test_nothing_of_the_stack_under_test_misbehaves_by_itself(known: list[Chance]) -> None:
    for one in known:
        if one.at == "MINE":
            assert one.way or one.on == "connection" or WORDS[one.do].wide, one


def test_one_more_word_changes_no_other_draw(known: list[Chance]) -> None:
    before = plans([one for one in known if one.do != "stall"])
    changed = [(old, new) for old, new in zip(before, plans(known), strict=True) if old != new]
    assert changed
    for old, new in changed:
        assert len(old) == len(new)
        assert all(one == other or other["do"] == "stall" for one, other in zip(old, new, strict=True))


def test_data_sets_of_the_benchs_peers_may_be_wrong() -> None:
    subject = Subject(
        title="x", path=SCENARIO, limit=1, requires=(), peers={"SCU": {"kind": "storage"}}, faults=(), steps=()
    )
    records = [{"n": 0, "t": 0, "at": "SCU", "event": "C-STORE-RQ", "way": "sent", "assoc": 1}]
    found = {one.do: one for one in chances(subject, records)}
    assert {"missing-attribute", "wrong-value", "truncated-pixels"} <= found.keys()
    assert "duplicate-instance" not in found, "a right client would be told success for an object that never came"


def test_hardware_breaks_only_where_it_mends_itself(known: list[Chance]) -> None:
    printer = Subject(
        title="x", path=SCENARIO, limit=1, requires=(), peers={"P": {"kind": "printer"}}, faults=(), steps=()
    )
    records = [{"n": 0, "t": 0, "at": "P", "event": "sheet-out"}]
    found = {one.do for one in chances(printer, records) if one.layer == "hardware"}
    assert {"jam", "break-part"} <= found
    assert found.isdisjoint({"damage-magazine", "spoil-chemistry", "break-tls"})
    kinds = {"P": "printer"}
    for seed in range(60):
        for fault in drawn(seed, [one for one in chances(printer, records) if one.layer == "hardware"], kinds, 3):
            assert any(key in fault for key in ("cleared-after", "mended-after", "during", "down")), fault
    assert not [one for one in known if one.at == "MINE" and one.layer == "hardware"]
