"""The tables of conformance statements: what they say, and the clear line when one is wrong or missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from linacsim.conformance import Entity, System, load_entity, load_system
from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.conformance.loader import SYSTEMS
from linacsim.conformance.model import Per, Role
from linacsim.errors import InputError


@pytest.fixture
def printing() -> Entity:
    return load_entity("oncentra", "cm-print-scu")


def test_every_part_has_a_section(printing: Entity) -> None:
    assert printing.section_of("pdu") == "2.3.2.4.1"
    assert printing.section_of("implementation-class-uid") == "2.3.2.4.4"
    assert printing.section_of("roles") == "2.2.2.2, 2.3.2"
    assert [context.section for context in printing.presentation_contexts] == [
        "2.3.2.2, 2.3.2.5.1",
        "2.3.2.3, 2.3.2.5.1",
    ]


def test_the_steps_of_printing_are_repeated_for_films_and_boxes(printing: Entity) -> None:
    said = [(step.op, step.sop_class, step.per) for step in printing.activity("print-uncollated").steps]
    boxes = "Basic Grayscale Image Box | Basic Color Image Box"
    assert said == [
        ("N-GET", "Printer", Per.JOB),
        ("N-CREATE", "Basic Film Session", Per.JOB),
        ("N-SET", "Basic Film Session", Per.JOB),
        ("N-CREATE", "Basic Film Box", Per.FILM),
        ("N-SET", "Basic Film Box", Per.FILM),
        ("N-SET", boxes, Per.IMAGE_BOX),
        ("N-ACTION", "Basic Film Box", Per.FILM),
        ("N-DELETE", "Basic Film Box", Per.FILM),
        ("RELEASE", None, Per.JOB),
    ]
    assert printing.pdu.max == 65536
    assert printing.max_associations.accept == 0


def test_parts_are_found_by_name(printing: Entity) -> None:
    assert printing.activity("print-collated").steps[-2].op == "N-ACTION"
    with pytest.raises(KeyError, match="print-sideways"):
        printing.activity("print-sideways")
    context = printing.context("1.2.840.10008.5.1.1.18")
    assert context is not None
    assert context.role is Role.SCU
    assert printing.context("1.2.840.10008.1.1") is None


def test_an_entity_is_loaded_once(printing: Entity) -> None:
    assert load_entity("oncentra", "cm-print-scu") is printing


def test_a_system_is_found_however_it_is_written() -> None:
    assert load_system("varian_obi") is not None
    assert load_system("Varian-OBI").id == load_system("varian-obi").id == "varian-obi"


def test_the_entities_come_in_the_order_of_the_document() -> None:
    assert list(load_system("varian-obi").entities) == [
        "storage-scu",
        "find-scu",
        "move-scu",
        "storage-scp",
        "echo-scu",
        "media-file-mode",
    ]


def test_an_object_is_found_by_sop_class_or_by_modality() -> None:
    oncentra = load_system("oncentra")
    ct = oncentra.iod_of(SOP_CLASSES["ct"], "CT", "import")
    us = oncentra.iod_of("1.2.840.10008.5.1.4.1.1.6.1", "US", "import")
    assert (ct and ct.id, us and us.id) == ("ct.both", "other-us.both")
    assert oncentra.iod_of("1.2.840.10008.5.1.4.1.1.104.1", "DOC", "import") is None
    assert load_system("monaco").iod("rtimage", "import") is None


def test_an_unknown_system_is_named_with_a_suggestion() -> None:
    with pytest.raises(InputError) as wrong:
        load_entity("oncntra", "cm-print-scu")
    assert str(wrong.value) == "unknown system 'oncntra'; did you mean 'oncentra'?"


def test_an_unknown_entity_is_named_with_a_suggestion() -> None:
    with pytest.raises(InputError) as wrong:
        load_entity("oncentra", "cm-print-scp")
    assert str(wrong.value) == "unknown entity 'cm-print-scp' of oncentra; did you mean 'cm-print-scu'?"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_system_without_a_slash_is_a_name(name: str) -> None:
    with pytest.raises(InputError, match=r"^unknown system"):
        load_entity(name, "cm-print-scu")


def test_a_system_with_a_slash_is_a_folder_of_tables() -> None:
    assert load_system(str(SYSTEMS / "monaco")).head.vendor == load_system("monaco").head.vendor
    with pytest.raises(InputError, match=r"^\.\./nowhere: there is no system; name a folder with a system.toml"):
        load_system("../nowhere")


class TestWrongTables:
    def copy(self, folder: Path, name: str, old: str, new: str) -> System:
        """Return a copy of Oncentra in which `old` was replaced by `new` in the table `name`."""
        shutil.copytree(SYSTEMS / "oncentra", folder / "oncentra")
        table = (folder / "oncentra" / name).read_text("utf-8")
        assert old in table
        (folder / "oncentra" / name).write_text(table.replace(old, new, 1), "utf-8")
        return load_system("oncentra", folder)

    @pytest.mark.parametrize(
        ("old", "new", "text"),
        [
            ("min = 8192", "mini = 8192", "pdu.mini: unknown key 'pdu.mini'; did you mean 'min'?"),
            ("min = 8192", "min = '8192'", "pdu.min: 'pdu.min' wants a whole number, found '8192'"),
            ("min = 8192", "min = -1", "pdu.min: 'pdu.min' wants at least 0, found -1"),
            (
                'roles = ["SCU"]',
                'roles = ["SCX"]',
                "roles[0]: 'roles[0]' wants 'SCU', 'SCP', 'file-export' or 'file-import', found 'SCX'",
            ),
            ('pdu = "2.3', 'pud = "2.3', "'sections' names 'pud'; did you mean 'pdu'?"),
            (
                "1.2.250.1.59.3.0.3.5.3",
                "1.2.250.01",
                "implementation-class-uid[0]: 'implementation-class-uid[0]': '1.2.250.01' is not a UID",
            ),
            ('id = "cm-print-scu"', 'id = "cm-print"', "id: the table is of 'cm-print'; name the file cm-print.toml"),
            ('title = "CM', 'title = "CM\ntitle = "CM', "is no TOML: Illegal character '\\n' (at line 4, column 12)"),
        ],
    )
    def test_of_an_entity(self, tmp_path: Path, old: str, new: str, text: str) -> None:
        system = self.copy(tmp_path, "entities/cm-print-scu.toml", old, new)
        with pytest.raises(InputError) as wrong:
            _ = system.entities
        assert text in str(wrong.value)
        assert str(wrong.value).startswith("entities/cm-print-scu.toml: ")

    @pytest.mark.parametrize(
        ("old", "new", "text"),
        [
            ("path\tkeyword", "path\tkeywort", "ct.both.tsv:1: unknown column 'keywort'; did you mean 'keyword'?"),
            (
                "0008,0005\t",
                "0008.0005\t",
                "path: '0008.0005' is no tag of the form 300A,00B0 or 3253,xx00",
            ),
            ("0008,0005\t", "\t", "the cell 'path' is empty"),
            ("\talways", "\tallways", "export: 'allways' is none of always, never"),
            ('{"fixed"', '{fixed"', "constraint: Expecting property name"),
            ("0008,0005\t", "0008,0005" + "\t" * 20, "cells under"),
        ],
    )
    def test_of_attributes(self, tmp_path: Path, old: str, new: str, text: str) -> None:
        system = self.copy(tmp_path, "attributes/ct.both.tsv", old, new)
        with pytest.raises(InputError) as wrong:
            _ = system.iods[0].rows
        assert text in str(wrong.value)

    def test_of_a_context_of_nobody(self, tmp_path: Path) -> None:
        system = self.copy(tmp_path, "contexts.tsv", "fr-scu\t", "fr-scv\t")
        with pytest.raises(InputError, match=r"oncentra/contexts.tsv:\d+: unknown entity 'fr-scv'; did you mean"):
            _ = system.entities
