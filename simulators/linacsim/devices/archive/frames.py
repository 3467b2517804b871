"""Frames taken out of a multi-frame object, as a new object (PS3.4 Y.3, PS3.3 C.12.3).

Native and encapsulated pixel data are cut, never decoded: a frame is a run of bytes, or a fragment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

from linacsim.devices.archive.matching import texts
from linacsim.devices.archive.payload import Payload, read, reading, write
from linacsim.devices.archive.suboperations import (
    CANNOT_CREATE,
    CANNOT_EXTRACT,
    INVALID_FRAME_REQUEST,
    NO_SUCH_FRAMES,
    NOT_TIME_BASED,
)

KEYS = ("SimpleFrameList", "CalculatedFrameList", "TimeRange")
_MILLISECONDS = 1000
_OF_FRAMES = ("FrameTimeVector", "GridFrameOffsetVector", "SliceLocationVector", "ImagePositionPatientVector")
_VIDEO = ("1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.101", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.103")


class FramesError(ValueError):
    """Frames cannot be had.

    Attributes
    ----------
    status : int
        AA00 to AA04 (PS3.4 Y.4.1.1.3).
    comment : str
        Why, for the Error Comment.
    """

    def __init__(self, status: int, comment: str) -> None:
        super().__init__(status, comment)
        self.status = status
        self.comment = comment


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """Which frames are wanted.

    Attributes
    ----------
    key : str
        The keyword that says it, one of `KEYS`.
    values : tuple of int or float
        Its values: frame numbers from 1; first, last and increment, for each range; or begin and end in seconds.
    """

    key: str
    values: tuple[float, ...]


def frame_request(identifier: Dataset) -> FrameRequest:
    """Return what an identifier at the FRAME level asks for.

    Raises
    ------
    FramesError
        If it has not exactly one of the keys, or its values make no sense (AA04).
    """
    named = [key for key in KEYS if key in identifier and texts(identifier[key])]
    if len(named) != 1:
        raise FramesError(INVALID_FRAME_REQUEST, f"{len(named)} of the frame keys where one is wanted")
    key = named[0]
    try:
        values = tuple(float(text) for text in texts(identifier[key]))
    except ValueError as exc:
        raise FramesError(INVALID_FRAME_REQUEST, f"{key} is no number") from exc
    sound = {
        "SimpleFrameList": all(value >= 1 for value in values),
        "CalculatedFrameList": len(values) % 3 == 0 and all(_is_range(*values[at : at + 3]) for at in _starts(values)),
        "TimeRange": len(values) == 2 and values[0] <= values[1],
    }
    if not sound[key]:
        raise FramesError(INVALID_FRAME_REQUEST, f"{key} makes no sense")
    return FrameRequest(key, values)


def _starts(values: Sequence[float]) -> range:
    return range(0, len(values) - 2, 3)


def _is_range(first: float, last: float = 0, step: float = 0) -> bool:
    return 1 <= first <= last and step >= 1


def extract(payload: Payload, request: FrameRequest, new_uid: str) -> Payload:
    """Return a new object with the frames that are asked for.

    Parameters
    ----------
    payload : Payload
        The multi-frame object.
    request : FrameRequest
        Which frames.
    new_uid : str
        SOP Instance UID of the new object.

    Raises
    ------
    FramesError
        AA00 if it has none of the frames, AA01 if no object can be made of its kind, AA02 if they cannot be cut out, AA03 if
        a time range is asked for and its frames have no times.
    """
    try:
        with reading():
            ds = read(payload)
            frames = _chosen(ds, request)
            _check_kind(ds, payload.syntax)
            _cut(ds, frames, payload.syntax)
            _tell(ds, request, new_uid)
            return write(ds, payload.syntax)
    except FramesError:
        raise
    except ValueError as exc:
        raise FramesError(CANNOT_EXTRACT, str(exc)) from exc


def _count(ds: Dataset) -> int:
    return int(ds.get("NumberOfFrames") or 1)


def _chosen(ds: Dataset, request: FrameRequest) -> list[int]:
    """Return the indices of the frames, from 0."""
    count = _count(ds)
    if request.key == "SimpleFrameList":
        wanted = [int(value) - 1 for value in request.values]
    elif request.key == "CalculatedFrameList":
        wanted = [
            frame - 1
            for at in _starts(request.values)
            for frame in range(int(request.values[at]), int(request.values[at + 1]) + 1, int(request.values[at + 2]))
            if frame <= count
        ]
    else:
        begin, end = request.values
        wanted = [frame for frame, time in enumerate(_times(ds, count)) if begin <= time <= end]
    found = [frame for frame in dict.fromkeys(wanted) if 0 <= frame < count]
    if not found:
        raise FramesError(NO_SUCH_FRAMES, f"none of the frames is there, it has {count}")
    return found


def _times(ds: Dataset, count: int) -> list[float]:
    """Return when each frame was taken, in seconds from the first."""
    if ds.get("FrameTimeVector") is not None:
        steps = [float(step) for step in ds.FrameTimeVector]
        return [sum(steps[: frame + 1]) / _MILLISECONDS for frame in range(count)]
    if ds.get("FrameTime") is not None:
        return [frame * float(ds.FrameTime) / _MILLISECONDS for frame in range(count)]
    raise FramesError(NOT_TIME_BASED, "the frames have no times")


def _check_kind(ds: Dataset, syntax: UID) -> None:
    if "PixelData" not in ds:
        raise FramesError(CANNOT_CREATE, "the object has no frames")
    if str(syntax).startswith(_VIDEO):
        raise FramesError(CANNOT_EXTRACT, "frames of a video are not extracted")


def _cut(ds: Dataset, frames: list[int], syntax: UID) -> None:
    """Leave the frames, and what there is one of for each."""
    count = _count(ds)
    if syntax.is_encapsulated:
        all_frames = list(generate_frames(ds.PixelData, number_of_frames=count))
        ds.PixelData = encapsulate([all_frames[frame] for frame in frames])
        ds["PixelData"].is_undefined_length = True
    else:
        ds.PixelData = _native(ds, frames, count)
    ds.NumberOfFrames = len(frames)
    for keyword in _OF_FRAMES:
        values = ds.get(keyword)
        if values is not None and len(values) == count:
            setattr(ds, keyword, [values[frame] for frame in frames])
    groups = ds.get("PerFrameFunctionalGroupsSequence")
    if groups is not None and len(groups) == count:
        ds.PerFrameFunctionalGroupsSequence = Items(groups[frame] for frame in frames)


def _native(ds: Dataset, frames: list[int], count: int) -> bytes:
    if int(ds.BitsAllocated) % 8:
        raise FramesError(CANNOT_EXTRACT, f"frames of {ds.BitsAllocated} bits a sample are not extracted")
    size = int(ds.Rows) * int(ds.Columns) * int(ds.get("SamplesPerPixel", 1)) * int(ds.BitsAllocated) // 8
    if len(ds.PixelData) < size * count:
        raise ValueError("the pixel data is too short")
    cut = b"".join(ds.PixelData[frame * size : (frame + 1) * size] for frame in frames)
    return cut + b"\0" * (len(cut) % 2)


def _tell(ds: Dataset, request: FrameRequest, new_uid: str) -> None:
    """Say where the object comes from (PS3.3 C.12.3)."""
    item = Dataset()
    item.MultiFrameSourceSOPInstanceUID = ds.SOPInstanceUID
    whole = request.key != "TimeRange"
    values: list[Any] = [int(value) if whole else value for value in request.values]
    setattr(item, request.key, values)
    ds.FrameExtractionSequence = Items([*(ds.get("FrameExtractionSequence") or ()), item])
    ds.SOPInstanceUID = new_uid
