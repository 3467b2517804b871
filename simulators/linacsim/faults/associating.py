"""What a line reads of association PDUs, and what it writes of its own (PS3.8 9.3)."""

from __future__ import annotations

from collections.abc import Container, Iterator

from linacsim.kernel.border.lean import HEADER

_FIXED = 68
"""Bytes of an A-ASSOCIATE-RQ or -AC after its header, before the first item."""
_CALLED, _CALLING = slice(HEADER + 4, HEADER + 20), slice(HEADER + 20, HEADER + 36)
_PROPOSED, _ANSWERED, _USER = 0x20, 0x21, 0x50
_ABSTRACT, _SYNTAX, _MAXIMUM = 0x30, 0x40, 0x51
_CONTEXT_HEAD = 4

RELEASE_RQ = b"\x05\0\0\0\0\x04\0\0\0\0"


def titles(raw: bytes) -> tuple[str, str]:
    """Return called and calling AE title."""
    return tuple(raw[part].decode("ascii", "replace").strip() for part in (_CALLED, _CALLING))  # type: ignore[return-value]


def items(raw: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield type, start and end of the value of each item."""
    while start + 4 <= end:
        length = int.from_bytes(raw[start + 2 : start + 4], "big")
        yield raw[start], start + 4, min(end, start + 4 + length)
        start += 4 + length


def maximum(raw: bytes) -> int:
    """Return the maximum length that the sender announces (PS3.8 D.1); 0 is any."""
    for kind, start, end in items(raw, HEADER + _FIXED, len(raw)):
        if kind == _USER:
            for sub, begin, stop in items(raw, start, end):
                if sub == _MAXIMUM:
                    return int.from_bytes(raw[begin:stop], "big")
    return 0


def proposed(raw: bytes) -> dict[int, str]:
    """Return the abstract syntaxes of an A-ASSOCIATE-RQ, by context ID."""
    return _contexts(raw, _PROPOSED, _ABSTRACT)


def accepted(raw: bytes) -> dict[int, str]:
    """Return the transfer syntaxes of an A-ASSOCIATE-AC, by context ID, where accepted."""
    syntaxes = _contexts(raw, _ANSWERED, _SYNTAX)
    refused = {raw[start] for start in _answers(raw) if raw[start + 2]}
    return {number: syntax for number, syntax in syntaxes.items() if number not in refused}


def with_results(raw: bytes, results: dict[int, int]) -> bytes:
    """Return an A-ASSOCIATE-AC with other results for the contexts of these IDs."""
    changed = bytearray(raw)
    for start in _answers(raw):
        changed[start + 2] = results.get(raw[start], raw[start + 2])
    return bytes(changed)


def without_syntaxes(raw: bytes, numbers: Container[int]) -> bytes:
    """Return an A-ASSOCIATE-AC whose contexts of these IDs have no Transfer Syntax sub-item."""
    kept = bytearray(raw[: HEADER + _FIXED])
    for kind, start, end in items(raw, HEADER + _FIXED, len(raw)):
        stop = start + _CONTEXT_HEAD if kind == _ANSWERED and raw[start] in numbers else end
        kept += raw[start - 4 : start - 2] + (stop - start).to_bytes(2, "big") + raw[start:stop]
    kept[2:HEADER] = (len(kept) - HEADER).to_bytes(4, "big")
    return bytes(kept)


def _answers(raw: bytes) -> list[int]:
    return [start for kind, start, _ in items(raw, HEADER + _FIXED, len(raw)) if kind == _ANSWERED]


def _contexts(raw: bytes, kind: int, wanted: int) -> dict[int, str]:
    found = {}
    for each, start, end in items(raw, HEADER + _FIXED, len(raw)):
        if each == kind:
            for sub, begin, stop in items(raw, start + _CONTEXT_HEAD, end):
                if sub == wanted:
                    found[raw[start]] = raw[begin:stop].rstrip(b"\0 ").decode("ascii", "replace")
    return found


def reject(result: int, source: int, reason: int) -> bytes:
    """Return an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""
    return bytes((3, 0, 0, 0, 0, 4, 0, result, source, reason))


def abort(source: int, reason: int) -> bytes:
    """Return an A-ABORT (PS3.8 9.3.8)."""
    return bytes((7, 0, 0, 0, 0, 4, 0, 0, source, reason))
