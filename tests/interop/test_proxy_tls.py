"""TLS through ``linacsim proxy``: it passes untouched, and faults of reach and stream still work on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.dcmtk import free_port, listening
from tests.interop.proxied import proxied
from tests.live.certificates import Certificate, make

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def store(tmp_path: Path, certificate: Certificate) -> Iterator[tuple[int, Path]]:
    folder, port = tmp_path / "stored", free_port()
    folder.mkdir()
    keys = ("+tls", certificate.key, certificate.certificate, "+cf", certificate.certificate)
    with listening("storescp", *keys, "-od", folder, port, port=port):
        yield port, folder


def keys_of(certificate: Certificate) -> tuple[object, ...]:
    return ("+tls", certificate.key, certificate.certificate, "+cf", certificate.certificate)


def test_it_passes_untouched(tmp_path: Path, store: tuple[int, Path], certificate: Certificate) -> None:
    with proxied(tmp_path, store[0]) as proxy:
        told = proxy.store("CT_small.dcm", "MR_small.dcm", options=keys_of(certificate))
    assert told.text.count("Received Store Response (Success)") == 2
    assert len(list(store[1].iterdir())) == 2
    assert proxy.code == 0
    # what is encrypted is no message to the proxy
    assert not [one for one in proxy.events if one["event"].startswith(("A-", "C-"))]


@pytest.mark.parametrize(
    ("line", "stored"),
    [
        ("{do: latency, at: requestor, delay: 20 ms}", 1),
        ("{do: throttle, at: requestor, rate: 100000}", 1),
        ("{do: slice, at: acceptor, size: 9, pause: 0.1 ms}", 1),
        ("{do: stall, at: requestor, byte: 3000, during: 200 ms}", 1),
        ("{do: early-close, at: requestor, byte: 3000}", 0),
        ("{do: reset, at: acceptor, way: sent, on: connection, byte: 1000}", 0),
        ("{do: accept-then-silent, at: acceptor, times: 1}", 0),
    ],
)
def test_faults_of_reach_and_stream(
    tmp_path: Path, store: tuple[int, Path], certificate: Certificate, line: str, stored: int
) -> None:
    with proxied(tmp_path, store[0], f"faults:\n  - {line}\n") as proxy:
        told = proxy.store("CT_small.dcm", options=("-ts", "2", "-ta", "3", "-td", "3", *keys_of(certificate)))
    assert (told.code == 0) == bool(stored), told.text
    assert len(list(store[1].iterdir())) == stored
    assert proxy.code == 0, proxy.text
    assert [one["fault"] for one in proxy.events if one["event"] == "fault-fired"] == [line[5:].partition(",")[0]]


def test_a_fault_of_a_message_cannot_fire(tmp_path: Path, store: tuple[int, Path], certificate: Certificate) -> None:
    with proxied(tmp_path, store[0], "faults:\n  - {do: status, at: acceptor, on: C-STORE-RQ, code: A700}\n") as proxy:
        told = proxy.store("CT_small.dcm", options=keys_of(certificate))
    assert told.code == 0
    assert (proxy.code, proxy.result["verdict"]) == (2, "inconclusive")
