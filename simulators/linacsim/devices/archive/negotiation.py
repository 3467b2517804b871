"""SOP Class Extended Negotiation of the Query/Retrieve SOP classes (PS3.4 C.5.1.1, C.5.2.1, C.5.3.1).

The Service-class-application-information has a byte for each thing that may be agreed on: 1 asks for it or grants it.
For C-FIND these are, in this order (Table C.5-1, Table C.5-2): relational queries, combined date-time matching, fuzzy
semantic matching of person names, timezone query adjustment, Enhanced Multi-Frame Image Conversion, Empty Value Matching,
Multiple Value Matching. For C-MOVE and C-GET: relational retrievals, Enhanced Multi-Frame Image Conversion. The acceptor
returns as many bytes as were offered; a byte that is missing counts as 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from pydicom.uid import UID
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from linacsim.devices.archive.attributes import FIND_MODELS, GET_MODELS, MOVE_MODELS
from linacsim.settings import Settings


class Negotiated(NamedTuple):
    """What both sides of an association have agreed on for a SOP class; without negotiation, none of it.

    Attributes
    ----------
    relational : bool
        Keys of any level may stand in an identifier (PS3.4 C.4.1.2.2.2).
    combined_datetime : bool
        Ranges of a date and of its time are one range of moments (PS3.4 C.2.2.2.5).
    fuzzy_names : bool
        Names also match by how they sound (PS3.4 C.2.2.2.1.1).
    timezone : bool
        Dates and times of the identifier are in its Timezone Offset From UTC (0008,0201).
    enhanced_multiframe : bool
        Enhanced Multi-Frame Image Conversion.
    empty_value : bool
        Two quotation marks match what has no value (PS3.4 C.2.2.2.7).
    multiple_value : bool
        Several values match what has all of them (PS3.4 C.2.2.2.8).
    """

    relational: bool = False
    combined_datetime: bool = False
    fuzzy_names: bool = False
    timezone: bool = False
    enhanced_multiframe: bool = False
    empty_value: bool = False
    multiple_value: bool = False


NOTHING = Negotiated()
_FIND_BYTES = tuple(Negotiated._fields)
_RETRIEVE_BYTES = ("relational", "enhanced_multiframe")


class Negotiates(Settings):
    """What is granted to, or asked of, a peer in SOP Class Extended Negotiation.

    Attributes
    ----------
    relational : bool
        Relational queries and retrievals.
    combined_datetime : bool
        Combined date-time matching.
    fuzzy_names : bool
        Fuzzy semantic matching of person names.
    timezone : bool
        Timezone query adjustment.
    empty_value : bool
        Empty Value Matching.
    multiple_value : bool
        Multiple Value Matching.
    """

    relational: bool = True
    combined_datetime: bool = True
    fuzzy_names: bool = True
    timezone: bool = True
    empty_value: bool = True
    multiple_value: bool = True


Wish = Literal["relational", "combined-datetime", "fuzzy-names", "timezone", "empty-value", "multiple-value"]
"""What a requestor may ask for, as a scenario writes it."""


def wanted(wishes: Iterable[Wish]) -> Negotiates:
    """Return what is asked for: these, and nothing else."""
    named = {one.replace("-", "_") for one in wishes}
    return Negotiates(**{name: name in named for name in Negotiates.model_fields})


def granted(offered: Mapping[UID, bytes], grants: Negotiates) -> dict[UID, bytes]:
    """Return what an acceptor answers to the Service-class-application-information of each SOP class.

    Parameters
    ----------
    offered : mapping of UID to bytes
        What the requestor asks for, by SOP class.
    grants : Negotiates
        What the acceptor does. A SOP class for which nothing can be agreed on is not answered.
    """
    answers: dict[UID, bytes] = {}
    for sop_class, asked in offered.items():
        names = _names(str(sop_class))
        if names and asked:
            answers[sop_class] = bytes(
                1 if byte == 1 and getattr(grants, name, False) else 0 for byte, name in zip(asked, names, strict=False)
            )
    return answers


def negotiated(assoc: Association, sop_class: str) -> Negotiated:
    """Return what has been agreed on for a SOP class, on either side of an association."""
    names = _names(sop_class)
    asked = assoc.requestor.sop_class_extended.get(UID(sop_class), b"")
    answered = assoc.acceptor.sop_class_extended.get(UID(sop_class), b"")
    agreed = {name: ours == theirs == 1 for name, ours, theirs in zip(names, asked, answered, strict=False)}
    return Negotiated(**agreed)


def wish(sop_class: str, wanted: Negotiates) -> SOPClassExtendedNegotiation:
    """Return the item with which a requestor asks for what it wants."""
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = UID(sop_class)
    item.service_class_application_information = bytes(int(getattr(wanted, name, False)) for name in _names(sop_class))
    return item


def _names(sop_class: str) -> tuple[str, ...]:
    """Return what the bytes for a SOP class are about."""
    if sop_class in FIND_MODELS:
        return _FIND_BYTES
    return _RETRIEVE_BYTES if sop_class in MOVE_MODELS or sop_class in GET_MODELS else ()
