"""An object in another transfer syntax: what a planning system does with its own data before it sends or keeps them."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import encode

from linacsim.devices.storage.instance import file_header
from linacsim.errors import InputError
from linacsim.objects.imagefile import name_of, pydicom_errors

_WORDS = {"OW": 2, "OL": 4, "OF": 4, "OV": 8, "OD": 8}
"""Bytes of a word, by value representations whose values are left as bytes."""


def transcoded(ds: Dataset, syntax: str) -> Dataset:
    """Return `ds` in an uncompressed transfer syntax; the same object if it has that already.

    Parameters
    ----------
    ds : pydicom.Dataset
        With File Meta Information; it stays as it is.
    syntax : str
        Implicit VR Little Endian, Explicit VR Little Endian or Explicit VR Big Endian.

    Raises
    ------
    InputError
        If it cannot be decompressed or written so.
    """
    wanted, has = UID(syntax), UID(ds.file_meta.TransferSyntaxUID)
    if wanted == has:
        return ds
    with pydicom_errors(name_of(ds), f"convert it to {wanted.name} first"):
        twin = deepcopy(ds)
        if has.is_compressed and not has.is_deflated:
            twin.decompress(generate_instance_uid=False)
            has = UID(twin.file_meta.TransferSyntaxUID)
        if has.is_little_endian != wanted.is_little_endian:
            _swap(twin, little=wanted.is_little_endian)
        data = encode(twin, wanted.is_implicit_VR, wanted.is_little_endian)
        if data is None:
            raise InputError(f"cannot be written in {wanted.name}", name_of(ds), "it may be damaged: export it again")
        return parsed(data, wanted, twin)


def parsed(data: bytes, syntax: str, like: Dataset) -> Dataset:
    """Return the data set of encoded `data`; SOP Class and Instance UID are those of `like`."""
    header = file_header(str(like.SOPClassUID), str(like.SOPInstanceUID), syntax, "")
    read: Dataset = dcmread(BytesIO(header + data))
    read.filename = getattr(like, "filename", None)
    return read


def _swap(ds: Dataset, *, little: bool) -> None:
    """Turn the bytes of words round, wherever pydicom leaves values as bytes; all others it turns by itself."""
    there, here = ("<", ">") if little else (">", "<")
    for element in ds.iterall():
        size = _WORDS.get(str(element.VR), 1)
        if size > 1 and isinstance(element.value, bytes) and len(element.value) % size == 0:
            element.value = np.frombuffer(element.value, f"{here}u{size}").astype(f"{there}u{size}").tobytes()
