"""TLS on the live clock: an AE of the bench serves with a context of `ssl`, and calls with one."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pynetdicom import AE, evt

from linacsim import Bench, InputError, PlayFailure, Tls
from linacsim.devices.entity import Handlers
from linacsim.devices.sopclasses import Verification
from linacsim.devices.verification.personality import Echo
from linacsim.kernel import tcp
from tests.live import certificates
from tests.live.certificates import Certificate
from tests.live.waiting import until
from tests.live.wire import CLOSED, PATIENCE, Wire, associate_rq, echo

Address = tuple[str, int]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench(clock="live") as bench:
        yield bench
        assert not [record for record in bench.log.records if record["event"] == "association-failed"]


def serve(bench: Bench, context: ssl.SSLContext, name: str = "SECURE") -> Address:
    """Let an AE of the bench serve C-ECHO over TLS; return its address."""
    place = bench.kernel.place(name)

    def start() -> Address:
        ae = AE(name)
        ae.add_supported_context(Verification)
        ae.acse_timeout = 5
        handlers: Handlers = [(evt.EVT_C_ECHO, lambda _event: 0x0000)]
        server = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=context, evt_handlers=handlers)  # type: ignore[arg-type]
        assert server is not None
        host, port = server.server_address[:2]
        return str(host), int(port)

    return bench.play(start, place=place)


def call(address: Address, context: ssl.SSLContext | None, host_name: str = "localhost") -> int | None:
    """Return the status of a C-ECHO of ordinary pynetdicom, ``None`` if there was no association.

    One for each association: on a busy machine pynetdicom's threads may take the response to a second one for a request.
    """
    ae = AE("THREADED")
    ae.add_requested_context(Verification)
    ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = 20
    assoc = ae.associate(*address, tls_args=None if context is None else (context, host_name))
    if not assoc.is_established:
        return None
    status = int(assoc.send_c_echo().Status)
    assoc.release()
    return status


def secured(address: Address, context: ssl.SSLContext) -> bool:
    """Whether a connection can be opened whose other side sends something, or waits for something, over TLS."""
    with socket.create_connection(address, timeout=PATIENCE) as raw:
        try:
            with context.wrap_socket(raw, server_hostname="localhost") as sock:
                # a client learns only with the first bytes what TLS 1.3 thinks of its certificate
                sock.settimeout(2)
                return bool(sock.recv(1))
        except TimeoutError:
            return True
        except (ssl.SSLError, OSError):
            return False


def test_a_threaded_client_is_served_over_tls(bench: Bench, certificate: Certificate) -> None:
    address = serve(bench, certificate.server_context())
    assert call(address, certificate.client_context()) == 0x0000


def test_a_client_that_does_not_trust_the_certificate_turns_away(
    bench: Bench, certificate: Certificate, tmp_path: Path
) -> None:
    address = serve(bench, certificate.server_context())
    assert not secured(address, certificates.make(tmp_path, "other").client_context())
    assert call(address, certificate.client_context()) == 0x0000


def test_a_client_must_show_a_certificate_if_the_server_wants_one(bench: Bench, certificate: Certificate) -> None:
    address = serve(bench, certificate.server_context(mutual=True))
    assert not secured(address, certificate.client_context())
    assert call(address, certificate.client_context(own=True)) == 0x0000


def test_a_client_without_tls_is_not_served(bench: Bench, certificate: Certificate) -> None:
    address = serve(bench, certificate.server_context())
    with Wire(address) as wire:
        wire.send(associate_rq())
        assert wire.ends()[-1] == CLOSED
    assert call(address, certificate.client_context()) == 0x0000


def test_a_tls_client_gets_no_further_with_a_peer_without_tls(bench: Bench, certificate: Certificate) -> None:
    bench.add("verification", "PLAIN")
    address = bench.address_of("PLAIN")
    assert not secured(address, certificate.client_context())
    assert echo(address) == 0x0000


def test_handshakes_that_never_come_hold_up_nobody(
    bench: Bench, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "_TLS_HANDSHAKE", 1.0)
    address = serve(bench, certificate.server_context())
    with ExitStack() as stack:
        silent = [stack.enter_context(Wire(address)) for _ in range(50)]
        silent[0].send(b"\x16\x03\x01")
        silent[1].send(b"GET / HTTP/1.0\r\n\r\n")
        started = time.monotonic()
        assert call(address, certificate.client_context()) == 0x0000
        assert time.monotonic() - started < 10
        # and they are closed in the end
        assert all(wire.ends()[-1] == CLOSED for wire in silent)


def test_a_peer_that_vanishes_after_the_handshake_leaves_nothing_behind(bench: Bench, certificate: Certificate) -> None:
    address = serve(bench, certificate.server_context())
    place = bench.kernel.place("SECURE")
    raw = socket.create_connection(address)
    secured = certificate.client_context().wrap_socket(raw, server_hostname="localhost")
    until(lambda: place.associations)
    secured.close()
    until(lambda: not place.associations)


def test_the_bench_calls_a_threaded_server_over_tls(bench: Bench, certificate: Certificate) -> None:
    ae = AE("THREADED")
    ae.add_supported_context(Verification)
    server = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=certificate.server_context())
    assert server is not None
    try:
        address = (str(server.server_address[0]), int(server.server_address[1]))
        assert bench.play(call, address, certificate.client_context()) == 0x0000
    finally:
        server.shutdown()
    until(lambda: not [thread for thread in threading.enumerate() if "Acceptor" in thread.name])


def test_two_aes_of_the_bench_talk_over_tls(bench: Bench, certificate: Certificate) -> None:
    address = serve(bench, certificate.server_context(mutual=True))
    assert bench.play(call, address, certificate.client_context(own=True)) == 0x0000
    assert bench.play(call, address, certificate.client_context(own=True), "elsewhere") is None
    assert bench.play(call, address, None) is None


def test_peers_of_the_bench_serve_and_call_with_tls(bench: Bench, certificate: Certificate) -> None:
    """The public face: a peer that wants certificates, a peer that shows one, and one that speaks in the clear."""
    secure = Tls(serves=certificate.server_context(mutual=True), calls=certificate.client_context(own=True))
    bench.add("verification", "SECURE", tls=secure)
    friend = bench.add("verification", "FRIEND", tls=secure)
    stranger = bench.add("verification", "STRANGER")
    bench.play(friend.act, "echo", Echo(to="SECURE"), place=friend.place)
    with pytest.raises(PlayFailure, match="no association with SECURE"):
        bench.play(stranger.act, "echo", Echo(to="SECURE"), place=stranger.place)
    assert call(bench.address_of("SECURE"), certificate.client_context(own=True)) == 0x0000


def test_tls_is_for_the_live_clock(certificate: Certificate) -> None:
    with Bench() as bench, pytest.raises(InputError, match=r"TLS needs real sockets; play this on the live clock"):
        bench.add("verification", "SECURE", tls=Tls(serves=certificate.server_context()))
