"""Changing one attribute of an object by its path, as the checker writes paths: to make what should be refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from linacsim.errors import InputError
from linacsim.objects.elements import vr_of
from linacsim.objects.imagefile import pydicom_errors
from linacsim.settings import did_you_mean

Value = str | float | Sequence[str | float]

_STEP = re.compile(r"(?P<keyword>\w+)(\[(?P<index>\d+)\])?")


def change(ds: Dataset, path: str, value: Value | None) -> None:
    """Give an attribute another value, add it, or take it away.

    Parameters
    ----------
    ds : pydicom.Dataset
        The object; it is changed.
    path : str
        Keywords and indices of items from 0, such as ``BeamSequence[1].ControlPointSequence[0].GantryAngle``; with an index at
        its end it means that item.
    value : str, number or list of them, optional
        The new value; nothing takes the attribute, or the item, away.

    Raises
    ------
    InputError
        If the path leads nowhere, or the value is none for the attribute.
    """
    steps = path.split(".")
    for step in steps[:-1]:
        keyword, index = _parsed(step, path)
        if index is None:
            raise InputError(f"{keyword} is without an index", path, f"say {keyword}[0]")
        ds = _item(ds, keyword, index, path)
    keyword, index = _parsed(steps[-1], path)
    if index is not None:
        if value is not None:
            raise InputError(f"an item of {keyword} cannot be given a value", path, "name an attribute of the item")
        _item(ds, keyword, index, path)
        del ds[keyword].value[index]
    elif value is None:
        if keyword not in ds:
            raise InputError(f"{keyword} is not there", path, "leave it out")
        del ds[keyword]
    else:
        _set(ds, keyword, value, path)


def _parsed(step: str, path: str) -> tuple[str, int | None]:
    found = _STEP.fullmatch(step)
    if found is None:
        raise InputError(f"{step!r} is no part of a path", path, "write Keyword, or Keyword[0] for an item")
    keyword, index = found["keyword"], found["index"]
    if tag_for_keyword(keyword) is None:
        raise InputError(f"no attribute {keyword!r}", path, "use DICOM keywords, such as BeamSequence")
    return keyword, int(index) if index is not None else None


def _item(ds: Dataset, keyword: str, index: int, path: str) -> Dataset:
    items = ds.get(keyword)
    if not items:
        raise InputError(f"{keyword} is not there", path, did_you_mean(keyword, ds.dir(), "attributes"))
    if index >= len(items):
        raise InputError(f"{keyword} has {len(items)} items", path, f"give an index up to {len(items) - 1}")
    item: Dataset = items[index]
    return item


def _set(ds: Dataset, keyword: str, value: Value, path: str) -> None:
    plain = list(value) if isinstance(value, list | tuple) else value
    with pydicom_errors(path, "give a value that fits the attribute"):
        if keyword in ds and vr_of(ds, ds[keyword].tag) in ("DS", "IS", "CS", "LO", "UI", "DA", "TM", "SH"):
            plain = [str(one) for one in plain] if isinstance(plain, list) else str(plain)
        setattr(ds, keyword, plain)
