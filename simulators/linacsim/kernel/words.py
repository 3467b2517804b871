"""The words that the kernel writes into the event log: association and DIMSE messages, and what becomes of connections."""

from __future__ import annotations

_ACSE = ("A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "A-ASSOCIATE-RJ", "A-RELEASE-RQ", "A-RELEASE-RP", "A-ABORT")
_DIMSE = (
    "C-STORE", "C-FIND", "C-GET", "C-MOVE", "C-ECHO",
    "N-EVENT-REPORT", "N-GET", "N-SET", "N-ACTION", "N-CREATE", "N-DELETE",
)  # fmt: skip
_OTHERS = (
    "C-CANCEL-RQ",
    "ACSE-timeout",
    "ARTIM-timeout",
    "DIMSE-timeout",
    "network-timeout",
    "association-failed",
    "connection-failed",
    "invalid-PDU",
    "invalid-message",
)

REQUESTS: tuple[str, ...] = tuple(f"{name}-RQ" for name in _DIMSE)
"""The DIMSE requests that are answered (PS3.7 9.3, 10.3)."""

EVENTS: frozenset[str] = frozenset(_ACSE) | {f"{name}-{end}" for name in _DIMSE for end in ("RQ", "RSP")} | set(_OTHERS)
"""All of them."""

FIELDS: frozenset[str] = frozenset(
    {
        "action-type", "assoc", "called", "calling", "complaint", "completed", "error", "error-comment", "event-type",
        "failed", "length", "message-id", "move-destination", "pdu-type", "reason", "remaining", "responds-to", "result",
        "sop-class", "sop-instance", "source", "status", "warning", "way", "with",
    }
)  # fmt: skip
"""The fields of their records."""

ABORT_REASONS: dict[int, str] = {
    0: "reason-not-specified",
    1: "unrecognized-PDU",
    2: "unexpected-PDU",
    4: "unrecognized-PDU-parameter",
    5: "unexpected-PDU-parameter",
    6: "invalid-PDU-parameter-value",
}
"""PS3.8 table 9-26: reasons of an A-ABORT by the service-provider; a service-user's reason means nothing."""
