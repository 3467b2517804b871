"""Values of options, with errors a person can act on."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from linacsim.errors import InputError

_PORT_MAX = 65535


def seed_of(text: str) -> int:
    """Return the seed in `text`."""
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{text!r} is not a whole number", "--seed", "give for example --seed 7") from None


def port_of(text: str) -> int:
    """Return the TCP port in `text`; 0 lets the system choose."""
    if not text.isdecimal() or int(text) > _PORT_MAX:
        raise InputError(f"{text!r} is not a port", "--port", f"give a number from 0 to {_PORT_MAX}")
    return int(text)


def ports_of(words: Iterable[str]) -> dict[str, int]:
    """Return the ports by peer, from words such as ``ARCHIVE=11112``."""
    ports = {}
    for word in words:
        name, equals, text = word.rpartition("=")
        if not equals or not name:
            raise InputError(f"{word!r} names no port", "--port", "write PEER=PORT, for example ARCHIVE=11112")
        ports[name] = port_of(text)
    return ports


def clock_of(text: str) -> str:
    """Return the clock in `text`."""
    if text not in ("virtual", "live"):
        raise InputError(f"unknown clock {text!r}", "--clock", "the clocks are virtual and live")
    return text


def server_context(certificate: str | None, key: str | None, authorities: str | None) -> ssl.SSLContext | None:
    """Return the context of a TLS server, ``None`` if no certificate is given.

    Parameters
    ----------
    certificate, key, authorities : str or None
        PEM files: the server's certificate, its key, and those that clients have to be signed by.
    """
    if certificate is None:
        if key or authorities:
            raise InputError("TLS needs a certificate", "--tls-cert", "give --tls-cert FILE")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as exc:
        raise InputError(f"cannot be used: {exc.strerror or exc}", key or certificate, "give PEM files") from exc
    if authorities is not None:
        try:
            context.load_verify_locations(authorities)
        except OSError as exc:
            raise InputError(f"cannot be used: {exc.strerror or exc}", authorities, "give a PEM file") from exc
        context.verify_mode = ssl.CERT_REQUIRED
    return context
