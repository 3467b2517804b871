"""Making an object what an exporter's table says that it writes.

What the table does not list is not sent, unless the standard cannot do without it (`linacsim.objects.export.standard`) or
the exporter hands the object on as it got it; what it says is never sent is taken out; what it says is always sent is
there; values keep their constraints. What a system does beside its table stands in `linacsim.objects.export.vendors`.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from functools import lru_cache

from pydicom import Dataset
from pydicom.filewriter import correct_ambiguous_vr
from pydicom.uid import ExplicitVRLittleEndian

from linacsim.conformance.kinds import kind_of
from linacsim.conformance.system import System
from linacsim.conformance.tables import Sent
from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.case import BUILDERS, Case
from linacsim.objects.charset import fit_charset
from linacsim.objects.elements import give_vrs, vr_of
from linacsim.objects.encoding import UNCOMPRESSED, encoded_as, prepare
from linacsim.objects.export.pixels import DESCRIBE_PIXELS, restore
from linacsim.objects.export.settle import from_constraint, settle
from linacsim.objects.export.standard import needed
from linacsim.objects.export.tree import Key, Node, tree_of
from linacsim.objects.export.uids import Names
from linacsim.objects.export.vendor import Job, Vendor, private
from linacsim.objects.export.vendors import VENDORS
from linacsim.objects.imagefile import name_of, pydicom_errors

_CONTROL_POINTS = ("300A,0111", "300A,03A8", "300A,02D0")
"""Sequences whose later items say only what changes (C.8.8.14.5)."""
_OF_A_PLAN = ("rtplan", "rtdose")
"""Kinds that are different for brachytherapy."""
_REPEATING = (0x5000, 0x6000)
"""Groups that may be there sixteen times, each two further on (PS3.5 7.6); tables list the first."""
_BINARY = ("US", "SS", "UL", "SL", "FL", "FD", "AT", "OB", "OW", "UN")
"""VRs whose empty value is None."""


def exported_kinds(system: System) -> tuple[str, ...]:
    """Return the kinds of objects built here that a system exports, those that are referred to first."""
    return tuple(kind for kind in BUILDERS if system.iod(kind, "export"))


def export_case(case: Case, system: System, kinds: Iterable[str] | None = None) -> list[Dataset]:
    """Return a case as a system exports it.

    Parameters
    ----------
    case : Case
        The patient; its beams, radiographs and particles are chosen anew where the system has no choice.
    system : System
        The exporter.
    kinds : iterable of str, optional
        By default all that the system exports.

    Returns
    -------
    list of pydicom.Dataset
        With File Meta Information; what is referred to comes first.

    Raises
    ------
    InputError
        If the system does not export a kind.
    """
    wanted = set(exported_kinds(system) if kinds is None else kinds)
    found = []
    for kind in [one for one in BUILDERS if one in wanted] + sorted(wanted - set(BUILDERS)):
        _check(system, kind)
        suited = _suited(case, system, kind)
        identity, together = case.scene.identity, frozenset(wanted)
        found += [_export(ds, system, kind, identity, suited, together) for ds in suited.build(kind)]
    return found


def _suited(case: Case, system: System, kind: str) -> Case:
    """Return the case with what the system can export."""
    if case.settings.technique == "brachy" and kind in _OF_A_PLAN and not _vendor(system).brachy:
        raise InputError(f"{system.head.title} plans no brachytherapy", "technique", "export an external plan")
    changes = _vendor(system).changes(kind, case)
    if not changes.get("beams", True):
        known = ", ".join(_vendor(system).beams)
        raise InputError(f"{system.head.title} exports none of the case's beams", "beams", f"it knows {known}")
    return case.altered(**changes)


def export(ds: Dataset, system: System, identity: Identity, kinds: Iterable[str] = ()) -> Dataset:
    """Return a user's own object as a system exports it: by its table alone, or as it came if the system hands it on.

    Parameters
    ----------
    ds : pydicom.Dataset
        The object; it stays as it is.
    system : System
        The exporter.
    identity : Identity
        Where new UIDs come from.
    kinds : iterable of str
        What goes along in the same export: some references are only to that.

    Raises
    ------
    InputError
        If the system does not export objects of this kind, or a value of the object cannot be read.
    """
    kind = kind_of(str(ds.get("SOPClassUID", "")))
    _check(system, kind)
    if kind in _vendor(system).handed_on:
        return prepare(deepcopy(ds), encoded_as(ds) or ExplicitVRLittleEndian)
    with pydicom_errors(name_of(ds), "check the file: a value of it cannot be read"):
        return _export(ds, system, kind, identity, None, frozenset(kinds) | {kind})


def _check(system: System, kind: str) -> None:
    if not kind or system.iod(kind, "export") is None:
        kinds = ", ".join(exported_kinds(system))
        raise InputError(f"{system.head.title} does not export {kind or 'such objects'}", "", f"it exports {kinds}")


def _vendor(system: System) -> Vendor:
    return VENDORS.get(system.id, Vendor())


def _export(
    ds: Dataset, system: System, kind: str, identity: Identity, case: Case | None, kinds: frozenset[str]
) -> Dataset:
    vendor = _vendor(system)
    renewed = frozenset() if case is None and kind in vendor.acquires else vendor.own | (vendor.remade & kinds)
    names = Names(identity, system.id, system.head.uid_root, renewed)
    sent = deepcopy(ds)
    names.reissue(sent)
    if case is None:
        give_vrs(sent)
    else:
        vendor.prepare(Job(kind, sent, names, case, kinds, str(ds.SOPInstanceUID)))
    tree = _tree(system, kind)
    if encoded_as(ds) in ("", *UNCOMPRESSED):  # compressed pixels go as they are
        restore(sent, tree)
    _take_out(sent, tree, _Rules(kind, vendor))
    if "FrameOfReferenceUID" not in sent:
        sent.pop("PositionReferenceIndicator", None)  # its module is left out as a whole
    _put_in(sent, tree, left_out=_left_out(sent, tree, system, kind))
    fit_charset(sent)
    correct_ambiguous_vr(sent, is_little_endian=True)
    return prepare(sent, encoded_as(ds) or ExplicitVRLittleEndian)


@lru_cache(maxsize=64)
def _tree(system: System, kind: str) -> Node:
    iod = system.iod(kind, "export")
    return tree_of(iod.rows if iod else (), system, _vendor(system).creator)


class _Rules:
    """What stays although no row says so."""

    def __init__(self, kind: str, vendor: Vendor) -> None:
        self.all = kind in vendor.as_stored
        self.paths = needed(kind) | {one.partition(":")[2] for one in vendor.kept if one.startswith(f"{kind}:")}

    def keep(self, path: str, node: Node | None) -> bool:
        """Tell whether an attribute is sent."""
        if node is not None and node.sent is Sent.NEVER:
            return False
        if node is not None and node.sent is not None:
            return True
        return (
            self.all or path in self.paths or (node is not None and any(child.sent for child in node.children.values()))
        )


def _take_out(ds: Dataset, node: Node, rules: _Rules) -> None:
    """Take out what is not sent, and make the rest keep its constraints."""
    for tag in list(ds.keys()):
        if tag.is_private_creator:
            continue
        key = _key(ds, tag)
        child = node.children.get(key)
        path = f"{node.path}>{key[0]}".lstrip(">")
        if not rules.keep(path, child):
            del ds[tag]
            continue
        if vr_of(ds, tag) == "SQ" and (child or not rules.all):
            inner = child or Node(path=path)
            if inner.children or not child:
                for item in ds[tag].value:
                    _take_out(item, inner, rules)
        if child is not None and any(child.constraints) and path not in DESCRIBE_PIXELS:
            settle(ds, ds[tag], child)
    _drop_creators(ds)


def _key(ds: Dataset, tag: int) -> Key:
    """Return how the tables call an attribute."""
    group, element = tag >> 16, tag & 0xFFFF
    if group % 2 and element > 0xFF:
        creator = ds.get((group, element >> 8))
        return f"{group:04X},xx{element & 0xFF:02X}", "" if creator is None else str(creator.value)
    if group & 0xFFE1 in _REPEATING:
        group &= 0xFF00
    return f"{group:04X},{element:04X}", ""


def _drop_creators(ds: Dataset) -> None:
    """Take out the creators of blocks that hold nothing any more (PS3.5 7.8.1)."""
    tags = list(ds.keys())
    used = {(tag >> 16, (tag & 0xFFFF) >> 8) for tag in tags if tag.is_private and not tag.is_private_creator}
    for tag in [tag for tag in tags if tag.is_private_creator and (tag >> 16, tag & 0xFF) not in used]:
        del ds[tag]


def _left_out(ds: Dataset, tree: Node, system: System, kind: str) -> frozenset[str]:
    """Return the modules that the object does without: optional ones that nothing is there of (PS3.3 A.1.3)."""
    iod = system.iod(kind, "export")
    optional = {one.module for one in (iod.modules if iod else ()) if one.usage in ("U", "C")}
    there = {
        next(iter(child.modules)) for child in tree.children.values() if len(child.modules) == 1 and _present(ds, child)
    }
    return frozenset(optional - there)


def _put_in(ds: Dataset, node: Node, *, later: bool = False, left_out: frozenset[str] = frozenset()) -> None:
    """Add what is always sent and not there yet; a `later` control point carries on what an earlier one says."""
    for child in node.children.values():
        carried = (later and child.type in ("", "1C", "2C")) or child.modules <= left_out
        if child.sent is Sent.ALWAYS and not carried and not _present(ds, child):
            _add(ds, child)
        if child.children and child.tag is not None and child.tag in ds and ds[child.tag].VR == "SQ":
            for index, item in enumerate(ds[child.tag].value):
                _put_in(item, child, later=index > 0 and child.key[0] in _CONTROL_POINTS)


def _present(ds: Dataset, node: Node) -> bool:
    if node.tag is not None:
        return node.tag in ds
    group, element = node.number
    if not node.key[1]:
        return False
    try:
        return element in ds.private_block(group, node.key[1])
    except KeyError:
        return False


def _add(ds: Dataset, node: Node) -> None:
    """Add an attribute with the value that the tables give it, or without one if it may be empty."""
    value = from_constraint(node) if node.vr != "SQ" else []
    may_be_empty = ("", "2") if node.tag is None else ("", "2", "3")  # a private one is sent where there is a value
    if (node.vr == "SQ" and node.type != "2") or (
        value is None and (node.is_conditional or node.type not in may_be_empty)
    ):
        return  # an empty sequence, or no value where one is needed, would say less than nothing
    if value is None and node.vr not in _BINARY:
        value = ""
    vr = "LO" if node.vr == "UN" and value is not None else node.vr
    if node.tag is not None:
        ds.add_new(node.tag, vr, value)
    elif node.key[1]:  # a block cannot be reserved for nobody
        private(ds, node.key[1], node.key[0], vr, value)
