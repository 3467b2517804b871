"""Oncentra 4.3: images that Anatomy Modeling makes, Hounsfield units, private blocks of its own and of others."""

from __future__ import annotations

import numpy as np

from linacsim.conformance.check.predicates import predicate
from linacsim.conformance.check.predicates.pixels import _stored
from linacsim.conformance.check.scope import Item, Scope, walk
from linacsim.conformance.check.values import Broken, Unknown, is_number
from linacsim.conformance.system import System

_MADE = {
    "ct": (["DERIVED", "SECONDARY"], ["DERIVED", "SECONDARY", "AXIAL"]),
    "mr": (["DERIVED", "SECONDARY", "MPR"],),
    "pet": (["DERIVED", "SECONDARY", "MPR"],),
}
"""Image Type of the images that Anatomy Modeling makes (5.2.7, 5.3.7, 5.4.11)."""


@predicate
def made_in_am(scope: Scope) -> bool:
    """Tell whether an image has the Image Type of those that Anatomy Modeling makes (5.2.7, 5.3.7, 5.4.11)."""
    return scope.instance.root.list("ImageType") in _MADE.get(scope.instance.kind, ())


@predicate
def hounsfield_kept(scope: Scope, low: float, high: float) -> bool | Unknown | Broken:
    """Tell whether no pixel is below or above a range of Hounsfield units; padding does not count (5.2.9)."""
    key = ("hounsfield", id(scope.instance), low, high)
    if key not in scope.objects.remembered:
        scope.objects.remembered[key] = _beyond(scope, low, high)
    found: bool | Unknown | Broken = scope.objects.remembered[key]
    return found


def _beyond(scope: Scope, low: float, high: float) -> bool | Unknown | Broken:
    stored = _stored(scope)
    slope, intercept = scope.get("RescaleSlope"), scope.get("RescaleIntercept")
    if isinstance(stored, Unknown):
        return stored
    if not (is_number(slope) and is_number(intercept)) or slope <= 0:
        return Unknown("there is no Rescale Slope and Intercept")
    least, most = (low - intercept) / slope, (high - intercept) / slope
    if least <= stored.min() and stored.max() <= most:
        return True
    padding = scope.get("PixelPaddingValue")
    pad = int(np.count_nonzero(stored == padding)) if is_number(padding) and not least <= padding <= most else 0
    below, above = int(np.count_nonzero(stored < least)), int(np.count_nonzero(stored > most))
    if pad and padding < least:
        below -= pad
    elif pad:
        above -= pad
    return Broken(f"{below} pixels below, {above} above") if below or above else True


@predicate
def has_own_blocks(scope: Scope) -> bool:
    """Tell whether the object has, at any depth, a private block of one of the system's creators."""
    return bool(_creators(scope) & _own(scope.system))


@predicate
def own_blocks_only(scope: Scope) -> bool | Broken:
    """Tell whether the object has, at any depth, private blocks of the system's creators only (1.1)."""
    foreign = sorted(_creators(scope) - _own(scope.system))
    return Broken(", ".join(foreign)) if foreign else True


def _own(system: System | None) -> frozenset[str]:
    """Return the creators of the tables: of private attributes, and of blocks that are there for their own sake."""
    if system is None:
        return frozenset()
    named = {one.creator for one in system.private if one.creator}
    return frozenset(named | {row.creator for iod in system.iods for row in iod.rows if row.creator})


def _creators(scope: Scope) -> frozenset[str]:
    """Return the creators of all private blocks of the object."""
    found: set[str] = set()
    for dataset in walk(scope.instance.dataset):
        for group in {tag >> 16 for tag in dataset.keys() if tag >> 16 & 1}:  # noqa: SIM118 - a data set yields elements
            found.update(Item(dataset).creators(group))
    return frozenset(found)
