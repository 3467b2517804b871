"""Encoding of a data set that was built here: File Meta Information and transfer syntax (PS3.10 7.1)."""

from __future__ import annotations

from copy import copy

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from linacsim.errors import InputError

IMPLEMENTATION_CLASS_UID = "2.25.252783306418217262214411204218563346413"
"""linacsim's own, where no system's is asked for."""
IMPLEMENTATION_VERSION_NAME = "LINACSIM"

UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
"""The transfer syntaxes that objects built here are encoded in."""


def prepare(ds: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> Dataset:
    """Return `ds` with File Meta Information for one transfer syntax, ready to be stored or sent.

    Parameters
    ----------
    ds : pydicom.Dataset
        A data set with SOP Class UID and SOP Instance UID; it stays as it is, its elements are shared.
    transfer_syntax : str
        Implicit or Explicit VR Little Endian, or the one that the object is encoded in; nothing is compressed or
        decompressed here.

    Raises
    ------
    InputError
        If the transfer syntax is another one, or the object is compressed and another one is asked for.
    """
    own = encoded_as(ds)
    if transfer_syntax != own and not {transfer_syntax, own or transfer_syntax} <= set(UNCOMPRESSED):
        names = " or ".join(uid.name for uid in UNCOMPRESSED)
        what = f"an object that is encoded as {UID(own).name}" if own else "an object built here"
        raise InputError(
            f"{what} is not encoded as {UID(transfer_syntax).name}", "", f"ask for {names} of pixels as they are"
        )
    prepared = copy(ds)
    prepared.file_meta = _file_meta(ds, transfer_syntax)
    return prepared


def encoded_as(ds: Dataset) -> str:
    """Return the transfer syntax that an object is encoded in; empty if nothing says so."""
    return str(getattr(ds, "file_meta", {}).get("TransferSyntaxUID") or "")


def _file_meta(ds: Dataset, transfer_syntax: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = UID(transfer_syntax)
    known = getattr(ds, "file_meta", FileMetaDataset())
    meta.ImplementationClassUID = known.get("ImplementationClassUID", IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = known.get("ImplementationVersionName", IMPLEMENTATION_VERSION_NAME)
    return meta
