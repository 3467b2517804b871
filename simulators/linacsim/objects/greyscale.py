"""One frame as grey between black and white: Modality LUT and VOI LUT (PS3.3 C.11.1, C.11.2)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi, apply_windowing

from linacsim.errors import InputError
from linacsim.objects.imagefile import decode, name_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DEPTH = 16
_TOP = 2**_DEPTH - 1
_LUMINANCE = (0.299, 0.587, 0.114)  # PS3.3 C.7.6.3.1.2, the Y of YBR_FULL
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GreyFrame:
    """One frame between black (0) and white (1).

    Parameters
    ----------
    shades : numpy.ndarray
        float64, shape (rows, columns).
    attributes : pydicom.Dataset
        What the data set says of this frame, functional groups included.
    note : tuple of str
        How the grey came about: window and units.
    """

    shades: NDArray[np.float64]
    attributes: Dataset
    note: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Window Center and Window Width behind the Modality LUT, and their VOI LUT Function (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: str = "LINEAR_EXACT"

    def __str__(self) -> str:
        return f"W {self.width:.6g} L {self.center:.6g}"


def shades(ds: Dataset, frame: int, window: tuple[float, float] | None) -> GreyFrame:
    """Decode a frame and bring it to grey.

    Parameters
    ----------
    ds : pydicom.Dataset
        An image.
    frame : int
        Frame, from 0.
    window : (float, float) or None
        Window Center and Window Width that override the data set.

    Returns
    -------
    GreyFrame
        The frame between black and white.

    Raises
    ------
    InputError
        If the pixels cannot be decoded or the window has no width. Broken attributes raise what pydicom raises.
    """
    chosen = _override(window, name_of(ds))
    attributes = frame_attributes(ds, frame)
    stored = decode(ds, frame)
    if ds.PhotometricInterpretation in {"MONOCHROME1", "MONOCHROME2"}:
        grey, note = _monochrome(ds, attributes, stored, chosen)
    else:
        grey, note = _colour(ds, stored, chosen)
    return GreyFrame(shades=grey, attributes=attributes, note=note)


def frame_attributes(ds: Dataset, frame: int) -> Dataset:
    """The attributes that hold for one frame, without pixels (PS3.3 C.7.6.16).

    Enhanced images keep spacing, position, rescale and window in functional groups: those of the frame come before
    those that all frames share, and both before the data set's own.

    Parameters
    ----------
    ds : pydicom.Dataset
        An image of one or many frames.
    frame : int
        Frame, from 0.

    Returns
    -------
    pydicom.Dataset
        A flat copy; elements are shared with `ds`.
    """
    flat = Dataset()
    flat.file_meta = ds.file_meta
    flat.update({tag: element for tag, element in ds.items() if tag.group < 0x7FE0})
    groups = [*(ds.get("SharedFunctionalGroupsSequence") or [])[:1]]
    groups += (ds.get("PerFrameFunctionalGroupsSequence") or [])[frame : frame + 1]
    for group in groups:
        for macro in group:
            if macro.VR == "SQ" and macro.value:
                flat.update(dict(macro.value[0].items()))
    return flat


def _override(window: tuple[float, float] | None, where: str) -> Window | None:
    if window is None:
        return None
    center, width = window
    if not (np.isfinite(center) and np.isfinite(width) and width > 0):
        raise InputError(f"a window of width {width:g} shows nothing", where, "give Window Center and a width above 0")
    return Window(center=float(center), width=float(width))


def _monochrome(
    ds: Dataset, attributes: Dataset, stored: Any, chosen: Window | None
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    grey, note = _shown(ds, attributes, stored, chosen)
    return (1 - grey if ds.PhotometricInterpretation == "MONOCHROME1" else grey), note


def _shown(
    ds: Dataset, attributes: Dataset, stored: Any, chosen: Window | None
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    if ds.get("Modality") == "RTDOSE" or "DoseGridScaling" in ds:
        return _dose(ds, stored, chosen)
    if ds.BitsAllocated == 1 or ds.get("SOPClassUID") == _SEGMENTATION:
        return np.asarray(stored / max(float(stored.max()), 1.0)), ("segment",)
    values = _behind_modality_lut(attributes, stored)
    if chosen is None and _has_voi_lut(attributes):
        return _through_voi_lut(attributes, values)
    own = chosen or _window_of(attributes)
    if own is not None:
        return _windowed(values, own), (str(own),)
    robust = _robust_window(values[~_padding(attributes, stored)])
    return _windowed(values, robust), (str(robust), "auto window 1-99 %")


def _colour(ds: Dataset, stored: Any, chosen: Window | None) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    # pixel_array has turned YBR into RGB already; a palette gives 8 or 16 bits, whatever the pixels have.
    rgb, top = stored, 2.0 ** int(ds.get("BitsStored") or ds.BitsAllocated) - 1
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        rgb = apply_color_lut(stored, ds)
        top = float(np.iinfo(rgb.dtype).max)
    luminance = np.asarray(rgb[..., :3], dtype=np.float64) @ np.asarray(_LUMINANCE)
    if chosen is not None:
        return _windowed(luminance, chosen), (str(chosen), "colour as grey")
    return np.clip(luminance / top, 0.0, 1.0), ("colour as grey",)


def _dose(ds: Dataset, stored: Any, chosen: Window | None) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    # PS3.3 C.8.8.3: Dose Grid Scaling times the stored value is the dose in Dose Units.
    scaling = float(ds.get("DoseGridScaling") or 1.0)
    unit = {"GY": "Gy", "RELATIVE": "rel."}.get(str(ds.get("DoseUnits", "")), "units")
    top = float(decode(ds, None).max()) * scaling
    shown = chosen or Window(center=top / 2, width=top if top > 0 else 1.0)
    low, high = shown.center - shown.width / 2, shown.center + shown.width / 2
    note = (f"{low:.4g} - {high:.4g} {unit}",)
    return _windowed(stored * scaling, shown), note if chosen is None else (*note, f"max {top:.4g} {unit}")


def _behind_modality_lut(attributes: Dataset, stored: Any) -> NDArray[np.float64]:
    source = attributes
    if attributes.get("ModalityLUTSequence"):
        # pydicom subtracts in the type of the pixels and knows no 10 to 15 bit tables: give it room for both.
        source = _with_wide_table(attributes, "ModalityLUTSequence")
        stored = _within_table(stored, source.ModalityLUTSequence[0])
    return np.asarray(apply_modality_lut(stored, source), dtype=np.float64)


def _has_voi_lut(attributes: Dataset) -> bool:
    items = attributes.get("VOILUTSequence")
    return bool(items) and all(items[0].get(keyword) is not None for keyword in ("LUTDescriptor", "LUTData"))


def _through_voi_lut(attributes: Dataset, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    top = 2.0 ** int(attributes.VOILUTSequence[0].LUTDescriptor[2]) - 1
    source = _with_wide_table(attributes, "VOILUTSequence")
    mapped = apply_voi(_within_table(np.round(values), source.VOILUTSequence[0]), source)
    explanation = str(attributes.VOILUTSequence[0].get("LUTExplanation") or "")
    return np.clip(mapped / top, 0.0, 1.0), (f"VOI LUT {explanation}".strip(),)


def _with_wide_table(attributes: Dataset, keyword: str) -> Dataset:
    source = Dataset()
    source.file_meta = attributes.file_meta  # the byte order of a table in OW
    setattr(source, keyword, deepcopy(attributes[keyword].value))
    item = source[keyword].value[0]
    item.LUTDescriptor = [*item.LUTDescriptor[:2], _DEPTH]
    return source


def _within_table(values: Any, item: Dataset) -> NDArray[np.int64]:
    entries, first = int(item.LUTDescriptor[0]) or 2**16, int(item.LUTDescriptor[1])
    return np.clip(np.asarray(values).astype(np.int64), first, first + entries - 1)


def _window_of(attributes: Dataset) -> Window | None:
    center, width = _first(attributes.get("WindowCenter")), _first(attributes.get("WindowWidth"))
    function = str(attributes.get("VOILUTFunction") or "LINEAR")
    if center is None or width is None or function not in {"LINEAR", "LINEAR_EXACT", "SIGMOID"}:
        return None
    # A width the function does not allow says nothing (PS3.3 C.11.2.1.2.1): as good as no window.
    return Window(center=center, width=width, function=function) if width >= 1 or function != "LINEAR" else None


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, (int, float)):
        return float(value)
    return float(value[0]) if len(value) else None


def _padding(attributes: Dataset, stored: Any) -> NDArray[np.bool_]:
    # PS3.3 C.7.5.1.1.2: the padding is told in stored values, as one value or as a range.
    value = attributes.get("PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, dtype=np.bool_)
    limit = attributes.get("PixelPaddingRangeLimit")
    low, high = sorted((int(value), int(value if limit is None else limit)))
    return np.asarray((stored >= low) & (stored <= high))


def _robust_window(values: NDArray[np.float64]) -> Window:
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, (1, 99)) if known.size else (0.0, 1.0)
    if high <= low:
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if high <= low:
        low, high = low - 0.5, low + 0.5
    if high - low > 20:
        low, high = np.floor(low), np.ceil(high)
    return Window(center=float(low + high) / 2, width=float(high - low))


def _windowed(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    # A data set of its own pins pydicom's output to 0..65535, whatever the image's rescale and depth are.
    target = Dataset()
    target.PhotometricInterpretation = "MONOCHROME2"
    target.PixelRepresentation, target.BitsStored = 0, _DEPTH
    target.WindowCenter, target.WindowWidth = window.center, window.width
    target.VOILUTFunction = window.function
    with np.errstate(over="ignore"):
        shown = apply_windowing(np.nan_to_num(np.asarray(values, dtype=np.float64)), target)
    return np.asarray(np.clip(shown / _TOP, 0.0, 1.0), dtype=np.float64)
