"""The lean path of P-DATA: fragments are cut out of the stream and packed into it without pynetdicom's copies.

pynetdicom copies the bytes of a P-DATA-TF six times on their way into a message, hands each PDU through three queues and two
loops, and builds every message through pydicom data sets. While an association is established (Sta6) and nobody but the
bench watches, a `Passage` takes the bytes where they arrive, puts messages together, and hands them to whoever waits; what
is sent is packed and written at once. All else - association, release, abort, timers, a message that is not plain, a PDU
that is none - is pynetdicom's, whose state machine does not notice the difference: in Sta6 P-DATA never changes the state.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pynetdicom import _config, evt
from pynetdicom.dimse_primitives import C_CANCEL, C_STORE, N_EVENT_REPORT
from pynetdicom.pdu_primitives import P_DATA

from linacsim.kernel.border import codec
from linacsim.kernel.streams import Stream
from linacsim.kernel.tasks import current_task
from linacsim.kernel.units import SECOND

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from linacsim.kernel.border.links import Link
    from linacsim.kernel.border.sockets import BenchSocket

HEADER = 6
"""PDU type, reserved byte and length (PS3.8 9.3.1)."""
UNLIMITED = 1 << 28
"""Bytes of a P-DATA-TF PDU that are believed when the announced maximum length is 0 (no maximum, PS3.8 D.1)."""

MESSAGE_LIMIT = 1 << 30
"""Bytes of a message that are taken; whoever sends fragments without a last one must not fill the memory."""

_P_DATA_TF = 0x04
_ITEM = 4
"""Length of a presentation data value item (PS3.8 9.3.5.1); context ID and control header follow."""
_BEFORE_VALUE = HEADER + _ITEM + 1
_PDU = struct.Struct(">BBLLBB")
_COMMAND, _LAST = 1, 2
_LEAST_MAXIMUM = 128
"""A peer that announces less is served by pynetdicom, which knows what to do with lengths that leave no room."""
_JOINED = 1 << 16
"""Messages up to this are put together; larger ones are handed to the stream in parts."""
_PDUS_PER_TURN = 64
_CANCELS = 10
"""C-CANCEL requests that pynetdicom keeps apart."""
_ESTABLISHED = "Sta6"

Views = list[memoryview]
Fragment = tuple[int, Views]
"""Context ID, and message control header and fragment, in the pieces in which they have come."""


class Fragments:
    """A P-DATA-TF PDU that has been cut into its fragments; it knows no more than the state machine asks of it."""

    __slots__ = ("_primitive",)

    def __init__(self, fragments: list[Fragment]) -> None:
        self._primitive = P_DATA()
        values = [(context, views[0] if len(views) == 1 else b"".join(views)) for context, views in fragments]
        self._primitive.presentation_data_value_list.extend(values)  # type: ignore[arg-type]

    def to_primitive(self) -> P_DATA:
        """Return the P-DATA indication (PS3.8 7.6)."""
        return self._primitive


def take_fragments(stream: Stream, limit: int = UNLIMITED) -> list[Fragment] | None:
    """Take a P-DATA-TF PDU (PS3.8 9.3.5) off `stream`.

    Returns
    -------
    list of Fragment or None
        Empty if what lies there may become one; ``None`` if it is something else, or malformed, or longer than `limit`.
        In both cases nothing has been taken.
    """
    if stream.waiting < HEADER:
        return []
    head = stream.head(_BEFORE_VALUE)
    length = int.from_bytes(head[2:HEADER], "big")
    if head[0] != _P_DATA_TF or length > limit:
        return None
    end = HEADER + length
    if stream.waiting < end:
        stream.wanted = end
        return []
    item = int.from_bytes(head[HEADER : HEADER + _ITEM], "big")
    if item == length - _ITEM and item > 1:
        stream.cut(_BEFORE_VALUE)
        return [(head[_BEFORE_VALUE - 1], stream.cut(item - 1))]
    fragments = _items(memoryview(bytes(stream.buffer[:end])))
    if fragments is not None:
        stream.take(end)
    return fragments


def _items(pdu: memoryview) -> list[Fragment] | None:
    """Return the fragments of a whole P-DATA-TF PDU of any number of items; ``None`` if it is malformed."""
    fragments: list[Fragment] = []
    offset, end = HEADER, len(pdu)
    while offset < end:
        length = int.from_bytes(pdu[offset : offset + _ITEM], "big")
        following = offset + _ITEM + length
        # context ID, control header and nothing is the least that an item can hold (PS3.8 9.3.5.1)
        if length < 2 or following > end:
            return None
        fragments.append((pdu[offset + _ITEM], [pdu[offset + _ITEM + 1 : following]]))
        offset = following
    return fragments or None


def pdus(command: bytes, data: bytes | memoryview, context_id: int, maximum: int) -> list[bytes | memoryview]:
    """Return the P-DATA-TF PDUs of a message, each of at most `maximum` bytes (0: any), in parts to be written in order."""
    parts = [*_fragmented(command, _COMMAND, context_id, maximum)]
    if data:
        parts += _fragmented(data, 0, context_id, maximum)
    return _joined(parts)


def _fragmented(data: bytes | memoryview, kind: int, context_id: int, maximum: int) -> list[bytes | memoryview]:
    step = maximum - HEADER if maximum else len(data)
    if len(data) <= step:
        return [_PDU.pack(_P_DATA_TF, 0, len(data) + 6, len(data) + 2, context_id, kind | _LAST), data]
    parts: list[bytes | memoryview] = []
    view, whole = memoryview(data), _PDU.pack(_P_DATA_TF, 0, step + 6, step + 2, context_id, kind)
    last = (len(data) - 1) // step * step
    for offset in range(0, last, step):
        parts += (whole, view[offset : offset + step])
    rest = view[last:]
    parts += (_PDU.pack(_P_DATA_TF, 0, len(rest) + 6, len(rest) + 2, context_id, kind | _LAST), rest)
    return parts


class Passage:
    """The lean path through one association, in both directions.

    Parameters
    ----------
    link : Link
        The association's.

    Attributes
    ----------
    has_more : bool
        Whether it has stopped in the midst of what has arrived, for the sake of the others.
    """

    def __init__(self, link: Link, assoc: Association) -> None:
        self.has_more = False
        self._link = link
        self._assoc = assoc
        self._dul = assoc.dul
        self._fragments: list[Fragment] = []
        self._command: codec.Command | None = None
        self._pieces: Views = []
        self._held: list[bytes | memoryview] | None = None
        self._size = 0

    # what arrives

    def arrived(self) -> None:
        """Look at what has come: a message, part of one, or something that the upper layer has to see to."""
        stream = self._stream
        if stream is None or not self._may_take():
            self._link.wake.notify()
            return
        if self._take(stream) is None or stream.eof:
            self._link.wake.notify()

    def take(self) -> bool:
        """Take P-DATA as far as it has come, on the upper layer's own loop; return whether there was any."""
        stream = self._stream
        if stream is None or not self._is_unwatched():
            return False
        if self._may_take():
            before = stream.waiting
            self._take(stream)
            return stream.waiting != before
        fragments = take_fragments(stream, self._limit)
        if not fragments:
            return False
        if all(self._fits(fragment) for fragment in fragments):
            self._hand_over(fragments)
        return True

    def _take(self, stream: Stream) -> int | None:
        """Return how many PDUs have been taken; ``None`` if something lies there still that is to be seen to."""
        self.has_more = False
        limit = self._limit
        for count in range(_PDUS_PER_TURN):
            fragments = take_fragments(stream, limit)
            if not fragments:
                self._restart_idle_timer(count)
                return None if fragments is None else count
            for fragment in fragments:
                if self._fits(fragment):
                    self._add(fragment)
            if not self._may_take():
                break
        else:
            # a peer may send small PDUs without ever waiting: the others have their turn
            self.has_more = True
        self._restart_idle_timer(_PDUS_PER_TURN)
        return None

    def _restart_idle_timer(self, count: int) -> None:
        """Do what the upper layer's loop does for each PDU, on bench time wherever this runs."""
        if count:
            timer = self._dul._idle_timer
            timer._start_time, timer._end_time = self._link.place.kernel.now / SECOND, None

    @cached_property
    def _limit(self) -> int:
        """How long a PDU may be that comes: once there is an association, that does not change."""
        return self._link.maximum_length or UNLIMITED

    @cached_property
    def _maximum(self) -> int:
        """How long a PDU may be that goes; 0 is any."""
        return self._assoc.dimse.maximum_pdu_size

    @property
    def _stream(self) -> Stream | None:
        sock = self._dul.socket
        return None if sock is None or sock.socket is None else sock.socket.connected  # type: ignore[attr-defined]

    def _is_unwatched(self) -> bool:
        """Whether P-DATA may come without the state machine, and nobody but the bench has asked to see it."""
        handlers = self._assoc._handlers
        return (
            self._dul.state_machine.current_state == _ESTABLISHED
            and evt.EVT_DATA_RECV not in handlers
            and len(handlers[evt.EVT_PDU_RECV]) == 1
            and len(handlers[evt.EVT_FSM_TRANSITION]) == 1
        )

    def _may_take(self) -> bool:
        return (
            not self._dul.event_queue.queue
            and not self._dul.to_provider_queue.queue
            and self._assoc.dimse.message is None
            and self._is_unwatched()
            and len(self._assoc._handlers[evt.EVT_DIMSE_RECV]) == 1
        )

    # messages are put together

    def _fits(self, fragment: Fragment) -> bool:
        """Count a fragment; a message that has no end by now is no message (PS3.8 9.2.3, AA-8)."""
        views = fragment[1]
        if views[0][0] & _LAST:
            self._size = 0
            return True
        self._size += len(views[0]) if len(views) == 1 else sum(map(len, views))
        if self._size <= MESSAGE_LIMIT:
            return True
        if self._size - sum(map(len, views)) <= MESSAGE_LIMIT:
            self._link.log("invalid-message", complaint=f"more than {MESSAGE_LIMIT} bytes without a last fragment")
            self.forget()
            stream = self._stream
            if stream is not None:
                stream.ignore_input()
            # Evt19: unrecognised or invalid PDU received
            self._dul.event_queue.put("Evt19")
        return False

    def _add(self, fragment: Fragment) -> None:
        """Add a fragment to the message that is coming in; what is not plain goes pynetdicom's way from its beginning."""
        context_id, views = fragment
        control = views[0][0]
        self._fragments.append(fragment)
        # what has been handed to the state machine is not overtaken by what came after it
        under_way = self._dul.event_queue.queue or self._assoc.dimse.message is not None
        if under_way or not self._is_plain(context_id, control):
            self._give_back()
        elif control & _COMMAND:
            if control & _LAST and not self._read_command():
                self._give_back()
        else:
            self._pieces.append(views[0][1:])
            self._pieces += views[1:]
            if control & _LAST:
                self._complete()

    def _is_plain(self, context_id: int, control: int) -> bool:
        """Whether a fragment is what can come next: all of one context, the command set first (PS3.8 E.2)."""
        expected = _COMMAND if self._command is None else 0
        return control & _COMMAND == expected and context_id == self._fragments[0][0]

    def _read_command(self) -> bool:
        command = codec.decode(b"".join([part for _, views in self._fragments for part in _values(views)]))
        if command is None or (_config.STORE_RECV_CHUNKED_DATASET and command.kind.primitive is C_STORE):
            return False
        self._command = command
        if not command.has_data_set:
            self._complete()
        return True

    def forget(self) -> None:
        """Let go of half a message."""
        self._fragments, self._command, self._pieces = [], None, []

    def _give_back(self) -> None:
        fragments = self._fragments
        self.forget()
        self._hand_over(fragments)

    def _hand_over(self, fragments: list[Fragment]) -> None:
        """Let the state machine have fragments; it runs on the upper layer's loop."""
        self._dul._recv_pdu.put(Fragments(fragments))  # type: ignore[arg-type]
        # Evt10: P-DATA-TF PDU received
        self._dul.event_queue.put("Evt10")

    def _complete(self) -> None:
        command, context_id = self._command, self._fragments[0][0]
        pieces, self._pieces = self._pieces, []
        self._fragments, self._command = [], None
        if command is not None:
            # the one copy: out of what the network has handed over, into bytes that nobody changes
            primitive = command.complete(context_id, b"".join(pieces))
            self._link.tell(command.kind.name, "received", command.fields)
            self._deliver(primitive, context_id)

    def _deliver(self, primitive: Any, context_id: int) -> None:
        """Hand a message to whoever waits, as `DIMSEServiceProvider.receive_primitive` does."""
        dimse = self._assoc.dimse
        if isinstance(primitive, C_CANCEL) and len(dimse.cancel_req) < _CANCELS:
            dimse.cancel_req[primitive.MessageIDBeingRespondedTo] = primitive  # type: ignore[index]
        elif isinstance(primitive, N_EVENT_REPORT) and primitive.is_valid_request:
            place = self._link.place
            serve = self._assoc._serve_request
            place.kernel.spawn(serve, primitive, context_id, name="an event report", place=place)
        else:
            dimse.msg_queue.put((context_id, primitive))

    # what is sent

    def send(self, primitive: Any, context_id: int) -> bool:
        """Send a message at once; return whether that could be done.

        The primitive's data set may be bytes, or a view of them, instead of a `BytesIO`.
        """
        if not self._may_send() or primitive._dataset_path is not None:
            return self._leave()
        kind = codec.kind_of(primitive)
        data = primitive._dataset if kind is not None and kind.keyword is not None else None
        if isinstance(data, BytesIO):
            data = data.getvalue()
        # pynetdicom announces an empty data set, and sends none: that is for it to do
        if data is not None and not len(data):
            return self._leave()
        encoded = codec.encode(primitive, with_data_set=data is not None)
        maximum = self._maximum
        if encoded is None or 0 < maximum < _LEAST_MAXIMUM:
            return self._leave()
        kind, command = encoded
        self._link.tell(kind.name, "sent", codec.fields_of(kind, primitive))
        parts = pdus(command, b"" if data is None else data, context_id, maximum)
        if self._held is None:
            self._write(parts)
        else:
            self._held += parts
        return True

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what is sent in the block in one piece: at its end, or before the task waits for something."""
        task = current_task()
        if task is None:
            yield
            return
        self._held = []
        task.before_waiting = self.flush
        try:
            yield
        finally:
            task.before_waiting = _nothing
            parts, self._held = self._held, None
            if parts:
                self._write(_joined(parts))

    def flush(self) -> None:
        """Write what has been held back, without waiting for a peer that has fallen behind."""
        stream = self._stream
        if self._held:
            parts, self._held = self._held, []
            with suppress(OSError):
                if stream is not None:
                    stream.write_all(_joined(parts))

    def _leave(self) -> bool:
        """Leave a message to pynetdicom; what has been held back goes before it."""
        self.flush()
        return False

    def _may_send(self) -> bool:
        handlers, dul = self._assoc._handlers, self._dul
        return (
            dul.state_machine.current_state == _ESTABLISHED
            and not dul.to_provider_queue.queue
            and not dul.event_queue.queue
            and not dul._kill_thread
            and self._stream is not None
            and evt.EVT_DATA_SENT not in handlers
            and len(handlers[evt.EVT_DIMSE_SENT]) == 1
            and len(handlers[evt.EVT_PDU_SENT]) == 1
            and len(handlers[evt.EVT_FSM_TRANSITION]) == 1
        )

    def _write(self, parts: list[bytes | memoryview]) -> None:
        sock: BenchSocket = self._dul.socket  # type: ignore[assignment]
        try:
            sock.write_all(parts)
        except OSError:
            # Evt17: transport connection closed
            self._dul.event_queue.put("Evt17")


def _joined(parts: list[bytes | memoryview]) -> list[bytes | memoryview]:
    return [b"".join(parts)] if sum(map(len, parts)) <= _JOINED else parts


def _nothing() -> None:
    """Do nothing."""


def _values(views: Views) -> Views:
    """Return what follows the message control header."""
    return [views[0][1:], *views[1:]]
