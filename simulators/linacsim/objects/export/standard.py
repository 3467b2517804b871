"""Which attributes an object cannot do without (PS3.3, types 1 and 2): they go along where a document leaves them out.

A conformance statement often tabulates what is special and leaves the rest to the standard. ``standard.tsv`` lists, for
the kinds in `linacsim.objects.case`, what the standard wants; of attributes of type 3 and of optional modules, only what
stands in their items. An object has Position Reference Indicator only with Frame of Reference UID.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydicom.datadict import tag_for_keyword

_TABLE = Path(__file__).with_name("standard.tsv")
_ALL = "all"


@cache
def needed(kind: str) -> frozenset[str]:
    """Return the paths, as ``300A,00B0>300A,00B2``, of what a kind of object cannot do without."""
    found = set()
    for line in _TABLE.read_text("utf-8").splitlines()[1:]:
        kinds, under, keywords, _ = line.split("\t")
        if kinds == _ALL or kind in kinds.split():
            found |= {_path([*under.split("."), keyword] if under else [keyword]) for keyword in keywords.split()}
    return frozenset(found)


def _path(keywords: list[str]) -> str:
    return ">".join(_step(keyword) for keyword in keywords)


def _step(keyword: str) -> str:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"{_TABLE.name}: {keyword!r} is no DICOM keyword")
    return f"{tag >> 16:04X},{tag & 0xFFFF:04X}"
