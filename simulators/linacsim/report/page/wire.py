"""Which PDUs were the message of which row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from linacsim.report.page.associations import Association
from linacsim.report.page.lanes import Lanes
from linacsim.report.page.rows import Gravity, Kind, Row
from linacsim.report.pdus import Heard, Wire


def attach(heard: Heard, rows: Sequence[Row], associations: Sequence[Association], lanes: Lanes) -> list[Row]:
    """Give each row the PDUs of its message; return rows for those PDUs that no row tells of.

    Associations whose end nobody has logged learn it from their connections.

    A connection is known by its A-ASSOCIATE-RQ: the row of the same titles whose instant is nearest. On it, the messages of
    one word and one Message ID belong to the rows of that word and ID in order.
    """
    finder = _Finder(rows, lanes)
    strangers = [finder.stranger(one) for one in heard.messages if not finder.find(one)]
    for connection, (place, requestor, acceptor) in finder.connections.items():
        closing = heard.closings.get(connection)
        if closing is None:
            associations[place].stayed_open()
        else:
            associations[place].closed(lanes.name(requestor if closing.forward else acceptor), reset=closing.reset)
    return strangers


class _Finder:
    def __init__(self, rows: Sequence[Row], lanes: Lanes) -> None:
        self._lanes = lanes
        self._requests: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self._messages: dict[tuple[int, str, int | None], list[Row]] = defaultdict(list)
        self.connections: dict[int, tuple[int, int, int]] = {}
        """Association, requestor's lane and acceptor's lane of a connection."""
        for row in rows:
            if row.to < 0:
                continue
            if row.event == "A-ASSOCIATE-RQ":
                self._requests[str(row.record.get("called", "")), str(row.record.get("calling", ""))].append(row)
            elif row.association >= 0:
                self._messages[row.association, row.event, _ordinal(row)].append(row)

    def find(self, one: Wire) -> bool:
        """Give the row of a message its PDUs, if there is one."""
        row = self._request(one) if one.titles is not None else self._message(one)
        if row is None:
            return False
        row.pdus = one.runs
        return True

    def _request(self, one: Wire) -> Row | None:
        waiting = self._requests.get(one.titles or ("", ""), [])
        if not waiting:
            return None
        row = min(waiting, key=lambda each: abs(each.t + (each.latency or 0) - one.t))
        waiting.remove(row)
        self.connections[one.connection] = (row.association, row.at, row.to)
        return row

    def _message(self, one: Wire) -> Row | None:
        association, requestor, _acceptor = self.connections.get(one.connection, (-1, -1, -1))
        waiting = self._messages.get((association, one.event, one.ordinal), [])
        row = next((each for each in waiting if (each.at == requestor) == one.forward), None)
        if row is not None:
            waiting.remove(row)
        return row

    def stranger(self, one: Wire) -> Row:
        """Return a row for a message that the log does not tell of."""
        association, requestor, acceptor = self.connections.get(one.connection, (-1, -1, -1))
        if one.titles is not None and association < 0:
            acceptor, requestor = (self._lanes.place(title) for title in one.titles)
        at, to = (requestor, acceptor) if one.forward else (acceptor, requestor)
        return Row(
            n=-1, t=one.t, at=at, to=to, event=one.event, words="on the wire only", said="", kind=Kind.DIMSE,
            gravity=Gravity.PLAIN, latency=None, received=None, lost=False, record={}, ends=(),
            association=association, pdus=one.runs,
        )  # fmt: skip


def _ordinal(row: Row) -> int | None:
    found = row.record.get("responds-to", row.record.get("message-id"))
    return found if isinstance(found, int) else None
