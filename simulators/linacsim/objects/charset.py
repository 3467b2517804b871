"""Character sets of what is built here: the set that a text needs, and text that fits the set it is written in (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from pydicom import Dataset

from linacsim.objects.elements import vr_of

LATIN_1 = "ISO_IR 100"
UTF_8 = "ISO_IR 192"

_CODECS = {"": "ascii", "ISO_IR 6": "ascii", LATIN_1: "latin-1", UTF_8: "utf-8"}
"""Python's name of each Specific Character Set that exporters here write."""

_TEXT = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs whose repertoire Specific Character Set tells (PS3.5 6.1.2.3)."""


def charset_for(*texts: str) -> str:
    """Return the Specific Character Set that holds all `texts`: Latin-1 if it can, else UTF-8."""
    try:
        "".join(texts).encode("latin-1")
    except UnicodeEncodeError:
        return UTF_8
    return LATIN_1


def fit_charset(ds: Dataset) -> None:
    """Replace by ``?`` what the Specific Character Set of `ds` cannot write, as an exporter with a fixed set does."""
    codec = _CODECS.get(str(ds.get("SpecificCharacterSet") or ""))
    if codec is not None and codec != "utf-8":
        _fit(ds, codec)


def _fit(ds: Dataset, codec: str) -> None:
    for tag in list(ds.keys()):
        vr = vr_of(ds, tag)
        if vr == "SQ":
            for item in ds[tag].value:
                _fit(item, codec)
        elif vr in _TEXT:
            element = ds[tag]
            text = "\\".join(map(str, element.value)) if element.VM > 1 else str(element.value or "")
            if not text.isascii():
                fitted = text.encode(codec, "replace").decode(codec)
                if fitted != text:
                    element.value = fitted.split("\\") if element.VM > 1 else fitted
