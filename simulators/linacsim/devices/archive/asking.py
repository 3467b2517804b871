"""An archive as client of another one: a query, a retrieval."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.devices.archive.attributes import (
    LEVEL_OF,
    PatientStudyOnlyFind,
    PatientStudyOnlyGet,
    PatientStudyOnlyMove,
    RepositoryQuery,
)
from linacsim.devices.archive.composite import CompositeInstanceRootGet, CompositeInstanceRootMove, WithoutBulkDataGet
from linacsim.devices.archive.frames import KEYS
from linacsim.devices.archive.negotiation import negotiated, wanted, wish
from linacsim.devices.archive.personality import Query, Retrieve
from linacsim.devices.entity import NetworkSettings, application_entity, associate
from linacsim.devices.queryretrieve import (
    Moved,
    PatientRootFind,
    PatientRootGet,
    PatientRootMove,
    StudyRootFind,
    StudyRootGet,
    StudyRootMove,
    find,
    get,
    move,
)
from linacsim.devices.storage.services import StoragePeer
from linacsim.errors import InputError, PlayFailure
from linacsim.settings import did_you_mean

_FIND = {
    "patient": PatientRootFind,
    "study": StudyRootFind,
    "patient-study-only": PatientStudyOnlyFind,
    "repository": RepositoryQuery,
}
_MOVE = {
    "patient": PatientRootMove,
    "study": StudyRootMove,
    "patient-study-only": PatientStudyOnlyMove,
    "composite": CompositeInstanceRootMove,
}
_GET = {
    "patient": PatientRootGet,
    "study": StudyRootGet,
    "patient-study-only": PatientStudyOnlyGet,
    "composite": CompositeInstanceRootGet,
    "without-bulk-data": WithoutBulkDataGet,
}
_PRIORITIES = {"medium": 0, "high": 1, "low": 2}
_SYNTAXES: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_NUMBERS = ("UL", "UV", "FD")


def query(device: StoragePeer, what: Query) -> int:
    """Query a peer with C-FIND and return the number of matches.

    Raises
    ------
    PlayFailure
        If the final status is not the wanted one, there are not as many matches as wanted, or the responses break the rules.
    """
    identifier = _identifier(what.level, what.keys)
    ae, assoc = _called(device, what, [build_context(_FIND[what.root])])
    found = find(device, ae, assoc, _FIND[what.root], identifier, cancel_after=what.cancel_after)
    assoc.release()
    _expect(f"C-FIND to {what.to}", found.status, wanted=what.status)
    if found.complaints is not None and found.complaints.texts:
        raise PlayFailure(f"C-FIND to {what.to}: {found.complaints}")
    count = len(found.identifiers)
    if what.matches is not None and count != what.matches:
        raise PlayFailure(f"C-FIND to {what.to}: {count} matches instead of {what.matches}")
    return count


def retrieve(device: StoragePeer, what: Retrieve) -> None:
    """Let a peer send objects with C-MOVE or C-GET.

    Raises
    ------
    PlayFailure
        If the final status is not the wanted one, or the responses break the rules; the text tells the counters.
    """
    identifier = _identifier(what.level, what.keys)
    before = _arrived(device)
    moved = _moved(device, what, identifier) if what.by == "move" else _got(device, what, identifier)
    who, counters = f"C-{what.by.upper()} to {what.to}", moved.counters
    told = "" if counters.failed is None else f", {counters.completed} completed, {counters.failed} failed"
    _expect(who, moved.status, told, what.status)
    if what.believing or moved.complaints is None:
        return
    comes_here = what.by == "get" or what.destination in (None, device.name)
    if comes_here and counters.completed is not None:
        said, came = counters.completed + (counters.warning or 0), _arrived(device) - before
        if said != came:
            moved.complaints.add(f"{said} objects have been sent by its counters, {came} have arrived")
    if moved.complaints.texts:
        raise PlayFailure(f"{who}: {moved.complaints}")


def _moved(device: StoragePeer, what: Retrieve, identifier: Dataset) -> Moved:
    model = _model(what, _MOVE)
    ae, assoc = _called(device, what, [build_context(model)])
    moved = move(
        device,
        ae,
        assoc,
        model,
        identifier,
        what.destination or device.name,
        priority=_PRIORITIES[what.priority],
        cancel_after=what.cancel_after,
    )
    assoc.release()
    return moved


def _got(device: StoragePeer, what: Retrieve, identifier: Dataset) -> Moved:
    model = _model(what, _GET)
    unknown = [kind for kind in what.kinds if kind not in SOP_CLASSES]
    if unknown:
        todo = did_you_mean(unknown[0], SOP_CLASSES, "kinds")
        raise InputError(f"unknown kind of object {unknown[0]!r}", "kinds", todo)
    classes = [SOP_CLASSES[kind] for kind in what.kinds or SOP_CLASSES]
    contexts = [build_context(model), *(build_context(one, _SYNTAXES) for one in classes)]
    takers = [handler for handler in device.handlers() if handler[0] is evt.EVT_C_STORE]
    roles = [build_role(one, scp_role=True) for one in classes]
    ae, assoc = _called(device, what, contexts, ext_neg=roles, evt_handlers=takers)
    moved = get(
        device,
        ae,
        assoc,
        model,
        identifier,
        priority=_PRIORITIES[what.priority],
        cancel_after=what.cancel_after,
    )
    assoc.release()
    return moved


def _model(what: Retrieve, models: Mapping[str, str]) -> str:
    if what.root not in models:
        raise InputError(f"there is no C-{what.by.upper()} of {what.root!r}", "root", f"choose {', '.join(models)}")
    return models[what.root]


def _called(device: StoragePeer, what: Query | Retrieve, contexts: list[Any], **options: Any) -> tuple[AE, Association]:
    network: NetworkSettings = device.personality
    ae = application_entity(device, network)
    model = str(contexts[0].abstract_syntax)
    wishes = [wish(model, wanted(what.negotiate))] if what.negotiate else []
    items = [*options.pop("ext_neg", ()), *wishes]
    assoc = associate(device, ae, what.to, contexts, what.called or "", ext_neg=items, **options)
    if wishes:
        agreed = negotiated(assoc, model)
        granted = [name for name in what.negotiate if getattr(agreed, name.replace("-", "_"))]
        device.place.log("negotiated", granted=granted, **{"with": what.to})
    return ae, assoc


def _arrived(device: StoragePeer) -> int:
    """Return how many objects have been taken so far."""
    return sum(
        record["event"] == "object-stored" and record["at"] == device.name for record in device.place.kernel.log.records
    )


def _identifier(level: str, keys: Mapping[str, str | tuple[str, ...]]) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    with warnings.catch_warnings():
        # a key may have values that no attribute may have: wild cards, ranges
        warnings.simplefilter("ignore")
        for keyword, value in keys.items():
            if tag_for_keyword(keyword) is None:
                known = [*(keyword_for_tag(tag) for tag in LEVEL_OF), *KEYS]
                raise InputError(f"{keyword!r} is no keyword", "keys", did_you_mean(keyword, known, "keywords"))
            setattr(identifier, keyword, _value(keyword, value))
    return identifier


def _value(keyword: str, value: str | tuple[str, ...]) -> Any:
    """Return the value of a key; what is a number on the wire has to be one here."""
    vr = dictionary_VR(keyword)
    if vr == "OB":
        return str(value).encode("ascii", "replace")
    if vr not in _NUMBERS:
        return list(value) if isinstance(value, tuple) else value
    values = [value] if isinstance(value, str) else value
    try:
        return [float(one) if vr == "FD" else int(one) for one in values if one]
    except ValueError as exc:
        raise InputError(f"{value!r} is no number", f"keys.{keyword}", "write numbers, in a list if several") from exc


def _expect(who: str, status: Dataset, told: str = "", wanted: int = 0x0000) -> None:
    if status.Status != wanted:
        comment = f" ({status.ErrorComment})" if status.get("ErrorComment") else ""
        instead = f" instead of 0x{wanted:04X}" if wanted else ""
        raise PlayFailure(f"{who}: status 0x{status.Status:04X}{comment}{told}{instead}")
