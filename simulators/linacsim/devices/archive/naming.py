"""Where objects are filed: folders that a person can browse, whatever peers have written into their attributes."""

from __future__ import annotations

import hashlib

from pydicom.datadict import tag_for_keyword

from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.index import Header

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_LONGEST = 40
"""Characters of a part that a peer has chosen; with the rest it stays far from what file systems take."""
_NOBODY = "no-patient-id"


def series_folder(header: Header, study_folder: str = "") -> str:
    """Return the folder of a series, counted from that of the store: patient, study, series.

    Parameters
    ----------
    header : Header
        Of an instance in it.
    study_folder : str
        Where the study is already, if it is.
    """
    study = study_folder or f"{patient_name(header.unique[Level.PATIENT])}/{_study_name(header)}"
    modality = _kept_letters(_text(header, Level.SERIES, "Modality"), 16)
    return f"{study}/{_joined(modality, header.unique[Level.SERIES])}"


def patient_name(patient_id: str) -> str:
    """Return the name of a patient's folder: the Patient ID if it is a plain one, else what is plain of it and a check sum."""
    if not patient_id:
        return _NOBODY
    plain = _kept_letters(patient_id, _LONGEST)
    if plain == patient_id:
        return plain
    told = hashlib.blake2b(patient_id.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain}~{told}"


def file_name(sop_instance: str, copy: int = 1) -> str:
    """Return the name of an instance's file; the UID has been checked to be one."""
    return f"{sop_instance}.dcm" if copy == 1 else f"{sop_instance}~{copy}.dcm"


def instance_of(name: str) -> tuple[str, int]:
    """Return the SOP Instance UID and the number of the copy that the name of a file tells."""
    uid, _, copy = name.removesuffix(".dcm").partition("~")
    return uid, int(copy) if copy.isdecimal() else 1


def _study_name(header: Header) -> str:
    date = _text(header, Level.STUDY, "StudyDate").replace(".", "")
    return _joined(date if len(date) == 8 and date.isascii() and date.isdecimal() else "", header.unique[Level.STUDY])


def _joined(first: str, uid: str) -> str:
    return f"{first}_{uid}" if first else uid


def _text(header: Header, level: Level, keyword: str) -> str:
    found = header.values[level].texts(int(tag_for_keyword(keyword) or 0))
    return found[0] if found else ""


def _kept_letters(text: str, most: int) -> str:
    return "".join(char if char in _PLAIN else "_" for char in text[:most])
