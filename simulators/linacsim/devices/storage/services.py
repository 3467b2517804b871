"""C-STORE in both roles (PS3.4 Annex B), and C-ECHO."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.devices.device import Action, Device, Kind
from linacsim.devices.entity import application_entity, associate, end, end_of, error_comment, listen
from linacsim.devices.sopclasses import Verification
from linacsim.devices.storage.hardware import Disk, DiskFullError
from linacsim.devices.storage.instance import DamagedDataSetError, check_complete, file_header, identity
from linacsim.devices.storage.personality import FillDisk, StoragePersonality, Store
from linacsim.devices.uids import is_uid
from linacsim.errors import PlayFailure
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


class StoragePeer(Device):
    """A peer that keeps what it is sent, and sends files."""

    personality: StoragePersonality

    def __init__(self, place: Place, personality: StoragePersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.disk = Disk(place.kernel, personality.disk)

    def start(self, port: int) -> None:
        """Listen for C-STORE of every storage SOP class, and for C-ECHO."""
        ae = application_entity(self, self.personality)
        for context in AllStoragePresentationContexts:
            # it keeps the bytes as they come, so any encoding is as good as any other
            ae.add_supported_context(context.abstract_syntax or "", ALL_TRANSFER_SYNTAXES)
        ae.add_supported_context(Verification)
        listen(self, ae, port, [(evt.EVT_C_STORE, self._store), (evt.EVT_C_ECHO, lambda _event: SUCCESS)])

    def _store(self, event: evt.Event) -> int | Dataset:
        """Take an instance: look at it, find room, write it; only then Success (PS3.4 B.2.3)."""
        request: Any = event.request
        sop_class, sop_instance = str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID)
        syntax = UID(event.context.transfer_syntax)
        data = request.DataSet.getvalue()
        if not is_uid(sop_instance) or not is_uid(sop_class):
            return _failure(INVALID_SOP_INSTANCE, "not a UID")
        if sop_class != event.context.abstract_syntax:
            return _failure(SOP_CLASS_NOT_SUPPORTED, "the presentation context is of another SOP class")
        try:
            inside = identity(data, syntax)
            check_complete(data, syntax)
        except DamagedDataSetError as exc:
            return _failure(CANNOT_UNDERSTAND, str(exc))
        if inside != (sop_class, sop_instance):
            return _failure(MISMATCH, "UIDs of command and data set differ")
        try:
            self.disk.reserve(len(data))
            where = self._keep(
                sop_instance, file_header(sop_class, sop_instance, syntax, link_of(event.assoc).other), data
            )
        except (DiskFullError, OSError) as exc:
            return _failure(OUT_OF_RESOURCES, "disk full" if isinstance(exc, DiskFullError) else str(exc))
        self.place.log("object-stored", object=where, **{"with": link_of(event.assoc).other}, bytes=len(data))
        return SUCCESS

    def _keep(self, sop_instance: str, header: bytes, data: bytes) -> str:
        """Write the file; the same instance sent again with other contents gets a name of its own: nothing is lost."""
        name, copy = f"{sop_instance}.dcm", 1
        kind = f"objects/{self.file_name}"
        while self.shelf.has(kind, name):
            if self.shelf.read(f"{kind}/{name}") == header + data:
                return f"{kind}/{name}"
            copy += 1
            name = f"{sop_instance}~{copy}.dcm"
        return self.shelf.put(kind, name, header, data)

    def store(self, what: Store) -> None:
        """Send files on one association; every one must be answered with Success or a warning."""
        images = [read_instance(self.find_file(name)) for name in what.images]
        ae = application_entity(self, self.personality)
        assoc = associate(self, ae, what.to, _contexts(images), what.called or "")
        for ordinal, image in enumerate(images):
            if ordinal:
                self.place.kernel.sleep(what.interval)
            _send(assoc, image, what.to, ordinal % 0xFFFF + 1)
        end(assoc, what.ends)

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
    # 0000 and the warnings B000, B006, B007 (PS3.4 B.2.3): the peer has taken the instance
    if status.Status != SUCCESS and status.Status >> 12 != 0xB:
        comment = f" ({status.ErrorComment})" if "ErrorComment" in status else ""
        raise PlayFailure(f"C-STORE to {peer}: status 0x{status.Status:04X}{comment}")


def _failure(code: int, comment: str) -> Dataset:
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
    actions={"store": Action(Store, "store")},
    breakages={"fill-disk": Action(FillDisk, "fill_disk")},
    events=frozenset({"object-stored", "disk-full", "disk-cleared"}),
    fields=frozenset({"object", "bytes"}),
)
StoragePeer.kind = KIND
