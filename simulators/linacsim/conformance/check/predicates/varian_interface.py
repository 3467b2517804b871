"""Varian's extended interface: the XML in 3253,xx00 of a plan, against its layout in ``interface.tsv`` (C.1).

It comes from a stranger: a document type declaration is refused, since it may define entities that grow without end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from linacsim.conformance.check.predicates import predicate
from linacsim.conformance.check.predicates.basics import private
from linacsim.conformance.check.scope import Scope
from linacsim.conformance.check.values import PADDING, Broken, Unknown, number_of_text, spelled
from linacsim.conformance.tables import InterfaceNode

_DATA, _LENGTH, _FORMAT = "3253,xx00", "3253,xx01", "3253,xx02"
_BEAM = "ExtendedVAPlanInterface/Beams/Beam"
_TRUTHS = frozenset({"true", "false"})


@dataclass(frozen=True, slots=True)
class Refused:
    """XML that is not read, and why."""

    reason: str


def tree_of(scope: Scope) -> ET.Element | Refused | None:
    """Return the XML of the object; nothing if it has none. Read once."""
    key = ("extended interface", id(scope.instance))
    if key not in scope.objects.remembered:
        data = private(scope.of(scope.instance), _DATA)
        scope.objects.remembered[key] = None if data is None or data == "" else _parsed(data)
    found: ET.Element | Refused | None = scope.objects.remembered[key]
    return found


def _parsed(data: Any) -> ET.Element | Refused:
    text = data if isinstance(data, str) else _text(bytes(data)) if isinstance(data, bytes) else ""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return Refused("a document type declaration, which is not read")
    try:
        return ET.fromstring(text.strip(PADDING))  # noqa: S314 - without a DOCTYPE there are no entities of its own
    except (ET.ParseError, ValueError) as exc:
        return Refused(f"no well-formed XML ({exc})")


def _text(data: bytes) -> str:
    """Return the bytes as text: UTF-16 if they begin so, else UTF-8, else Latin-1. XML of a text has no other coding."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _name(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _below(node: ET.Element, path: str) -> Iterator[ET.Element]:
    name, _, rest = path.partition("/")
    for one in node:
        if _name(one) == name:
            if rest:
                yield from _below(one, rest)
            else:
                yield one


def _words(node: ET.Element, path: str) -> str:
    return next(((one.text or "").strip() for one in _below(node, path)), "")


def field_type(scope: Scope, number: Any) -> str | Unknown:
    """Return what the XML says of a beam by its number: ``SETUP`` or ``TREATMENT``; empty if it says nothing."""
    tree = tree_of(scope)
    if tree is None:
        return ""
    if isinstance(tree, Refused):
        return Unknown(f"the extended interface is {tree.reason}")
    key = ("field types", id(scope.instance))
    if key not in scope.objects.remembered:
        beams = _below(tree, "Beams/Beam") if _name(tree) == _BEAM.partition("/")[0] else iter(())
        scope.objects.remembered[key] = {
            number_of_text(_words(one, "ReferencedBeamNumber")): _words(one, "BeamExtension/FieldType") for one in beams
        }
    return str(scope.objects.remembered[key].get(number, ""))


@predicate
def interface_field_type(scope: Scope, number: Any) -> str | Unknown:
    """Return what Varian's XML says of a beam by its number: ``SETUP``, ``TREATMENT`` or nothing (2.2.1.4.1.2)."""
    return field_type(scope, number)


@predicate
def interface_beams(scope: Scope) -> list[Any] | Unknown:
    """Return the numbers of the beams that Varian's XML speaks of (C.1)."""
    tree = tree_of(scope)
    if isinstance(tree, Refused):
        return Unknown(f"the extended interface is {tree.reason}")
    beams = () if tree is None else _below(tree, "Beams/Beam")
    return [number_of_text(_words(one, "ReferencedBeamNumber")) for one in beams]


@predicate
def interface_length_fits(scope: Scope) -> bool | Broken:
    """Tell whether 3253,xx01 is the number of bytes of the XML, with or without the padding (A.2)."""
    length, data = private(scope, _LENGTH), private(scope, _DATA)
    if length is None or not isinstance(data, bytes):
        return True
    sizes = (len(data), len(data.rstrip(b"\0 ")))
    return True if length in sizes else Broken(f"{spelled(length)} for {sizes[1]} bytes")


@predicate
def interface_fits(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether Varian's XML is laid out as table C-6 has it: nodes, how many of each, types, values, lengths.

    Nodes that the table does not name are passed over.
    """
    tree = tree_of(scope)
    if tree is None:
        return Unknown("there is no extended interface")
    if isinstance(tree, Refused):
        return Broken(tree.reason)
    nodes = scope.system.interface if scope.system else ()
    by_parent: dict[str, list[InterfaceNode]] = {}
    for one in nodes:
        by_parent.setdefault(one.path.rpartition("/")[0], []).append(one)
    roots = [one.path for one in by_parent.get("", [])]
    if _name(tree) not in roots:
        return Broken(f"root node {spelled(_name(tree))}")
    fault = next(_faults(tree, _name(tree), by_parent), "")
    return Broken(fault) if fault else True


def _faults(node: ET.Element, path: str, by_parent: dict[str, list[InterfaceNode]]) -> Iterator[str]:
    for wanted in by_parent.get(path, ()):
        name = wanted.path.rpartition("/")[2]
        there = [one for one in node if _name(one) == name]
        if len(there) < (wanted.min or 0):
            yield f"{path} without {name}"
        if (wanted.max or "").isdecimal() and len(there) > int(wanted.max or 0):
            yield f"{len(there)} nodes {name} in {path}"
        for one in there:
            if wanted.type:
                yield from _value_faults((one.text or "").strip(), wanted)
            yield from _faults(one, wanted.path, by_parent)


def _value_faults(value: str, wanted: InterfaceNode) -> Iterator[str]:
    name = wanted.path.rpartition("/")[2]
    if wanted.enum and value not in wanted.enum:
        yield f"{name} {spelled(value)}"
    if wanted.max_length and len(value) > wanted.max_length:
        yield f"{name} of {len(value)} characters"
    if not _is_of_type(value, wanted):
        yield f"{name} {spelled(value)}, no {wanted.type}"


def _is_of_type(value: str, wanted: InterfaceNode) -> bool:
    if wanted.type == "int":
        truth = (wanted.note or "").startswith("true") and value in _TRUTHS
        return truth or value.removeprefix("-").removeprefix("+").isdecimal()
    if wanted.type == "decimal":
        return number_of_text(value) is not None
    if wanted.type == "hex binary":
        return len(value) % 2 == 0 and all(letter in "0123456789abcdefABCDEF" for letter in value)
    return True
