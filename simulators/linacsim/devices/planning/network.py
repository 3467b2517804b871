"""From the table of an application entity to what it does on the network: titles, contexts, sizes, time limits."""

from __future__ import annotations

from enum import StrEnum

from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import MaximumLengthNotification
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.conformance.model import Entity, Limits, Role
from linacsim.conformance.negotiation import VERIFICATION, Party, announced, proposed
from linacsim.devices.device import Device
from linacsim.devices.entity import NetworkSettings, application_entity, end_of
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.queryretrieve import PatientRootFind, PatientRootMove, StudyRootFind, StudyRootMove
from linacsim.devices.sopclasses import BasicGrayscalePrintManagementMeta
from linacsim.kernel.units import SECOND, seconds

SYNTAXES = {
    "implicit-little": ImplicitVRLittleEndian,
    "explicit-little": ExplicitVRLittleEndian,
    "explicit-big": ExplicitVRBigEndian,
}
DIMSE_TIMEOUT, NETWORK_TIMEOUT = seconds(300), seconds(600)
"""Ours, where the document gives none."""
_COLOR_META = "1.2.840.10008.5.1.1.18"


class Service(StrEnum):
    """What an association is opened for."""

    STORAGE = "storage"
    FIND = "find"
    MOVE = "move"
    PRINT = "print"
    VERIFICATION = "verification"


_SERVICES = {
    VERIFICATION: Service.VERIFICATION,
    PatientRootFind: Service.FIND,
    StudyRootFind: Service.FIND,
    PatientRootMove: Service.MOVE,
    StudyRootMove: Service.MOVE,
    BasicGrayscalePrintManagementMeta: Service.PRINT,
    _COLOR_META: Service.PRINT,
}


def service_of(abstract_syntax: str) -> Service:
    """Return which service a SOP class belongs to; what is none of the others is to be stored."""
    return _SERVICES.get(abstract_syntax, Service.STORAGE)


def application_entity_of(device: Device, entity: Entity, personality: PlanningPersonality) -> AE:
    """Return a pynetdicom AE set up from the table of `entity`, as far as a site has not changed it."""
    ae = application_entity(device, _network(entity, personality))
    if personality.ae_title is not None:
        ae.ae_title = personality.ae_title
    if personality.implementation_class_uid is not None:
        ae.implementation_class_uid = personality.implementation_class_uid
    elif entity.implementation_class_uid:
        ae.implementation_class_uid = entity.implementation_class_uid[0]
    if entity.implementation_class_uid:
        # a document that names a UID and no version name does not say that there is one
        names = entity.implementation_version_name
        ae.implementation_version_name = names[0] if names else None
    return ae


def _network(entity: Entity, personality: PlanningPersonality) -> NetworkSettings:
    """Return what the site has set, else what is documented, else ours."""
    length, accept = announced(entity.pdu), entity.max_associations.accept
    documented = {
        "acse_timeout": _limit(entity, Limits.ASSOCIATION),
        "dimse_timeout": _limit(entity, Limits.DIMSE) or DIMSE_TIMEOUT,
        "network_timeout": NETWORK_TIMEOUT,
        "maximum_length": length,
        "maximum_associations": accept or None,
        "require_called": None,
        "connection_timeout": None,
    }
    chosen = {name: getattr(personality, name) for name in documented}
    values = {name: documented[name] if value is None else value for name, value in chosen.items()}
    known = {name: value for name, value in values.items() if value is not None}
    return NetworkSettings(**known, accept_calling=personality.accept_calling)  # type: ignore[arg-type]


def _limit(entity: Entity, limits: Limits) -> int | None:
    """Return a documented time limit in microseconds."""
    found = next((one.seconds for one in entity.timeouts if one.limits is limits and one.seconds), None)
    return None if found is None else found * SECOND


def proposals(
    system: str, entity: Entity, service: Service, personality: PlanningPersonality
) -> list[PresentationContext]:
    """Return the presentation contexts that `entity` proposes for a service, in the order of its table."""
    offers = [offer for offer in proposed(Party(system, "", entity)) if service_of(offer.abstract_syntax) is service]
    own = [str(SYNTAXES[one]) for one in personality.transfer_syntaxes]
    return [
        build_context(offer.abstract_syntax, own if offer.assumed and own else list(offer.transfer_syntaxes))
        for offer in offers
    ]


def accepted(ae: AE, entity: Entity) -> None:
    """Add the presentation contexts that `entity` accepts to `ae`, with transfer syntaxes in its order of preference."""
    for context in entity.presentation_contexts:
        if context.role is Role.SCP:
            known = context.transfer_syntaxes or (str(ImplicitVRLittleEndian),)
            order = entity.transfer_syntax_preference or ()
            preferred = [one for one in order if one in known]
            ae.add_supported_context(
                context.abstract_syntax, [*preferred, *(one for one in known if one not in preferred)]
            )


def keep_first_proposed(assoc: Association) -> None:
    """Let negotiation choose the first transfer syntax that was proposed and is supported, in each context by itself.

    pynetdicom takes the first of the acceptor's own list; so each proposed context is left with the one to be taken.
    """
    request = assoc.requestor.primitive
    if request is None:
        return
    supported = {one.abstract_syntax: one.transfer_syntax for one in assoc.acceptor.supported_contexts}
    for context in request.presentation_context_definition_list:
        known = supported.get(context.abstract_syntax, [])
        first = next((syntax for syntax in context.transfer_syntax if syntax in known), None)
        if first is not None:
            context.transfer_syntax = [first]


def limit_sent(assoc: Association, length: int | None) -> None:
    """Send P-DATA-TF of at most `length` bytes, if the other side takes as much."""
    if not length:
        return
    for item in assoc.acceptor.user_information:
        if isinstance(item, MaximumLengthNotification):
            told = item.maximum_length_received
            item.maximum_length_received = min(told, length) if told else length


def release_on_timeout(assoc: Association) -> None:
    """Release the association when a DIMSE response does not come in time, instead of aborting it.

    What is released is not aborted any more, so pynetdicom's own A-ABORT does not follow.
    """
    queue = assoc.dimse.msg_queue
    told = queue.on_timeout  # type: ignore[attr-defined]

    def waited_in_vain() -> None:
        told()
        if assoc.is_established:
            assoc.release()

    queue.on_timeout = waited_in_vain  # type: ignore[attr-defined]


def is_open(assoc: Association) -> bool:
    """Whether messages can be sent: no release and no abort has come, not even one that has not been seen to yet."""
    return assoc.is_established and assoc.dul.peek_next_pdu() is None


def ended(assoc: Association) -> str:
    """Return how an association has come to its end, in a few words."""
    text = end_of(assoc)
    return text.replace("association aborted", "association released") if assoc.is_released else text
