"""The objects that came together: who refers to whom, what they share."""

from __future__ import annotations

from collections import Counter
from typing import Any

from linacsim.conformance.check.predicates import Expr, predicate
from linacsim.conformance.check.predicates.sequences import key_of, several
from linacsim.conformance.check.scope import Instance, Item, Scope
from linacsim.conformance.check.values import Broken, Unknown, spelled
from linacsim.conformance.kinds import NAMES, SOP_CLASSES, kind_of


def _kinds(kind: str) -> list[str]:
    kinds = kind.replace(",", " ").split()
    if wrong := next((one for one in kinds if one not in SOP_CLASSES), None):
        raise ValueError(f"{wrong!r} is no kind of object")
    return kinds


def _name(kinds: list[str]) -> str:
    return " or ".join(NAMES[one] for one in kinds)


def referenced(scope: Scope, kind: str) -> list[str]:
    """Return the SOP Instance UIDs of the objects of a kind that this object refers to."""
    kinds = _kinds(kind)
    uids = scope.instance.references
    given = scope.objects.by_uid
    return [uid for uid, sop in uids.items() if kind_of(sop or _class_of(given.get(uid))) in kinds]


def _class_of(instance: Instance | None) -> str:
    return instance.sop_class if instance else ""


@predicate
def refers_to(scope: Scope, kind: str) -> bool:
    """Tell whether this object refers to one of a kind: ``refers_to('rtstruct')``; several kinds by comma."""
    return bool(referenced(scope, kind))


@predicate
def ref(scope: Scope, kind: str) -> Item | list[Item] | Unknown:
    """Return the object of a kind that this object refers to; a list if it refers to several.

    Unknown if it refers to none, or if those are not among the files.
    """
    kinds = _kinds(kind)
    given = scope.objects.by_uid
    uids = referenced(scope, kind)
    if not uids:
        return Unknown(f"the object refers to no {_name(kinds)}")
    found = [given[uid].root for uid in uids if uid in given]
    if not found:
        return Unknown(f"the referenced {_name(kinds)} is not among the files")
    return found[0] if len(found) == 1 else found


@predicate
def given(scope: Scope, kind: str) -> list[Item]:
    """Return all objects of a kind that came with this one; several kinds by comma."""
    return [one.root for word in _kinds(kind) for one in scope.objects.by_kind[word]]


@predicate
def has(scope: Scope, kind: str) -> bool:
    """Tell whether an object of a kind came with this one; several kinds by comma."""
    return any(scope.objects.by_kind[word] for word in _kinds(kind))


@predicate
def series(scope: Scope) -> list[Item]:
    """Return the objects of this object's series, itself included."""
    return [one.root for one in scope.objects.by_series.get(scope.instance.series, [scope.instance])]


@predicate
def kind(scope: Scope) -> str:
    """Return the kind of this object: ``ct``, ``rtplan``; empty for any other SOP class."""
    return scope.instance.kind


@predicate
def images(scope: Scope) -> list[Item] | Unknown:
    """Return the images that this object stands on.

    Of a structure set those that it refers to, of a plan those of its structure set, of a dose those of its plan or
    structure set.
    """
    uids = set(scope.instance.references)
    for kinds in (("rtplan", "rtionplan"), ("rtstruct",)):
        for word in kinds:
            for one in scope.objects.by_kind[word]:
                if one.uid in uids:
                    uids.update(one.references)
    found = [one.root for word in ("ct", "mr", "pet") for one in scope.objects.by_kind[word] if one.uid in uids]
    return found or Unknown("the images that it stands on are not among the files")


@predicate
def references_resolve(scope: Scope, kind: str) -> bool | Unknown | Broken:
    """Tell whether every object of a kind that this one refers to is among the files.

    Unknown if it refers to none. Several kinds by comma: ``references_resolve('ct,mr')``.
    """
    uids = referenced(scope, kind)
    if not uids:
        return Unknown(f"the object refers to no {_name(_kinds(kind))}")
    missing = [uid for uid in uids if uid not in scope.objects.by_uid]
    if not missing:
        return True
    return Broken(f"{len(missing)} of {len(uids)} are not among the files, first {missing[0]}")


@predicate
def resolves(scope: Scope, uid: Any) -> bool | Broken:
    """Tell whether the objects with these SOP Instance UIDs are among the files."""
    missing = [one for one in several(uid) if one not in scope.objects.by_uid]
    if not missing:
        return bool(several(uid))
    return Broken(f"{spelled(missing[0])} is not among the files")


@predicate
def instance_of(scope: Scope, uid: Any) -> Item | Unknown:
    """Return the object with a SOP Instance UID."""
    found = scope.objects.by_uid.get(str(uid))
    return found.root if found else Unknown(f"the object {spelled(uid)} is not among the files")


@predicate
def same_in_set(scope: Scope, element: Expr) -> bool | Broken:
    """Tell whether a value is, in this object, the one that most objects of the set have.

    The value is looked up in each object as a whole; objects without it, or with an empty one, do not count.
    """
    return _agrees(scope, scope.objects.objects, "set", element)


@predicate
def same_in_series(scope: Scope, element: Expr) -> bool | Broken:
    """Tell whether a value is, in this object, the one that most objects of its series have."""
    return _agrees(scope, scope.objects.by_series.get(scope.instance.series, []), scope.instance.series, element)


@predicate
def same_in_kind(scope: Scope, element: Expr) -> bool | Broken:
    """Tell whether a value is, in this object, the one that most objects of its kind have."""
    return _agrees(scope, scope.objects.by_kind[scope.instance.kind], f"kind {scope.instance.kind}", element)


def _agrees(scope: Scope, objects: list[Instance], group: str, element: Expr) -> bool | Broken:
    usual = _usual(scope, objects, group, element)
    mine = element(scope.of(scope.instance))
    if _says_nothing(mine) or usual is None or key_of(mine) == usual[0]:
        return True
    return Broken(f"{spelled(mine)}, in {usual[1]} other objects {spelled(usual[2])}")


def _says_nothing(value: Any) -> bool:
    return value is None or value in ("", []) or isinstance(value, Unknown)


def _usual(scope: Scope, objects: list[Instance], group: str, element: Expr) -> tuple[Any, int, Any] | None:
    key = ("usual", group, element)
    remembered = scope.objects.remembered
    if key not in remembered:
        found = [value for one in objects if not _says_nothing(value := element(scope.of(one)))]
        most = Counter(key_of(value) for value in found).most_common(1)
        value = next((one for one in found if most and key_of(one) == most[0][0]), None)
        remembered[key] = (*most[0], value) if most else None
    usual: tuple[Any, int, Any] | None = remembered[key]
    return usual


@predicate
def unique_in_series(scope: Scope, element: Expr) -> bool | Broken:
    """Tell whether no earlier object of the series has the value that this one has."""
    return _alone(scope, scope.objects.by_series.get(scope.instance.series, []), scope.instance.series, element)


@predicate
def unique_in_set(scope: Scope, element: Expr) -> bool | Broken:
    """Tell whether no earlier object of the set has the value that this one has."""
    return _alone(scope, scope.objects.objects, "set", element)


def _alone(scope: Scope, objects: list[Instance], group: str, element: Expr) -> bool | Broken:
    key = ("alone", group, element)
    remembered = scope.objects.remembered
    if key not in remembered:
        first: dict[Any, Instance] = {}
        for one in objects:
            value = element(scope.of(one))
            if value is not None and value != "":
                first.setdefault(key_of(value), one)
        remembered[key] = first
    mine = element(scope.of(scope.instance))
    owner = remembered[key].get(key_of(mine)) if mine is not None else None
    if owner is None or owner is scope.instance:
        return True
    return Broken(f"{spelled(mine)}, as {owner.file or owner.uid} has")


@predicate
def distinct_in_set(scope: Scope, items: Any, element: Expr) -> int:
    """Return how many different values several objects or items have."""
    found = [element(scope.at(one)) for one in several(items) if isinstance(one, Item)]
    return len({key_of(one) for one in found if one is not None and not isinstance(one, Unknown)})
