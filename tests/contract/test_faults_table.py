"""The tables of cases are whole: every fault of the network, in every role that it makes sense in, on both clocks.

And each of them can fail: a fault that says that it has fired, and does nothing, is found out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from linacsim.bench import Bench
from linacsim.faults.model import DATA, DIMSE, LAYERS, REACH, STREAM, UPPER, WORDS
from linacsim.faults.strikes import STRIKES
from tests.contract import (
    test_faults_dataset,
    test_faults_dimse,
    test_faults_reach,
    test_faults_stream,
    test_faults_upper,
)
from tests.contract.faulted import Case, Cases, Tap, shoot

TABLES: dict[str, Cases] = {
    STREAM: test_faults_stream.CASES,
    UPPER: test_faults_upper.CASES,
    DIMSE: test_faults_dimse.CASES,
    DATA: test_faults_dataset.CASES,
}
FILES = (test_faults_reach, test_faults_stream, test_faults_upper, test_faults_dimse, test_faults_dataset)
WANTED = {(word, role) for word, about in WORDS.items() for role in about.roles}
ON_A_LINE = [
    (word, role, case) for table in TABLES.values() for (word, role), case in table.items() if not case.arm().is_served
]


@pytest.mark.parametrize("layer", LAYERS)
def test_every_word_has_its_cases(layer: str) -> None:
    known = set(test_faults_reach.CASES) if layer == REACH else set(TABLES[layer])
    assert known == {(word, role) for word, role in WANTED if WORDS[word].layer == layer}


def test_every_case_is_played_on_both_clocks() -> None:
    root = Path(__file__).parents[2]
    files = [str(Path(str(module.__file__)).relative_to(root)) for module in FILES]
    words = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    told = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True, timeout=120).stdout
    found = set(re.findall(r"::test_case\[(virtual|live)-(.+)-(acceptor|requestor)\]", told))
    assert found == {(clock, word, role) for word, role in WANTED for clock in ("virtual", "live")}


@pytest.mark.parametrize(("word", "role", "case"), ON_A_LINE, ids=lambda one: one if isinstance(one, str) else "")
def test_a_fault_that_does_nothing_is_found_out(
    word: str, role: str, case: Case, tap: Tap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(STRIKES, word, lambda _passing, _what: True)
    with Bench(seed=7) as bench:
        shot = shoot(bench, case, word, role, tap)
        # what is looked for may not even be there to be looked at
        with pytest.raises((AssertionError, ValueError, IndexError, StopIteration, KeyError, AttributeError)):
            case.check(shot)


def test_the_one_who_does_it_itself_is_not_forgotten() -> None:
    own = {(word, role) for table in TABLES.values() for (word, role), case in table.items() if case.arm().is_served}
    assert own == {("reject", "acceptor"), ("late-accept", "acceptor")}
