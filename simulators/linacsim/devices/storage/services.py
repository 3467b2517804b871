"""C-STORE in both roles (PS3.4 Annex B), and C-ECHO."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.devices import commitmentclient, worklist
from linacsim.devices.commitment import UNRECOGNISED_OPERATION, Reference, StorageCommitmentPushModel
from linacsim.devices.commitmentclient import Commit, Expected, commit
from linacsim.devices.device import Action, Device, Kind
from linacsim.devices.entity import (
    Handlers,
    application_entity,
    associate,
    end,
    end_of,
    error_comment,
    heed_answer,
    listen,
)
from linacsim.devices.sopclasses import STORAGE, Verification
from linacsim.devices.storage.hardware import Disk, DiskFullError
from linacsim.devices.storage.instance import DamagedDataSetError, Received, check_complete, file_header, identity
from linacsim.devices.storage.personality import FillDisk, StoragePersonality, Store
from linacsim.devices.uids import is_uid, uid
from linacsim.devices.worklist import Worklist
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.border.links import link_of
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf
from linacsim.objects.imagefile import read_instance

SUCCESS = 0x0000
INVALID_SOP_INSTANCE = 0x0117
SOP_CLASS_NOT_SUPPORTED = 0x0122
OUT_OF_RESOURCES = 0xA700
MISMATCH = 0xA900
"""Data Set does not match SOP Class (PS3.4 B.2.3)."""
CANNOT_UNDERSTAND = 0xC000
DISK_FULL = "DISK FULL"


class RefusedError(Exception):
    """An instance is not taken.

    Attributes
    ----------
    status : int
        The status of the C-STORE response (PS3.4 B.2.3).
    comment : str
        Why, for its Error Comment.
    """

    def __init__(self, status: int, comment: str) -> None:
        super().__init__(status, comment)
        self.status = status
        self.comment = comment


class StoragePeer(Device):
    """A peer that keeps what it is sent, and sends files."""

    personality: StoragePersonality

    def __init__(self, place: Place, personality: StoragePersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.disk = Disk(place.kernel, personality.disk)
        self.expected = Expected(self)

    @property
    def folder(self) -> str:
        """Where its objects are on the shelf."""
        return f"objects/{self.file_name}"

    def start(self, port: int) -> None:
        """Listen for C-STORE of every storage SOP class, and for C-ECHO."""
        ae = application_entity(self, self.personality)
        self.support(ae)
        listen(self, ae, port, self.handlers())

    def support(self, ae: AE) -> None:
        """Add the presentation contexts that are accepted."""
        for sop_class in STORAGE:
            # it keeps the bytes as they come, so any encoding is as good as any other
            ae.add_supported_context(sop_class, ALL_TRANSFER_SYNTAXES)
        ae.add_supported_context(Verification)
        # who commits tells the result on an association of its own, as its requestor and SCP (PS3.4 J.3.3)
        ae.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)

    def handlers(self) -> Handlers:
        """Return who answers which message."""
        return [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda _event: SUCCESS),
            (evt.EVT_N_EVENT_REPORT, self.expected.received),
            (evt.EVT_N_ACTION, lambda _event: (failure(UNRECOGNISED_OPERATION, "it commits to nothing"), None)),
        ]

    def _store(self, event: evt.Event) -> int | Dataset:
        """Take an instance: look at it, find room, write it; only then Success (PS3.4 B.2.3)."""
        received = received_with(event)
        if is_uid(received.sop_class) and received.sop_class != event.context.abstract_syntax:
            return failure(SOP_CLASS_NOT_SUPPORTED, "the presentation context is of another SOP class")
        try:
            where = self.keep(received)
        except RefusedError as exc:
            return failure(exc.status, exc.comment)
        self.place.log("object-stored", object=where, **{"with": received.source}, bytes=len(received.data))
        return SUCCESS

    def keep(self, received: Received) -> str:
        """Take responsibility for an instance: when this returns, it is on the shelf under the path that is returned.

        Raises
        ------
        RefusedError
            If it is not taken; nothing has been kept then.
        """
        check(received)
        return self.write(received)

    def write(self, received: Received) -> str:
        """Write an instance that has been looked at; return its path on the shelf.

        Raises
        ------
        RefusedError
            If there is no room for it.
        """
        try:
            self.disk.reserve(len(received.data))
            return self._put(received)
        except (DiskFullError, OSError) as exc:
            comment = "disk full" if isinstance(exc, DiskFullError) else str(exc)
            raise RefusedError(OUT_OF_RESOURCES, comment) from exc

    def _put(self, received: Received) -> str:
        """Write the file; the same instance sent again with other contents gets a name of its own: nothing is lost."""
        name, copy = f"{received.sop_instance}.dcm", 1
        header = file_header(received.sop_class, received.sop_instance, received.syntax, received.source)
        while self.shelf.has(self.folder, name):
            if self.shelf.read(f"{self.folder}/{name}") == header + received.data:
                return f"{self.folder}/{name}"
            copy += 1
            name = f"{received.sop_instance}~{copy}.dcm"
        return self.shelf.put(self.folder, name, header, received.data)

    def store(self, what: Store) -> None:
        """Send files on one association; every one must be answered with Success or a warning."""
        images = [read_instance(self.find_file(name)) for name in what.images]
        ae = application_entity(self, self.personality)
        assoc = associate(self, ae, what.to, _contexts(images), what.called or "")
        try:
            for ordinal, image in enumerate(images):
                if ordinal:
                    self.place.kernel.sleep(what.interval)
                _send(assoc, image, what.to, ordinal % 0xFFFF + 1)
        except PlayFailure:
            # who is refused ends the association as well, instead of leaving it to the peer's patience
            if assoc.is_established:
                end(assoc, what.ends)
            raise
        self.place.kernel.sleep(what.linger)
        end(assoc, what.ends)

    def commit(self, what: Commit) -> None:
        """Send files, ask for Storage Commitment of them, and wait for the result.

        Raises
        ------
        PlayFailure
            If anything is not stored, or not committed.
        """
        if not (what.images or what.instances):
            raise InputError("nothing tells what to commit", "commit", "give `images`, or `instances`")
        references = [
            Reference(str(image.SOPClassUID), str(image.SOPInstanceUID))
            for image in (read_instance(self.find_file(name)) for name in what.images)
        ]
        if what.images:
            self.store(Store(to=what.to, called=what.called, images=what.images))
        references += [Reference(one.sop_class, one.sop_instance) for one in what.instances]
        commit(self, self.expected, what, references)

    def worklist(self, what: Worklist) -> None:
        """Ask a peer for its worklist."""
        worklist.ask(self, what)

    def conditions(self) -> frozenset[str]:
        """Return whether the disk is full."""
        return frozenset({DISK_FULL}) if self.disk.blocked else frozenset()

    def fill_disk(self, what: FillDisk) -> None:
        """The disk takes no more."""
        self.disk.blocked = True
        self.place.log("disk-full")
        if what.cleared_after is not None:
            self.place.kernel.spawn(self._clear, what.cleared_after, name="clearing the disk", place=self.place)

    def _clear(self, after: int) -> None:
        self.place.kernel.sleep(after)
        self.disk.blocked = False
        self.place.log("disk-cleared")


def _contexts(images: list[Dataset]) -> list[PresentationContext]:
    """Return one context for each SOP class and transfer syntax."""
    wanted = {(str(image.SOPClassUID), str(image.file_meta.TransferSyntaxUID)): None for image in images}
    return [build_context(sop_class, syntax) for sop_class, syntax in wanted]


def _send(assoc: Association, image: Dataset, peer: str, message_id: int) -> None:
    if not assoc.is_established:
        raise PlayFailure(f"C-STORE to {peer}: {end_of(assoc)}")
    try:
        status = assoc.send_c_store(image, msg_id=message_id)
    except ValueError as exc:
        raise PlayFailure(f"C-STORE to {peer}: {exc}") from exc
    if "Status" not in status:
        raise PlayFailure(f"C-STORE to {peer}: {end_of(assoc)}")
    heed_answer(assoc, message_id, f"C-STORE to {peer}")
    # 0000 and the warnings B000, B006, B007 (PS3.4 B.2.3): the peer has taken the instance
    if status.Status != SUCCESS and status.Status >> 12 != 0xB:
        comment = f" ({status.ErrorComment})" if "ErrorComment" in status else ""
        raise PlayFailure(f"C-STORE to {peer}: status 0x{status.Status:04X}{comment}")


def received_with(event: evt.Event) -> Received:
    """Return the instance that a C-STORE request has brought."""
    request: Any = event.request
    return Received(
        sop_class=str(request.AffectedSOPClassUID),
        sop_instance=str(request.AffectedSOPInstanceUID),
        syntax=uid(str(event.context.transfer_syntax)),
        data=request.DataSet.getvalue(),
        source=link_of(event.assoc).other,
    )


def check(received: Received) -> None:
    """Look at an instance as a careful receiver does.

    Raises
    ------
    RefusedError
        If UIDs are none or differ between command and data set, or the data set cannot be read to its end.
    """
    if not is_uid(received.sop_instance) or not is_uid(received.sop_class):
        raise RefusedError(INVALID_SOP_INSTANCE, "not a UID")
    try:
        inside = identity(received.data, received.syntax)
        check_complete(received.data, received.syntax)
    except DamagedDataSetError as exc:
        raise RefusedError(CANNOT_UNDERSTAND, str(exc)) from exc
    if inside != (received.sop_class, received.sop_instance):
        raise RefusedError(MISMATCH, "UIDs of command and data set differ")


def failure(code: int, comment: str) -> Dataset:
    """Return a status with an Error Comment (PS3.7 C)."""
    status = Dataset()
    status.Status = code
    status.ErrorComment = error_comment(comment)
    return status


KIND = Kind(
    name="storage",
    build=StoragePeer,
    settings=StoragePersonality,
    about="keeps every storage object it is sent, and sends files",
    actions={
        "store": Action(Store, "store"),
        "commit": Action(Commit, "commit"),
        "worklist": Action(Worklist, "worklist"),
    },
    breakages={"fill-disk": Action(FillDisk, "fill_disk")},
    events=frozenset({"object-stored", "disk-full", "disk-cleared"}) | commitmentclient.EVENTS | worklist.EVENTS,
    fields=frozenset({"object", "bytes"}) | commitmentclient.FIELDS | worklist.FIELDS,
    states=frozenset({DISK_FULL}),
)
StoragePeer.kind = KIND
