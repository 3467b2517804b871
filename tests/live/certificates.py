"""A certificate for the loopback address, signed by itself, made anew for each run."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A private key and its certificate, as PEM files."""

    key: Path
    certificate: Path

    def server_context(self, *, mutual: bool = False) -> ssl.SSLContext:
        """Return the context of a server; `mutual` wants a certificate of the client, too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if mutual:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificate)
        return context

    def client_context(self, *, own: bool = False) -> ssl.SSLContext:
        """Return the context of a client that trusts this certificate, and shows it if it is its `own`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.certificate)
        if own:
            context.load_cert_chain(self.certificate, self.key)
        return context


def make(folder: Path, name: str = "bench") -> Certificate:
    """Make a key and a certificate in `folder`."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "these tests make their certificates with openssl: install it"
    made = Certificate(folder / f"{name}.key", folder / f"{name}.pem")
    # fmt: off
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-keyout", str(made.key), "-out", str(made.certificate),
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        check=True, capture_output=True, timeout=60,
    )
    # fmt: on
    return made
