"""C-ECHO in both roles (PS3.4 Annex A), and the bare connection that never becomes an association."""

from __future__ import annotations

import binascii

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

from linacsim.devices.device import Action, Device, Kind
from linacsim.devices.entity import application_entity, associate, end, end_of, heed_answer, listen
from linacsim.devices.sopclasses import Verification
from linacsim.devices.verification.personality import Connect, Echo, VerificationPersonality
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.wake import Wake

SUCCESS = 0x0000


class VerificationPeer(Device):
    """A peer that answers C-ECHO and can send it."""

    personality: VerificationPersonality

    def start(self, port: int) -> None:
        """Listen for C-ECHO."""
        ae = application_entity(self, self.personality)
        self.support(ae)
        listen(self, ae, port, [(evt.EVT_C_ECHO, _echo)])

    def support(self, ae: AE) -> None:
        """Accept C-ECHO."""
        ae.add_supported_context(Verification)

    def echo(self, what: Echo) -> None:
        """Send C-ECHO to a peer, and end the association as told."""
        ae = application_entity(self, self.personality)
        assoc = associate(self, ae, what.to, [build_context(Verification)], what.called or "")
        for ordinal in range(what.times):
            if ordinal:
                self.place.kernel.sleep(what.interval)
            _expect_success(assoc, what.to, ordinal % 0xFFFF + 1)
        end(assoc, what.ends)

    def connect(self, what: Connect) -> None:
        """Open a connection, send no proper A-ASSOCIATE-RQ, and wait for the peer to close it."""
        kernel = self.place.kernel
        task = kernel.running_task()
        wake = Wake(f"a bare connection of {self.name}")
        started = kernel.now
        try:
            stream = self.place.connect(self.address_of(what.to), what.hold)
        except OSError as exc:
            raise PlayFailure(f"no connection to {what.to}: {exc.strerror}") from exc
        stream.on_change = wake.notify
        stream.write(_bytes(what.send))
        while not stream.eof and kernel.now - started < what.hold:
            wake.wait(task, f"{what.to} to close the connection", what.hold - (kernel.now - started))
        closed = stream.eof
        stream.close()
        if not closed:
            raise PlayFailure(f"{what.to} kept the connection open")
        self.place.log("connection-closed-by-peer", **{"with": what.to}, waited=kernel.now - started)


def _echo(_event: evt.Event) -> int:
    return SUCCESS


def _expect_success(assoc: Association, peer: str, message_id: int) -> None:
    status = assoc.send_c_echo(msg_id=message_id)
    if "Status" not in status:
        raise PlayFailure(f"C-ECHO to {peer}: {end_of(assoc)}")
    heed_answer(assoc, message_id, f"C-ECHO to {peer}")
    if status.Status != SUCCESS:
        raise PlayFailure(f"C-ECHO to {peer}: status 0x{status.Status:04X}")


def _bytes(text: str) -> bytes:
    try:
        return binascii.unhexlify(text.replace(" ", ""))
    except binascii.Error as exc:
        raise InputError(
            f"{text!r} are not hexadecimal bytes", "send", "write for example '01 00 00 00 00 10'"
        ) from exc


KIND = Kind(
    name="verification",
    build=VerificationPeer,
    settings=VerificationPersonality,
    about="answers C-ECHO, and sends it",
    actions={"echo": Action(Echo, "echo"), "connect": Action(Connect, "connect")},
    events=frozenset({"connection-closed-by-peer"}),
    fields=frozenset({"waited"}),
)
VerificationPeer.kind = KIND
