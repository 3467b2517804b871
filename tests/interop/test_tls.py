"""DCMTK's echoscu and storescp over TLS with the bench."""

from __future__ import annotations

from pathlib import Path

import pytest

from linacsim import Bench
from tests.interop.dcmtk import free_port, listening, run
from tests.live import certificates
from tests.live.certificates import Certificate
from tests.live.served import serving
from tests.live.test_tls import call, serve

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("profile", ["+py", "+px", "+pz"])
def test_echoscu_is_served_over_tls(certificate: Certificate, profile: str) -> None:
    with Bench(clock="live") as bench:
        host, port = serve(bench, certificate.server_context(mutual=True))
        keys = ("+tls", certificate.key, certificate.certificate, "+cf", certificate.certificate)
        done = run("echoscu", "-v", profile, *keys, host, port)
        done.assert_good()
        assert "Received Echo Response (Success)" in done.text


def test_echoscu_without_a_certificate_is_turned_away(certificate: Certificate) -> None:
    with Bench(clock="live") as bench:
        host, port = serve(bench, certificate.server_context(mutual=True))
        done = run("echoscu", "+tla", "-ic", host, port)
        assert done.code != 0
        assert call((host, port), certificate.client_context(own=True)) == 0x0000


def test_storescp_answers_our_echo_over_tls(certificate: Certificate, tmp_path: Path) -> None:
    port = free_port()
    keys = ("+tls", certificate.key, certificate.certificate, "+cf", certificate.certificate)
    with (
        Bench(clock="live") as bench,
        listening("storescp", *keys, "-od", tmp_path, port, port=port),
    ):
        assert bench.play(call, ("127.0.0.1", port), certificate.client_context(own=True)) == 0x0000


def test_echoscu_is_served_over_tls_by_the_command(certificate: Certificate, tmp_path: Path) -> None:
    keys = ("--tls-cert", str(certificate.certificate), "--tls-key", str(certificate.key))
    wants = ("--tls-ca", str(certificate.certificate))
    with serving("verification", out=tmp_path, options=(*keys, *wants)) as served:
        host, port = served.addresses["VERIFICATION"]
        shown = ("+tls", certificate.key, certificate.certificate, "+cf", certificate.certificate)
        run("echoscu", *shown, host, port).assert_good()
        assert run("echoscu", "+tla", "-ic", host, port).code != 0
        assert run("echoscu", host, port).code != 0
