"""TLS that goes wrong at a device of the bench: what callers are shown on the wire; and that the virtual clock refuses it."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linacsim import Bench, InputError, Tls
from linacsim.cli import main
from linacsim.devices.breaking import HANDSHAKE_FAILURE, BreakTls
from linacsim.devices.verification.personality import Echo, VerificationPersonality
from linacsim.errors import PlayFailure
from linacsim.kernel.places import server_context
from linacsim.kernel.units import MILLISECOND, seconds
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.runner import play
from linacsim.scenario.vocabulary import vocabulary
from tests.live import certificates
from tests.live.certificates import Certificate

QUICK = VerificationPersonality(acse_timeout=seconds(3), connection_timeout=seconds(3))
AFTER = 400 * MILLISECOND


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Path:
    """Return a certificate of the same authority that was valid in 2001 only."""
    folder = tmp_path_factory.mktemp("expired")
    openssl = str(shutil.which("openssl"))
    (folder / "index.txt").write_text("", encoding="utf-8")
    (folder / "serial").write_text("01\n", encoding="utf-8")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca = one\n[one]\n"
        f"dir = {folder}\ndatabase = $dir/index.txt\nserial = $dir/serial\nnew_certs_dir = $dir\ndefault_md = sha256\n"
        "policy = any\ncopy_extensions = copy\n[any]\ncommonName = supplied\n",
        encoding="utf-8",
    )
    request, made = folder / "request.pem", folder / "expired.pem"
    # fmt: off
    for words in (
        ["req", "-new", "-key", str(certificate.key), "-out", str(request), "-subj", "/CN=expired",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        ["ca", "-batch", "-notext", "-config", str(folder / "ca.cnf"), "-in", str(request), "-out", str(made),
         "-cert", str(certificate.certificate), "-keyfile", str(certificate.key),
         "-startdate", "20010101000000Z", "-enddate", "20010201000000Z"],
    ):
        subprocess.run([openssl, *words], check=True, capture_output=True, timeout=60)
    # fmt: on
    return made


@pytest.fixture
def bench(certificate: Certificate) -> Iterator[Bench]:
    with Bench(clock="live", seed=7) as bench:
        tls = Tls(serves=certificate.server_context(), calls=certificate.client_context())
        bench.add("verification", "PEER", settings=QUICK, tls=tls)
        bench.add("verification", "SCU", settings=QUICK, tls=tls)
        yield bench
        assert [record for record in bench.log.records if record["event"] == "association-failed"] == []


@pytest.fixture
def broken(bench: Bench) -> Callable[[BreakTls], None]:
    def strike(what: BreakTls) -> None:
        device = bench.devices["PEER"]
        bench.play(device.strike, "break-tls", what, place=device.place)
        bench.play(bench.kernel.sleep, 50 * MILLISECOND)

    return strike


def echo(bench: Bench) -> None:
    scu = bench.devices["SCU"]
    bench.play(scu.act, "echo", Echo(to="PEER"), place=scu.place)


def shown(bench: Bench, context: ssl.SSLContext | None = None) -> bytes:
    """Return what the peer says to a caller that begins a handshake, byte by byte; with a context, its certificate."""
    with socket.create_connection(bench.address_of("PEER"), 10) as plain:
        if context is not None:
            with context.wrap_socket(plain, server_hostname="localhost") as safe:
                return safe.getpeercert(binary_form=True) or b""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        hello = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            hello.do_handshake()
        plain.sendall(outgoing.read())
        plain.settimeout(10)
        return plain.recv(7)


def test_a_handshake_that_fails(bench: Bench, broken: Callable[[BreakTls], None]) -> None:
    echo(bench)
    broken(BreakTls(how="handshake-failure", during=AFTER))
    assert shown(bench) == HANDSHAKE_FAILURE
    with pytest.raises(PlayFailure, match=r"(?i)handshake"):
        echo(bench)
    bench.play(bench.kernel.sleep, AFTER + 100 * MILLISECOND)
    echo(bench)


def test_plain_text_instead_of_tls(bench: Bench, broken: Callable[[BreakTls], None]) -> None:
    broken(BreakTls(how="plain-text", during=AFTER))
    # an A-ABORT of the provider in the clear: a handshake is no PDU that it knows
    assert shown(bench)[:1] == b"\x07"
    with pytest.raises(PlayFailure, match=r"(?i)wrong version|record layer|ssl"):
        echo(bench)
    bench.play(bench.kernel.sleep, AFTER + 100 * MILLISECOND)
    echo(bench)


def test_a_certificate_that_has_expired(
    bench: Bench, broken: Callable[[BreakTls], None], certificate: Certificate, expired: Path
) -> None:
    what = BreakTls(how="another-certificate", certificate=str(expired), key=str(certificate.key), during=AFTER)
    broken(what)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    assert ssl.DER_cert_to_PEM_cert(shown(bench, trusting)).strip() in expired.read_text("utf-8")
    with pytest.raises(PlayFailure, match="certificate has expired"):
        echo(bench)
    bench.play(bench.kernel.sleep, AFTER + 100 * MILLISECOND)
    echo(bench)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"how": "plain-text", "certificate": "x.pem"}, "goes with 'how: another-certificate'"),
        ({"how": "another-certificate"}, "goes with 'how: another-certificate'"),
    ],
)
def test_what_makes_no_sense(words: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BreakTls(**words)  # type: ignore[arg-type]


def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        server_context(str(tmp_path / "none.pem"), None)


SCENARIO = """
scenario: TLS goes wrong
peers:
  PEER: {kind: verification}
  SCU: {kind: verification}
faults:
  - {do: break-tls, at: PEER, on: A-ASSOCIATE-RQ, how: plain-text}
steps:
  - SCU: {echo: {to: PEER}}
"""


@pytest.mark.parametrize(("clock", "said"), [("virtual", "needs real sockets"), ("live", "needs TLS")])
def test_it_is_refused_before_anything_is_played(
    tmp_path: Path, clock: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tls.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    with Bench(clock=clock) as bench:  # type: ignore[arg-type]
        with pytest.raises(InputError, match=said):
            play(bench, load_scenario(file, vocabulary()))
        assert not [record for record in bench.log.records if record["event"] == "step-started"]
    assert main(["play", str(file), "--clock", clock, "--out", str(tmp_path / "runs")]) == 3
    assert said in capsys.readouterr().err
