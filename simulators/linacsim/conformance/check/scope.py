"""Where an expression is looked up: the item, the items around it, the object, the set of objects it came with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from linacsim.conformance.check.items import Item, is_sequence, stored_at, tag_of, value_of
from linacsim.conformance.check.values import Unknown
from linacsim.conformance.kinds import NAMES, kind_of

if TYPE_CHECKING:
    from linacsim.conformance.system import System, Way

__all__ = ["Instance", "Item", "ObjectSet", "Scope", "is_sequence", "tag_of", "value_of", "walk"]

_REFERENCED_INSTANCE = 0x00081155
_REFERENCED_CLASS = 0x00081150


@dataclass(eq=False)
class Instance:
    """One object (SOP Instance) that is checked.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The data set.
    file : str
        Where it came from; a name of the caller's for an object that is no file.
    """

    dataset: Dataset
    file: str = ""
    transfer_syntax: str = ""
    load_pixels: Callable[[], bytes | Unknown] | None = None
    """Reads Pixel Data, which is left in the file until a rule needs it."""
    root: Item = field(init=False)

    def __post_init__(self) -> None:
        self.root = Item(self.dataset)

    def text(self, keyword: str) -> str:
        """Return a value as text; empty if it is not there."""
        found = self.root.get(keyword)
        return "" if found is None else str(found)

    @cached_property
    def sop_class(self) -> str:
        """The SOP Class UID."""
        return self.text("SOPClassUID")

    @cached_property
    def uid(self) -> str:
        """The SOP Instance UID."""
        return self.text("SOPInstanceUID")

    @cached_property
    def kind(self) -> str:
        """The short word of its SOP class, as ``ct``; empty for any other."""
        return kind_of(self.sop_class)

    @cached_property
    def name(self) -> str:
        """What a person calls it: ``CT Image``."""
        if self.kind:
            return NAMES[self.kind]
        known = UID(self.sop_class).name if self.sop_class else "object without SOP Class UID"
        return known.removesuffix(" Storage")

    @cached_property
    def patient(self) -> str:
        """The Patient ID."""
        return self.text("PatientID")

    @cached_property
    def series(self) -> str:
        """The Series Instance UID."""
        return self.text("SeriesInstanceUID")

    def pixel_bytes(self) -> bytes | Unknown:
        """Return Pixel Data as stored; read from the file when a rule asks for it."""
        if "PixelData" in self.dataset:
            return bytes(self.dataset["PixelData"].value or b"")
        return Unknown("there is no Pixel Data") if self.load_pixels is None else self.load_pixels()

    @cached_property
    def references(self) -> Mapping[str, str]:
        """The SOP Class UID of each SOP Instance UID that it refers to, at any depth."""
        found: dict[str, str] = {}
        for one in walk(self.dataset):
            uid = _text(one, _REFERENCED_INSTANCE)
            if uid:
                found.setdefault(uid, _text(one, _REFERENCED_CLASS))
        return found


def _text(dataset: Dataset, tag: int) -> str:
    try:
        return str(dataset[tag].value or "").strip(" \0") if tag in dataset else ""
    except Exception:  # noqa: BLE001 - bytes that are no text of this VR say nothing
        return ""


def walk(dataset: Dataset) -> Iterator[Dataset]:
    """Yield a data set and every item below it, without reading anything but sequences."""
    waiting = [dataset]
    while waiting:
        one = waiting.pop()
        yield one
        for tag in list(one.keys()):
            if _may_hold_items(one, tag):
                try:
                    waiting.extend(one[tag].value or ())
                except Exception:  # noqa: BLE001, S112 - a sequence that cannot be read has no items
                    continue


def _may_hold_items(dataset: Dataset, tag: BaseTag) -> bool:
    stored = stored_at(dataset, tag)
    vr = stored.VR if stored is not None else ""
    return vr == "SQ" or (vr in (None, "UN") and is_sequence(int(tag)))  # UN: pydicom reads it by its dictionary


class ObjectSet:
    """The objects of one patient, as they were given.

    Parameters
    ----------
    objects : iterable of Instance
        The objects.
    """

    def __init__(self, objects: Iterable[Instance] = ()) -> None:
        self.objects = list(objects)
        self.remembered: dict[Any, Any] = {}
        """What a predicate found for the whole set or a series, so that it is worked out once."""

    @cached_property
    def by_kind(self) -> Mapping[str, list[Instance]]:
        """Objects by kind."""
        found: dict[str, list[Instance]] = defaultdict(list)
        for one in self.objects:
            found[one.kind].append(one)
        return found

    @cached_property
    def by_uid(self) -> Mapping[str, Instance]:
        """Objects by SOP Instance UID."""
        return {one.uid: one for one in reversed(self.objects)}

    @cached_property
    def by_series(self) -> Mapping[str, list[Instance]]:
        """Objects by Series Instance UID; one without is in no series."""
        found: dict[str, list[Instance]] = defaultdict(list)
        for one in self.objects:
            if one.series:
                found[one.series].append(one)
        return found

    @cached_property
    def by_root(self) -> Mapping[int, Instance]:
        """Objects by the identity of their root item."""
        return {id(one.root): one for one in self.objects}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands.

    Attributes
    ----------
    item : Item
        The item whose elements come first.
    instance : Instance
        The object that the item is in.
    objects : ObjectSet
        The objects that came with it.
    way : str
        ``import`` or ``export``.
    system : System or None
        The system that is asked for.
    values : list or None
        The values of the row's own element, where a rule of an attribute is decided.
    """

    item: Item
    instance: Instance
    objects: ObjectSet
    way: Way = "import"
    system: System | None = None
    values: list[Any] | None = None

    def at(self, item: Item) -> Scope:
        """Return the scope of another item; of another object if the item is in one."""
        instance = self.instance if item.root is self.instance.root else self.objects.by_root.get(id(item.root))
        return Scope(item, instance or self.instance, self.objects, self.way, self.system, self.values)

    def of(self, instance: Instance) -> Scope:
        """Return the scope of another object of the set."""
        return Scope(instance.root, instance, self.objects, self.way, self.system)

    def get(self, keyword: str) -> Any:
        """Return a value by keyword: of the item, else of the items around it, else of the object."""
        tag = tag_of(keyword)
        if tag is None:
            return None
        item: Item | None = self.item
        while item is not None:
            values = item.read(tag)
            if values is not None:
                return value_of(values, is_sequence(tag))
            item = item.around
        return None

    @property
    def value(self) -> Any:
        """The value of the row's own element."""
        return value_of(self.values)
