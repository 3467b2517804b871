"""Objects that are loaded with something different about them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from pydicom.dataset import Dataset

from linacsim.conformance.kinds import SOP_CLASSES, kind_of
from linacsim.devices.archive.personality import Change
from linacsim.errors import InputError
from linacsim.objects.change import change
from linacsim.settings import did_you_mean


def alter(objects: Sequence[Dataset], changes: Sequence[Change]) -> list[Dataset]:
    """Return the objects, copies of those that are changed.

    Raises
    ------
    InputError
        If a change is of an object that is not there, or of an attribute that is not.
    """
    found = list(objects)
    for one in changes:
        if one.of not in SOP_CLASSES:
            raise InputError(f"unknown kind of object {one.of!r}", "of", did_you_mean(one.of, SOP_CLASSES, "kinds"))
        places = [index for index, ds in enumerate(found) if kind_of(str(ds.get("SOPClassUID", ""))) == one.of]
        if not places or (one.nth != "all" and one.nth > len(places)):
            what = f"{len(places)} objects of kind {one.of} are loaded, there is none to change"
            raise InputError(what, one.path, "leave the change out, or load more")
        for index in places if one.nth == "all" else [places[one.nth - 1]]:
            found[index] = deepcopy(found[index])
            change(found[index], one.path, one.value)
    return found
