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
)

EVENTS: frozenset[str] = frozenset(_ACSE) | {f"{name}-{end}" for name in _DIMSE for end in ("RQ", "RSP")} | set(_OTHERS)
"""All of them."""
