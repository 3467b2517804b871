"""How far an archive takes identifiers that break the rules of a hierarchical query (PS3.4 C.4.1.2.2.1, C.4.2.2.1)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydicom.datadict import dictionary_description
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from linacsim.devices.archive.attributes import LEVEL_OF, UNIQUE, Level
from linacsim.devices.archive.matching import is_universal, texts
from linacsim.devices.archive.query import BadIdentifierError, Levels
from linacsim.settings import Settings


class Leniency(Settings):
    """What becomes of an identifier that breaks the rules; by default it is refused, whatever is wrong with it.

    Attributes
    ----------
    above : str
        The unique keys of the levels above: they are ``wanted``, they ``may-be-empty``, they ``may-be-missing``.
    beside : str
        Other keys of the levels above: ``refused``, ``passed-over`` (not matched, not returned), ``matched``.
    below : str
        Keys of the levels below: ``refused``, ``passed-over``, ``matched`` (by anything below), ``unmatched`` (one with a value
        fits nothing).
    """

    above: Literal["wanted", "may-be-empty", "may-be-missing"] = "wanted"
    beside: Literal["refused", "passed-over", "matched"] = "refused"
    below: Literal["refused", "passed-over", "matched", "unmatched"] = "refused"


STRICT = Leniency()


class Taken(NamedTuple):
    """An identifier as a lenient archive takes it.

    Attributes
    ----------
    identifier : Dataset
        What is left of it.
    relational : bool
        Whether it has to be understood without the rules of hierarchical queries: they have been applied already.
    fits_nothing : bool
        Whether it has a key that nothing can match.
    """

    identifier: Dataset
    relational: bool
    fits_nothing: bool


def taken(identifier: Dataset, levels: Levels, rules: Leniency) -> Taken:
    """Return what an archive with these rules makes of an identifier.

    Raises
    ------
    BadIdentifierError
        If it breaks a rule that is kept.
    """
    told = texts(identifier.get(0x00080052))
    if rules == STRICT or len(told) != 1 or told[0] not in levels:
        return Taken(identifier, relational=False, fits_nothing=False)
    asked = Level(told[0])
    left, fits_nothing = Dataset(), False
    for element in identifier:
        fate = _fate(element, asked, levels, rules)
        if fate == "refused":
            raise BadIdentifierError(f"{element.name} is no key of the level {asked}", int(element.tag))
        if fate == "unmatched":
            fits_nothing = fits_nothing or not is_universal(element)
            left.add(DataElement(element.tag, element.VR, None))
        elif fate != "passed-over":
            left.add(element)
    _expect_above(left, asked, levels, rules)
    return Taken(left, relational=True, fits_nothing=fits_nothing)


def taken_for_retrieval(identifier: Dataset, levels: Levels, rules: Leniency) -> Taken:
    """Return what an archive with these rules makes of the identifier of a C-MOVE or C-GET.

    Only unique keys down to its level count there; what a rule does not refuse is passed over.

    Raises
    ------
    BadIdentifierError
        If it breaks a rule that is kept.
    """
    if rules == STRICT:
        return Taken(identifier, relational=False, fits_nothing=False)
    left = taken(identifier, levels, rules)
    asked = texts(identifier.get(0x00080052))
    depth = Level(asked[0]).depth if len(asked) == 1 and asked[0] in levels else None
    unique = Dataset()
    for element in left.identifier:
        level = LEVEL_OF.get(int(element.tag))
        if level is None or depth is None or (element.tag == UNIQUE[level] and level.depth <= depth):
            unique.add(element)
    return left._replace(identifier=unique)


def _fate(element: DataElement, asked: Level, levels: Levels, rules: Leniency) -> str:
    """Return what becomes of a key: ``refused``, ``passed-over``, ``matched``, ``unmatched``."""
    level = LEVEL_OF.get(int(element.tag))
    if level is None:
        return "matched"
    # in Study Root the attributes of the patient are the study's
    depth = max(level.depth, levels[0].depth)
    if depth > asked.depth:
        return rules.below
    return rules.beside if depth < asked.depth and element.tag != UNIQUE[level] else "matched"


def _expect_above(identifier: Dataset, asked: Level, levels: Levels, rules: Leniency) -> None:
    """Check that the unique keys of the levels above are as they are wanted."""
    if rules.above == "may-be-missing":
        return
    for level in levels:
        key = UNIQUE[level]
        if level.depth >= asked.depth:
            continue
        if key not in identifier or (rules.above == "wanted" and is_universal(identifier[key])):
            raise BadIdentifierError(f"{dictionary_description(key)} is missing", key)
