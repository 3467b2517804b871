"""UIDs that come from peers."""

from __future__ import annotations

import re

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_UID_MAX = 64


def is_uid(text: str) -> bool:
    """Whether `text` is a UID (PS3.5 9.1), leading zeros forgiven: only then may it become part of a file name."""
    return len(text) <= _UID_MAX and _UID.fullmatch(text) is not None
