"""The values that the settings of a fault are drawn from; ``None`` leaves one out, and the fault draws it itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from linacsim.devices.registry import KINDS
from linacsim.faults.model import ACTIONS, DATA, WORDS
from linacsim.settings import Settings, to_key

HARDWARE = "hardware"
Values = Mapping[str, tuple[Any, ...]]

_SOON, _LONG = ("20 ms", "2 s", "20 s"), ("40 s", "2 min")
"""Shorter than the usual timeouts of 30 s, and longer."""
_OPEN: Values = {"during": (None, *_SOON, *_LONG)}
_BYTE = (None, 0, 20)

_SETTINGS: Mapping[str, Values] = {
    "refuse": _OPEN,
    "black-hole": _OPEN,
    "backlog-full": _OPEN,
    "latency": {"delay": (*_SOON, *_LONG), "jitter": (None, "50 ms", "5 s")},
    "throttle": {"rate": (2_000, 20_000, 200_000)},
    "slice": {"size": (300, 3_000), "pause": (None, "10 ms")},
    "stall": {"byte": _BYTE, **_OPEN},
    "reset": {"byte": _BYTE},
    "early-close": {"byte": _BYTE},
    "half-close": {"byte": _BYTE},
    "slow-close": {"delay": (*_SOON, *_LONG)},
    "late-accept": {"delay": (*_SOON, *_LONG)},
    "late-response": {"delay": (*_SOON, *_LONG)},
    "no-response": {"for-good": (None, False)},
    "duplicate-response": {"delay": (None, *_SOON)},
    "pending-for-ever": {"interval": (None, "10 s")},
    "response-after-final": {"delay": (None, *_SOON)},
}
"""Of faults below the data set; those that are missing here have nothing that must be set."""

_FAILURES: Mapping[str, tuple[str, ...]] = {
    "C-STORE": ("A700", "A900", "C000", "0110"),
    "C-FIND": ("A700", "A900", "C001"),
    "C-MOVE": ("A701", "A702", "A801", "C001"),
    "C-GET": ("A701", "A702", "C001"),
}
_GENERAL = ("0110", "0213", "0106")
"""Statuses are failures: another one would say of what was refused that it is there."""

_IMAGE = ("PatientID", "PatientName", "StudyInstanceUID", "SeriesInstanceUID", "StudyDate", "Modality")
_QUERY = ("QueryRetrieveLevel", "PatientID", "StudyInstanceUID")
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "C-STORE-RQ": _IMAGE,
    **dict.fromkeys(("C-FIND-RQ", "C-FIND-RSP", "C-MOVE-RQ", "C-GET-RQ"), _QUERY),
    "N-CREATE-RQ": ("ImageDisplayFormat", "FilmSizeID", "FilmOrientation", "NumberOfCopies"),
    "N-SET-RQ": ("BasicGrayscaleImageSequence", "BasicColorImageSequence"),
    "N-GET-RSP": ("PrinterStatus", "PrinterStatusInfo"),
    "N-EVENT-REPORT-RQ": ("TransactionUID", "PrinterName"),
}
"""What most messages of their kind have; of the others nothing is known."""


def drawable(do: str) -> bool:
    """Whether values are known for everything that a fault of the network needs."""
    return do in _SETTINGS or do == "status" or WORDS[do].layer == DATA or not _needed(ACTIONS[do])


def settings_of(do: str, on: str, kind: str = "") -> Values | None:
    """Return the values of each setting of a fault on the event `on`; ``None`` if it cannot be drawn there.

    With a `kind` of device it is a breakage of its hardware: one that mends by itself.
    """
    if kind:
        return _of_a_breakage(KINDS[kind].breakages[do].settings)
    if do == "status":
        return {"code": _FAILURES.get(on.rpartition("-")[0], _GENERAL)}
    if WORDS[do].layer == DATA:
        return _of_data(do, on)
    return _SETTINGS.get(do, {})


def _of_data(do: str, on: str) -> Values | None:
    attributes = _ATTRIBUTES.get(on, ())
    match do:
        case "missing-attribute" | "wrong-vr" | "wrong-value" if not attributes:
            return None
        case "missing-attribute" | "wrong-vr":
            return {"attribute": attributes}
        case "wrong-value":
            return {"attribute": attributes, "value": ("", "WRONG", "9" * 70)}
        case "wrong-reference":
            uids = tuple(name for name in attributes if name.endswith("InstanceUID"))
            return {"attribute": uids} if uids else None
        case "truncated-pixels":
            return {"keep": (None, 0)}
    return {}


def _of_a_breakage(settings: type[Settings]) -> Values | None:
    values: dict[str, tuple[Any, ...]] = {}
    for name, field in settings.model_fields.items():
        if _is_its_end(name):
            values[to_key(name)] = ("5 s", "1 min")
        elif field.is_required():
            known = _known(field)
            if not known:
                return None
            values[to_key(name)] = known
    # what nobody mends would still be broken in the healed phase
    return values if any(_is_its_end(key) for key in values) else None


def _is_its_end(name: str) -> bool:
    """Whether a setting of a breakage says when it is over."""
    return name.endswith("after") or name in ("during", "down")


def _known(field: FieldInfo) -> tuple[Any, ...]:
    """Return the words that a setting knows, if it has a list of them."""
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()


def _needed(settings: type[Settings]) -> list[str]:
    return [name for name, field in settings.model_fields.items() if field.is_required()]
