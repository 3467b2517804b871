"""The parameters of each fault, layer by layer. What is left out is drawn from the seed when the fault fires."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from linacsim.kernel.units import MILLISECOND, SECOND
from linacsim.settings import Count, Duration, Settings, StatusCode

PENDING = (0xFF00, 0xFF01)
"""Statuses of responses that others follow (PS3.7 9.1.2.1.8)."""
REJECTIONS = ((1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2), (3, 1), (3, 2))
"""Source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
ABORT_REASONS = (0, 1, 2, 4, 5, 6)
"""Reasons of the service-provider's A-ABORT (PS3.8 9.3.8)."""
Octet = Annotated[int, Field(ge=0, le=255)]
Number = Annotated[int, Field(ge=0, le=0xFFFF)]
Offset = Annotated[int, Field(ge=0)]
Path = Annotated[str, Field(min_length=1)]
"""The way to an attribute: ``PatientID``, ``ReferencedStudySequence[0].ReferencedSOPInstanceUID``."""

# reach


class Refuse(Settings):
    """Reach: nobody listens; connections are refused (TCP RST).

    Attributes
    ----------
    during : Duration or None
        How long; ``None`` is for good.
    """

    during: Duration | None = None


class BlackHole(Settings):
    """Reach: nobody answers a connection request (TCP SYN); the caller's connection timeout must end it.

    Attributes
    ----------
    during : Duration or None
        How long; ``None`` is for good.
    """

    during: Duration | None = None


class BacklogFull(Settings):
    """Reach: the listener's queue is full: some connections still get in, are not served, and no other one is answered.

    Attributes
    ----------
    backlog : int or None
        How many get into the queue.
    during : Duration or None
        How long nobody empties it; then those in it are served. ``None`` is for good.
    """

    backlog: Annotated[int, Field(ge=1, le=128)] | None = None
    during: Duration | None = None


class Unresolvable(Settings):
    """Reach: the peer does not find the host that it wants to call."""


class AcceptThenSilent(Settings):
    """Reach: the connection is accepted and never a byte answered; the requestor's ACSE timeout must end it."""


# stream


class Latency(Settings):
    """Stream: bytes are late.

    Attributes
    ----------
    delay : Duration
        By so much,
    jitter : Duration
        and by up to so much more, drawn for each write; the order stays.
    """

    delay: Duration
    jitter: Duration = 0


class Stall(Settings):
    """Stream: after some bytes no more come, and the connection stays open.

    Attributes
    ----------
    byte : int or None
        How many bytes of the message, or of the connection, still come.
    during : Duration or None
        How long the others wait; ``None`` is for good.
    """

    byte: Offset | None = None
    during: Duration | None = None


class Throttle(Settings):
    """Stream: no more than `rate` bytes in a second."""

    rate: Count


class Slice(Settings):
    """Stream: bytes come in pieces of `size`, `pause` apart."""

    size: Count
    pause: Duration = MILLISECOND


class Reset(Settings):
    """Stream: the connection is reset (TCP RST).

    Attributes
    ----------
    byte : int or None
        After so many bytes of the message, or of the connection; else at once, instead of it.
    """

    byte: Offset | None = None


class EarlyClose(Settings):
    """Stream: the connection is closed (TCP FIN), without release or abort, after so many bytes."""

    byte: Offset | None = None


class HalfClose(Settings):
    """Stream: after so many bytes the sender closes its direction (TCP FIN) and goes on reading."""

    byte: Offset | None = None


class SlowClose(Settings):
    """Stream: the end of the connection comes late."""

    delay: Duration


# upper layer


class Reject(Settings):
    """Upper layer: A-ASSOCIATE-RJ (PS3.8 9.3.4).

    Attributes
    ----------
    result : int or None
        1 rejected-permanent, 2 rejected-transient.
    source : int or None
        1 service-user, 2 service-provider (ACSE), 3 service-provider (presentation).
    reason : int or None
        The reason/diagnostic; its meaning depends on the source.
    """

    result: Literal[1, 2] | None = None
    source: Literal[1, 2, 3] | None = None
    reason: Literal[1, 2, 3, 7] | None = None

    @model_validator(mode="after")
    def _is_defined(self) -> Self:
        """Refuse a reason that PS3.8 9.3.4 does not define for the source: no A-ASSOCIATE-RJ could carry it."""
        if self.source not in (None, 1) and self.reason not in (None, 1, 2):
            raise ValueError(f"source {self.source} has the reasons 1 and 2, not {self.reason}")
        return self


class Abort(Settings):
    """Upper layer: A-ABORT instead of the answer (PS3.8 9.3.8).

    Attributes
    ----------
    source : str or None
        ``service-user`` (0) or ``service-provider`` (2).
    reason : int or None
        The provider's reason; not significant for the service-user.
    """

    source: Literal["service-user", "service-provider"] | None = None
    reason: Literal[0, 1, 2, 4, 5, 6] | None = None


class LateAccept(Settings):
    """Upper layer: the A-ASSOCIATE-RQ is answered only after `delay`."""

    delay: Duration


class NoAccept(Settings):
    """Upper layer: the A-ASSOCIATE-AC never arrives."""


class RefuseContexts(Settings):
    """Upper layer: presentation contexts are refused in the A-ASSOCIATE-AC (PS3.8 9.3.3.2).

    Attributes
    ----------
    abstract_syntax : str
        The UID of the SOP class; empty: all.
    result : int or None
        1 user-rejection, 2 no-reason, 3 abstract-syntax-not-supported, 4 transfer-syntaxes-not-supported.
    bare : bool
        Whether they have no Transfer Syntax sub-item, which means nothing there and is left out by some.
    """

    abstract_syntax: str = ""
    result: Literal[1, 2, 3, 4] | None = None
    bare: bool = False


class IgnoreRelease(Settings):
    """Upper layer: an A-RELEASE-RQ is never answered."""


class ReleaseCollision(Settings):
    """Upper layer: the A-RELEASE-RQ meets one of the other side (PS3.8 7.2.2)."""


class OversizePdu(Settings):
    """Upper layer: the message comes in one P-DATA-TF, longer than the maximum that its receiver has announced."""


class UnknownPdu(Settings):
    """Upper layer: a PDU of an unknown type comes instead of the message.

    Attributes
    ----------
    type_ : int or None
        Its type; 8 to 255.
    """

    type_: Annotated[int, Field(ge=8, le=255)] | None = None


class WrongLength(Settings):
    """Upper layer: the length in the PDU's header is not that of the PDU.

    Attributes
    ----------
    off_by : int or None
        How many bytes too many it tells, or too few.
    """

    off_by: Annotated[int, Field(ge=-65536, le=65536)] | None = None


class WrongContext(Settings):
    """Upper layer: the fragments of the message have another presentation context ID.

    Attributes
    ----------
    id_ : int or None
        Which.
    """

    id_: Octet | None = None


class Interleave(Settings):
    """Upper layer: the data set's fragments come before those of the command set (against PS3.8 E.2)."""


class Garbage(Settings):
    """Upper layer: bytes that are nothing come instead of the message.

    Attributes
    ----------
    size : int or None
        How many.
    """

    size: Count | None = None


# DIMSE


class NoResponse(Settings):
    """DIMSE: the request is carried out and never answered; the association stays open.

    Attributes
    ----------
    for_good : bool
        The peer answers no later request of this association either.
    """

    for_good: bool = True


class LateResponse(Settings):
    """DIMSE: the response leaves only after `delay`."""

    delay: Duration


class Status(Settings):
    """DIMSE: the request is carried out, and its final response has another status.

    Attributes
    ----------
    code : int or None
        The status, as ``A700`` (PS3.7 C); pending ones are no final response. Drawn: a failure or a warning of the service.
    comment : str
        Error Comment (0000,0902), at most 64 characters.
    """

    code: StatusCode | None = None
    comment: Annotated[str, Field(max_length=64)] = ""

    @model_validator(mode="after")
    def _is_final(self) -> Self:
        """Refuse a pending status: the requestor would wait for more, for ever."""
        if self.code in PENDING:
            raise ValueError(f"0x{self.code:04X} is pending, no final status")
        return self


class WrongMessageId(Settings):
    """DIMSE: Message ID Being Responded To (0000,0120) is that of no request."""

    id_: Number | None = None


class DuplicateResponse(Settings):
    """DIMSE: the response comes twice, `delay` apart."""

    delay: Duration = 0


class PendingForEver(Settings):
    """DIMSE: instead of the final response pending ones come, `interval` apart, for ever."""

    interval: Annotated[Duration, Field(gt=0)] = SECOND


class ResponseAfterFinal(Settings):
    """DIMSE: a pending response comes after the final one."""

    delay: Duration = 0


class WrongCounters(Settings):
    """DIMSE: the numbers of sub-operations are wrong (PS3.7 9.1.4.1.7)."""

    remaining: Number | None = None
    completed: Number | None = None
    failed: Number | None = None
    warning: Number | None = None


class WrongUids(Settings):
    """DIMSE: the response speaks of another SOP class or instance.

    Attributes
    ----------
    affected_class, affected_instance : str or None
        The UIDs; if neither is given, the instance's is drawn.
    """

    affected_class: str | None = None
    affected_instance: str | None = None


class WrongGroupLength(Settings):
    """DIMSE: Command Group Length (0000,0000) is not that of the command set."""

    off_by: Annotated[int, Field(ge=-255, le=255)] | None = None


# data set


class MissingAttribute(Settings):
    """Data set: an attribute is not there; or, where it is one of group 0000, an element of the command set.

    Attributes
    ----------
    attribute : str
        Which.
    """

    attribute: Path


class WrongValue(Settings):
    """Data set: an attribute has another value."""

    attribute: Path
    value: str | int | float


class WrongVr(Settings):
    """Data set: an attribute has another value representation; where the transfer syntax tells them."""

    attribute: Path
    vr: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "UN"


class WrongReference(Settings):
    """Data set: an attribute refers to an object, or a frame of reference, that does not exist."""

    attribute: Path = "FrameOfReferenceUID"


class DuplicateInstance(Settings):
    """Data set: the object has the SOP Instance UID of the one before it on this association."""


class TruncatedPixels(Settings):
    """Data set: Pixel Data ends too soon.

    Attributes
    ----------
    keep : int or None
        How many bytes are left.
    """

    keep: Offset | None = None


class WrongTransferSyntax(Settings):
    """Data set: it is encoded in another transfer syntax than its presentation context has."""


class WrongCharset(Settings):
    """Data set: Specific Character Set (0008,0005) does not tell how the text is encoded."""

    charset: str = "ISO_IR 144"
