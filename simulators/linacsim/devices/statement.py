"""What a device of the bench negotiates, in the form of a conformance statement: so that it can be held against others."""

from __future__ import annotations

from pydicom.uid import UID
from pynetdicom import AE

from linacsim.conformance.model import AssociationLimits, Context, Entity, Pdu, Role
from linacsim.devices.device import Device
from linacsim.devices.entity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, application_entity

SECTION = "as it listens"
"""Where a report says that it stands."""


def statement_of(device: Device) -> Entity:
    """Return `device` as an entity of a conformance statement, from the application entity that it listens with."""
    ae = application_entity(device, device.personality)
    device.support(ae)
    contexts = tuple(_contexts(ae))
    return Entity(
        id=device.kind.name,
        title=device.kind.about,
        section=SECTION,
        roles=(Role.SCP,),
        implementation_class_uid=(IMPLEMENTATION_CLASS_UID,),
        implementation_version_name=(IMPLEMENTATION_VERSION_NAME,),
        pdu=Pdu(max=ae.maximum_pdu_size) if ae.maximum_pdu_size else Pdu(receive_unlimited=True),
        max_associations=AssociationLimits(accept=ae.maximum_associations),
        asynchronous=False,
        presentation_contexts=contexts,
        transfer_syntax_preference=_preference(contexts),
        acceptance_policy=_policy(ae),
    )


def _contexts(ae: AE) -> list[Context]:
    return [
        Context(
            abstract_syntax=str(one.abstract_syntax),
            name=UID(str(one.abstract_syntax)).name,
            transfer_syntaxes=tuple(str(syntax) for syntax in one.transfer_syntax),
            role=Role.SCP,
        )
        for one in ae.supported_contexts
    ]


def _preference(contexts: tuple[Context, ...]) -> tuple[str, ...]:
    """Return one order for all contexts: pynetdicom takes the first of its own list that is proposed."""
    longest_first = sorted(contexts, key=lambda one: -len(one.transfer_syntaxes))
    return tuple(dict.fromkeys(syntax for one in longest_first for syntax in one.transfer_syntaxes))


def _policy(ae: AE) -> str:
    """Return who is accepted, in the words that conformance statements use."""
    checked = ["called AE title"] * ae.require_called_aet + ["calling AE title"] * bool(ae.require_calling_aet)
    return f"checks {' and '.join(checked)}" if checked else "accepts every caller, whatever it calls"
