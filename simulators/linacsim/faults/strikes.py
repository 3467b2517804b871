"""What each fault of a line does to what goes by. Nothing is sent here: what is to be sent is left to the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydicom.datadict import tag_for_keyword
from simpy.events import Timeout

from linacsim.faults import actions, associating, contents, drawing
from linacsim.faults.drawing import Drawing
from linacsim.faults.way import Mark, Way
from linacsim.faults.wire import (
    COUNTERS,
    DATA_SET_TYPE,
    NO_DATA_SET,
    P_DATA_TF,
    RESPONDS_TO,
    SOP_CLASS,
    SOP_INSTANCE,
    STATUS,
    CommandSet,
    Message,
    Unit,
)
from linacsim.kernel.border.lean import HEADER

if TYPE_CHECKING:
    from linacsim.faults.line import Line

_COMMENT, _COMMENT_LONGEST = 0x0902, 64
_SEGMENT = 1460
"""Where a byte offset of a whole connection is drawn below: it has to come in any association."""
_LAST, _COMMAND = 2, 1


class Passing:
    """A PDU or message that goes by (or a whole connection: then `unit` is ``None``), and what becomes of it.

    Attributes
    ----------
    line, way : Line and str
        Where, and which way.
    ended : bool
        A fault has ended the matter.
    draw : Drawing
        What is drawn for it.
    """

    def __init__(self, line: Line, way: str, unit: Unit | None) -> None:
        self.line, self.way, self.unit = line, way, unit
        self.ended = False
        self.is_changed = False
        self.payload: bytes | None = None
        self.wait = 0
        self._after: list[Callable[[], None]] = []
        self.draw = Drawing(line.place.kernel.identity, line.place.name, line.other, line.ordinal, line.messages)

    @property
    def out(self) -> Way:
        """The way it goes."""
        return self.line.ways[self.way]

    @property
    def message(self) -> Message | None:
        """The message, if it is one."""
        return self.unit if isinstance(self.unit, Message) else None

    def encoded(self) -> bytes:
        """Return what is sent as things stand."""
        if self.payload is not None:
            return self.payload
        if self.unit is None:
            return b""
        if self.is_changed and isinstance(self.unit, Message):
            return self.unit.encode(self.line.maximum[self.way])
        return self.unit.raw

    def replace(self, data: bytes) -> bool:
        """Send something else instead."""
        self.payload = data
        return True

    def end(self, *after: Callable[[], None]) -> bool:
        """Let it not go on; do something instead."""
        self.ended, self.payload = True, b""
        self._after += after
        return True

    def then(self, act: Callable[[], None]) -> bool:
        """Do something when it has been sent."""
        self._after.append(act)
        return True

    def leave(self) -> None:
        """Send what is left of it."""
        if self.wait:
            self.out.wait(self.wait)
        data = self.encoded()
        if data:
            self.out.put(data)
        for act in self._after:
            act()


# stream


def _latency(passing: Passing, what: actions.Latency) -> bool:
    identity, counted = passing.line.place.kernel.identity, iter(range(1 << 62))
    key = passing.draw.key("jitter")

    def late() -> int:
        return what.delay + (identity.between(0, what.jitter, *key, next(counted)) if what.jitter else 0)

    passing.out.delay = late
    return True


def _throttle(passing: Passing, what: actions.Throttle) -> bool:
    passing.out.rate = what.rate
    return True


def _slice(passing: Passing, what: actions.Slice) -> bool:
    passing.out.size, passing.out.pause = what.size, what.pause
    return True


def _mark(passing: Passing, byte: int | None, **what: Any) -> bool:
    longest = _SEGMENT // 16 if passing.unit is None else len(passing.encoded()) - 1
    at = passing.draw.number("byte", byte, 0, longest)
    passing.out.mark(Mark(passing.out.count + at, **what))
    return True


def _stall(passing: Passing, what: actions.Stall) -> bool:
    return _mark(passing, what.byte, wait=what.during)


def _reset(passing: Passing, what: actions.Reset) -> bool:
    if what.byte is None:
        return passing.end(passing.line.reset)
    return _mark(passing, what.byte, act=passing.line.reset)


def _early_close(passing: Passing, what: actions.EarlyClose) -> bool:
    return _mark(passing, what.byte, act=passing.line.close)


def _half_close(passing: Passing, what: actions.HalfClose) -> bool:
    line, way = passing.line, passing.way
    end = line.far if line.ways[way] is line.ways["sent"] else line.near
    return _mark(passing, what.byte, act=end.end)


def _slow_close(passing: Passing, what: actions.SlowClose) -> bool:
    passing.line.linger[passing.way] = what.delay
    return True


# reach, at a connection that is open


def _silent(passing: Passing, _what: actions.AcceptThenSilent) -> bool:
    return passing.end(passing.line.die)


# upper layer


def _answered(passing: Passing, data: bytes) -> bool:
    """Send something back instead, and let nothing through any more."""
    line, back, out = passing.line, passing.line.back(passing.way), passing.out

    def act() -> None:
        line.die()
        # nobody answers in the instant of the question: its sender has not yet begun to wait
        back.wait(1)
        back.put(data)
        back.then(out.end)

    return passing.end(act)


def _reject(passing: Passing, what: actions.Reject) -> bool:
    return _answered(passing, associating.reject(*drawing.rejection(what, passing.draw)))


def _abort(passing: Passing, what: actions.Abort) -> bool:
    pdu = associating.abort(*drawing.abortion(what, passing.draw))
    line = passing.line

    def act() -> None:
        line.die()
        for way in line.ways.values():
            way.put(pdu)

    return passing.end(act)


def _late(passing: Passing, what: actions.LateAccept | actions.LateResponse) -> bool:
    passing.wait += what.delay
    return True


def _swallow(passing: Passing, _what: object) -> bool:
    return passing.end()


def _refuse_contexts(passing: Passing, what: actions.RefuseContexts) -> bool:
    proposed = passing.line.proposed
    chosen = [number for number, name in proposed.items() if what.abstract_syntax in ("", name)]
    if not chosen:
        return False
    result = passing.draw.number("result", what.result, 1, 4)
    for number in chosen:
        passing.line.accepted.pop(number, None)
    answer = associating.with_results(passing.encoded(), dict.fromkeys(chosen, result))
    return passing.replace(associating.without_syntaxes(answer, chosen) if what.bare else answer)


def _release_collision(passing: Passing, _what: object) -> bool:
    line, back = passing.line, passing.line.back(passing.way)
    line.collision = passing.way
    return passing.then(lambda: back.put(associating.RELEASE_RQ))


def p_data(*items: tuple[int, int, bytes]) -> bytes:
    """Return a P-DATA-TF of items: context ID, message control header, fragment (PS3.8 9.3.5)."""
    body = b"".join(
        (len(value) + 2).to_bytes(4, "big") + bytes((context, control)) + value for context, control, value in items
    )
    return bytes((P_DATA_TF, 0)) + len(body).to_bytes(4, "big") + body


def _oversize(passing: Passing, _what: object) -> bool:
    message, maximum = passing.message, passing.line.maximum[passing.way]
    if message is None or not maximum:
        return False
    command, context = message.command.encode(), message.context_id
    items = [(context, _COMMAND | _LAST, command)]
    if message.data:
        items.append((context, _LAST, message.data))
    # what is too short is made long enough with zeros
    lacking = maximum + 2 - (len(p_data(*items)) - HEADER)
    if lacking > 0:
        items[-1] = (*items[-1][:2], items[-1][2] + bytes(lacking + lacking % 2))
    return passing.replace(p_data(*items))


def _unknown_pdu(passing: Passing, what: actions.UnknownPdu) -> bool:
    kind = passing.draw.number("type", what.type_, 8, 255)
    passing.replace(bytes((kind, 0, 0, 0, 0, 4, 0, 0, 0, 0)))
    passing.ended = True
    return True


def _wrong_length(passing: Passing, what: actions.WrongLength) -> bool:
    data = passing.encoded()
    length = max(0, int.from_bytes(data[2:HEADER], "big") + passing.draw.number("off-by", what.off_by, 1, 1000))
    return passing.replace(data[:2] + length.to_bytes(4, "big") + data[HEADER:])


def _wrong_context(passing: Passing, what: actions.WrongContext) -> bool:
    message = passing.message
    if message is None:
        return False
    taken = passing.line.accepted
    free = [number for number in range(1, 256, 2) if number not in taken]
    message.context_id = what.id_ if what.id_ is not None else free[passing.draw.number("free", None, 0, len(free) - 1)]
    passing.is_changed = True
    return True


def _interleave(passing: Passing, _what: object) -> bool:
    message = passing.message
    if message is None or not message.data:
        return False
    step = (passing.line.maximum[passing.way] or 1 << 20) - HEADER
    cut = [message.data[offset : offset + step] for offset in range(0, len(message.data), step)]
    context = message.context_id
    parts = [p_data((context, _LAST * (number == len(cut)), part)) for number, part in enumerate(cut, 1)]
    return passing.replace(b"".join([*parts, p_data((context, _COMMAND | _LAST, message.command.encode()))]))


def _garbage(passing: Passing, what: actions.Garbage) -> bool:
    size = passing.draw.number("size", what.size, 10, 200)
    data = passing.line.place.kernel.identity.generator(*passing.draw.key("garbage")).randbytes(size)
    # no PDU begins so
    passing.replace(b"\xff" + data[1:])
    passing.ended = True
    return True


# DIMSE


def _changed(strike: Callable[[Passing, Message, Any], bool]) -> Callable[[Passing, Any], bool]:
    """Return a strike that changes a message, if there is one."""

    def struck(passing: Passing, what: Any) -> bool:
        if passing.message is None or not strike(passing, passing.message, what):
            return False
        passing.is_changed = True
        return True

    return struck


def _status(passing: Passing, message: Message, what: actions.Status) -> bool:
    sop_class = passing.line.proposed.get(message.context_id, "")
    message.command.set_number(STATUS, drawing.status(what, message.name, sop_class, passing.draw))
    comment = what.comment.encode("ascii", "replace")[:_COMMENT_LONGEST]
    if comment:
        message.command.values[_COMMENT] = comment + b" " * (len(comment) % 2)
    return True


def _no_response(passing: Passing, what: actions.NoResponse) -> bool:
    message = passing.message
    if message is None:
        return False
    passing.line.silent.add((passing.way, None if what.for_good else message.command.number(RESPONDS_TO)))
    return passing.end()


def _wrong_message_id(passing: Passing, message: Message, what: actions.WrongMessageId) -> bool:
    right = message.command.number(RESPONDS_TO) or 0
    off = passing.draw.number("off-by", 0 if what.id_ is not None else None, 1, 1000)
    message.command.set_number(RESPONDS_TO, right + off if what.id_ is None else what.id_)
    return True


def _duplicate(passing: Passing, what: actions.DuplicateResponse) -> bool:
    out = passing.out

    def again() -> None:
        out.wait(what.delay)
        out.put(passing.encoded())

    return passing.then(again)


def _pending(passing: Passing, message: Message) -> bytes:
    """Return a pending response to the same request, without a data set."""
    command = CommandSet(dict(message.command.values))
    command.set_number(STATUS, actions.PENDING[0])
    command.set_number(DATA_SET_TYPE, NO_DATA_SET)
    copy = Message(message.name, command, message.context_id, b"", b"")
    return copy.encode(passing.line.maximum[passing.way])


def _pending_for_ever(passing: Passing, what: actions.PendingForEver) -> bool:
    message, line, out = passing.message, passing.line, passing.out
    if message is None:
        return False
    data = _pending(passing, message)

    def again(_event: object = None) -> None:
        if line.is_dead or line.is_over or out.closed:
            return
        out.put(data)
        timeout = Timeout(line.place.kernel.env, what.interval)
        timeout.callbacks.append(again)

    return passing.end(again)


def _after_final(passing: Passing, what: actions.ResponseAfterFinal) -> bool:
    message, out = passing.message, passing.out
    if message is None:
        return False
    data = _pending(passing, message)

    def again() -> None:
        out.wait(what.delay)
        out.put(data)

    return passing.then(again)


def _wrong_counters(passing: Passing, message: Message, what: actions.WrongCounters) -> bool:
    given = {element: getattr(what, name) for name, element in COUNTERS.items()}
    given = {element: value for element, value in given.items() if value is not None}
    if not given:
        right = message.command.number(COUNTERS["completed"]) or 0
        given = {COUNTERS["completed"]: right + passing.draw.number("completed off by", None, 1, 9)}
    for element, value in given.items():
        message.command.set_number(element, value)
    return True


def _wrong_uids(passing: Passing, message: Message, what: actions.WrongUids) -> bool:
    if what.affected_class is not None:
        message.command.set_uid(SOP_CLASS, what.affected_class)
    if what.affected_class is None or what.affected_instance is not None:
        message.command.set_uid(SOP_INSTANCE, passing.draw.uid("affected-instance", what.affected_instance))
    return True


def _wrong_group_length(passing: Passing, message: Message, what: actions.WrongGroupLength) -> bool:
    message.command.group_length_off_by = passing.draw.number("off-by", what.off_by, 1, 100) or 1
    return True


# data set


def _content(passing: Passing, message: Message, what: Any) -> bool:
    syntax = passing.line.accepted.get(message.context_id, "")
    changed = contents.changed(message.data, syntax, what, passing.draw) if message.data else None
    if changed is None:
        return False
    message.data = changed
    return True


def _missing_attribute(passing: Passing, message: Message, what: actions.MissingAttribute) -> bool:
    tag = tag_for_keyword(what.attribute)
    if tag is not None and not tag >> 16:
        return message.command.values.pop(tag, None) is not None
    return _content(passing, message, what)


def _duplicate_instance(passing: Passing, message: Message, _what: object) -> bool:
    before = passing.line.last_instance
    if not before:
        return False
    message.command.set_uid(SOP_INSTANCE, before)
    value = actions.WrongValue(attribute="SOPInstanceUID", value=before)
    return _content(passing, message, value)


STRIKES: dict[str, Callable[[Passing, Any], bool]] = {
    "accept-then-silent": _silent,
    "latency": _latency,
    "throttle": _throttle,
    "slice": _slice,
    "stall": _stall,
    "reset": _reset,
    "early-close": _early_close,
    "half-close": _half_close,
    "slow-close": _slow_close,
    "reject": _reject,
    "abort": _abort,
    "late-accept": _late,
    "no-accept": _swallow,
    "refuse-contexts": _refuse_contexts,
    "ignore-release": _swallow,
    "release-collision": _release_collision,
    "oversize-pdu": _oversize,
    "unknown-pdu": _unknown_pdu,
    "wrong-length": _wrong_length,
    "wrong-context": _wrong_context,
    "interleave": _interleave,
    "garbage": _garbage,
    "no-response": _no_response,
    "late-response": _late,
    "status": _changed(_status),
    "wrong-message-id": _changed(_wrong_message_id),
    "duplicate-response": _duplicate,
    "pending-for-ever": _pending_for_ever,
    "response-after-final": _after_final,
    "wrong-counters": _changed(_wrong_counters),
    "wrong-uids": _changed(_wrong_uids),
    "wrong-group-length": _changed(_wrong_group_length),
    "missing-attribute": _changed(_missing_attribute),
    "wrong-value": _changed(_content),
    "wrong-vr": _changed(_content),
    "wrong-reference": _changed(_content),
    "duplicate-instance": _changed(_duplicate_instance),
    "truncated-pixels": _changed(_content),
    "wrong-transfer-syntax": _changed(_content),
    "wrong-charset": _changed(_content),
}
"""What each fault does; the strike returns whether there was anything to strike."""
