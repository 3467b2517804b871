"""A short word for each SOP class that conformance statements speak of: ``ct``, ``rtplan``."""

from __future__ import annotations

KINDS = {
    "1.2.840.10008.5.1.4.1.1.1": "cr",
    "1.2.840.10008.5.1.4.1.1.2": "ct",
    "1.2.840.10008.5.1.4.1.1.4": "mr",
    "1.2.840.10008.5.1.4.1.1.7": "sc",
    "1.2.840.10008.5.1.4.1.1.7.4": "mfsc",
    "1.2.840.10008.5.1.4.1.1.66.1": "reg",
    "1.2.840.10008.5.1.4.1.1.128": "pet",
    "1.2.840.10008.5.1.4.1.1.481.1": "rtimage",
    "1.2.840.10008.5.1.4.1.1.481.2": "rtdose",
    "1.2.840.10008.5.1.4.1.1.481.3": "rtstruct",
    "1.2.840.10008.5.1.4.1.1.481.5": "rtplan",
    "1.2.840.10008.5.1.4.1.1.481.8": "rtionplan",
}
"""The word by SOP Class UID (PS3.6 A)."""

SOP_CLASSES = {kind: uid for uid, kind in KINDS.items()}
"""The SOP Class UID by word."""

NAMES = {
    "cr": "CR Image",
    "ct": "CT Image",
    "mr": "MR Image",
    "sc": "Secondary Capture Image",
    "mfsc": "Multi-frame True Color SC Image",
    "reg": "Spatial Registration",
    "pet": "PET Image",
    "rtimage": "RT Image",
    "rtdose": "RT Dose",
    "rtstruct": "RT Structure Set",
    "rtplan": "RT Plan",
    "rtionplan": "RT Ion Plan",
}
"""What a person calls it."""


def kind_of(sop_class: str) -> str:
    """Return the word for a SOP class; empty if conformance statements here do not speak of it."""
    return KINDS.get(sop_class, "")
