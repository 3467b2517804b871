"""Negotiation, predicted from the tables: what is accepted, with what, and what is said where the documents are silent."""

from __future__ import annotations

import pytest

from linacsim.conformance import load_entity, load_system, systems
from linacsim.conformance.matrix import Matrix, matrix
from linacsim.conformance.model import AssociationLimits, Context, Entity, Pdu, Role
from linacsim.conformance.negotiation import (
    Negotiation,
    Outcome,
    Party,
    Result,
    accepts,
    announced,
    checks_of,
    negotiate,
    proposed,
    requests,
)
from linacsim.conformance.proof import Answer, Seen, prove
from linacsim.errors import InputError

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
JPEG = "1.2.840.10008.1.2.4.50"
VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
DOSE, ION = "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.481.8"


def party(system: str, entity: str) -> Party:
    return Party(system, load_system(system).head.title, load_entity(system, entity))


def cell(requestor: tuple[str, str], acceptor: tuple[str, str]) -> Negotiation:
    return negotiate(party(*requestor), party(*acceptor))


def outcome(found: Negotiation, abstract_syntax: str) -> Outcome:
    return next(one for one in found.outcomes if one.offer.abstract_syntax == abstract_syntax)


def made_up(
    name: str, role: Role, syntaxes: tuple[str, ...] = (IMPLICIT,), sop_class: str = CT, **more: object
) -> Party:
    context = Context(abstract_syntax=sop_class, name="CT Image Storage", transfer_syntaxes=syntaxes, role=role)
    more.setdefault("presentation_contexts", (context,))
    return Party("acme", "Acme 1", Entity(id=name, title=name, section="1.1", roles=(role,), **more))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def everything() -> Matrix:
    return matrix(load_system(one) for one in systems())


# which transfer syntax


def test_WinSCP32_takes_explicit_little_endian_before_all_that_is_not_compressed() -> None:
    found = outcome(cell(("oncentra", "cm-storage-scu"), ("oncentra", "winscp32-scp")), CT)
    assert found.offer.transfer_syntaxes == (IMPLICIT, EXPLICIT, BIG)
    assert (found.result, found.transfer_syntax, found.certain) == (Result.ACCEPTANCE, EXPLICIT, True)
    assert found.assumed == ()


def test_WinSCP32_takes_what_is_compressed_before_all_else() -> None:
    proposing_jpeg = made_up("scu", Role.SCU, (EXPLICIT, IMPLICIT, JPEG))
    found = outcome(negotiate(proposing_jpeg, party("oncentra", "winscp32-scp")), CT)
    assert found.transfer_syntax == JPEG


def test_OBI_takes_the_first_that_is_proposed() -> None:
    found = outcome(cell(("oncentra", "cm-storage-scu"), ("varian-obi", "storage-scp")), CT)
    assert (found.transfer_syntax, found.assumed) == (IMPLICIT, ())


def test_OBI_cannot_take_PrecisePLANs_big_endian_though_it_is_the_first() -> None:
    found = outcome(cell(("preciseplan", "precplan-export"), ("varian-obi", "storage-scp")), CT)
    assert found.offer.transfer_syntaxes[0] == BIG
    assert found.transfer_syntax == EXPLICIT
    assert "Explicit VR Big Endian is none that it supports" in found.assumed[0]


def test_an_undocumented_preference_is_the_order_of_the_acceptors_own_table_and_said_to_be_taken() -> None:
    found = outcome(cell(("preciseplan", "precplan-export"), ("oncentra", "fr-scp")), CT)
    assert found.transfer_syntax == IMPLICIT
    assert found.certain, "that it passes is documented, only the choice is not"
    assert found.assumed[0].endswith("is not documented; taken: the first that its table lists")


def test_a_preference_that_has_nothing_in_common_with_the_proposal_leaves_the_table() -> None:
    odd = made_up("scp", Role.SCP, (BIG, EXPLICIT, IMPLICIT), transfer_syntax_preference=(JPEG,))
    found = outcome(negotiate(made_up("scu", Role.SCU, (IMPLICIT, BIG)), odd), CT)
    assert found.transfer_syntax == BIG
    assert found.assumed


# what is rejected


def test_a_sop_class_that_is_not_listed_is_rejected_as_abstract_syntax_not_supported() -> None:
    found = cell(("monaco", "cms-scu"), ("oncentra", "winscp32-scp"))
    assert outcome(found, ION).result is Result.ABSTRACT_SYNTAX_NOT_SUPPORTED
    assert outcome(found, ION).transfer_syntax == ""
    assert found.sentence == (
        "8 of 9 SOP classes pass, with Implicit VR Little Endian. "
        "Will not pass: RT Ion Plan Storage (oncentra winscp32-scp does not list it)."
    )


def test_no_common_transfer_syntax_is_rejected_as_transfer_syntaxes_not_supported() -> None:
    found = negotiate(made_up("scu", Role.SCU, (BIG,)), made_up("scp", Role.SCP, (IMPLICIT, EXPLICIT)))
    assert found.outcomes[0].result is Result.TRANSFER_SYNTAXES_NOT_SUPPORTED
    assert found.sentence == (
        "Nothing passes: CT Image Storage (acme scp takes Implicit VR Little Endian or Explicit VR Little Endian, "
        "not Explicit VR Big Endian)."
    )
    assert [one.value for one in Result] == [0, 1, 2, 3, 4]
    assert Result.TRANSFER_SYNTAXES_NOT_SUPPORTED.words == "transfer-syntaxes-not-supported"


def test_what_an_acceptor_only_proposes_is_not_what_it_accepts() -> None:
    both = made_up("both", Role.SCU)
    assert not negotiate(made_up("scu", Role.SCU), both).passing


def test_what_a_treatment_needs_is_named_first_and_the_rest_is_counted() -> None:
    sentence = cell(("oncentra", "cm-storage-scu"), ("varian-obi", "storage-scp")).sentence
    assert (
        "Will not pass: RT Dose Storage, MR Image Storage, PET Image Storage, Spatial Registration Storage and 17"
        in sentence
    )


def test_an_association_in_which_only_C_ECHO_passes_says_so() -> None:
    found = cell(("oncentra", "cm-query-retrieve-scu"), ("oncentra", "winscp32-scp"))
    assert found.only_verification
    assert found.sentence.startswith("Only C-ECHO passes. Will not pass: Study Root")
    assert not cell(("varian-obi", "echo-scu"), ("oncentra", "fr-scp")).only_verification


def test_a_query_client_gets_nothing_from_a_storage_acceptor() -> None:
    found = cell(("varian-obi", "find-scu"), ("raystation", "raystation-storage-scp-service"))
    assert found.passing == ()
    assert found.concerns == (), "what has to be minded matters only if anything passes"


def test_an_entity_that_proposes_nothing_gets_nothing() -> None:
    silent = made_up("scu", Role.SCU, presentation_contexts=())
    assert negotiate(silent, made_up("scp", Role.SCP)).sentence == (
        "Nothing passes: no presentation context is documented."
    )


# what the documents do not say


def test_RayStation_is_taken_to_propose_the_default_transfer_syntax_and_it_is_said() -> None:
    found = cell(("raystation", "raystation-storage-scu"), ("varian-obi", "storage-scp"))
    assert outcome(found, CT).transfer_syntax == IMPLICIT
    assert not outcome(found, CT).certain
    assert outcome(found, DOSE).certain, "that a SOP class is not listed is certain whatever is proposed"
    assert not found.certain
    assert "PS3.5 10.1" in outcome(found, CT).assumed[0]
    assert "Clinic Settings" in outcome(found, CT).assumed[0]


def test_Monaco_is_taken_to_accept_the_default_transfer_syntax_alone() -> None:
    found = outcome(cell(("preciseplan", "precplan-export"), ("monaco", "monaco-scp")), CT)
    assert (found.transfer_syntax, found.certain) == (IMPLICIT, False)


def test_the_echo_client_of_OBI_lists_no_context_and_proposes_Verification() -> None:
    (offer,) = proposed(party("varian-obi", "echo-scu"))
    assert (offer.abstract_syntax, offer.transfer_syntaxes) == (VERIFICATION, (IMPLICIT,))
    assert len(offer.assumed) == 2


def test_whether_Oncentra_proposes_one_context_or_several_is_said_to_be_undocumented_and_PrecisePLANs_order_is() -> (
    None
):
    notes = " ".join(cell(("oncentra", "cm-storage-scu"), ("oncentra", "fr-scp")).notes)
    assert "in one presentation context or in one each is not documented" in notes
    notes = " ".join(cell(("preciseplan", "precplan-export"), ("oncentra", "fr-scp")).notes)
    assert "in one each" not in notes
    assert "order of preference as listed" in notes
    assert "in one each" not in " ".join(cell(("monaco", "cms-scu"), ("oncentra", "fr-scp")).notes)


# the association as a whole


@pytest.mark.parametrize(
    ("pdu", "length"),
    [
        (Pdu(min=2048, max=524288, default=16384), 16384),
        (Pdu(min=8192, max=16384), 16384),
        (Pdu(send_max=32768, receive_unlimited=True), 0),
        (Pdu(), None),
    ],
)
def test_what_is_announced_is_the_default_or_else_the_maximum(pdu: Pdu, length: int | None) -> None:
    assert announced(pdu) == length


def test_PDU_sizes_each_way() -> None:
    found = cell(("varian-obi", "storage-scu"), ("monaco", "monaco-scp"))
    assert (found.to_acceptor.announced, found.to_acceptor.largest) == (16384, 16384)
    assert (found.to_requestor.announced, found.to_requestor.largest) == (0, None)
    assert found.to_requestor.words == "any size (varian-obi storage-scu announces no maximum)"
    found = cell(("varian-obi", "storage-scu"), ("raystation", "raystation-storage-scp-service"))
    assert (found.to_acceptor.announced, found.to_acceptor.largest) == (None, 32768)
    assert "does not document what it announces" in found.to_acceptor.words
    found = cell(("raystation", "raystation-storage-scu"), ("raystation", "raystation-storage-scp-service"))
    assert found.to_acceptor.words == "raystation-storage-scp-service does not document what it announces"


def test_more_associations_than_the_acceptor_takes_are_a_concern() -> None:
    concerns = cell(("varian-obi", "storage-scu"), ("monaco", "monaco-scp")).concerns
    assert concerns[0] == (
        "varian-obi storage-scu opens up to 3 associations at one time, monaco-scp accepts 1: the others are rejected"
    )
    assert concerns[1].endswith("while it lasts, every other sender is rejected")
    assert cell(("varian-obi", "storage-scu"), ("oncentra", "winscp32-scp")).concerns == ()


def test_only_OBI_documents_checks_of_who_calls(everything: Matrix) -> None:
    checking = {one.id: checks_of(one.entity) for one in everything.acceptors if checks_of(one.entity)}
    assert checking == {
        "varian-obi/storage-scp": "called AE title, calling AE title and caller IP against the configured remote"
    }
    concern = cell(("monaco", "cms-scu"), ("varian-obi", "storage-scp")).concerns[1]
    assert concern.endswith("enter monaco cms-scu there, or its associations are rejected")


def test_an_acceptor_that_is_not_there_for_everybody_or_not_always_is_a_concern() -> None:
    concerns = {
        one: cell(("monaco", "cms-scu"), one).concerns[:1]
        for one in (
            ("varian-obi", "storage-scp"),
            ("oncentra", "fr-scp"),
            ("oncentra", "winscp32-scp"),
            ("raystation", "raystation-internal-storage-scp"),
            ("raystation", "raystation-storage-scp-service"),
        )
    }
    assert list(concerns.values()) == [
        ("varian-obi storage-scp: takes stores only for objects asked for by the MOVE SCU (2.2.1.4)",),
        ("oncentra fr-scp: listens while a restore runs (4)",),
        (),
        ("raystation-internal-storage-scp: temporary listener (3.1.2.1)",),
        (),
    ]


def test_an_announced_length_below_the_other_sides_smallest_is_a_concern() -> None:
    small = made_up("scu", Role.SCU, pdu=Pdu(max=4096))
    (concern,) = negotiate(small, party("oncentra", "winscp32-scp")).concerns
    assert concern == "acme scu announces PDUs of 4096 bytes, oncentra winscp32-scp documents 8192 as its smallest"


def test_an_association_has_room_for_128_contexts() -> None:
    many = tuple(
        Context(abstract_syntax=f"1.2.3.{number}", name=str(number), transfer_syntaxes=(IMPLICIT,), role=Role.SCU)
        for number in range(129)
    )
    scp = made_up("scp", Role.SCP, sop_class="1.2.3.7")
    found = negotiate(made_up("scu", Role.SCU, presentation_contexts=many), scp)
    assert "proposes 129 presentation contexts, an association has room for 128" in found.concerns[0]
    assert negotiate(made_up("scu", Role.SCU, presentation_contexts=many[:128]), scp).concerns == ()


def test_operations_are_one_at_a_time_unless_both_document_more() -> None:
    def words(*each: bool | None) -> str:
        scu, scp = (made_up(role, role, asynchronous=one) for role, one in zip((Role.SCU, Role.SCP), each, strict=True))
        return negotiate(scu, scp).operations

    yes, no = True, False
    assert words(yes, yes) == "several outstanding at one time, as negotiated"
    assert words(yes, no) == words(None, no) == "one outstanding at one time: no asynchronous operations"
    assert words(yes, None).startswith("not documented by acme SCP; taken: one outstanding")


def test_limits_are_told_as_documented_or_not() -> None:
    scu = made_up("scu", Role.SCU, max_associations=AssociationLimits(initiate=2))
    assert negotiate(scu, made_up("scp", Role.SCP)).associations == (
        "acme scu opens at most 2 at one time; acme scp does not document how many it accepts"
    )


# the matrix


def test_all_24_entities_are_a_row_a_column_or_left_out_with_a_reason(everything: Matrix) -> None:
    assert (len(everything.requestors), len(everything.acceptors), len(everything.left_out)) == (13, 6, 5)
    assert len(everything.cells) == 13 * 6
    assert all(requests(one.entity) for one in everything.requestors)
    assert all(accepts(one.entity) for one in everything.acceptors)
    reasons = {one.id: why for one, why in everything.left_out}
    assert reasons["varian-obi/media-file-mode"] == "file-export and file-import without a network (1.2; 3)"
    assert "n/a (files)" in reasons["raystation/raystation-file-import"]


def test_every_SCU_context_of_the_documents_is_in_every_cell_of_its_row(everything: Matrix) -> None:
    contexts = sum(len(proposed(one)) for one in everything.requestors)
    # the echo client of OBI lists none and proposes one
    listed = sum(one.role is Role.SCU for row in everything.requestors for one in row.entity.presentation_contexts)
    assert contexts == listed + 1
    assert sum(len(one.outcomes) for one in everything.cells.values()) == contexts * 6


@pytest.mark.parametrize("name", ["oncentra/winscp32-scp", "oncentra-winscp32-scp", "winscp32-scp", "WINSCP32_SCP"])
def test_a_cell_is_found_by_any_name_of_its_entities(everything: Matrix, name: str) -> None:
    assert everything.cell("cms-scu", name).acceptor.id == "oncentra/winscp32-scp"
    assert list(everything.only("cms-scu", name).cells) == [("monaco/cms-scu", "oncentra/winscp32-scp")]


def test_a_cell_that_is_none_is_told_with_what_there_is(everything: Matrix) -> None:
    with pytest.raises(InputError, match="no entity 'winscp' among the acceptors; did you mean"):
        everything.cell("cms-scu", "winscp")
    with pytest.raises(InputError, match="among the requestors"):
        everything.cell("winscp32-scp", "cms-scu")


def test_a_name_that_two_systems_have_is_not_guessed() -> None:
    one, other = made_up("scu", Role.SCU), made_up("scp", Role.SCP)
    twin = Party("other", "Other 1", other.entity)
    found = Matrix((one,), (other, twin), {}, ())
    with pytest.raises(InputError, match="'scp' is several; say acme/scp or other/scp"):
        found.cell("scu", "scp")


# the wire against the prediction

AS_PREDICTED = Seen((Answer(CT, (IMPLICIT,), 0, IMPLICIT),), (16384,), (8192,))


def differences(seen: Seen) -> tuple[str, ...]:
    scu = made_up("scu", Role.SCU, pdu=Pdu(max=16384))
    return prove(negotiate(scu, made_up("scp", Role.SCP, (EXPLICIT, IMPLICIT))), seen).differences


def test_what_is_as_predicted_has_no_difference() -> None:
    assert differences(AS_PREDICTED) == ()


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (Seen(()), "CT Image Storage: predicted as proposed, but not on the wire"),
        (Seen((Answer(CT, (IMPLICIT,), 3),)), "abstract-syntax-not-supported on the wire, predicted acceptance"),
        (Seen((Answer(CT, (IMPLICIT,), 9),)), "result 9 on the wire, predicted acceptance"),
        (Seen((Answer(CT, (IMPLICIT,), 0, EXPLICIT),)), "accepted with Explicit VR Little Endian, predicted Implicit"),
        (Seen((Answer(CT, (EXPLICIT, IMPLICIT), 0, IMPLICIT),)), "proposed with Explicit VR Little Endian, Implicit"),
        (Seen((Answer(CT, (IMPLICIT,), None),)), "CT Image Storage: not answered, predicted acceptance"),
        (Seen((*AS_PREDICTED.answers, Answer("1.2.3", (IMPLICIT,), 3))), "1.2.3: proposed on the wire, not predicted"),
        (Seen(AS_PREDICTED.answers, (4096,)), "acme scu announces 4096 bytes on the wire, 16384 were predicted"),
        (Seen(AS_PREDICTED.answers, asynchronous=True), "an asynchronous operations window was agreed on"),
        (Seen((), failures=("association permanent",)), "association permanent"),
    ],
)
def test_every_difference_is_told(seen: Seen, text: str) -> None:
    found = differences(seen)
    assert len(found) == 1
    assert text in found[0]
