"""The tables of conformance statements: what they say, and the clear line when one is wrong or missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linacsim.conformance import Entity, load_entity
from linacsim.conformance.loader import SYSTEMS, entities, systems
from linacsim.conformance.model import Role
from linacsim.errors import InputError

SESSION = "Basic Film Session"
FILM_BOX = "Basic Film Box"
OPENING = [
    ("N-GET", "Printer", "job", "reads the printer characteristics"),
    ("N-CREATE", SESSION, "job", "opens the film session"),
    ("N-SET", SESSION, "job", "session parameters such as number of copies"),
    ("N-CREATE", FILM_BOX, "film", ""),
    ("N-SET", FILM_BOX, "film", "optional and repeatable; attributes such as Magnification Type"),
    (
        "N-SET",
        "Basic Grayscale Image Box | Basic Color Image Box",
        "image-box",
        "for each one that the printer returned; class follows the negotiated meta SOP class",
    ),
]
ONE_ASSOCIATION = "one association for the whole job (2.3.2.5 also says one per film-session request / per object)"
FACTS: dict[str, Any] = {
    "id": "cm-print-scu",
    "title": "CM Print SCU",
    "section": "2.2.2.2, 2.3.2",
    "roles": ["SCU"],
    "ae_title_default": "OTP_SCU",
    "port_default": None,
    "ae_title_configurable": True,
    "implementation_class_uid": ["1.2.250.1.59.3.0.3.5.3"],
    "implementation_version_name": ["ETIAM_DCMTK_353"],
    "application_context": "1.2.840.10008.3.1.1.1",
    "pdu": {"min": 8192, "max": 65536, "default": None, "note": ""},
    "max_associations": {"initiate": 1, "accept": 0, "note": "one association at a time; never accepts"},
    "asynchronous": False,
    "timeouts": [],
    "presentation_contexts": [
        {
            "abstract_syntax_name": "Basic Grayscale Print Management Meta SOP Class",
            "abstract_syntax": "1.2.840.10008.5.1.1.9",
            "transfer_syntaxes": ["1.2.840.10008.1.2"],
            "role": "SCU",
            "extended_negotiation": "None",
            "contained_sop_classes": [
                "1.2.840.10008.5.1.1.1",
                "1.2.840.10008.5.1.1.2",
                "1.2.840.10008.5.1.1.4",
                "1.2.840.10008.5.1.1.16",
            ],
        },
        {
            "abstract_syntax_name": "Basic Color Print Management Meta SOP Class",
            "abstract_syntax": "1.2.840.10008.5.1.1.18",
            "transfer_syntaxes": ["1.2.840.10008.1.2"],
            "role": "SCU",
            "extended_negotiation": "None",
            "contained_sop_classes": [
                "1.2.840.10008.5.1.1.1",
                "1.2.840.10008.5.1.1.2",
                "1.2.840.10008.5.1.1.4.1",
                "1.2.840.10008.5.1.1.16",
            ],
        },
    ],
    "transfer_syntax_preference": None,
    "acceptance_policy": "never accepts associations (SCU only)",
    "activities": [
        {
            "id": "print-collated",
            "section": "2.2.2.2",
            "trigger": "DICOM Print button in CM Export mode with collation ticked; the user picks the destination peer",
            "steps": [
                *OPENING,
                ("N-ACTION", SESSION, "job", "once, after the last film: prints the whole session"),
                ("RELEASE", None, "job", "SCU closes the association"),
            ],
            "association_policy": ONE_ASSOCIATION,
        },
        {
            "id": "print-uncollated",
            "section": "2.2.2.2",
            "trigger": "DICOM Print button in CM Export mode with collation not ticked; "
            "the user picks the destination peer",
            "steps": [
                *OPENING,
                ("N-ACTION", FILM_BOX, "film", "prints it"),
                ("N-DELETE", FILM_BOX, "film", "removes it from the session after printing"),
                ("RELEASE", None, "job", "SCU closes the association after the last film"),
            ],
            "association_policy": ONE_ASSOCIATION,
        },
    ],
    "query_keys": [],
    "status_handling": [],
    "status_returned": [],
    "communication_failures": [],
    "character_sets": ["ISO_IR 100"],
    "security": "none documented",
    "file_output": None,
    "configuration": [
        "local AE title (default OTP_SCU)",
        "peer symbolic name (label only)",
        "peer hostname / IP address",
        "peer listening port",
        "called AE title",
    ],
}
"""What was drawn from the conformance statement of Oncentra 4.3; steps as operation, SOP class, per what, and note."""


@pytest.fixture
def printing() -> Entity:
    return load_entity("oncentra", "cm-print-scu")


def as_facts(entity: Entity) -> dict[str, Any]:
    """Return `entity` in the form of `FACTS`; what the facts do not tell is left out."""
    plain = entity.model_dump(mode="json")
    for context in plain["presentation_contexts"]:
        context["abstract_syntax_name"] = context.pop("name")
        assert context.pop("section")
        assert (context.pop("note"), context.pop("as_printed")) == ("", None)
    for activity in plain["activities"]:
        activity["steps"] = [
            tuple(step[key] for key in ("op", "sop_class", "per", "note")) for step in activity["steps"]
        ]
    plain["configuration"] = [
        row["name"] + (f" (default {row['default']})" if row["default"] else "") for row in plain["configuration"]
    ]
    for only_here in ("configurable", "receive_unlimited", "send_max"):
        assert not plain["pdu"].pop(only_here)
    return {key: plain[key] for key in plain if key not in ("sections", "misprints", "notes", "port_configurable")}


def test_the_table_says_what_the_document_says(printing: Entity) -> None:
    assert as_facts(printing) == FACTS


def test_every_part_has_a_section(printing: Entity) -> None:
    assert printing.section_of("pdu") == "2.3.2.4.1"
    assert printing.section_of("implementation-class-uid") == "2.3.2.4.4"
    assert printing.section_of("roles") == "2.2.2.2, 2.3.2"
    assert [context.section for context in printing.presentation_contexts] == [
        "2.3.2.2, 2.3.2.5.1",
        "2.3.2.3, 2.3.2.5.1",
    ]


def test_the_readings_that_were_chosen_are_listed(printing: Entity) -> None:
    assert [(row.section, row.correct) for row in printing.misprints] == [
        ("2.3.2.5, 2.3.2.5.1", "one association per job"),
        ("2.3.2.4.4", "Print SCU AE"),
        ("2.3.2.4.4", "ETIAM_DCMTK_353"),
        ("2.3.2.5.1 and Print SOP text", "printed"),
        ("2.3.2.6", "printing only"),
    ]


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


def test_every_table_that_comes_with_linacsim_loads() -> None:
    for system in systems():
        for entity_id in entities(system):
            assert load_entity(system, entity_id).id == entity_id


def test_an_unknown_system_is_named_with_a_suggestion() -> None:
    with pytest.raises(InputError) as wrong:
        load_entity("oncntra", "cm-print-scu")
    assert str(wrong.value) == "unknown system 'oncntra'; did you mean 'oncentra'?"


def test_an_unknown_entity_is_named_with_a_suggestion() -> None:
    with pytest.raises(InputError) as wrong:
        load_entity("oncentra", "cm-print-scp")
    assert str(wrong.value) == "unknown entity 'cm-print-scp' of oncentra; did you mean 'cm-print-scu'?"


@pytest.mark.parametrize("name", ["../oncentra", "", ".", "oncentra/"])
def test_a_system_is_a_name_and_no_path(name: str) -> None:
    with pytest.raises(InputError, match=r"^unknown system"):
        load_entity(name, "cm-print-scu")


class TestWrongTables:
    def load(self, folder: Path, old: str, new: str) -> str:
        """Return the text of the error that the table has after `old` was replaced by `new`, without the folder."""
        table = (SYSTEMS / "oncentra" / "cm-print-scu.yaml").read_text("utf-8")
        assert old in table
        (folder / "oncentra").mkdir()
        (folder / "oncentra" / "cm-print-scu.yaml").write_text(table.replace(old, new, 1), "utf-8")
        with pytest.raises(InputError) as wrong:
            load_entity("oncentra", "cm-print-scu", folder)
        return str(wrong.value).removeprefix(f"{folder}/oncentra/")

    @pytest.mark.parametrize(
        ("old", "new", "text"),
        [
            ("  min: 8192", "  mini: 8192", "32:3: unknown key 'pdu.mini'; did you mean 'min'?"),
            ("  min: 8192", "  min: '8192'", "32:3: 'pdu.min' wants a whole number, found '8192'"),
            ("  min: 8192", "  min: -1", "32:3: 'pdu.min' wants at least 0, found -1"),
            (
                "[SCU]",
                "[SCX]",
                "21:9: 'roles[0]' wants 'SCU', 'SCP', 'file-export' or 'file-import', found 'SCX'",
            ),
            ("initiate: 1", "initiate: true", "37:3: 'max-associations.initiate' wants a whole number, found true"),
            ('"2.7"', "2.7", "13:3: 'sections.character-sets' wants text, found 2.7"),
            ("  pdu: 2.3", "  pud: 2.3", "4:1: 'sections' names 'pud'; did you mean 'pdu'?"),
            (
                "[1.2.250.1.59.3.0.3.5.3]",
                "[1.2.250.01]",
                "28:28: 'implementation-class-uid[0]': '1.2.250.01' is not a UID",
            ),
            ("id: cm-print-scu", "id: cm-print", "4:1: the table is of 'cm-print'; name the file cm-print.yaml"),
            ("title: CM", "title: CM\ntitle: CM", "6:1: the key 'title' stands twice; it is in line 5 already"),
        ],
    )
    def test_name_the_place_and_the_cause(self, tmp_path: Path, old: str, new: str, text: str) -> None:
        assert self.load(tmp_path, old, new) == f"cm-print-scu.yaml:{text}"
