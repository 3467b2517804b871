"""The application entity of a device: pynetdicom's, set up from a personality, in both roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from linacsim.devices.device import Device
from linacsim.errors import PlayFailure
from linacsim.kernel.border.links import link_of
from linacsim.kernel.units import SECOND, seconds
from linacsim.kernel.words import ABORT_REASONS
from linacsim.settings import AETitle, Count, Duration, Settings

Handlers = list[tuple[evt.EventType, Callable[..., Any]]]

_SERVICE_PROVIDER = 2
"""Source of an A-ABORT (PS3.8 9.3.8)."""
IMPLEMENTATION_CLASS_UID = "2.25.310416817923526112174105318214273125376"
"""Fixed for linacsim, so that a peer's log can tell it (PS3.7 D.3.3.2)."""
IMPLEMENTATION_VERSION_NAME = "LINACSIM_01"


class NetworkSettings(Settings):
    """What every application entity has to set.

    Attributes
    ----------
    acse_timeout : Duration
        How long to wait for an answer to an association message, and ARTIM (PS3.8 9.1.5).
    dimse_timeout : Duration
        How long to wait for a DIMSE response.
    network_timeout : Duration
        How long an association may be idle before it is aborted.
    connection_timeout : Duration
        How long a transport connection may take to open.
    maximum_length : int
        The P-DATA-TF length that is announced (PS3.8 D.1); 0 is no maximum.
    maximum_associations : int
        Associations accepted at the same time; one more is rejected as local-limit-exceeded.
    require_called : bool
        Reject associations that call another AE title.
    accept_calling : list of str
        Reject associations from other AE titles than these; an empty list accepts all.
    """

    acse_timeout: Duration = seconds(30)
    dimse_timeout: Duration = seconds(30)
    network_timeout: Duration = seconds(60)
    connection_timeout: Duration = seconds(30)
    maximum_length: int = 131072
    maximum_associations: Count = 100
    require_called: bool = False
    accept_calling: tuple[AETitle, ...] = ()


def application_entity(device: Device, network: NetworkSettings) -> AE:
    """Return a pynetdicom AE set up from `network`."""
    ae = AE(ae_title=device.name)
    ae.acse_timeout = network.acse_timeout / SECOND
    ae.dimse_timeout = network.dimse_timeout / SECOND
    ae.network_timeout = network.network_timeout / SECOND
    ae.connection_timeout = network.connection_timeout / SECOND
    ae.maximum_pdu_size = network.maximum_length
    ae.maximum_associations = network.maximum_associations
    ae.require_called_aet = network.require_called
    ae.require_calling_aet = list(network.accept_calling)
    ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return ae


def listen(device: Device, ae: AE, port: int, handlers: Handlers) -> None:
    """Accept associations at `port` of the device's place; 0 takes a free one."""
    tls = device.place.tls.serves
    server = ae.start_server((device.place.host, port), block=False, ssl_context=tls, evt_handlers=handlers)  # type: ignore[arg-type]
    if server is not None:
        device.place.address = (device.place.host, server.server_address[1])


def associate(
    device: Device, ae: AE, peer: str, contexts: list[PresentationContext], called: str = "", **options: Any
) -> Association:
    """Return an established association with `peer`.

    Raises
    ------
    PlayFailure
        If there is none; the text says why: not connected, rejected with result, source and reason, aborted, timed out.
    """
    host, port = device.address_of(peer)
    options.setdefault("max_pdu", ae.maximum_pdu_size)
    if device.place.tls.calls is not None:
        options.setdefault("tls_args", (device.place.tls.calls, host))
    known = device.place.kernel.places.get(peer)
    title = called or (peer if known is None else known.title)
    assoc = ae.associate(host, port, contexts=contexts, ae_title=title, **options)
    if assoc.is_established:
        return assoc
    raise PlayFailure(f"no association with {peer}: {_why_not(assoc)}")


def _why_not(assoc: Association) -> str:
    """Return why `assoc` has not been established."""
    answer = assoc.acceptor.primitive
    if answer is not None and assoc.is_rejected:
        return f"rejected ({answer.result_str}, {answer.source_str}, {answer.reason_str})"
    if answer is not None and answer.result == 0 and not assoc.accepted_contexts:
        return "none of the presentation contexts was accepted"
    for record in reversed(link_of(assoc).place.kernel.log.records):
        if record.get("assoc") != link_of(assoc).ordinal or record["at"] != link_of(assoc).place.name:
            continue
        told = _end_told(record)
        if told:
            return told
    return "the connection was closed" if assoc.is_aborted else "no answer"


def _end_told(record: Mapping[str, Any]) -> str:
    """Return why an association has not come to be, if `record` tells it."""
    match record["event"]:
        case "ACSE-timeout":
            return "ACSE timeout: the A-ASSOCIATE-RQ was not answered"
        case "connection-failed":
            return str(record["error"]).lower()
        case "invalid-PDU":
            return f"it answered with bytes that are no PDU ({record['complaint']})"
        case "A-ABORT" if record["way"] == "received":
            return f"aborted by the peer{_by_provider(record)}"
    return ""


def _by_provider(record: Mapping[str, Any]) -> str:
    """Return the reason of an A-ABORT that the peer's service-provider has sent; a service-user's means nothing."""
    reason = ABORT_REASONS.get(record.get("reason", 0), "unknown reason")
    return f" (service-provider, {reason})" if record.get("source") == _SERVICE_PROVIDER else ""


def end_of(assoc: Association) -> str:
    """Return how an association that is no longer established came to its end, in a few words."""
    link = link_of(assoc)
    for record in reversed(link.place.kernel.log.records):
        if record.get("assoc") != link.ordinal or record["at"] != link.place.name:
            continue
        if record["event"] == "DIMSE-timeout":
            return f"DIMSE timeout: no response within {assoc.dimse_timeout:g} s; association aborted"
        if record["event"] == "A-ABORT" and record["way"] == "received":
            return f"association aborted by the peer{_by_provider(record)}"
        if record["event"] == "A-RELEASE-RQ" and record["way"] == "received":
            return "association released by the peer"
    return "connection lost"


def heed_answer(assoc: Association, message_id: int, what: str) -> None:
    """Check that the response which has just come on `assoc` is to the request `message_id` (PS3.7 9.1); else abort.

    pynetdicom takes whatever response comes next for the one that it waits for. Nothing follows from an answer to something
    else, least of all that a peer has taken an object.

    Raises
    ------
    PlayFailure
        If it answers another message; `what` says which request went wrong.
    """
    link = link_of(assoc)
    for record in reversed(link.place.kernel.log.records):
        if record.get("assoc") != link.ordinal or record["at"] != link.place.name or "responds-to" not in record:
            continue
        if record["way"] == "received":
            if record["responds-to"] == message_id:
                return
            assoc.abort()
            raise PlayFailure(
                f"{what}: a response to message {record['responds-to']}, while {message_id} waits for one"
            )


def end(assoc: Association, how: str) -> None:
    """End an association: ``release``, ``abort``, or ``never`` (it is left to the peer's network timeout)."""
    if how == "release":
        assoc.release()
    elif how == "abort":
        assoc.abort()


def error_comment(text: str) -> str:
    """Return `text` as an Error Comment (PS3.7 C, VR LO): at most 64 characters of ASCII, no backslash among them."""
    plain = text.replace("\\", "/").encode("ascii", "replace").decode("ascii")
    return "".join(char if char.isprintable() else " " for char in plain)[:64]
