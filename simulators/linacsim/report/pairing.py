"""One message, told twice: finds the record of its receiver for the record of its sender."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linacsim.kernel.log import Record

_OF_ONE_SIDE = frozenset(("n", "t", "at", "event", "way", "with", "assoc"))
"""Fields in which the two records of one message are allowed to differ."""

_REQUEST = "A-ASSOCIATE-RQ"
_IN_FLIGHT = 64
"""Most messages of one word on one association that wait for their receiver; older ones were lost or changed."""

_End = tuple[str, int | None]
_Route = tuple[str, str, str]


@dataclass(slots=True, eq=False)
class Row:
    """One line of the timeline.

    Attributes
    ----------
    record : dict
        The record; of a message that both sides logged, the sender's record with what only the receiver knew.
    latency : int or None
        Microseconds from sending to receiving, if both sides logged the message.
    received : dict or None
        The receiver's record of a message that both sides logged.
    """

    record: Record
    latency: int | None = None
    received: Record | None = None


def resolve(records: Iterable[Record]) -> list[Record]:
    """Return `records` with the peer in ``with``, where a record knows only an AE title.

    Two peers may share an AE title, and one may be called by a title that is not its own. Who stands at the other end of
    an association is told by its A-ASSOCIATE-RQ: the two records with the same titles belong together, unless the one who
    has sent it gave up before.

    Parameters
    ----------
    records : iterable of dict
        In the order of the log; those that change are copied.
    """
    everything = list(records)
    partners = _partners(everything)
    return [_resolved(record, partners) for record in everything]


def _partners(records: Iterable[Record]) -> dict[_End, tuple[str, str]]:
    """Return, for each end of an association that both sides have logged, the other's AE title and the peer it is."""
    found: dict[_End, tuple[str, str]] = {}
    waiting: dict[tuple[str, str], dict[_End, None]] = {}
    titles_of: dict[_End, tuple[str, str]] = {}
    for record in records:
        end = (str(record.get("at", "")), _ordinal(record))
        if record.get("event") != _REQUEST or "called" not in record or end[1] is None:
            if end in titles_of:  # it was given up before it arrived, or has arrived long ago
                waiting[titles_of.pop(end)].pop(end, None)
            continue
        titles = (str(record["called"]), str(record.get("calling", "")))
        if record.get("way") == "sent":
            waiting.setdefault(titles, {})[end] = None
            titles_of[end] = titles
        elif (sender := next(iter(waiting.get(titles, ())), None)) is not None:
            del waiting[titles][sender]
            found[sender], found[end] = (titles[0], end[0]), (titles[1], sender[0])
    return found


def _resolved(record: Record, partners: Mapping[_End, tuple[str, str]]) -> Record:
    title, other = partners.get((str(record.get("at", "")), _ordinal(record)), ("", ""))
    if "way" not in record or title == other or record.get("with") != title:
        return record
    return {**record, "with": other}


def pair(records: Iterable[Record], peers: Mapping[str, str] | None = None) -> list[Row]:
    """Return the rows of `records` in order, both records of one message as one row where it was sent.

    A ``received`` belongs to the oldest open ``sent`` of the same word on the same route and the same pair of
    associations, unless a field that both know differs: a message that was changed on its way stays two rows.

    Parameters
    ----------
    records : iterable of dict
        In the order of the log.
    peers : mapping of str to str, optional
        The peer (as in ``at``) for an AE title (as in ``with``), where they are not the same.
    """
    pairing = _Pairing(peers or {})
    return [row for record in resolve(records) if (row := pairing.take(record)) is not None]


class _Pairing:
    def __init__(self, peers: Mapping[str, str]) -> None:
        self._peers = peers
        self._open: dict[_Route, dict[int | None, deque[Row]]] = {}
        """What was sent and has not been received, by route and by the sender's association."""
        self._partner: dict[_End, _End] = {}
        """The association ordinal that the other side uses; learnt from the first message of an association."""
        self._gone_on: set[_End] = set()
        """Ends at which something has happened after the request: nobody waits there for its arrival any more."""

    def take(self, record: Record) -> Row | None:
        """Return the row of `record`, or None if it has joined the row of its sender."""
        way, other = record.get("way"), record.get("with")
        if record.get("event") != _REQUEST:
            self._gone_on.add((str(record.get("at", "")), _ordinal(record)))
        row = Row(record)
        if not isinstance(other, str) or way not in ("sent", "received"):
            return row
        here, there = str(record.get("at", "")), self._peers.get(other, other)
        event = str(record.get("event", ""))
        if way == "sent":
            self._sent((here, there, event), row)
            return row
        return None if self._received((there, here, event), record) else row

    def _sent(self, route: _Route, row: Row) -> None:
        waiting = self._open.setdefault(route, {})
        waiting.setdefault(_ordinal(row.record), deque(maxlen=_IN_FLIGHT)).append(row)

    def _received(self, route: _Route, received: Record) -> bool:
        waiting = self._open.get(route, {})
        end = (route[1], _ordinal(received))
        partner = self._partner.get(end)
        candidates = [*waiting] if partner is None else [partner[1], None]
        if partner is None and route[2] == _REQUEST:
            candidates.sort(key=lambda ordinal: (route[0], ordinal) in self._gone_on)
        for ordinal in candidates:
            row = self._match(waiting.get(ordinal, ()), (route[0], ordinal), end, received)
            if row is not None:
                waiting[ordinal].remove(row)
                if not waiting[ordinal]:
                    del waiting[ordinal]
                row.latency = received["t"] - row.record["t"]
                row.record = {**received, **row.record}
                row.received = received
                return True
        return False

    def _match(self, rows: Iterable[Row], sender: _End, receiver: _End, received: Record) -> Row | None:
        """Return the first of `rows` that can be what arrived as `received`, and remember the two associations."""
        known = sender[1] is not None and receiver[1] is not None
        if known and self._partner.get(sender, receiver) != receiver:
            return None
        for row in rows:
            shared = (row.record.keys() & received.keys()) - _OF_ONE_SIDE
            if all(row.record[key] == received[key] for key in shared):
                if known:
                    self._partner[sender], self._partner[receiver] = receiver, sender
                return row
        return None


def _ordinal(record: Record) -> int | None:
    """Return the record's association; None if it has none, or a log that was edited by hand has anything else."""
    ordinal = record.get("assoc")
    return ordinal if isinstance(ordinal, int) else None
