"""C-MOVE and C-GET (PS3.4 C.4.2, C.4.3): which instances, over which association, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from pydicom.uid import UID, ImplicitVRLittleEndian
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.devices.archive.conversation import Conversation, is_open
from linacsim.devices.archive.index import Kept
from linacsim.devices.archive.misbehaviour import names
from linacsim.devices.archive.payload import PLAIN, Payload, converted, is_plain
from linacsim.devices.archive.suboperations import UNABLE_TO_PERFORM, Suboperations
from linacsim.errors import PlayFailure
from linacsim.kernel.border import exchange
from linacsim.kernel.border.links import link_of
from linacsim.kernel.units import SECOND

_SOON = SECOND
"""Who waits is told at once of a sub-operation that has taken longer, for the next one may take as long."""
_CONTEXTS_MOST = 128
"""Presentation contexts of an association: their IDs are the odd numbers up to 255 (PS3.8 9.3.2.2)."""


class Source(Protocol):
    """What a retrieval needs of the archive."""

    def payload(self, kept: Kept) -> Payload:
        """Return an instance as it is sent; `OSError` or `LookupError` if it is gone."""

    def ahead(self, kept: Kept) -> None:
        """Read an instance that will be wanted next."""

    @property
    def is_slow(self) -> bool:
        """Whether an instance takes its time before it can be sent."""

    def call(self, destination: str, contexts: list[PresentationContext]) -> Association:
        """Return an association with a destination; `PlayFailure` if there is none."""


def move(
    source: Source, talk: Conversation, kept: list[Kept], destination: str, unreached: int = UNABLE_TO_PERFORM
) -> str:
    """Send instances to `destination` over associations of their own, and respond; one does for 128 contexts.

    Parameters
    ----------
    source : Source
        Where they come from.
    talk : Conversation
        Where the responses go.
    kept : list of Kept
        The instances.
    destination : str
        AE title of the destination.
    unreached : int
        The status if it cannot be reached at all; another one than A702 has no counters beside it.

    Returns
    -------
    str
        Why the destination has not been reached; empty if it has.
    """
    done = Suboperations(len(kept))
    comment = ""
    for batch, contexts in batches(kept):
        try:
            target = source.call(destination, contexts)
        except PlayFailure as failure:
            comment = str(failure)
            _give_up(batch, done)
            continue
        goes_on = _Sending(source, talk, target, link_of(talk.assoc).other).send_all(batch, done)
        if is_open(target):
            target.release()
        if not goes_on:
            break
    if comment and unreached != UNABLE_TO_PERFORM and done.failed == done.total and not talk.over:
        talk.refuse(unreached, comment)
    else:
        _end(talk, done, comment)
    return comment


def get(source: Source, talk: Conversation, kept: list[Kept]) -> None:
    """Send instances over the association of the request, and respond."""
    done = Suboperations(len(kept))
    _Sending(source, talk, talk.assoc).send_all(kept, done)
    _end(talk, done)


def _end(talk: Conversation, done: Suboperations, comment: str = "") -> None:
    if talk.over:
        return
    # a C-CANCEL that comes when nothing is left to be done changes nothing
    if done.remaining:
        talk.end_cancelled(done)
    else:
        talk.end(done, comment)


def batches(kept: Iterable[Kept]) -> Iterator[tuple[list[Kept], list[PresentationContext]]]:
    """Yield the instances in order, in lists that one association has room for, with the contexts that are proposed.

    Each is proposed in the transfer syntax that it is kept in; what is not compressed in Implicit VR Little Endian, too,
    which every storage SCP understands (PS3.5 10.1).
    """
    batch: list[Kept] = []
    wanted: dict[tuple[str, str], None] = {}
    for one in kept:
        own = (one.sop_class, str(one.syntax))
        if own not in wanted:
            more = dict.fromkeys(_needs(one))
            if batch and len({**wanted, **more}) > _CONTEXTS_MOST:
                yield batch, _contexts(wanted)
                batch, wanted = [], {}
            wanted.update(more)
        batch.append(one)
    if batch:
        yield batch, _contexts(wanted)


def _needs(kept: Kept) -> list[tuple[str, str]]:
    own = (kept.sop_class, str(kept.syntax))
    return [own, (kept.sop_class, str(ImplicitVRLittleEndian))] if is_plain(kept.syntax) else [own]


def _contexts(wanted: Iterable[tuple[str, str]]) -> list[PresentationContext]:
    return [build_context(sop_class, syntax) for sop_class, syntax in wanted]


def _give_up(kept: Iterable[Kept], done: Suboperations) -> None:
    for one in kept:
        done.count(one.sop_instance, None)


class _Sending:
    """Sub-operations over one association.

    Parameters
    ----------
    source : Source
        Where the instances come from.
    talk : Conversation
        Whose sub-operations they are.
    target : Association
        Where they go.
    originator : str
        The AE title that has asked for the C-MOVE; empty for a C-GET.
    """

    def __init__(self, source: Source, talk: Conversation, target: Association, originator: str = "") -> None:
        self._source = source
        self._talk = talk
        self._target = target
        self._originator = originator or None
        self._accepted = _accepted(target)

    def send_all(self, batch: list[Kept], done: Suboperations) -> bool:
        """Send instances one after the other; return whether it goes on: somebody still wants the rest."""
        talk, kernel = self._talk, link_of(self._target).place.kernel
        began = kernel.now
        for ordinal, one in enumerate(batch):
            told = not ordinal
            if not told and (self._source.is_slow or kernel.now - began > _SOON):
                self._tell(done)
                told = True
            talk.refuse_duplicates()
            if not talk.still_wanted():
                return False
            if not is_open(self._target):
                if not told:
                    self._tell(done)
                # what is left cannot be sent any more; that is told once, not once for each
                _give_up(batch[ordinal:], done)
                return True
            message_id, began = ordinal % 0xFFFF + 1, kernel.now
            with self._at_once():
                asked = self._send(one, message_id)
                # how far it had come before: nobody has to wait for the next one because of that
                if not told:
                    self._tell(done)
            # while the other side is at work
            for following in batch[ordinal + 1 : ordinal + 2]:
                self._source.ahead(following)
            done.count(one.sop_instance, _status_of(asked, message_id))
        self._tell(done)
        return True

    def _at_once(self) -> AbstractContextManager[None]:
        """What a C-GET tells goes out together with what it sends."""
        return self._talk.together() if self._target is self._talk.assoc else nullcontext()

    def _tell(self, done: Suboperations) -> None:
        if done.remaining and not self._talk.over:
            self._talk.pending(done)

    def _send(self, kept: Kept, message_id: int) -> exchange.Asked | None:
        """Send an instance with C-STORE; return what waits for its response, ``None`` if it could not be sent."""
        try:
            payload = self._suited(kept.sop_class, self._payload(kept))
            return exchange.store(
                self._target,
                sop_class=kept.sop_class,
                sop_instance=kept.sop_instance,
                syntax=str(payload.syntax),
                data=payload.data,
                message_id=message_id,
                priority=self._talk.request.Priority,
                originator=self._originator,
                originator_id=self._talk.request.MessageID if self._originator else None,
            )
        except (LookupError, OSError, RuntimeError, ValueError) as exc:
            # gone from the disk, no context for it, or not to be converted: a failed sub-operation, and the next one goes on
            link_of(self._target).log("not-sent", sop_instance=kept.sop_instance, complaint=_complaint(exc))
            return None

    def _payload(self, kept: Kept) -> Payload:
        if names(kept.sop_class, self._talk.quirks.fails):
            raise ValueError("objects of this kind fail here")
        return self._source.payload(kept)

    def _suited(self, sop_class: str, payload: Payload) -> Payload:
        """Return the instance in a transfer syntax that the other side takes.

        Raises
        ------
        ValueError
            If there is none.
        """
        taken = self._accepted.get(sop_class, ())
        if payload.syntax in taken:
            return payload
        if not taken:
            raise ValueError("no presentation context for its SOP class has been accepted")
        if not is_plain(payload.syntax):
            raise ValueError(f"kept in {payload.syntax.name}, which has not been accepted")
        for syntax in PLAIN:
            if syntax in taken:
                return converted(payload, syntax)
        raise ValueError(f"neither {payload.syntax.name} nor an uncompressed transfer syntax has been accepted")


def _accepted(assoc: Association) -> dict[str, tuple[UID, ...]]:
    """Return the transfer syntaxes that the other side takes objects in, by SOP class."""
    found: dict[str, tuple[UID, ...]] = {}
    for context in assoc.accepted_contexts:
        if context.as_scu and context.abstract_syntax:
            uid = str(context.abstract_syntax)
            found[uid] = (*found.get(uid, ()), context.transfer_syntax[0])
    return found


def _status_of(asked: exchange.Asked | None, message_id: int) -> int | None:
    """Return the status that an instance has been answered with; ``None`` if it has not been sent or answered."""
    answer = asked.answer() if asked is not None else None
    return None if answer is None or answer.responds_to != message_id else answer.status


def _complaint(exc: Exception) -> str:
    if isinstance(exc, LookupError) or (isinstance(exc, OSError) and exc.errno):
        return "gone from the disk"
    return str(exc)
