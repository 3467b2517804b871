"""DICOM numbers in words, and values of records in the few characters a terminal has for them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from pydicom.uid import UID
from pynetdicom import status as tables
from pynetdicom.sop_class import uid_to_service_class

from linacsim.kernel.words import ABORT_REASONS

_UID = re.compile(r"[0-2](\.\d+){2,}")
_BARE = re.compile(r"[^\s\"'=,\\]+")
_BY_MESSAGE = {
    "C-STORE": tables.STORAGE_SERVICE_CLASS_STATUS,
    "C-FIND": tables.QR_FIND_SERVICE_CLASS_STATUS,
    "C-GET": tables.QR_GET_SERVICE_CLASS_STATUS,
    "C-MOVE": tables.QR_MOVE_SERVICE_CLASS_STATUS,
}
"""For responses that do not name their SOP class, and for Query/Retrieve, whose table depends on the message."""

_RESULTS = {1: "permanent", 2: "transient"}
_REJECTORS = {1: "service-user", 2: "service-provider (ACSE)", 3: "service-provider (presentation)"}
_REJECT_REASONS = {
    (1, 1): "no-reason-given",
    (1, 2): "application-context-name-not-supported",
    (1, 3): "calling-AE-title-not-recognized",
    (1, 7): "called-AE-title-not-recognized",
    (2, 1): "no-reason-given",
    (2, 2): "protocol-version-not-supported",
    (3, 1): "temporary-congestion",
    (3, 2): "local-limit-exceeded",
}
"""PS3.8 table 9-21: by source and reason of an A-ASSOCIATE-RJ."""
_ABORTERS = {0: "service-user", 2: "service-provider"}


@lru_cache(maxsize=1024)
def status_words(code: int, message: str = "", sop_class: str = "") -> tuple[str, str]:
    """Return the category and the meaning of a status; the meaning may be empty.

    Parameters
    ----------
    code : int
        The status, for example 0xA700.
    message : str
        The event word, for example ``C-STORE-RSP``.
    sop_class : str
        The SOP class UID, if the record tells it: print and storage use the same codes differently.
    """
    named = {} if not sop_class else getattr(uid_to_service_class(sop_class), "statuses", {})
    for table in (_BY_MESSAGE.get(message.removesuffix("-RSP"), {}), named, tables.GENERAL_STATUS):
        if code in table:
            category, meaning = table[code]
            return category, meaning
    return tables.code_to_category(code) if code >= 0 else "Unknown", ""


def reject_words(result: object, source: object, reason: object) -> str:
    """Return the three numbers of an A-ASSOCIATE-RJ in the words of PS3.8."""
    parts = (_look(_RESULTS, result), _look(_REJECTORS, source), _look(_REJECT_REASONS, (source, reason)))
    return ", ".join(part for part in parts if part)


def abort_words(source: object, reason: object) -> str:
    """Return the two numbers of an A-ABORT in the words of PS3.8."""
    why = _look(ABORT_REASONS, reason) if source == 2 else ""
    return ", ".join(part for part in (_look(_ABORTERS, source), why) if part)


def _look(table: dict[Any, str], key: object) -> str:
    """Return the word for `key`, which may be anything a hand-written record holds."""
    try:
        return table.get(key, "")
    except TypeError:
        return ""


@lru_cache(maxsize=4096)
def uid_words(uid: str, ellipsis: str = "…") -> str:
    """Return the DICOM keyword of a well-known UID (``CTImageStorage``), any other shortened from the middle."""
    known = UID(uid)
    # A keyword has no spaces, so it stays one word in key=value; retired UIDs may have only a name.
    return known.keyword or (known.name if known.name != uid else shorten(uid, 16, ellipsis))


@lru_cache(maxsize=4096)
def uid_keyword(text: str) -> str:
    """Return the DICOM keyword of a well-known UID, nothing for any other text."""
    return UID(text).keyword if _UID.fullmatch(text) else ""


def shorten(text: str, limit: int, ellipsis: str = "…") -> str:
    """Return `text` with its middle left out if it is longer than `limit` characters; both ends tell things apart."""
    if len(text) <= limit:
        return text
    left = (limit - len(ellipsis)) // 2
    right = limit - len(ellipsis) - left
    return f"{text[:left]}{ellipsis}{text[-right:]}"


def printable(text: str) -> str:
    """Return `text` with control characters escaped: what a peer sent must not drive the user's terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def value_words(value: object, ellipsis: str = "…", limit: int = 48) -> str:
    """Return the value of a record's field as one word, at most about `limit` characters long."""
    if isinstance(value, str):
        return uid_words(value, ellipsis) if _UID.fullmatch(value) else _text_words(value, ellipsis, limit)
    if isinstance(value, list):
        return shorten(f"[{','.join(value_words(item, ellipsis, limit) for item in value)}]", limit, ellipsis)
    return shorten(printable(json.dumps(value, separators=(",", ":"), default=str)), limit, ellipsis)


def _text_words(text: str, ellipsis: str, limit: int) -> str:
    short = shorten(text, limit, ellipsis)
    bare = short.isprintable() and _BARE.fullmatch(short)
    return short if bare else printable(json.dumps(short, ensure_ascii=False))
