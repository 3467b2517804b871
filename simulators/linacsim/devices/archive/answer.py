"""The identifier of a C-FIND response (PS3.4 C.4.1.1.3.2)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from pydicom.charset import convert_encodings
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from linacsim.devices.archive.attributes import LEVEL_OF
from linacsim.devices.archive.index import Entry
from linacsim.devices.archive.matching import texts
from linacsim.devices.archive.query import Query

_UNICODE = ("ISO_IR 192",)


def answer(query: Query, entry: Entry, ae_title: str) -> Dataset:
    """Return the response for a match: the requested keys, with zero length where there is no value.

    Parameters
    ----------
    query : Query
        What was asked.
    entry : Entry
        What matches.
    ae_title : str
        Retrieve AE Title (0008,0054).
    """
    response = Dataset()
    response.QueryRetrieveLevel = str(query.level)
    response.RetrieveAETitle = ae_title
    response.InstanceAvailability = "ONLINE"
    by_level = {one.level: one for one in entry.chain()}
    with warnings.catch_warnings():
        # an odd value is returned as it is kept
        warnings.simplefilter("ignore")
        for key in query.wanted:
            owner = by_level.get(LEVEL_OF[int(key.tag)])
            response.add(_returned(key, None if owner is None else owner.element(int(key.tag))))
    chosen = _character_set(response, query, entry)
    if chosen:
        response.SpecificCharacterSet = list(chosen)
    return response


def _returned(key: DataElement, held: DataElement | None) -> DataElement:
    if key.VR == "SQ":
        items = held.value if held is not None and held.VR == "SQ" else ()
        wanted = key.value[0] if key.value else Dataset()
        return DataElement(key.tag, "SQ", Sequence(_item(wanted, item) for item in items))
    values = texts(held)
    try:
        return DataElement(key.tag, key.VR, values if len(values) > 1 else values[0] if values else None)
    except (ArithmeticError, TypeError, ValueError):
        # what is kept under another VR may have no value of this one
        return DataElement(key.tag, key.VR, None)


def _item(wanted: Dataset, held: Dataset) -> Dataset:
    """Return the attributes of an item that are asked for; all of them if none is named."""
    item = Dataset()
    for element in wanted if len(wanted) else held:
        item.add(_returned(element, held.get(element.tag)))
    return item


def _character_set(response: Dataset, query: Query, entry: Entry) -> tuple[str, ...]:
    """Return a Specific Character Set that can write the response: none for ASCII, else preferably the request's."""
    said = list(_texts_in(response))
    if all(text.isascii() for text in said):
        return ()
    for terms in (query.character_sets, *(one.character_sets for one in entry.chain())):
        if terms and _can_write(said, terms):
            return terms
    return _UNICODE


def _texts_in(ds: Dataset) -> Iterator[str]:
    for element in ds:
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts_in(item)
        else:
            yield from texts(element)


def _can_write(said: list[str], terms: tuple[str, ...]) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            codecs = convert_encodings(list(terms))
        except (LookupError, UserWarning):
            return False
    return all(any(_encodes(text, codec) for codec in codecs) for text in said)


def _encodes(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except (UnicodeError, LookupError):
        return False
    return True
