"""An archive as client of another one: a query, a retrieval."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

from linacsim.devices.archive.attributes import LEVEL_OF
from linacsim.devices.archive.personality import Query, Retrieve
from linacsim.devices.device import Device
from linacsim.devices.entity import NetworkSettings, application_entity, associate
from linacsim.devices.queryretrieve import (
    PatientRootFind,
    PatientRootMove,
    StudyRootFind,
    StudyRootMove,
    find,
    move,
)
from linacsim.errors import InputError, PlayFailure
from linacsim.settings import did_you_mean

_FIND = {"patient": PatientRootFind, "study": StudyRootFind}
_MOVE = {"patient": PatientRootMove, "study": StudyRootMove}


def query(device: Device, what: Query) -> int:
    """Query a peer with C-FIND and return the number of matches.

    Raises
    ------
    PlayFailure
        If the final status is not Success, or there are not as many matches as wanted.
    """
    identifier = _identifier(what.level, what.keys)
    ae, assoc = _called(device, what, _FIND[what.root])
    found = find(device, ae, assoc, _FIND[what.root], identifier)
    assoc.release()
    _expect_success(f"C-FIND to {what.to}", found.status)
    count = len(found.identifiers)
    if what.matches is not None and count != what.matches:
        raise PlayFailure(f"C-FIND to {what.to}: {count} matches instead of {what.matches}")
    return count


def retrieve(device: Device, what: Retrieve) -> None:
    """Let a peer send objects with C-MOVE.

    Raises
    ------
    PlayFailure
        If the final status is not Success; the text tells the counters.
    """
    identifier = _identifier(what.level, what.keys)
    ae, assoc = _called(device, what, _MOVE[what.root])
    moved = move(device, ae, assoc, _MOVE[what.root], identifier, what.destination or device.name)
    assoc.release()
    counters = moved.counters
    told = "" if counters.failed is None else f", {counters.completed} completed, {counters.failed} failed"
    _expect_success(f"C-MOVE to {what.to}", moved.status, told)


def _called(device: Device, what: Query | Retrieve, model: str) -> tuple[AE, Association]:
    network: NetworkSettings = device.personality
    ae = application_entity(device, network)
    return ae, associate(device, ae, what.to, [build_context(model)], what.called or "")


def _identifier(level: str, keys: Mapping[str, str | tuple[str, ...]]) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    with warnings.catch_warnings():
        # a key may have values that no attribute may have: wild cards, ranges
        warnings.simplefilter("ignore")
        for keyword, value in keys.items():
            if tag_for_keyword(keyword) is None:
                known = [keyword_for_tag(tag) for tag in LEVEL_OF]
                raise InputError(f"{keyword!r} is no keyword", "keys", did_you_mean(keyword, known, "keywords"))
            setattr(identifier, keyword, list(value) if isinstance(value, tuple) else value)
    return identifier


def _expect_success(who: str, status: Dataset, told: str = "") -> None:
    if status.Status != 0:
        comment = f" ({status.ErrorComment})" if status.get("ErrorComment") else ""
        raise PlayFailure(f"{who}: status 0x{status.Status:04X}{comment}{told}")
