"""The private attributes of a system, made known to pydicom by creator, so that data without VRs can be read (PS3.5 7.8).

A private attribute has a meaning only with the creator that reserved its block. The creator is the one that the document
names; where it names none, the one of pydicom's private dictionary, if it is of the vendor that the table speaks of. The
VR is the document's, else pydicom's. An attribute without creator or VR is not registered: it is listed, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from pydicom._private_dict import private_dictionaries
from pydicom.datadict import add_private_dict_entries

from linacsim.conformance.system import System
from linacsim.conformance.tables import PrivateAttribute

_NAMELESS = ("", "Unknown")
"""What pydicom's dictionary calls an attribute whose name it does not know."""
_NO_VR = "UN"
"""The VR of pydicom's dictionary for an attribute whose VR it does not know."""


class Standing(StrEnum):
    """What became of a private attribute."""

    REGISTERED = "registered"
    """Made known to pydicom, from the document."""
    KNOWN = "known"
    """pydicom knows creator, number and VR by itself."""
    CREATOR = "creator"
    """An element that reserves a block (PS3.5 7.8.1): a creator's name, LO by the standard."""
    LEFT = "left"
    """Not registered: creator or VR is not known, or the number is taken."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A private attribute and what became of it.

    Attributes
    ----------
    attribute : PrivateAttribute
        The line of the system's table.
    creator, vr, vm : str
        What it is registered with; empty where nobody names one. A VM that nobody names is ``1-n``.
    reason : str
        Why it is left out; which source a creator or VR is from, if it is not the document.
    """

    attribute: PrivateAttribute
    standing: Standing
    creator: str = ""
    vr: str = ""
    vm: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An attribute that document and pydicom's dictionary call or store differently; the document's word is registered."""

    attribute: PrivateAttribute
    creator: str
    vr: str
    known_vr: str
    known_name: str

    @property
    def other_vr(self) -> bool:
        """Whether the VRs differ, not only the names."""
        return self.vr != self.known_vr

    def __str__(self) -> str:
        """Both sides, on one line."""
        one = self.attribute
        return (
            f"{one.group},{one.element} of {self.creator!r}: {one.name} {self.vr}; pydicom: "
            f"{self.known_name} {self.known_vr}"
        )


@dataclass(frozen=True, slots=True)
class Registered:
    """The private attributes of a system, each with what became of it, in the order of its table."""

    system: str
    entries: tuple[Entry, ...]
    conflicts: tuple[Conflict, ...]

    def of(self, standing: Standing) -> tuple[Entry, ...]:
        """Return the attributes of one standing."""
        return tuple(one for one in self.entries if one.standing is standing)


def _copy() -> Mapping[str, Mapping[str, tuple[str, str, str]]]:
    """Return pydicom's own dictionary as it was before anything was registered here: VR, VM and name by number."""
    return MappingProxyType(
        {
            creator: MappingProxyType({number: (one[0], one[1], one[2]) for number, one in known.items()})
            for creator, known in private_dictionaries.items()
        }
    )


_PYDICOM = _copy()


def register(system: System) -> Registered:
    """Make the private attributes of `system` known to pydicom, and return what became of each.

    pydicom's private dictionary is one for the whole process. Registering twice, or two systems that share a creator,
    changes nothing the second time. Where the document and pydicom's dictionary give different VRs, the document's is
    registered, and the difference is in `Registered.conflicts`.

    Raises
    ------
    ValueError
        If a group is even: no private one (PS3.5 7.8).
    """
    found = look_up(system)
    for entry in found.of(Standing.REGISTERED):
        one = entry.attribute
        add_private_dict_entries(entry.creator, {_tag(one): (entry.vr, entry.vm, one.name, "")})
    return found


@lru_cache(maxsize=16)
def look_up(system: System) -> Registered:
    """Return what `register` does with each private attribute of `system`, without doing it."""
    entries: list[Entry] = []
    conflicts: list[Conflict] = []
    taken: dict[tuple[str, int], Entry] = {}
    for one in system.private:
        entry = _entry(system, one)
        key = (entry.creator, _tag(one)) if entry.standing is not Standing.CREATOR else None
        if entry.vr and key and key in taken and taken[key].vr != entry.vr:
            reason = f"the number is taken by {taken[key].attribute.name}, {taken[key].vr}"
            entry = Entry(one, Standing.LEFT, entry.creator, reason=reason)
        elif entry.vr and key:
            taken.setdefault(key, entry)
            conflicts.extend(_conflict(entry))
        entries.append(entry)
    return Registered(system.id, tuple(entries), tuple(conflicts))


def creators(system: System, group: str, element: str) -> tuple[str, ...]:
    """Return who may have reserved the block of a private attribute; several where the document lists several.

    Parameters
    ----------
    group, element : str
        As in the table: ``3253``, ``xx00``; an element without a block, as ``1000``, is one of any block.
    """
    number = (group.upper(), _in_block(element))
    entries = look_up(system).entries
    found = (one.creator for one in entries if (one.attribute.group, _in_block(one.attribute.element)) == number)
    return tuple(dict.fromkeys(name for name in found if name))


@lru_cache(maxsize=4096)
def listed_as(system: System, group: str, element: str, creator: str = "") -> tuple[str, str]:
    """Return who made a private attribute and its VR, as the system lists it.

    Parameters
    ----------
    group, element : str
        As in the table: ``3253``, ``xx00``.
    creator : str
        Who reserved the block, if that is known: another creator's attribute of the same number is another one.

    Returns
    -------
    tuple of str
        The creator, that of the document's first line of this number if none was given; the VR, of the document or of
        pydicom's dictionary. Empty where nobody says.
    """
    lines = [one for one in look_up(system).entries if (one.attribute.group, one.attribute.element) == (group, element)]
    if not creator:
        creator = next((one.attribute.creator for one in lines if one.attribute.creator), "")
    own = [one for one in lines if creator in ("", one.attribute.creator, one.creator)]
    vr = next((one.attribute.vr for one in own if one.attribute.vr), None) or next((o.vr for o in own if o.vr), "")
    known = _PYDICOM.get(creator, {}).get(f"{group}xx{_in_block(element)}", ("",))[0]
    return creator, vr or ("" if known == _NO_VR else known)


def _entry(system: System, one: PrivateAttribute) -> Entry:
    if reserves(one):
        return Entry(one, Standing.CREATOR, one.creator or "", "LO", "1")
    creator, reasons = _creator(system, one)
    if not creator:
        return Entry(one, Standing.LEFT, reason=reasons)
    known = _PYDICOM.get(creator, {}).get(_key(one))
    known_vr = known[0] if known and known[0] != _NO_VR else ""
    vr = one.vr or known_vr
    if not vr:
        reason = "neither the document nor pydicom's dictionary gives a VR"
        return Entry(one, Standing.LEFT, creator, reason=reason)
    if not one.vr:
        reasons = "; ".join(filter(None, (reasons, "the VR is from pydicom's dictionary")))
    same = known is not None and known[0] == vr and known[2] not in _NAMELESS
    vm = one.vm or (known[1] if known else "1" if vr == "SQ" else "1-n")
    return Entry(one, Standing.KNOWN if same else Standing.REGISTERED, creator, vr, vm, reasons)


def reserves(one: PrivateAttribute) -> bool:
    """Tell whether an attribute is an element that reserves a block: (gggg,0010) to (gggg,00FF)."""
    return "x" not in one.element and int(one.element, 16) <= 0xFF


def _creator(system: System, one: PrivateAttribute) -> tuple[str, str]:
    """Return the creator of an attribute and which source it is from; no creator, and why not."""
    if one.creator:
        return one.creator, ""
    others = [creator for creator, known in _PYDICOM.items() if _key(one) in known]
    said = re.findall(r"\w+", f"{system.head.vendor} {one.name} {one.note or ''}".lower())
    own = [creator for creator in others if _vendor(creator) in said]
    if len(own) == 1:
        return own[0], "the creator is from pydicom's dictionary"
    if own:
        return "", f"the document names no creator; pydicom's dictionary has {', '.join(own)}"
    if others:
        names = ", ".join(sorted(others))
        return "", f"the document names no creator; pydicom's dictionary has the number for other vendors: {names}"
    return "", "neither the document nor pydicom's dictionary names a creator"


def _vendor(creator: str) -> str:
    """Return the first word of a creator, the vendor's name."""
    return next(iter(re.findall(r"[^\W_]+", creator.lower())), "")


def _conflict(entry: Entry) -> Iterator[Conflict]:
    """Yield where document and pydicom differ; a name or VR that pydicom does not know is filled in, if both are."""
    known = _PYDICOM.get(entry.creator, {}).get(_key(entry.attribute))
    if known is None:
        return
    vr, _, name = known
    other_name = name not in _NAMELESS and _plain(name) != _plain(entry.attribute.name)
    if vr != entry.vr or other_name:
        yield Conflict(entry.attribute, entry.creator, entry.vr, vr, name)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _in_block(element: str) -> str:
    """Return the number of an element within its block: the last two digits."""
    return element[-2:].upper()


def _key(one: PrivateAttribute) -> str:
    """Return the number as pydicom's dictionary has it: ``3253xx00``."""
    return f"{one.group}xx{_in_block(one.element)}"


def _tag(one: PrivateAttribute) -> int:
    return (int(one.group, 16) << 16) + int(_in_block(one.element), 16)
