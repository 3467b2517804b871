"""Modality Worklist as SCP (PS3.4 Annex K): C-FIND over the schedule of an archive."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt

from linacsim.devices import worklist
from linacsim.devices.archive.answer import can_write, returned
from linacsim.devices.archive.hardware import DatabaseDownError
from linacsim.devices.archive.held import Terms, texts
from linacsim.devices.archive.matching import BadKeyError, check_key, check_keys, matches_all
from linacsim.devices.archive.negotiation import Negotiated
from linacsim.devices.archive.query import BadIdentifierError, read_identifier
from linacsim.devices.archive.storing import DATABASE_DOWN
from linacsim.devices.archive.suboperations import CANCELLED, UNABLE_TO_PROCESS
from linacsim.devices.archive.working import working
from linacsim.devices.archive.worklist import Schedule, ScheduledStep, scheduled
from linacsim.devices.entity import Handlers
from linacsim.devices.storage.services import OUT_OF_RESOURCES, SOP_CLASS_NOT_SUPPORTED, failure
from linacsim.devices.worklist import STEP_TAGS, STEPS, TAGS, ModalityWorklistFind

if TYPE_CHECKING:
    from linacsim.devices.archive.services import Archive

EVENTS = worklist.EVENTS | {"worklist-answered", "step-scheduled"}
"""The words of a worklist in the log, in both roles."""
FIELDS = worklist.FIELDS

MATCH = 0xFF00
_COMBINED = Terms(Negotiated(combined_datetime=True))
"""A range of dates and a range of times are one range of moments, here without negotiation (PS3.4 Table K.6-1)."""
_NO_KEYS = frozenset({0x00080005, 0x00080201})
"""Specific Character Set, Timezone Offset From UTC."""
_UNICODE = ("ISO_IR 192",)

Response = tuple[int | Dataset, Dataset | None]


class Scheduling:
    """Answers queries of the worklist.

    Parameters
    ----------
    house : Archive
        The archive.
    """

    def __init__(self, house: Archive) -> None:
        self._house = house
        self._items: dict[str, Dataset] = {}
        self._last = 0
        for step in house.personality.schedule:
            self._add(step)

    def support(self, ae: AE) -> None:
        """Add the presentation context."""
        ae.add_supported_context(ModalityWorklistFind)

    def in_front_of(self, handlers: Handlers) -> Handlers:
        """Return `handlers`, with the C-FIND requests that are for the worklist taken out of the hands of who has them."""
        others = next(handler for event, handler, *_ in handlers if event is evt.EVT_C_FIND)

        def find(event: evt.Event) -> Iterator[Any]:
            ours = event.context.abstract_syntax == ModalityWorklistFind
            yield from self._find(event) if ours else others(event)

        return [*(one for one in handlers if one[0] is not evt.EVT_C_FIND), (evt.EVT_C_FIND, find)]

    def schedule(self, what: Schedule) -> None:
        """Put steps on the worklist."""
        for step in what.steps:
            item = self._add(step)
            (plan,) = item.ScheduledProcedureStepSequence
            fields = {"step_id": str(plan.ScheduledProcedureStepID), "modality": str(plan.Modality)}
            self._house.place.log("step-scheduled", **fields, start=_start(item))

    def _add(self, step: ScheduledStep) -> Dataset:
        self._last += 1
        item = scheduled(self._house.place.kernel.identity, self._house.name, self._last, step)
        self._items[str(item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID)] = item
        return item

    def _find(self, event: evt.Event) -> Iterator[Response]:
        """Answer a C-FIND (PS3.4 K.4.1)."""
        with working(self._house.place.kernel, event.assoc, self._house.personality.network_timeout):
            try:
                yield from self._answers(event)
            except BadIdentifierError as exc:
                told = failure(self._house.personality.codes.bad_query, exc.comment)
                if exc.offending is not None:
                    told.OffendingElement = [exc.offending]
                yield told, None
            except DatabaseDownError:
                yield failure(UNABLE_TO_PROCESS if self._house.unable else OUT_OF_RESOURCES, DATABASE_DOWN), None

    def _answers(self, event: evt.Event) -> Iterator[Response]:
        request: Any = event.request
        if str(request.AffectedSOPClassUID) != ModalityWorklistFind:
            yield failure(SOP_CLASS_NOT_SUPPORTED, "the presentation context is of another SOP class"), None
            return
        identifier = read_identifier(request.Identifier.getvalue(), UID(event.context.transfer_syntax))
        wanted, unsupported = _keys(identifier)
        self._house.database.ask()
        found = [item for item in sorted(self._items.values(), key=_start) if matches_all(wanted, item, _COMBINED)]
        self._house.place.log("worklist-answered", matches=len(found))
        status = self._house.personality.codes.unsupported_keys if unsupported else MATCH
        for item in found:
            self._house.database.fetch()
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield status, _answer(wanted, identifier, item)


def _start(item: Dataset) -> str:
    (plan,) = item.ScheduledProcedureStepSequence
    return f"{plan.ScheduledProcedureStepStartDate} {plan.ScheduledProcedureStepStartTime}"


def _keys(identifier: Dataset) -> tuple[Dataset, bool]:
    """Return the keys that are known, and whether there are others.

    Raises
    ------
    BadIdentifierError
        If the value of one cannot be matched.
    """
    known, unsupported = _known(identifier, TAGS)
    for key in known:
        if key.keyword == STEPS and key.VR != "SQ":
            raise BadIdentifierError(f"{key.name} is no sequence", int(key.tag))
        try:
            check_key(key, _COMBINED)
        except BadKeyError as exc:
            raise BadIdentifierError(f"{key.name}: {exc}", int(key.tag)) from exc
    try:
        check_keys(list(known), _COMBINED)
    except BadKeyError as exc:
        raise BadIdentifierError(str(exc)) from exc
    for step in known.get(STEPS) or ():
        kept, others = _known(step, STEP_TAGS)
        unsupported = unsupported or others
        known.ScheduledProcedureStepSequence = [kept]
    return known, unsupported


def _known(ds: Dataset, tags: dict[int, str]) -> tuple[Dataset, bool]:
    kept, unsupported = Dataset(), False
    for key in ds:
        if key.tag in tags:
            kept.add(key)
        elif key.tag not in _NO_KEYS and key.tag.element != 0:
            unsupported = True
    return kept, unsupported


def _answer(wanted: Dataset, identifier: Dataset, item: Dataset) -> Dataset:
    """Return the identifier of a response: what is asked for, with zero length where there is no value."""
    response = Dataset()
    with warnings.catch_warnings():
        # what is scheduled is told as it is
        warnings.simplefilter("ignore")
        for key in wanted:
            response.add(returned(key, item.get(key.tag)))
        terms = _character_set(response, (tuple(texts(identifier.get(0x00080005))), (str(item.SpecificCharacterSet),)))
        if terms:
            response.SpecificCharacterSet = list(terms)
    return response


def _character_set(response: Dataset, choices: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Return a Specific Character Set that can write a response: none for ASCII, else preferably the first choice."""
    said = [(text, one.VR) for one in response.iterall() if one.VR != "SQ" for text in texts(one)]
    if all(text.isascii() for text, _ in said):
        return ()
    good = (terms for terms in choices if terms and all(can_write(text, vr, terms) for text, vr in said))
    return next(good, _UNICODE)
