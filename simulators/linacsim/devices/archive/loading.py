"""Putting objects into an archive as if they had always been there: files, or a synthetic patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import encode

from linacsim.devices.archive.alter import alter
from linacsim.devices.archive.personality import Load
from linacsim.devices.archive.storing import Keeper
from linacsim.devices.storage.instance import Received
from linacsim.devices.storage.services import RefusedError
from linacsim.errors import InputError
from linacsim.objects.case import build_case
from linacsim.objects.imagefile import pydicom_errors, read_instance


def load(archive: Keeper, what: Load) -> None:
    """Put files or a patient into the archive; in a folder, what is no DICOM object is left out.

    Raises
    ------
    InputError
        If there is nothing to load, a file that is named is no object for an archive, or a change is of nothing.
    """
    if not what.files and what.case is None:
        raise InputError("nothing tells what to load", "load", "give `files`, or a `case`")
    found = [*_read(archive, what.files)]
    if what.case is not None:
        case = build_case(archive.place.kernel.identity, what.case.settings())
        found += [(f"the case's {ds.Modality}", ds) for ds in case.objects(what.what)]
    changed = alter([ds for _, ds in found], what.change)
    for (name, _), ds in zip(found, changed, strict=True):
        _take_in(archive, ds, name)


def _read(archive: Keeper, names: Sequence[str]) -> Iterator[tuple[str, Dataset]]:
    for name in names:
        path = Path(archive.find_file(name))
        if not path.is_dir():
            yield name, read_instance(str(path))
            continue
        for file in sorted(one for one in path.rglob("*") if one.is_file()):
            try:
                yield str(file), read_instance(str(file))
            except InputError as exc:
                archive.place.log("file-left-out", object=file.name, complaint=exc.what)


def _take_in(archive: Keeper, ds: Dataset, name: str) -> None:
    syntax = UID(ds.file_meta.TransferSyntaxUID)
    with pydicom_errors(name):
        data = encode(ds, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
        sop_class, sop_instance = str(ds.get("SOPClassUID", "")), str(ds.get("SOPInstanceUID", ""))
    if not (sop_class and sop_instance):
        raise InputError("SOP Class UID or SOP Instance UID is missing", name, "this is no object for an archive")
    if data is None:
        raise InputError("cannot be written again as it was read", name, "it may be damaged: export it again")
    try:
        where = archive.keep(Received(sop_class=sop_class, sop_instance=sop_instance, syntax=syntax, data=data))
    except RefusedError as exc:
        raise InputError(f"no object for an archive: {exc.comment}", name, "choose another file") from exc
    fields = {"sop_class": sop_class, "sop_instance": sop_instance}
    archive.place.log("object-loaded", object=where, bytes=len(data), **fields)
