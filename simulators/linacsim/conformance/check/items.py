"""Items: a data set or an item of a sequence, its values by tag, each read once and only when asked for."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.values import convert_value

from linacsim.conformance.check.values import PADDING, Unreadable, values_of

_NUMBERS = ("DS", "IS")
_BYTES = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN", "OB or OW"})
_SLOTS = range(0x10, 0x100)
"""Elements of a private group that reserve its blocks (PS3.5 7.8.1)."""


class PrivateAddress(NamedTuple):
    """Where a private element stands: its group, its number in the block, and who reserved the block."""

    group: int
    element: int
    creator: str = ""
    """Empty: any block of the group."""
    vr: str = ""
    """Its VR, for objects that were written without VRs."""

    @property
    def text(self) -> str:
        """As the tables write it: ``3253,xx00``."""
        return f"{self.group:04X},xx{self.element:02X}"


class CreatorAddress(NamedTuple):
    """Where the creators of the blocks of a private group stand."""

    group: int

    @property
    def text(self) -> str:
        """As the tables write it: ``3005,00xx``."""
        return f"{self.group:04X},00xx"


Address = int | PrivateAddress | CreatorAddress
"""Where an element stands in an item: its tag, or where to find it among private blocks."""


@lru_cache(maxsize=8192)
def tag_of(keyword: str) -> int | None:
    """Return the tag of a DICOM keyword, if there is one."""
    return tag_for_keyword(keyword)


@lru_cache(maxsize=8192)
def vr_of(tag: int) -> str:
    """Return the VR of a standard element, as ``US or SS``; empty for any other."""
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


@lru_cache(maxsize=8192)
def is_sequence(tag: int) -> bool:
    """Tell whether a standard element is a sequence."""
    return vr_of(tag) == "SQ"


def label_of(address: Address) -> str:
    """Return the keyword of an element, or its number."""
    if not isinstance(address, int):
        return address.text
    return keyword_for_tag(address) or f"{address >> 16:04X},{address & 0xFFFF:04X}"


class Item:
    """A data set, or an item of a sequence in it: values by tag, read once.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The elements.
    around : Item or None
        The item that holds the sequence; none for an object.
    label : str
        The keyword of the sequence; empty for an object.
    index : int
        The place in the sequence, from 0.
    """

    __slots__ = ("_blocks", "_keys", "_values", "around", "dataset", "index", "label", "wrong_vrs")

    def __init__(self, dataset: Dataset, around: Item | None = None, label: str = "", index: int = 0) -> None:
        self.dataset = dataset
        self.around = around
        self.label = label
        self.index = index
        self._keys = dataset.keys()
        self._values: dict[Address, list[Any] | Unreadable | None] = {}
        self._blocks: dict[int, list[tuple[int, str]]] = {}
        self.wrong_vrs: list[tuple[int, str]] = []
        """Elements that were stored under another VR than the dictionary's: tag and VR."""

    @property
    def root(self) -> Item:
        """The object."""
        item = self
        while item.around is not None:
            item = item.around
        return item

    @property
    def path(self) -> str:
        """The path from the object, as ``BeamSequence[1].ControlPointSequence[0]``; empty for the object."""
        steps: list[str] = []
        item = self
        while item.around is not None:
            steps.append(f"{item.label}[{item.index}]")
            item = item.around
        return ".".join(reversed(steps))

    def path_to(self, label: str) -> str:
        """Return the path of an element of this item."""
        path = self.path
        return f"{path}.{label}" if path and label else path or label

    def preset(self, address: Address, values: list[Any]) -> None:
        """Say what an element is without its being in the data set: Pixel Data that stay in the file."""
        self._values[address] = values

    def read(self, address: Address) -> list[Any] | Unreadable | None:
        """Return the values of an element, an empty list for one without value, ``None`` for one that is not there.

        The values of a sequence are `Item`.
        """
        try:
            return self._values[address]
        except KeyError:
            found = self._values[address] = self._read(address)
            return found

    def _read(self, address: Address) -> list[Any] | Unreadable | None:
        if isinstance(address, CreatorAddress):
            return self.creators(address.group) or None
        tag = address if isinstance(address, int) else self._locate(address)
        if tag is None or tag not in self._keys:
            return None
        vr = address.vr if isinstance(address, PrivateAddress) else vr_of(address)
        try:
            return self._values_at(tag, vr, label_of(address))
        except Exception as exc:  # noqa: BLE001 - whatever pydicom says of bytes that are no value
            return Unreadable(" ".join(str(exc).split())[:120] or type(exc).__name__)

    def _values_at(self, tag: int, vr: str, label: str) -> list[Any]:
        raw = self.dataset.get_item(tag)
        if isinstance(raw, RawDataElement) and isinstance(raw.value, bytes):
            stored = raw.VR or vr
            if stored in _NUMBERS:
                self._look_at_vr(tag, stored, vr)
                return _numbers(raw.value)
            if stored in ("UN", "") and vr:
                return self._converted(raw, vr, label)
        element = self.dataset[tag]
        if element.VR == "UN" and vr and isinstance(element.value, bytes):
            known = RawDataElement(element.tag, "UN", len(element.value), element.value, 0, True, True)  # noqa: FBT003
            return self._converted(known, vr, label)
        self._look_at_vr(tag, str(element.VR), vr)
        return self._of(element, label)

    def _converted(self, raw: RawDataElement, vr: str, label: str) -> list[Any]:
        """Return the values of an element without a VR of its own (PS3.5 6.2.2)."""
        if vr in _NUMBERS:
            return _numbers(raw.value or b"")
        known = raw._replace(VR=vr, is_implicit_VR=True, is_little_endian=True)
        value = convert_value(vr, known, self.dataset._character_set)  # noqa: SLF001 - what pydicom itself uses
        return self._of(DataElement(raw.tag, vr, value, already_converted=True), label)

    def _of(self, element: DataElement, label: str) -> list[Any]:
        if element.VR == "SQ":
            return [Item(one, self, label, index) for index, one in enumerate(element.value or ())]
        return values_of(element)

    def _look_at_vr(self, tag: int, stored: str, wanted: str) -> None:
        if wanted and stored != wanted and stored not in _BYTES and stored not in wanted.split(" or "):
            self.wrong_vrs.append((tag, stored))

    def blocks(self, group: int) -> list[tuple[int, str]]:
        """Return the blocks of a private group that are reserved in this item: slot and creator (PS3.5 7.8.1)."""
        known = self._blocks.get(group)
        if known is None:
            base = group << 16
            known = [(slot, self.text(base + slot)) for slot in _SLOTS if base + slot in self._keys]
            self._blocks[group] = known
        return known

    def creators(self, group: int) -> list[str]:
        """Return the creators of the blocks of a private group, in this item."""
        return [name for _, name in self.blocks(group) if name]

    def holds_block(self, group: int) -> bool:
        """Tell whether the item has an element of a private block of a group, not counting those that reserve it."""
        return any(tag >> 16 == group and tag & 0xFFFF >= 0x1000 for tag in self._keys)

    def _locate(self, address: PrivateAddress) -> int | None:
        """Return the tag of a private element: the block is reserved in this item."""
        for slot, creator in self.blocks(address.group):
            found = (address.group << 16) + (slot << 8) + address.element
            if (not address.creator or creator == address.creator) and found in self._keys:
                return found
        return None

    def text(self, tag: int) -> str:
        """Return a value as text; empty if it is not there."""
        values = self.read(tag)
        if isinstance(values, Unreadable) or not values:
            return ""
        one = values[0]
        text = one.decode("latin-1") if isinstance(one, bytes) else str(one)
        return text.strip(PADDING)

    def get(self, keyword: str) -> Any:
        """Return the value of an element by keyword: ``None`` if it is not there, else see `value_of`."""
        tag = tag_of(keyword)
        return None if tag is None else value_of(self.read(tag), is_sequence(tag))

    def items(self, keyword: str) -> list[Item]:
        """Return the items of a sequence by keyword; none if it is not there."""
        found = self.get(keyword)
        return [one for one in found if isinstance(one, Item)] if isinstance(found, list) else []

    def siblings(self) -> list[Item]:
        """Return the items of the sequence that this item is in."""
        for values in self.around._values.values() if self.around else ():  # noqa: SLF001 - of the same class
            if isinstance(values, list) and len(values) > self.index and values[self.index] is self:
                return values
        return []

    def list(self, keyword: str) -> list[Any]:
        """Return all values of an element by keyword; none if it is not there or empty."""
        found = self.get(keyword)
        if found is None or found == "":
            return []
        return found if isinstance(found, list) else [found]

    def __repr__(self) -> str:
        return f"<Item {self.path or 'object'}>"


def stored_at(dataset: Dataset, tag: int) -> RawDataElement | DataElement | None:
    """Return an element as it is stored, its bytes unread where they still are; nothing if pydicom cannot."""
    try:
        return dataset.get_item(tag)
    except Exception:  # noqa: BLE001 - whatever pydicom says of bytes that are no element
        return None


def value_of(values: list[Any] | Unreadable | None, sequence: bool = False) -> Any:
    """Return what an expression sees.

    A single value is itself, several are a list, an element without value is ``""``, a sequence is the list of its
    items, and one that is not there or cannot be read is ``None``.
    """
    if values is None or isinstance(values, Unreadable):
        return None
    if sequence or (values and isinstance(values[0], Item)):
        return values
    if not values:
        return ""
    return values[0] if len(values) == 1 else values


def _numbers(value: bytes) -> list[Any]:
    """Return the numbers of a DS or IS straight from its bytes: a structure set has a million of them."""
    if not value.strip(b" \0\\"):
        return []
    found = [_number(one) for one in value.split(b"\\")]
    wrong = next((one for one in found if not isfinite(one)), None)
    if wrong is not None:
        raise ValueError(f"{wrong} is no number of DICOM")
    return found


def _number(text: bytes) -> float:
    clean = text.strip(b" \0")
    try:
        if b"_" not in clean:  # Python's float takes 1_000
            return float(clean)
    except ValueError:
        pass
    raise ValueError(f"{clean[:20].decode('latin-1')!r} is no number")


def tag_of_text(text: str) -> int:
    """Return the tag of ``300A,00B0``."""
    group, _, element = text.partition(",")
    return int(Tag(int(group, 16), int(element, 16)))
