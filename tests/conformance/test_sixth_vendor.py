"""A sixth vendor is a folder of tables: the made-up one of the guide is told, checked against and negotiated with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from linacsim.cli import main
from linacsim.conformance import System, load_entity, load_system
from linacsim.conformance.check import State, check
from linacsim.conformance.check.lint import report
from linacsim.conformance.negotiation import Party, negotiate
from linacsim.conformance.overview import counts
from linacsim.kernel.identity import Identity
from linacsim.objects.case import CaseSettings, build_case
from linacsim.objects.encoding import prepare

ACME = Path(__file__).parents[1] / "examples" / "acme"


@pytest.fixture
def acme() -> System:
    return load_system(f"{ACME}/")


@pytest.fixture
def slices() -> list[Dataset]:
    return list(build_case(Identity(7), CaseSettings(slices=4, matrix=32)).ct)


def broken(slices: list[Dataset], acme: System) -> set[tuple[str, str, str]]:
    found = [one for one in check(slices, acme).findings if one.state is State.BROKEN]
    assert all((one.effect.effect, one.effect.section) != ("", "") for one in found)
    return {(one.rule, one.path, one.effect.effect) for one in found}


def test_its_tables_load_and_every_sentence_has_a_reading(acme: System) -> None:
    assert counts(acme) == {
        "entities": 2,
        "presentation_contexts": 3,
        "activities": 2,
        "status_rows": 2,
        "attributes": 11,
        "attributes_with_constraint": 6,
        "preconditions": 1,
        "private_attributes": 1,
        "errata": 1,
    }
    assert report(acme) == ([], [])


def test_what_it_takes_passes(acme: System, slices: list[Dataset]) -> None:
    assert broken(slices, acme) == set()


def test_what_it_refuses_is_told(acme: System, slices: list[Dataset]) -> None:
    slices[0].SliceThickness = 12
    slices[1].PatientID = slices[0].PatientID = slices[2].PatientID = slices[3].PatientID = "x" * 17
    del slices[2].FrameOfReferenceUID
    slices[3].ImagePositionPatient = [*slices[3].ImagePositionPatient[:2], slices[3].ImagePositionPatient[2] + 0.02]
    assert broken(slices, acme) == {
        ("ct.import:0018,0050#max", "SliceThickness", "rejected"),
        ("ct.import:0010,0020#max_length", "PatientID", "rejected"),
        ("ct.import:0020,0052#presence", "FrameOfReferenceUID", "rejected"),
        ("equal-spacing", "ImagePositionPatient", "rejected"),
    }


def test_it_negotiates_with_the_others(acme: System) -> None:
    store = Party("acme", "Acme", acme.entities["acme-store"])
    planning = Party("preciseplan", "PrecisePLAN", load_entity("preciseplan", "precplan-export"))
    found = negotiate(planning, store)
    passing = {one.offer.abstract_syntax: one.transfer_syntax for one in found.passing}
    assert passing == {
        "1.2.840.10008.1.1": "1.2.840.10008.1.2",
        "1.2.840.10008.5.1.4.1.1.2": "1.2.840.10008.1.2.1",
    }
    assert found.to_acceptor.largest == 32768


def test_the_commands_take_its_folder(
    slices: list[Dataset], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(slices[0]).save_as(tmp_path / "slice.dcm", enforce_file_format=True)
    assert main(["check", str(tmp_path), "--against", f"{ACME}/", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["system"] == "acme"
    assert main(["matrix", f"{ACME}/", "monaco", "--format", "json"]) == 0
    assert "acme-store" in capsys.readouterr().out
    assert main(["systems", f"{ACME}/"]) == 0
    assert "ACME_SEND" in capsys.readouterr().out
