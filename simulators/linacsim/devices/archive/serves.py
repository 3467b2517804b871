"""What an archive accepts when an association is negotiated: SOP classes, and their transfer syntaxes in its order."""

from __future__ import annotations

from typing import Literal

from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE

from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.devices.queryretrieve import (
    PatientRootFind,
    PatientRootGet,
    PatientRootMove,
    StudyRootFind,
    StudyRootGet,
    StudyRootMove,
)
from linacsim.devices.sopclasses import STORAGE, Verification
from linacsim.devices.uids import is_uid
from linacsim.errors import InputError
from linacsim.settings import Settings, did_you_mean

Service = Literal[
    "patient-root-find", "patient-root-move", "patient-root-get",
    "study-root-find", "study-root-move", "study-root-get",
    "patient-study-only-find", "patient-study-only-move", "patient-study-only-get",
    "composite-instance-root-move", "composite-instance-root-get", "retrieve-without-bulk-data-get",
    "repository-query", "storage-commitment", "modality-worklist",
]  # fmt: skip
"""A service that is none of storage and verification."""
SERVICES: dict[Service, str] = {
    "patient-root-find": PatientRootFind,
    "patient-root-move": PatientRootMove,
    "patient-root-get": PatientRootGet,
    "study-root-find": StudyRootFind,
    "study-root-move": StudyRootMove,
    "study-root-get": StudyRootGet,
    "patient-study-only-find": "1.2.840.10008.5.1.4.1.2.3.1",
    "patient-study-only-move": "1.2.840.10008.5.1.4.1.2.3.2",
    "patient-study-only-get": "1.2.840.10008.5.1.4.1.2.3.3",
    "composite-instance-root-move": "1.2.840.10008.5.1.4.1.2.4.2",
    "composite-instance-root-get": "1.2.840.10008.5.1.4.1.2.4.3",
    "retrieve-without-bulk-data-get": "1.2.840.10008.5.1.4.1.2.5.3",
    "repository-query": "1.2.840.10008.5.1.4.1.1.201.6",
    "storage-commitment": "1.2.840.10008.1.20.1",
    "modality-worklist": "1.2.840.10008.5.1.4.31",
}
"""Their SOP Class UIDs (PS3.4 C.5, C.6, J, K, Y, Z)."""
_SYNTAXES = {
    "implicit-little": ImplicitVRLittleEndian,
    "explicit-little": ExplicitVRLittleEndian,
    "explicit-big": ExplicitVRBigEndian,
}


class Serves(Settings):
    """What is accepted; what is left out of this is everything that an archive here can do.

    Attributes
    ----------
    services : list of str
        Services beside storage and verification, such as ``study-root-find``; all if left out.
    storage : list of str
        Kinds of objects that are kept (``ct``, ``rtplan``...); every storage SOP class if left out.
    transfer_syntaxes : list of str
        ``implicit-little``, ``explicit-little``, ``explicit-big`` or UIDs, for every SOP class, the preferred one first;
        all, with Explicit VR Little Endian preferred, if left out.
    """

    services: tuple[Service, ...] | None = None
    storage: tuple[str, ...] = ()
    transfer_syntaxes: tuple[str, ...] = ()


def narrow(ae: AE, serves: Serves) -> None:
    """Take away from an application entity what it is not to accept.

    Raises
    ------
    InputError
        If `serves` names what is no kind of object or no transfer syntax.
    """
    syntaxes = [_syntax(one) for one in serves.transfer_syntaxes]
    kept = _kept(serves)
    for context in ae.supported_contexts:
        uid, able = str(context.abstract_syntax), list(context.transfer_syntax or ())
        # a stable sort: Explicit VR Little Endian comes first, as Implicit VR forgets what private elements are
        able.sort(key=lambda one: one != ExplicitVRLittleEndian)
        known: list[str | UID] = [one for one in syntaxes if one in able] if syntaxes else [*able]
        ae.remove_supported_context(uid)
        if uid in kept and known:
            ae.add_supported_context(uid, known, scu_role=context.scu_role, scp_role=context.scp_role)


def _kept(serves: Serves) -> set[str]:
    """Return the SOP classes that are accepted."""
    unknown = [kind for kind in serves.storage if kind not in SOP_CLASSES]
    if unknown:
        what = f"unknown kind of object {unknown[0]!r}"
        raise InputError(what, "serves.storage", did_you_mean(unknown[0], SOP_CLASSES, "kinds"))
    storage = {SOP_CLASSES[kind] for kind in serves.storage} or {str(one) for one in STORAGE}
    services = SERVICES if serves.services is None else serves.services
    return {str(Verification), *storage, *(str(SERVICES[one]) for one in services)}


def _syntax(name: str) -> UID:
    known = _SYNTAXES.get(name)
    if known is not None:
        return known
    if not is_uid(name) or not UID(name).is_transfer_syntax:
        todo = did_you_mean(name, _SYNTAXES, "transfer syntaxes") + " or give a UID"
        raise InputError(f"unknown transfer syntax {name!r}", "serves.transfer-syntaxes", todo)
    return UID(name)
