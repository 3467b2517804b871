"""C-MOVE and C-GET (PS3.4 C.4.2, C.4.3): which instances, over which association, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Protocol

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian
from pynetdicom.association import Association
from pynetdicom.dsutils import decode, encode
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.devices.archive.index import Kept
from linacsim.devices.archive.suboperations import Conversation, Suboperations, is_open
from linacsim.errors import PlayFailure
from linacsim.kernel.border.links import link_of

_CONTEXTS_MOST = 128
"""Presentation contexts of an association: their IDs are the odd numbers up to 255 (PS3.8 9.3.2.2)."""
_WORDS = {"OW": 2, "OL": 4, "OF": 4, "OV": 8, "OD": 8}
"""Bytes of a word, by value representations whose values pydicom leaves as bytes."""


class Source(Protocol):
    """What a retrieval needs of the archive."""

    def read(self, kept: Kept) -> bytes:
        """Return the file of an instance; `OSError` or `KeyError` if it is gone."""

    def call(self, destination: str, contexts: list[PresentationContext]) -> Association:
        """Return an association with a destination; `PlayFailure` if there is none."""


def move(source: Source, talk: Conversation, kept: list[Kept], destination: str) -> None:
    """Send instances to `destination` over associations of their own, and respond; one does for 128 contexts."""
    done = Suboperations(len(kept))
    comment = ""
    for batch, contexts in batches(kept):
        try:
            target = source.call(destination, contexts)
        except PlayFailure as failure:
            comment = str(failure)
            _give_up(batch, done)
            continue
        originator = link_of(talk.assoc).other
        goes_on = _send_all(source, talk, target, batch, done, originator=originator)
        if is_open(target):
            target.release()
        if not goes_on:
            if not talk.over:
                talk.end_cancelled(done)
            return
    if not talk.over:
        talk.end(done, comment)


def get(source: Source, talk: Conversation, kept: list[Kept]) -> None:
    """Send instances over the association of the request, and respond."""
    done = Suboperations(len(kept))
    goes_on = _send_all(source, talk, talk.assoc, kept, done)
    if talk.over:
        return
    if goes_on:
        talk.end(done)
    else:
        talk.end_cancelled(done)


def batches(kept: Iterable[Kept]) -> Iterator[tuple[list[Kept], list[PresentationContext]]]:
    """Yield the instances in order, in lists that one association has room for, with the contexts that are proposed.

    Each is proposed in the transfer syntax that it is kept in; what is not compressed in Implicit VR Little Endian, too,
    which every storage SCP understands (PS3.5 10.1).
    """
    batch: list[Kept] = []
    wanted: dict[tuple[str, str], None] = {}
    for one in kept:
        more = dict.fromkeys(_needs(one))
        if batch and len({**wanted, **more}) > _CONTEXTS_MOST:
            yield batch, _contexts(wanted)
            batch, wanted = [], {}
        batch.append(one)
        wanted.update(more)
    if batch:
        yield batch, _contexts(wanted)


def _needs(kept: Kept) -> list[tuple[str, str]]:
    own = (kept.sop_class, str(kept.syntax))
    return [own] if kept.syntax.is_compressed else [own, (kept.sop_class, str(ImplicitVRLittleEndian))]


def _contexts(wanted: Iterable[tuple[str, str]]) -> list[PresentationContext]:
    return [build_context(sop_class, syntax) for sop_class, syntax in wanted]


def _give_up(kept: Iterable[Kept], done: Suboperations) -> None:
    for one in kept:
        done.count(one.sop_instance, None)


def _send_all(
    source: Source,
    talk: Conversation,
    target: Association,
    batch: list[Kept],
    done: Suboperations,
    originator: str = "",
) -> bool:
    """Send instances one after the other; return whether it goes on: nobody has cancelled, and somebody still waits."""
    for ordinal, one in enumerate(batch):
        if talk.over or talk.cancelled:
            return False
        if not is_open(target):
            # what is left cannot be sent any more; that is told once, not once for each
            _give_up(batch[ordinal:], done)
            return True
        done.count(one.sop_instance, _send(source, talk, target, one, ordinal % 0xFFFF + 1, originator))
        if done.remaining and not talk.over:
            talk.pending(done)
    return True


def _send(
    source: Source, talk: Conversation, target: Association, kept: Kept, message_id: int, originator: str
) -> int | None:
    """Send an instance with C-STORE; return the status of the response, ``None`` if it could not be sent or answered."""
    try:
        ds: Dataset = dcmread(BytesIO(source.read(kept)))
        if kept.syntax == ExplicitVRBigEndian and not _accepted(target, kept):
            ds = _as_little_endian(ds)
        told = target.send_c_store(
            ds,
            msg_id=message_id,
            priority=talk.request.Priority,
            originator_aet=originator or None,
            originator_id=talk.request.MessageID if originator else None,
        )
    except (AttributeError, LookupError, OSError, RuntimeError, ValueError) as exc:
        # gone from the disk, no context for it, or not to be converted: a failed sub-operation, and the next one goes on
        link_of(target).log("not-sent", sop_instance=kept.sop_instance, complaint=_complaint(exc))
        return None
    return int(told.Status) if "Status" in told else None


def _complaint(exc: Exception) -> str:
    return "gone from the disk" if isinstance(exc, OSError | LookupError) else str(exc)


def _accepted(target: Association, kept: Kept) -> bool:
    """Whether `target` takes an instance in the transfer syntax that it is kept in."""
    return any(
        context.abstract_syntax == kept.sop_class and context.transfer_syntax[0] == kept.syntax and context.as_scu
        for context in target.accepted_contexts
    )


def _as_little_endian(ds: Dataset) -> Dataset:
    """Return a big endian data set in Implicit VR Little Endian; pixels are words, and only their bytes change places.

    Raises
    ------
    ValueError
        If it cannot be written so.
    """
    for element in ds.iterall():
        size = _WORDS.get(element.VR, 1)
        if size > 1 and isinstance(element.value, bytes) and len(element.value) % size == 0:
            element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()
    encoded = encode(ds, is_implicit_vr=True, is_little_endian=True)
    if encoded is None:
        raise ValueError("cannot be written in Implicit VR Little Endian")
    turned = decode(BytesIO(encoded), is_implicit_vr=True, is_little_endian=True)
    turned.file_meta = ds.file_meta
    turned.file_meta.TransferSyntaxUID = UID(ImplicitVRLittleEndian)
    return turned
