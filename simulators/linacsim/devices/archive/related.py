"""Objects that belong together: what a plan, a structure set, a dose or an image refers to, and what of it is here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from pydicom.dataset import Dataset

from linacsim.conformance.kinds import NAMES, kind_of
from linacsim.devices.sopclasses import STORAGE
from linacsim.errors import PlayFailure
from linacsim.settings import Settings

_STORAGE = frozenset(map(str, STORAGE))


class Related(Settings):
    """Look for everything that an object refers to, and what that refers to.

    Attributes
    ----------
    of : str
        Its SOP Instance UID, or a kind of object: the last one of that kind that came.
    holds : mapping of str to int
        How many objects of each kind there have to be, it itself among them; any number of those not named.
    missing : int
        How many may be referred to that are not here.
    """

    of: str
    holds: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    missing: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, slots=True)
class Family:
    """What belongs together.

    Attributes
    ----------
    members : mapping of str to str
        SOP Class UIDs by SOP Instance UID, the object that was asked for first.
    missing : mapping of str to str
        The same of what is referred to and not here.
    """

    members: Mapping[str, str]
    missing: Mapping[str, str]

    @property
    def kinds(self) -> Counter[str]:
        """How many members there are of each kind."""
        return Counter(kind_of(one) or one for one in self.members.values())


def references(ds: Dataset) -> Iterator[tuple[str, str]]:
    """Yield SOP Instance UID and SOP Class UID of each stored object that `ds` refers to, each once.

    A reference is an item with Referenced SOP Class UID and Referenced SOP Instance UID, however deep; studies, which are no
    stored objects, are left out.
    """
    seen: set[str] = set()
    waiting = [ds]
    while waiting:
        item = waiting.pop()
        sop_class, uid = str(item.get("ReferencedSOPClassUID", "")), str(item.get("ReferencedSOPInstanceUID", ""))
        if sop_class in _STORAGE and uid and uid not in seen:
            seen.add(uid)
            yield uid, sop_class
        waiting.extend(inner for element in item if element.VR == "SQ" for inner in reversed(element.value or ()))


def family(uid: str, read: Callable[[str], Dataset | None]) -> Family:
    """Return what the object `uid` refers to, and what that refers to, and so on.

    Parameters
    ----------
    uid : str
        Its SOP Instance UID.
    read : callable
        Returns an object, or ``None`` for one that is not here.
    """
    members: dict[str, str] = {}
    missing: dict[str, str] = {}
    waiting = [(uid, "")]
    while waiting:
        one, sop_class = waiting.pop(0)
        if one in members or one in missing:
            continue
        ds = read(one)
        if ds is None:
            missing[one] = sop_class
            continue
        members[one] = str(ds.get("SOPClassUID", ""))
        waiting += references(ds)
    return Family(members, missing)


def judge(found: Family, what: Related, who: str) -> None:
    """Compare what belongs together with what was wanted.

    Raises
    ------
    PlayFailure
        If something is missing, or there are not as many as wanted.
    """
    if len(found.missing) > what.missing:
        uid, sop_class = next(iter(found.missing.items()))
        name = NAMES.get(kind_of(sop_class), "object")
        more = f", and {len(found.missing) - 1} more" if len(found.missing) > 1 else ""
        raise PlayFailure(f"{who} does not have what is referred to: {name} {uid}{more}")
    had = found.kinds
    for kind, number in what.holds.items():
        if had[kind] != number:
            raise PlayFailure(f"{who}: {had[kind]} of {kind} belong to {what.of} instead of {number}")
