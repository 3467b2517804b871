"""UIDs that come from peers."""

from __future__ import annotations

import re
from functools import lru_cache

from pydicom.uid import UID

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_UID_MAX = 64


@lru_cache(maxsize=8192)
def is_uid(text: str) -> bool:
    """Whether `text` is a UID (PS3.5 9.1), leading zeros forgiven: only then may it become part of a file name."""
    return len(text) <= _UID_MAX and _UID.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def uid(text: str) -> UID:
    """Return `text` as pydicom's UID; for those that come with every message, which it would look at anew each time."""
    return UID(text)
