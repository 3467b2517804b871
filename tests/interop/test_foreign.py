"""DCMTK and Orthanc as the stack under test: what they show is what the table of known results says, and the page tells it.

Every run plays some of the pairs that take little time; ``sh ci/test -m figure tests/interop/test_foreign.py`` plays them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.interop.foreign import matrix, page
from tests.interop.foreign.matrix import Pair, Row, Shown
from tests.interop.foreign.stacks import STACKS

IN_EVERY_RUN = {"DCMTK": 60, "Orthanc": 15}
"""How many pairs are played in every run: of those that take little time, findings come first."""
LITTLE = 2.0
"""Seconds."""
WORDS = {matrix.PASS, matrix.LATE, matrix.TOLD, matrix.SILENT, matrix.TAKES, matrix.CRASHES, matrix.OTHER}


@pytest.fixture(scope="module")
def known() -> list[Row]:
    return matrix.known()


def as_known(known: list[Row], product: str, most: int | None, out: Path) -> None:
    """Assert that the stacks of a product show what the table says, in as many pairs at most."""
    if matrix.version_of(product) is None:
        pytest.skip(f"no {product} here")
    rows = [row for row in known if matrix.stack_of(row.pair).product == product]
    rows.sort(key=lambda row: (row.seconds > LITTLE, row.what == matrix.PASS, row.seconds))
    told = matrix.differences(known, matrix.play_all([row.pair for row in rows[:most]], out))
    assert not told, f"with {product} {matrix.version_of(product)}:\n" + "\n".join(told)


@pytest.mark.interop
@pytest.mark.slow
@pytest.mark.parametrize("product", IN_EVERY_RUN)
def test_what_takes_little_time_is_as_known(known: list[Row], product: str, tmp_path: Path) -> None:
    as_known(known, product, IN_EVERY_RUN[product], tmp_path)


@pytest.mark.interop
@pytest.mark.figure
@pytest.mark.parametrize("product", IN_EVERY_RUN)
def test_everything_is_as_known(known: list[Row], product: str, tmp_path: Path) -> None:
    as_known(known, product, None, tmp_path)


def test_every_pair_is_in_the_table_once(known: list[Row]) -> None:
    assert [row.pair for row in known] == matrix.pairs()
    assert len(known) >= 60


def test_what_is_no_pass_is_explained_in_words(known: list[Row]) -> None:
    assert {row.what for row in known} <= WORDS
    assert [row.pair for row in known if row.what != matrix.PASS and len(row.finding.split()) < 5] == []


def test_the_page_has_the_table_as_it_is(known: list[Row]) -> None:
    text = page.PAGE.read_text("utf-8")
    assert page.with_tables(text, known) == text, "run python -m tests.interop.foreign"


def test_the_page_names_the_versions(known: list[Row]) -> None:
    text = page.PAGE.read_text("utf-8").partition(page.BEGIN)[0]
    for row in known:
        product = matrix.stack_of(row.pair).product
        assert f"{product} {row.version}" in text


def test_another_result_is_told_with_the_version_that_was_known() -> None:
    pair = Pair("storing", "never-responds", "storescu")
    known = [Row(pair, "3.6.7", matrix.PASS, 5, "")]
    assert matrix.differences(known, [Shown(pair, matrix.PASS, "", 5, Path("run"))]) == []
    told = matrix.differences(known, [Shown(pair, matrix.LATE, "not ended", 25, Path("run"))])
    assert told == ["storing/never-responds, storescu: too late; known of 3.6.7: pass (not ended; run)"]


def result(verdict: str, *failures: str, fired: int = 1) -> dict[str, Any]:
    return {"verdict": verdict, "failures": list(failures), "expectations": [], "faults": [{"fired": fired}]}


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        ("SENDER: run failed: storescu was ended by SIGSEGV (exit code -11)", matrix.CRASHES),
        ("SENDER: run failed: storescu has not ended within 25 s", matrix.LATE),
        ("SCU: store failed: C-STORE to PEER: DIMSE timeout: no response within 20 s", matrix.LATE),
        ("SENDER: run should have failed with 'ended with exit code'", matrix.SILENT),
        ("SCU: store should have failed with 'status 0x'", matrix.TAKES),
        ("SENDER: run failed: storescu ended with exit code 1 instead of 0", matrix.OTHER),
    ],
)
def test_a_failure_is_put_in_a_word(failure: str, word: str) -> None:
    assert matrix.in_a_word(result("fail", failure), []) == word


def test_an_error_that_is_printed_is_told_from_silence() -> None:
    lines = ["I: Association Accepted", "E: Find Failed"]
    records = [{"event": "printed", "text": line} for line in lines]
    silent = result("fail", "ASKER: run should have failed with 'ended with exit code'")
    assert matrix.in_a_word(silent, records[:1]) == matrix.SILENT
    assert matrix.in_a_word(silent, records) == matrix.TOLD


def test_a_failure_without_its_fault_has_shown_nothing() -> None:
    assert matrix.in_a_word(result("fail", "ASKER: run should have failed", fired=0), []) == matrix.UNSHOWN


def test_a_run_that_is_no_failure_is_called_what_it_is() -> None:
    for verdict in ("pass", "inconclusive", "error"):
        assert matrix.in_a_word(result(verdict, "timeout"), []) == verdict


def test_every_stack_has_scenarios_of_its_role() -> None:
    for role in STACKS:
        assert matrix.scenario_files(role)
        titles = [
            matrix.load(Pair(role, path.stem, ""), {"command": ["-"]}).title for path in matrix.scenario_files(role)
        ]
        assert len(set(titles)) == len(titles)
