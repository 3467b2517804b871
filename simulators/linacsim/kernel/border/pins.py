"""What linacsim relies on inside pynetdicom, pinned.

`PINNED` names each border with the digest of its source as it was when the border was built. The digests are compared
by a contract test, not at run time; at run time only the names are looked for. After an upgrade of pynetdicom read the
named code again, mend the border if it needs it, and write the digest that the test prints.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from importlib.metadata import version

from linacsim.errors import BorderError

SERIES = "3.0"
"""The minor version of pynetdicom that the borders were built against."""

PINNED: dict[str, tuple[str, str]] = {
    "pynetdicom.ae.ApplicationEntity.start_server": (
        "d3868a2df83d3cc0",
        "starts the server's loop with threading.Thread and ThreadedAssociationServer of its module",
    ),
    "pynetdicom.ae.ApplicationEntity.make_server": (
        "6569298ac5cf837c",
        "calls the server class with (ae, address, title, contexts, ssl_context, evt_handlers)",
    ),
    "pynetdicom.ae.ApplicationEntity.associate": (
        "dbc8cf47090386b2",
        "makes Association and AssociationSocket, copies contexts with deepcopy, starts the reactor",
    ),
    "pynetdicom.ae.ApplicationEntity._create_socket": (
        "f56bca8888e1ce9f",
        "makes AssociationSocket(assoc, address=...) and sets tls_args",
    ),
    "pynetdicom.ae.ApplicationEntity.add_supported_context": (
        "2932641f457f3240",
        "keeps contexts in _supported_contexts by abstract syntax; adds transfer syntaxes to one that is there",
    ),
    "pynetdicom.ae.ApplicationEntity.active_associations": (
        "23da190dfcca5dbd",
        "asks threading.enumerate() for associations",
    ),
    "pynetdicom.association.Association.__init__": (
        "eb07516b8009ad8f",
        "makes its events, queues and loops; calls threading.Thread.__init__",
    ),
    "pynetdicom.association.Association.run_reactor": (
        "ed8bbbe3b3d6ddae",
        "waits for the request with the ACSE timeout; closes what is left of the socket",
    ),
    "pynetdicom.association.Association._run_reactor": (
        "f28838c5559e462a",
        "polls with time.sleep(0.001); looks at the idle timer; pauses at _reactor_checkpoint",
    ),
    "pynetdicom.association.Association.kill": (
        "8f9713666a7f4cff",
        "sets _kill and _reactor_checkpoint; polls until the upper layer has stopped",
    ),
    "pynetdicom.association.Association.release": (
        "c7d713502b77d702",
        "pauses the reactor at _reactor_checkpoint, negotiates, and lets it go on",
    ),
    "pynetdicom.association.Association._abort_blocking": (
        "10b43ef8c63c6764",
        "sets _sent_abort before EVT_ABORTED; block=False returns after queueing the A-ABORT",
    ),
    "pynetdicom.association.Association._serve_request": (
        "2f24c1759cdf6c8c",
        "runs the service on the reactor's own loop",
    ),
    "pynetdicom.acse.ACSE._negotiate_as_requestor": (
        "507959152c5896c6",
        "waits on the socket's _ready event, then for the answer with the ACSE timeout",
    ),
    "pynetdicom.acse.ACSE._negotiate_as_acceptor": (
        "fffd360957c42a8e",
        "EVT_REQUESTED comes before it; counts active associations",
    ),
    "pynetdicom.acse.ACSE.send_reject": (
        "700998293bbcb6c9",
        "takes result, source, diagnostic and marks the association rejected",
    ),
    "pynetdicom.acse.ACSE.send_ap_abort": (
        "b12ed85d88968570",
        "takes the provider's reason",
    ),
    "pynetdicom.dimse.DIMSEServiceProvider.__init__": (
        "bbecd186810e7700",
        "makes msg_queue with queue.Queue()",
    ),
    "pynetdicom.dimse.DIMSEServiceProvider.get_msg": (
        "890e3e04283f5aeb",
        "waits on msg_queue with the DIMSE timeout",
    ),
    "pynetdicom.dimse.DIMSEServiceProvider.receive_primitive": (
        "5f99c86b14a15cef",
        "serves an N-EVENT-REPORT on a threading.Thread; takes fragments from a P-DATA primitive",
    ),
    "pynetdicom.association.ServiceUser.get_contexts": (
        "0e14d47677a204d9",
        "what `supported_contexts` is read with; keeps them in _contexts",
    ),
    "pynetdicom.association.ServiceUser.__init__": (
        "81bf9cfc3aff80ea",
        "keeps contexts in _contexts",
    ),
    "pynetdicom.presentation.PresentationContext.__init__": (
        "37a8842ac07cd8f3",
        "keeps plain values, and a list in _transfer_syntax",
    ),
    "pynetdicom.presentation.PresentationContext.add_transfer_syntax": (
        "83bb818ef65a6968",
        "appends one that is valid and not there yet; warns of what does not conform",
    ),
    "pynetdicom.presentation.negotiate_as_acceptor": (
        "d5413f08f0ac7b32",
        "looks at the acceptor's contexts by abstract syntax, and changes none",
    ),
    "pynetdicom.service_class.ServiceClass._c_find_scp": (
        "da242b908ef4848c",
        "decodes and formats identifiers if _config of its module says that they are logged",
    ),
    "pynetdicom.utils.set_uid": (
        "f917a8035170f792",
        "the same for the same value; warns of what does not conform",
    ),
    "pynetdicom._validators.validate_ui": (
        "3a4aa36750c3c8a5",
        "accepts every UID that conforms",
    ),
    "pynetdicom.association.Association._handle_no_response": (
        "6f3d62518395c3a8",
        "aborts what is established and has not answered in time",
    ),
    "pynetdicom.association.Association.send_c_store": (
        "fa5a8127f349f8e7",
        "pauses the reactor at _reactor_checkpoint, sends, takes the next message for the response",
    ),
    "pynetdicom.dimse.DIMSEServiceProvider.maximum_pdu_size": (
        "600fc7073d35ccd6",
        "the maximum length that the peer has announced",
    ),
    "pynetdicom.dimse.DIMSEServiceProvider.peek_msg": (
        "f57f51ddcd3e6de2",
        "looks into msg_queue.queue",
    ),
    "pynetdicom.dimse.DIMSEServiceProvider.send_msg": (
        "a839cf2fb46976d9",
        "(primitive, context_id); is replaced on the instance",
    ),
    "pynetdicom.dimse_messages.DIMSEMessage.decode_msg": (
        "f51c777e841a76be",
        "takes fragments as (context ID, bytes with the control header first)",
    ),
    "pynetdicom.dimse_messages.DIMSEMessage.encode_msg": (
        "73000c902c52832d",
        "a PDU for each fragment, of at most the maximum length; an empty data set is announced and not sent",
    ),
    "pynetdicom.dimse_messages.DIMSEMessage.message_to_primitive": (
        "f8f43d34e43450ef",
        "sets every element that the primitive has an attribute for, then the data set and _context_id",
    ),
    "pynetdicom.dimse_messages.DIMSEMessage.primitive_to_message": (
        "71fd61d5997f0f0c",
        "a parameter that is None is left out; Command Data Set Type is 0001 if there is a data set",
    ),
    "pynetdicom.dimse_messages._COMMAND_SET_KEYWORDS": (
        "25ae426f60fbeb12",
        "the elements of each message",
    ),
    "pynetdicom.dimse_messages._DATASET_KEYWORDS": (
        "3f01871be7fe3478",
        "the attribute of the primitive that is the data set of a message",
    ),
    "pynetdicom.dimse_messages._MESSAGE_TYPES": (
        "2fe9fb8153ea7af7",
        "Command Field, name and class of each message",
    ),
    "pynetdicom.dimse_messages._MSG_TO_PRIMITVE": (
        "0d11fd24b8c0a65d",
        "the primitive of each message",
    ),
    "pynetdicom.dimse_primitives.DIMSEPrimitive": (
        "f7e3b4f593749b17",
        "keeps most parameters in attributes with an underscore, the data set in _dataset, a file in _dataset_path",
    ),
    "pynetdicom.dul.DULServiceProvider._process_recv_primitive": (
        "4c0ebbb3e646e35e",
        "goes before what has arrived; peeks into to_provider_queue.queue",
    ),
    "pynetdicom.dul.DULServiceProvider.__init__": (
        "c82dafa9438ddf70",
        "makes event_queue, to_provider_queue, to_user_queue, _recv_pdu with queue.Queue()",
    ),
    "pynetdicom.dul.DULServiceProvider.run_reactor": (
        "e3a10eb3a0931e48",
        "polls with time.sleep(_run_loop_delay); looks at the ARTIM timer",
    ),
    "pynetdicom.dul.DULServiceProvider._is_transport_event": (
        "8725ed03bb8fbdef",
        "asks the socket's ready, closes it in Sta13",
    ),
    "pynetdicom.dul.DULServiceProvider._read_pdu_data": (
        "19f2d4e38c13c835",
        "reads 6 bytes, then the rest; puts the PDU into _recv_pdu and its event into event_queue",
    ),
    "pynetdicom.dul.DULServiceProvider.kill_dul": (
        "5ceccf8dd01c2072",
        "sets _kill_thread",
    ),
    "pynetdicom.dul.DULServiceProvider.stop_dul": (
        "28a7e0be126e7b30",
        "sets _kill_thread in Sta1 and polls is_alive()",
    ),
    "pynetdicom.dul.DULServiceProvider.send_pdu": (
        "7cbce5da8594124e",
        "puts a primitive into to_provider_queue",
    ),
    "pynetdicom.events.trigger": (
        "b97f8a75e8affaa0",
        "calls notification handlers and swallows their exceptions",
    ),
    "pynetdicom.events._add_handler": (
        "c6ef805629ffd887",
        "keeps the handlers of a notification in a list, under its event",
    ),
    "pynetdicom.events._remove_handler": (
        "7f7a0348720a250a",
        "takes the event away with its last handler",
    ),
    "pynetdicom.fsm.DT_1": (
        "82e5c5d4114534fa",
        "takes the P-DATA from to_provider_queue and sends it; the state stays",
    ),
    "pynetdicom.fsm.StateMachine.do_action": (
        "9a883f44c7f31641",
        "keeps the state in current_state, which P-DATA does not change in Sta6",
    ),
    "pynetdicom.fsm.DT_2": (
        "9ec543394e0b49eb",
        "takes the PDU from _recv_pdu and asks it for to_primitive()",
    ),
    "pynetdicom.fsm.AA_1": (
        "8495a4665f7ad3c9",
        "sends the A-ABORT and waits in Sta13",
    ),
    "pynetdicom.timer.Timer": (
        "77ddae7423f544b1",
        "keeps _start_time and _end_time, from time.time() of its module; expired means later than the timeout",
    ),
    "pynetdicom.transport.AssociationSocket.__init__": (
        "1f0325fdef2cc353",
        "sets socket, _is_connected, _ready and puts Evt5 for an accepted one",
    ),
    "pynetdicom.transport.AssociationSocket.connect": (
        "aeeeae413bd339dc",
        "uses settimeout, connect and getsockname of the socket; puts the T_CONNECT; sets _ready",
    ),
    "pynetdicom.transport.AssociationSocket.close": (
        "c726c8db53813d55",
        "shuts down, forgets the socket, puts Evt17",
    ),
    "pynetdicom.transport.AssociationSocket._shutdown_socket": (
        "e2b2628faa81a578",
        "calls shutdown and close of the socket",
    ),
    "pynetdicom.transport.RequestHandler._create_association": (
        "05c8d12b79863cdb",
        "makes Association and AssociationSocket(assoc, client_socket=request); copies contexts with deepcopy",
    ),
    "pynetdicom.transport.RequestHandler.handle": (
        "034823fb4df3a874",
        "triggers EVT_CONN_OPEN and starts the association",
    ),
    "pynetdicom.transport.AssociationServer.__init__": (
        "edacb98bdfb7b974",
        "sets ssl_context before TCPServer.__init__, binds the defaults after it",
    ),
    "pynetdicom.transport.AssociationServer._bind_defaults": (
        "4cada43c3a193724",
        "binds the standard message printers",
    ),
    "pynetdicom.transport.AssociationServer.shutdown": (
        "e8e2c3a41009886d",
        "calls TCPServer.shutdown, server_close, and leaves ae._servers",
    ),
    "pynetdicom.utils.make_target": (
        "81bc7a65ab49454a",
        "wraps the target of a thread",
    ),
}
"""Border: (digest of its source, what of it the bench relies on)."""


ORIGINALS: dict[str, object] = {}
"""What stood under the names that have been replaced in this process."""


def look_up(name: str) -> object:
    """Return the object called `name`, as pynetdicom has it.

    Raises
    ------
    BorderError
        If pynetdicom has no such name.
    """
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for length, part in enumerate(parts[cut:], cut + 1):
            if not hasattr(found, part):
                raise BorderError(f"pynetdicom {version('pynetdicom')} has no {name}: install pynetdicom {SERIES}.x")
            found = ORIGINALS.get(".".join(parts[:length]), getattr(found, part))
        return found
    raise BorderError(f"there is no module {name}: install pynetdicom {SERIES}.x")


def digest(name: str) -> str:
    """Return the digest of the source of the object called `name`."""
    found = look_up(name)
    target = found.fget if isinstance(found, property) else found
    # a table has no source of its own
    source = repr(target) if isinstance(target, dict) else inspect.getsource(target)  # type: ignore[arg-type]
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def check_names() -> None:
    """Look for every pinned name.

    Raises
    ------
    BorderError
        Naming the first one that is missing.
    """
    for name in PINNED:
        look_up(name)
