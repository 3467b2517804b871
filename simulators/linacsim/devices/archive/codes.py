"""The status codes that an archive answers with, where real ones choose others than the standard names."""

from __future__ import annotations

from linacsim.settings import Settings, StatusCode

MATCH, MATCH_WITH_UNSUPPORTED_KEYS = 0xFF00, 0xFF01
IDENTIFIER_MISMATCH, DESTINATION_UNKNOWN, UNABLE_TO_PERFORM, SUCCESS = 0xA900, 0xA801, 0xA702, 0x0000


class Codes(Settings):
    """Status codes, by what they answer; as shipped, those of PS3.4 C.4.1.1.4 and C.4.2.1.5.

    Attributes
    ----------
    bad_query, bad_retrieval : int
        An identifier that breaks the rules, of a C-FIND, and of a C-MOVE or C-GET; ``0000`` is no match, and nothing to send.
    unsupported_keys : int
        A match, when a key is not supported: FF01 says so, FF00 passes over it.
    unknown_destination : int
        A C-MOVE to nobody's AE title; ``quirks.unknown-destination`` comes first.
    unreached_destination : int
        A C-MOVE to a known one that cannot be associated with.
    nothing_found : int
        A C-MOVE or C-GET that matches nothing.
    """

    bad_query: StatusCode = IDENTIFIER_MISMATCH
    bad_retrieval: StatusCode = IDENTIFIER_MISMATCH
    unsupported_keys: StatusCode = MATCH_WITH_UNSUPPORTED_KEYS
    unknown_destination: StatusCode = DESTINATION_UNKNOWN
    unreached_destination: StatusCode = UNABLE_TO_PERFORM
    nothing_found: StatusCode = SUCCESS
