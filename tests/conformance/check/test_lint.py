"""The lint of readings finds what is wrong with a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from linacsim.conformance import System
from linacsim.conformance.check.lint import gaps, problems

HEAD = 'product = "A"\nvendor = "B"\nversion = "1"\ntitle = "A 1"\n'
OBJECTS = (
    "id\tkind\tdirection\tname\tsop-class\tsection\nct.import\tct\timport\tCT Image\t1.2.840.10008.5.1.4.1.1.2\t1\n"
)
ROWS = 'path\tkeyword\tname\tmodule\tconstraint\n0018,5100\tPatientPosition\tPatient Position\tA\t{"rule": "lying"}\n'
HEADING = "kind\tsubject\tat\twhen\tcheck\tperson\teffect\n"


def system(folder: Path, readings: str, *, preconditions: bool = True) -> System:
    (folder / "attributes").mkdir()
    (folder / "system.toml").write_text(HEAD)
    (folder / "objects.tsv").write_text(OBJECTS)
    (folder / "attributes" / "ct.import.tsv").write_text(ROWS)
    if preconditions:
        (folder / "preconditions.tsv").write_text("id\tsection\tapplies-to\trule\none\t1\tall\tsomething\n")
    (folder / "readings.tsv").write_text(HEADING + readings)
    return System("acme", folder)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rule\tlying\t\t\tPatientPos == 'HFS'", "no DICOM keyword 'PatientPos'"),
        ("rule\tlying\t\t\tPatientPosition = 'HFS'", "is no expression"),
        ("rule\tlying\t\tfoo()\tTrue", "no function 'foo'"),
        ("rule\tstanding\t\t\tTrue", "no rule 'standing' in the tables"),
        ("rule\tlying\tmr.import\t\tTrue", "is no row with the rule"),
        ("rule\tlying\t\t\t", "neither check nor person"),
        ("rule\tlying\t\t\tTrue\t\tthrown away", "unknown effect 'thrown away'"),
        ("precondition\tone\tctt\t\tTrue", "unknown kind 'ctt'"),
        ("precondition\tone\tct:PatientPosition\t\tTrue", "is no keyword of a sequence"),
        ("precondition\ttwo\tct\t\tTrue", "no precondition 'two'"),
    ],
)
def test_a_wrong_line_is_told(tmp_path: Path, line: str, words: str) -> None:
    found = list(problems(system(tmp_path, line + "\n")))
    assert len(found) == 1
    assert words in found[0]
    assert "readings.tsv" in found[0]


def test_a_sentence_without_a_reading_is_told(tmp_path: Path) -> None:
    found = [(one.kind, one.sentence) for one in gaps(system(tmp_path, "rule\tlying\t\t\tTrue\n"))]
    assert found == [("precondition", "one")]


def test_the_narrowest_line_counts(tmp_path: Path) -> None:
    lines = "rule\tlying\t\t\tFalse\nrule\tlying\tct.import:0018,5100\t\tTrue\nprecondition\tone\tct\t\tTrue\n"
    found = system(tmp_path, lines)
    assert list(gaps(found)) == []
    assert [one for one in problems(found) if "is no row" in one]
