"""Places: the machines of the bench, one for each peer, with a name and an address."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from linacsim.errors import InputError
from linacsim.kernel.traffic import Address

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from linacsim.kernel.core import Kernel
    from linacsim.kernel.streams import Listener, Stream


class Interceptor(Protocol):
    """What may step between a peer and the network; the fault chain implements it.

    Each method is asked at one border, on a task of the peer; where it answers, ``True`` means: go on as usual.
    """

    def over(self, place: Place, stream: Stream, *, opened: bool) -> Stream:
        """A transport connection is open, which the peer has `opened` or accepted; return what it is to use."""

    def calling(self, place: Place, target: Address, timeout: int | None) -> None:
        """The peer is about to open a connection; an `OSError` is what becomes of that."""

    def connected(self, place: Place, stream: Stream) -> bool:
        """A transport connection to the peer is open; ``False`` keeps it open and never serves it."""

    def requested(self, place: Place, assoc: Association) -> None:
        """An A-ASSOCIATE-RQ has arrived; it may be answered here, and then pynetdicom negotiates no more."""

    def responding(self, place: Place, assoc: Association, message: Any, context_id: int) -> bool:
        """A DIMSE response is about to be sent; ``False`` swallows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The contexts of a peer whose connections are encrypted (PS3.15 B).

    Attributes
    ----------
    serves, calls : ssl.SSLContext or None
        For connections that it accepts, and for those that it opens; ``None`` is in the clear.
    """

    serves: ssl.SSLContext | None = None
    calls: ssl.SSLContext | None = None


class Place:
    """One machine of the bench.

    Attributes
    ----------
    name : str
        The peer's name in scenarios and in the log: its AE title.
    title : str
        The AE title that calls it; its name, unless it is a real product with a title of its own.
    host : str
        Its IP address.
    address : tuple of (str, int) or None
        Where it listens, once it does.
    interceptor : Interceptor or None
        The faults armed at this place.
    listeners : list of Listener
        Those at which it accepts connections.
    tls : Tls
        With what it serves and calls; nothing is in the clear.
    states : callable
        Returns what can be said of the hardware there now.
    """

    def __init__(self, kernel: Kernel, name: str, host: str) -> None:
        self.kernel = kernel
        self.name = name
        self.title = name
        self.host = host
        self.address: Address | None = None
        self.interceptor: Interceptor | None = None
        self.listeners: list[Listener] = []
        self.tls = Tls()
        self.states: Callable[[], frozenset[str]] = frozenset
        self.associations: dict[Association, None] = {}
        self._ordinal = 0

    def next_association(self) -> int:
        """Return the ordinal of the next association of this place, from 1."""
        self._ordinal += 1
        return self._ordinal

    def expect_tls(self, what: str) -> None:
        """Check that what needs TLS can be had here: on the live clock, and where it is served.

        Raises
        ------
        InputError
            If not.
        """
        if self.kernel.clock == "virtual":
            raise InputError(f"{what!r} needs real sockets", self.name, "play this on the live clock (--clock live)")
        if self.tls.serves is None:
            todo = "give the peer a certificate (--tls-cert, Bench.add(tls=...))"
            raise InputError(f"{what!r} needs TLS", self.name, todo)

    def serve_otherwise(self, certificate: str, key: str | None, greeting: bytes = b"") -> None:
        """Serve with another certificate until the listeners are opened again, in the clear, or with nothing but a greeting.

        Parameters
        ----------
        certificate, key : str
            PEM files; without a certificate there is no TLS.

        Raises
        ------
        InputError
            If they cannot be used.
        """
        context = server_context(certificate, key) if certificate else None
        for listener in [*self.listeners]:
            listener.serve_otherwise(context, greeting)

    def connect(
        self, target: Address, timeout: int | None, tls: tuple[ssl.SSLContext, str | None] | None = None
    ) -> Stream:
        """Open a connection from here, past the interceptor; blocks the calling task for at most `timeout` microseconds.

        Raises
        ------
        OSError
            If there is none.
        """
        if self.interceptor is None:
            return self.kernel.network.connect(self, target, timeout, tls)
        self.interceptor.calling(self, target, timeout)
        stream = self.kernel.network.connect(self, target, timeout, tls)
        return self.interceptor.over(self, stream, opened=True)

    def log(self, event: str, **fields: Any) -> None:
        """Record that `event` happened here now; underscores in field names become hyphens."""
        named = {key.replace("_", "-"): value for key, value in fields.items() if value is not None}
        self.kernel.log.record(self.name, event, named)


def server_context(certificate: str, key: str | None) -> ssl.SSLContext:
    """Return the context of a server with a certificate.

    Raises
    ------
    InputError
        If the files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as exc:
        raise InputError(f"cannot be used: {exc.strerror or exc}", certificate, "give PEM files") from exc
    return context
