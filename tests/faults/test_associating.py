"""What a line writes of association PDUs: refused contexts without their transfer syntax."""

from __future__ import annotations

from pynetdicom.pdu import A_ASSOCIATE_AC
from pynetdicom.pdu_primitives import A_ASSOCIATE, ImplementationClassUIDNotification, MaximumLengthNotification
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.faults.associating import accepted, with_results, without_syntaxes

CT, MR, ECHO = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.1"


def answer() -> bytes:
    """Return an A-ASSOCIATE-AC in which three contexts are accepted."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = "SCU", "STORE"
    primitive.result, primitive.result_source = 0, 1
    contexts: list[PresentationContext] = []
    for number, name in zip((1, 3, 5), (CT, MR, ECHO), strict=True):
        context = build_context(name, "1.2.840.10008.1.2.1")
        context.context_id, context.result = number, 0
        contexts.append(context)
    primitive.presentation_context_definition_results_list = contexts
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 16382
    implementation.implementation_class_uid = "1.2.3.4"
    primitive.user_information = [length, implementation]
    pdu = A_ASSOCIATE_AC()
    pdu.from_primitive(primitive)
    return pdu.encode()


def test_refused_contexts_may_have_no_transfer_syntax() -> None:
    raw = answer()
    bare = without_syntaxes(with_results(raw, {3: 3}), [3])
    # a sub-item of 4 and 19 bytes is gone, and nothing else; the lengths tell so
    assert len(bare) == len(raw) - 23
    assert int.from_bytes(bare[2:6], "big") == len(bare) - 6
    assert b"\x21\x00\x00\x04\x03\x00\x03\x00\x21" in bare
    assert accepted(bare) == {1: "1.2.840.10008.1.2.1", 5: "1.2.840.10008.1.2.1"}
    read = A_ASSOCIATE_AC()
    read.decode(bare)
    assert [item.result for item in read.presentation_context] == [0, 3, 0]
    assert read.user_information is not None
    assert read.user_information.maximum_length == 16382


def test_without_such_contexts_nothing_is_changed() -> None:
    assert without_syntaxes(answer(), []) == answer()
