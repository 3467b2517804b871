"""Identifiers of the models that have no patient and no study: Composite Instance Root Retrieve, Without Bulk Data (PS3.4 Y, Z)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from linacsim.devices.archive.attributes import NO_KEYS
from linacsim.devices.archive.frames import KEYS, FrameRequest, frame_request
from linacsim.devices.archive.matching import has_wild_card, texts
from linacsim.devices.archive.query import BadIdentifierError

CompositeInstanceRootMove = "1.2.840.10008.5.1.4.1.2.4.2"
CompositeInstanceRootGet = "1.2.840.10008.5.1.4.1.2.4.3"
WithoutBulkDataGet = "1.2.840.10008.5.1.4.1.2.5.3"

_LEVEL = 0x00080052
_SOP_INSTANCE = 0x00080018


@dataclass(frozen=True, slots=True)
class CompositeQuery:
    """What is asked for.

    Attributes
    ----------
    sop_instances : tuple of str
        The objects.
    frames : FrameRequest or None
        The frames that are wanted of the only object, at the FRAME level.
    """

    sop_instances: tuple[str, ...]
    frames: FrameRequest | None = None

    @property
    def level(self) -> str:
        """Query/Retrieve Level."""
        return "FRAME" if self.frames else "IMAGE"


def composite_query(identifier: Dataset, *, frames: bool) -> CompositeQuery:
    """Return what the identifier of a C-MOVE or C-GET asks for.

    Parameters
    ----------
    identifier : Dataset
        The request's identifier.
    frames : bool
        Whether the model has a FRAME level.

    Raises
    ------
    BadIdentifierError
        If it breaks the rules (A900).
    FramesError
        If it is one for frames that makes no sense (AA04).
    """
    level = texts(identifier.get(_LEVEL))
    if not level:
        raise BadIdentifierError("Query/Retrieve Level is missing", _LEVEL)
    levels = ("IMAGE", "FRAME") if frames else ("IMAGE",)
    if len(level) > 1 or level[0] not in levels:
        raise BadIdentifierError(f"the model has no level {level[0]}", _LEVEL)
    for_frames = level[0] == "FRAME"
    for element in identifier:
        known = element.tag in NO_KEYS or element.tag == _SOP_INSTANCE or element.tag.element == 0
        if not known and not (for_frames and element.keyword in KEYS):
            raise BadIdentifierError(f"{element.name} is no key of the level {level[0]}", int(element.tag))
    uids = texts(identifier.get(_SOP_INSTANCE))
    if not uids or any(has_wild_card(uid) for uid in uids):
        raise BadIdentifierError("SOP Instance UID is missing or has a wild card", _SOP_INSTANCE)
    if for_frames and len(uids) > 1:
        raise BadIdentifierError("frames are those of one SOP Instance UID", _SOP_INSTANCE)
    return CompositeQuery(tuple(dict.fromkeys(uids)), frame_request(identifier) if for_frames else None)
