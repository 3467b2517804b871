"""Every constraint that is decidable: an object that keeps it passes, one that breaks just it is caught."""

from __future__ import annotations

from collections.abc import Iterator

import pydicom.config
import pytest

from linacsim.conformance import System, load_system, systems
from linacsim.conformance.check import Report, check
from linacsim.conformance.check.share import CONSTRAINTS, share_of
from linacsim.conformance.tables import Reading, Row
from tests.conformance.check.witness import Pair, pairs


class Bare(System):
    """A system without its readings: a condition that nobody has read leaves its values to a person, named all the same."""

    readings: tuple[Reading, ...] = ()


@pytest.fixture(autouse=True)
def any_value() -> Iterator[None]:
    with pydicom.config.disable_value_validation():
        yield


def bare(name: str) -> System:
    system = load_system(name)
    return Bare(system.id, system.folder)


def said(report: Report, path: str) -> set[tuple[str, str, str]]:
    """Return what a report says of an element, absence aside."""
    found = [one for one in report.findings if one.path == path and one.reason != "nobody has read this sentence"]
    return {
        (one.rule, one.path, one.wanted)
        for one in found
        if not (one.rule.endswith("#presence") and one.found == "absent")
    }


def complaint(system: System, row: Row, pair: Pair) -> str:
    """Return what is wrong with the checker's answers to a pair; empty if nothing is."""
    where = f"{pair.rule} {row.constraint}"
    kept = said(check(pair.keeps, system, pair.way), pair.path)
    broken = said(check(pair.breaks, system, pair.way), pair.path)
    wanted = {pair.rule, pair.rule.replace("#min", "#presence")}  # a sequence of no item is one without a value
    caught = {one for one in broken - kept if one[0] in wanted}
    if any(one[0] == pair.rule for one in kept) and not caught:
        return f"{where}: an object that keeps it is found at fault"
    if not caught:
        return f"{where}: an object that breaks it passes; said {sorted(broken)}"
    others = {one[0] for one in broken - kept} - {pair.rule, "private-block"}
    beside = {one for one in others if not one.startswith(pair.rule.partition("#")[0])}
    return f"{where}: breaking it breaks {beside} as well" if beside else ""


@pytest.mark.parametrize("name", systems())
def test_a_keeping_object_passes_and_a_breaking_one_is_caught(name: str) -> None:
    system = bare(name)
    wrong, rows = [], 0
    for row, found in pairs(system):
        rows += bool(found)
        wrong += [text for one in found if (text := complaint(system, row, one))]
    share = share_of(load_system(name))[CONSTRAINTS]
    assert wrong == []
    assert rows == share.decided


def test_every_key_of_a_constraint_has_a_pair() -> None:
    tables = [load_system(name) for name in systems()]
    keys = {key for system in tables for iod in system.iods for row in iod.rows for key in row.constraint or {}}
    paired = {one.rule.rpartition("#")[2] for system in tables for _, found in pairs(system) for one in found}
    parts = {"rule", "unit", "offset", "step", "exclusive_min"}
    assert keys - paired - parts == {"default"}


def test_the_share_that_is_decided() -> None:
    shares = [share_of(load_system(name))[CONSTRAINTS] for name in systems()]
    decided, total = sum(one.decided for one in shares), sum(one.total for one in shares)
    assert decided >= 0.95 * total
    assert all(all(one.reasons.values()) and one.person == len(one.reasons) for one in shares)
