"""The attribute rows of an object as a tree, so that a data set can be walked beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial

from pydicom.datadict import dictionary_VR, private_dictionary_VR
from pydicom.tag import BaseTag, Tag

from linacsim.conformance.system import System
from linacsim.conformance.tables import Constraint, PrivateAttribute, Row, Sent

Key = tuple[str, str]
"""A step of a path, and the private creator that it belongs to; empty for a standard attribute."""


@dataclass
class Node:
    """What the document says of one attribute: one row, or several if modules share it.

    Attributes
    ----------
    key : tuple of str
        Its step and its creator.
    path : str
        From the outermost sequence inwards, as ``300A,00B0>300A,00B2``.
    """

    key: Key = ("", "")
    path: str = ""
    rows: list[Row] = field(default_factory=list)
    children: dict[Key, Node] = field(default_factory=dict)
    private: PrivateAttribute | None = None

    @property
    def sent(self) -> Sent | None:
        """Whether it is exported: as one of its rows says that does not say never."""
        said = [row.export for row in self.rows]
        others = [one for one in said if one is not None and one is not Sent.NEVER]
        if others:
            return Sent.ALWAYS if Sent.ALWAYS in others else others[0]
        return Sent.NEVER if Sent.NEVER in said else None

    @cached_property
    def type(self) -> str:
        """Its type: the strictest of its rows, empty if the document prints none."""
        return min((row.type for row in self.rows if row.type), default="")

    @cached_property
    def modules(self) -> frozenset[str]:
        """The modules that it stands in."""
        return frozenset(row.module for row in self.rows)

    @property
    def constraints(self) -> Iterator[Constraint]:
        """What its values have to keep on export."""
        return (row.constraint for row in self.rows if row.constraint and row.export is not Sent.NEVER)

    @property
    def is_conditional(self) -> bool:
        """Whether the document ties its export to a condition, also where it says always."""
        return any(row.condition and not row.condition.startswith("import:") for row in self.rows)

    @cached_property
    def tag(self) -> BaseTag | None:
        """Its tag; none for an attribute in a private block, which is numbered when it is written."""
        return None if "x" in self.key[0] else Tag(int(self.key[0].replace(",", ""), 16))

    @cached_property
    def vr(self) -> str:
        """Its VR as the document or the dictionary knows it; UN if nobody does."""
        if self.tag is not None and not self.tag.is_private:
            return dictionary_VR(self.tag).split(" or ", maxsplit=1)[0]
        said = next((row.vr for row in self.rows if row.vr), None) or (self.private.vr if self.private else None)
        return said or _known_vr(self.key) or ("SQ" if self.children else "UN")

    @property
    def number(self) -> tuple[int, int]:
        """Group and number in the block of a private attribute."""
        group, element = self.key[0].split(",")
        return int(group, 16), int(element.removeprefix("xx"), 16)


def _known_vr(key: Key) -> str:
    """Return the VR that pydicom's dictionary has for a private attribute; empty if it has none."""
    group, element = key[0].split(",")
    try:
        vr = private_dictionary_VR((int(group, 16), 0x1000 + int(element.removeprefix("xx"), 16)), key[1])
    except KeyError:
        return ""
    return "" if vr == "UN" else vr


def _is_creator(step: str) -> bool:
    """Tell whether a step is the element that reserves a private block (PS3.5 7.8.1)."""
    group, element = step.split(",")
    return int(group, 16) % 2 == 1 and (element == "00xx" or ("x" not in element and int(element, 16) < 0x100))


def tree_of(rows: Iterable[Row], system: System, default_creator: Callable[[str], str]) -> Node:
    """Return the tree of an object's rows.

    Parameters
    ----------
    rows : iterable of Row
        In the order of the document.
    system : System
        Its private attributes tell creators that a row leaves out.
    default_creator : callable
        The creator of a group that nobody names.
    """
    root = Node()
    by_number: dict[tuple[str, str], list[PrivateAttribute]] = {}
    for one in system.private:
        by_number.setdefault((one.group, one.element), []).append(one)
    reserved: dict[tuple[tuple[str, ...], str], str] = {}
    for row in rows:
        if _is_creator(row.path[-1]):
            printed = (row.constraint or {}).get("fixed") or row.creator
            if printed:
                reserved[row.path[:-1], row.path[-1][:4]] = str(printed)
            continue
        _place(root, row, partial(_creator, row.creator, reserved, by_number, default_creator))
    _name_private(root, by_number)
    return root


def _creator(
    said: str | None,
    reserved: dict[tuple[tuple[str, ...], str], str],
    by_number: dict[tuple[str, str], list[PrivateAttribute]],
    default: Callable[[str], str],
    path: tuple[str, ...],
) -> str:
    """Return who made a private attribute: the row says it, or the creator before it, or the list of attributes."""
    group, element = path[-1].split(",")
    listed = [one.creator for one in by_number.get((group, element), []) if one.creator]
    before = reserved.get((path[:-1], group))
    return said or before or next(iter(listed), None) or default(group)


def _place(root: Node, row: Row, creator: Callable[[tuple[str, ...]], str]) -> None:
    node = root
    for depth, step in enumerate(row.path, start=1):
        path = row.path[:depth]
        key = (step, creator(path) if "x" in step else "")
        if key not in node.children:
            node.children[key] = Node(key=key, path=">".join(path))
        node = node.children[key]
    node.rows.append(row)


def _name_private(node: Node, by_number: dict[tuple[str, str], list[PrivateAttribute]]) -> None:
    for child in node.children.values():
        group, element = child.key[0].split(",")
        for one in by_number.get((group, element), []):
            if one.creator == child.key[1] or (child.private is None and not one.creator):
                child.private = one
        _name_private(child, by_number)
