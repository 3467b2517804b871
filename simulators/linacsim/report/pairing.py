"""One message, told twice: finds the record of its receiver for the record of its sender."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linacsim.kernel.log import Record

_OF_ONE_SIDE = frozenset(("n", "t", "at", "event", "way", "with", "assoc"))
"""Fields in which the two records of one message are allowed to differ."""

_End = tuple[str, object]
_Route = tuple[str, str, str]


@dataclass(slots=True)
class Row:
    """One line of the timeline.

    Attributes
    ----------
    record : dict
        The record; of a message that both sides logged, the sender's record with what only the receiver knew.
    latency : int or None
        Microseconds from sending to receiving, if both sides logged the message.
    """

    record: Record
    latency: int | None = None


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
    return [row for record in records if (row := pairing.take(record)) is not None]


class _Pairing:
    def __init__(self, peers: Mapping[str, str]) -> None:
        self._peers = peers
        self._open: dict[_Route, list[Row]] = {}
        self._partner: dict[_End, _End] = {}
        """The association ordinal that the other side uses; learnt from the first message of an association."""

    def take(self, record: Record) -> Row | None:
        """Return the row of `record`, or None if it has joined the row of its sender."""
        way, other = record.get("way"), record.get("with")
        row = Row(record)
        if not isinstance(other, str) or way not in ("sent", "received"):
            return row
        here, there = str(record.get("at", "")), self._peers.get(other, other)
        event = str(record.get("event", ""))
        if way == "sent":
            self._open.setdefault((here, there, event), []).append(row)
            return row
        return None if self._join(self._open.get((there, here, event), []), record) else row

    def _join(self, candidates: list[Row], received: Record) -> bool:
        for index, row in enumerate(candidates):
            if self._belong(row.record, received):
                row.latency = received["t"] - row.record["t"]
                row.record = {**received, **row.record}
                del candidates[index]
                return True
        return False

    def _belong(self, sent: Record, received: Record) -> bool:
        shared = (sent.keys() & received.keys()) - _OF_ONE_SIDE
        if any(sent[key] != received[key] for key in shared):
            return False
        a, b = (sent["at"], sent.get("assoc")), (received["at"], received.get("assoc"))
        if a[1] is None or b[1] is None:
            return True
        if self._partner.get(a, b) != b or self._partner.get(b, a) != a:
            return False
        self._partner[a], self._partner[b] = b, a
        return True
