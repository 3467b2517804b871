"""What the tests of planning systems share: small cases, a peer that answers what it is told, and what the tables want."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

from linacsim.bench import Bench
from linacsim.conformance import load_system
from linacsim.conformance.model import Activity, Entity, Role
from linacsim.conformance.negotiation import announced
from linacsim.devices.archive.conversation import Conversation as Answers
from linacsim.devices.archive.conversation import hush
from linacsim.devices.archive.suboperations import Suboperations
from linacsim.devices.caseof import CaseOf
from linacsim.devices.device import Device
from linacsim.devices.entity import Handlers, NetworkSettings, application_entity, listen
from linacsim.devices.printer.personality import PrinterPersonality, Processor
from linacsim.devices.storage.services import failure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, seconds
from tests.contract.wire import Conversation, conversations

SMALL = CaseOf(slices=3, matrix=32, radiograph=32, dose_spacing=25.0)
"""A case that is built fast."""
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
VERIFICATION = "1.2.840.10008.1.1"
FINDS = ("1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1")
MOVES = ("1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.2.2")
RELEASED = ["> A-RELEASE-RQ", "< A-RELEASE-RP"]
PLAYED: dict[tuple[str, str, str], list[str]] = {}
"""Which tests play which activity, by system, entity and activity."""

T = TypeVar("T", bound=Callable[..., Any])


def plays(system: str, entity: str, *activities: str) -> Callable[[T], T]:
    """Write down that a test plays activities."""

    def note(test: T) -> T:
        for activity in activities:
            PLAYED.setdefault((system, entity, activity), []).append(test.__name__)
        return test

    return note


def entity_of(system: str, entity: str) -> Entity:
    """Return a table."""
    return load_system(system).entities[entity]


def to(bench: Bench, peer: str) -> list[Conversation]:
    """Return all connections to a peer, once everything has come to its end."""
    bench.settle()
    return conversations(bench, bench.address_of(peer))


def only(bench: Bench, peer: str) -> Conversation:
    """Return the one connection to a peer."""
    found = to(bench, peer)
    assert len(found) == 1, f"{len(found)} associations with {peer}"
    return found[0]


def told(records: Callable[..., list[Record]], at: str) -> list[str]:
    """Return what the user of a system was told."""
    return [record["text"] for record in records("user-told", at)]


def listed(entity: Entity, *, but: Iterable[str] = (), only_of: Iterable[str] = ()) -> list[tuple[str, list[str]]]:
    """Return the presentation contexts that a table wants proposed, in its order."""
    wanted = set(only_of)
    return [
        (one.abstract_syntax, list(one.transfer_syntaxes) or [IMPLICIT])
        for one in entity.presentation_contexts
        if one.role is Role.SCU and one.abstract_syntax not in but and (not wanted or one.abstract_syntax in wanted)
    ]


STORAGE_ONLY = (VERIFICATION, *FINDS, *MOVES)


def check_request(
    said: Conversation,
    entity: Entity,
    contexts: list[tuple[str, list[str]]],
    *,
    calling: str,
    called: str,
) -> None:
    """Hold an A-ASSOCIATE-RQ against a table: titles, contexts and their order, length, implementation."""
    request = said.request
    assert str(request.calling_ae_title).strip() == calling
    assert str(request.called_ae_title).strip() == called
    assert request.application_context_name == (entity.application_context or "1.2.840.10008.3.1.1.1")
    assert said.proposed() == contexts
    information = request.user_information
    length = announced(entity.pdu)
    if length is not None:
        assert information.maximum_length == length
    check_implementation(information, entity)
    assert information.async_ops_window is None, "no asynchronous operations"
    limits = [entity.pdu.send_max or entity.pdu.max, said.accept.user_information.maximum_length]
    assert all(said.longest(forth=True) <= limit for limit in limits if limit), "no P-DATA-TF is longer than documented"


def check_implementation(information: Any, entity: Entity) -> None:
    """Hold implementation class UID and version name against a table."""
    if not entity.implementation_class_uid:
        return
    assert str(information.implementation_class_uid) == entity.implementation_class_uid[0]
    name = information.implementation_version_name
    assert (str(name) if name else None) == next(iter(entity.implementation_version_name), None)


def check_accept(said: Conversation, entity: Entity) -> None:
    """Hold an A-ASSOCIATE-AC against the acceptor's table."""
    information = said.accept.user_information
    length = announced(entity.pdu)
    if length is not None:
        assert information.maximum_length == length
    check_implementation(information, entity)
    known = {
        one.abstract_syntax: list(one.transfer_syntaxes) or [IMPLICIT]
        for one in entity.presentation_contexts
        if one.role is Role.SCP
    }
    for abstract, proposed, result, syntax in said.negotiated():
        common = [one for one in proposed if one in known.get(abstract, [])]
        assert (result == 0) is bool(common), abstract
        if common and entity.transfer_syntax_selection == "first-proposed":
            assert syntax == common[0]
        elif common:
            order = [one for one in entity.transfer_syntax_preference or () if one in common]
            assert syntax == (order or [one for one in known[abstract] if one in common])[0]


def fast_printer(bench: Bench, name: str) -> None:
    """Put a printer on the bench that loses no time."""
    fast = PrinterPersonality(
        processor=Processor(warm_up=MILLISECOND, per_sheet=MILLISECOND), transport=MILLISECOND, pixels_per_mm=0.2
    )
    bench.add("printer", name, settings=fast)


def files(*names: str) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Return pydicom's files of these names, and SOP Class and Instance UID of each."""
    read = [dcmread(str(get_testdata_file(name)), force=True) for name in names]
    return tuple(f"pydicom:{name}" for name in names), [(str(ds.SOPClassUID), str(ds.SOPInstanceUID)) for ds in read]


def stores(activity: Activity, objects: list[tuple[str, str]], kinds: dict[str, str]) -> list[tuple[str, str]]:
    """Return the C-STORE requests that the steps of an activity want for `objects` (SOP Class and Instance UID).

    `kinds` tells the kind of each SOP class. A step without kinds stores all of them.
    """
    wanted: list[tuple[str, str]] = []
    for step in activity.steps:
        if step.op == "C-STORE":
            wanted += [one for one in objects if not step.kinds or kinds[one[0]] in step.kinds]
    return wanted


class Answering(Device):
    """A peer that answers every C-STORE, C-FIND and C-MOVE with the statuses that it is told, one after the other."""

    def __init__(self, bench: Bench, name: str, *statuses: int, syntaxes: Iterable[str] = (IMPLICIT, EXPLICIT)) -> None:
        super().__init__(bench.kernel.place(name), NetworkSettings(), bench.shelf)
        self._statuses = list(statuses)
        self._syntaxes = list(syntaxes)
        bench.play(self.start, 104 if bench.clock == "virtual" else 0, place=self.place)

    def start(self, port: int) -> None:
        """Listen for whatever planning systems propose."""
        # longer than any time limit of a planning system
        ae = application_entity(self, NetworkSettings(network_timeout=seconds(1000)))
        self.support(ae)
        handlers: Handlers = [
            (evt.EVT_C_STORE, lambda _event: self._next()),
            (evt.EVT_C_ECHO, lambda _event: self._next()),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_MOVE, self._move),
        ]
        listen(self, ae, port, handlers)

    def support(self, ae: AE) -> None:
        for system in ("monaco", "oncentra", "preciseplan", "raystation", "varian-obi"):
            for entity in load_system(system).entities.values():
                for context in entity.presentation_contexts:
                    ae.add_supported_context(context.abstract_syntax, self._syntaxes)
        ae.add_supported_context(VERIFICATION, self._syntaxes)

    def _next(self) -> Dataset:
        status = self._statuses.pop(0) if self._statuses else 0
        return failure(status, "as told") if status else failure(0, "")

    def _find(self, event: evt.Event) -> Iterator[tuple[Any, Any]]:
        answer = self._next()
        if not answer.Status:
            match = Dataset()
            for element in event.identifier:
                match[element.tag] = element
            yield 0xFF00, match
        yield answer, None

    def _move(self, event: evt.Event) -> Iterator[Any]:
        talk = Answers(event)
        talk.pending(Suboperations(1))
        talk.refuse(int(self._next().Status), "as told")
        # pynetdicom would call the address and answer by itself
        yield from hush(event.assoc, ("", 0), 0)
