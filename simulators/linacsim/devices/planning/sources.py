"""Which objects an activity sends: the user's own files as they are, or a case that is built as the tables say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from pydicom.dataset import Dataset

from linacsim.conformance.kinds import NAMES, SOP_CLASSES, kind_of
from linacsim.conformance.model import Activity
from linacsim.devices.caseof import CaseOf
from linacsim.devices.planning.activities import Objects
from linacsim.devices.planning.peer import Peer
from linacsim.errors import InputError
from linacsim.objects.case import build_case
from linacsim.objects.export import export_case, exported_kinds
from linacsim.objects.imagefile import name_of, read_instance


def chosen(peer: Peer, what: Objects, groups: list[tuple[str, ...]], sop_classes: Collection[str]) -> list[Dataset]:
    """Return the objects of an activity, in its documented order.

    Parameters
    ----------
    peer : Peer
        The system.
    what : Objects
        What its user has chosen.
    groups : list of tuple of str
        The kinds of objects of each step, first things first; none: any kind, in any order.
    sop_classes : collection of str
        The SOP Class UIDs that the entity can send.

    Raises
    ------
    InputError
        If a file is none, or of a kind that the activity does not send.
    """
    if what.files:
        objects = [ds for ds in _read(peer, what.files) if not what.what or _kind(ds) in what.what]
    else:
        objects = _built(peer, what, groups, sop_classes)
    known = {SOP_CLASSES[kind] for group in groups for kind in group} or set(sop_classes)
    for ds in objects:
        if not (ds.get("SOPClassUID") and ds.get("SOPInstanceUID")):
            raise InputError(
                "SOP Class UID or SOP Instance UID is missing", name_of(ds), "it cannot be sent: leave it out"
            )
        if str(ds.get("SOPClassUID")) not in known:
            raise InputError(
                f"{name_of(ds) or 'the object'}: {_called(ds)} is not sent here", "files", f"this sends {_all(known)}"
            )
    if not objects:
        raise InputError("there is nothing to send", "files", "name files, or leave the choice to 'case'")
    order = [SOP_CLASSES[kind] for group in groups for kind in group]
    return sorted(objects, key=lambda ds: order.index(str(ds.SOPClassUID)) if order else 0)


def groups_of(activity: Activity | None) -> list[tuple[str, ...]]:
    """Return the kinds of objects that the steps of an activity store; none if a step stores any."""
    steps = [step for step in activity.steps if step.op == "C-STORE"] if activity is not None else []
    return [step.kinds for step in steps] if all(step.kinds for step in steps) else []


def _read(peer: Peer, names: Iterable[str]) -> Iterator[Dataset]:
    for name in names:
        path = peer.find_file(name)
        if name.startswith("pydicom:") or not Path(path).is_dir():
            yield read_instance(path)
            continue
        for file in files_below(Path(path)):
            try:
                yield read_instance(file)
            except InputError as exc:
                peer.place.log("file-left-out", object=file.name, complaint=exc.what)


def files_below(folder: Path, mask: str = "*") -> list[Path]:
    """Return the files of a folder and all below it whose names fit `mask`, sorted."""
    return sorted(one for one in folder.rglob("*") if one.is_file() and fnmatch(one.name, mask))


def _built(peer: Peer, what: Objects, groups: list[tuple[str, ...]], sop_classes: Collection[str]) -> list[Dataset]:
    """Return a case as the system exports it, the wanted kinds of it."""
    exported = [kind for kind in exported_kinds(peer.system) if SOP_CLASSES[kind] in sop_classes]
    kinds: list[str] = list(what.what)
    if not kinds and groups:
        # of alternatives the first that the system writes
        firsts = (next((kind for kind in group if kind in exported), None) for group in groups)
        kinds = [kind for kind in firsts if kind is not None]
    kinds = kinds or exported
    unknown = [kind for kind in kinds if kind not in exported]
    if unknown:
        todo = f"it makes {', '.join(exported)}"
        raise InputError(f"{peer.system.head.title} makes no {NAMES[unknown[0]]} to send here", "what", todo)
    return dressed(peer, what.case, kinds)


def dressed(peer: Peer, case: CaseOf, kinds: Iterable[str]) -> list[Dataset]:
    """Return the objects of a case as the system exports them; building takes no bench time.

    Raises
    ------
    InputError
        If the case cannot be built so.
    """
    identity, system, settings, wanted = peer.place.kernel.identity, peer.system, case.settings(), tuple(kinds)
    return peer.compute(lambda: export_case(build_case(identity, settings), system, wanted), "its objects to be built")


def _kind(ds: Dataset) -> str:
    return kind_of(str(ds.get("SOPClassUID", "")))


def _called(ds: Dataset) -> str:
    return NAMES.get(_kind(ds), "") or str(getattr(ds.get("SOPClassUID"), "name", "no SOP class"))


def _all(sop_classes: Iterable[str]) -> str:
    names = [NAMES[kind_of(one)] for one in sop_classes if kind_of(one)]
    return ", ".join(sorted(names)) or "nothing"
