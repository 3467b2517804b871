"""What a peer does with a status: every row of the tables says it twice, in words and so that a peer can act on it."""

from __future__ import annotations

import pytest

from linacsim.conformance import load_system, systems
from linacsim.conformance.model import Does, Entity, Failing, Gives, Limits, StatusRow
from linacsim.conformance.statuses import Category, category_of, covers, failure_of, row_for

ENTITIES = [entity for one in systems() for entity in load_system(one).entities.values()]
HANDLED = [(entity, row) for entity in ENTITIES for row in entity.status_handling]
RETURNED = [(entity, row) for entity in ENTITIES for row in entity.status_returned]
WORDS = {
    Does.ABANDON_JOB: "abandon the job",
    Does.FAIL_OBJECT: "user told of the failed store",
    Does.SHOW: "shown to the user",
    Does.LOG: ("treated as stored", "can be ignored"),
    Does.IGNORE: "ignored",
    Does.NOT_FOUND: ("not found", "treated as failure"),
    Does.NOT_RETRIEVED: ("nothing retrieved", "treated as failure", "user told through the queue handler"),
    Does.PARTLY_RETRIEVED: "some or all instances missing",
    Does.BY_CATEGORY: "according to the kind of code",
    Does.REFUSE: "could not be received",
    Does.REFUSE_AND_ABORT: "association aborted",
    Does.STORE: ("stored", "written"),
    Does.CONTINUE: ("send the next", "stored", "finished", "all instances arrived"),
}
"""What the words of a row have to say if a peer is to do this."""


def test_there_are_as_many_rows_as_documented() -> None:
    assert len(HANDLED) + len(RETURNED) == 47
    assert sum(len(entity.communication_failures) for entity in ENTITIES) == 7


@pytest.mark.parametrize(("entity", "row"), [*HANDLED, *RETURNED], ids=lambda one: getattr(one, "id", None))
def test_what_a_peer_does_is_what_the_words_say(entity: Entity, row: StatusRow) -> None:
    assert row.does is not None, entity.id
    wanted = WORDS[row.does]
    assert any(word in row.behaviour for word in ([wanted] if isinstance(wanted, str) else wanted)), row.behaviour


def test_what_a_peer_does_when_an_association_fails_is_what_the_words_say() -> None:
    for entity in ENTITIES:
        for row in entity.communication_failures:
            assert row.when is not None
            words = {Gives.RELEASE: "A-RELEASE", Gives.GIVE_UP: "given up", Gives.TELL: "told", Gives.ABORT: "abort"}
            assert row.does is not None
            assert words[row.does] in row.behaviour
            assert ("timeout" in row.exception) is (row.when is Failing.TIMEOUT)
            assert ("aborted" in row.exception) is (row.when is Failing.ABORT)
            assert failure_of(entity, row.when) is row


def test_time_limits_are_told_apart() -> None:
    for entity in ENTITIES:
        for limit in entity.timeouts:
            wanted = {"association": Limits.ASSOCIATION, "DIMSE": Limits.DIMSE}.get(limit.name.split()[0])
            assert limit.limits is wanted, (entity.id, limit.name)


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (0x0000, Category.SUCCESS),
        (0xB000, Category.WARNING),
        (0x0107, Category.WARNING),
        (0xFF00, Category.PENDING),
        (0xFF01, Category.PENDING),
        (0xFE00, Category.CANCEL),
        (0xA700, Category.FAILURE),
        (0xC123, Category.FAILURE),
        (0x0122, Category.FAILURE),
    ],
)
def test_the_class_of_a_status(status: int, category: Category) -> None:
    assert category_of(status) is category


@pytest.mark.parametrize(
    ("written", "status", "exactness"),
    [
        ("A700", 0xA700, 4),
        ("A700", 0xA701, 0),
        ("a700", 0xA700, 4),
        ("A7xx", 0xA7FF, 3),
        ("A7xx", 0xA900, 0),
        ("Cxxx", 0xC000, 3),
        ("Warning (any)", 0xB007, 2),
        ("Warning (any)", 0xA700, 0),
        ("Failure (any)", 0xA700, 2),
        ("any warning or error", 0xB000, 2),
        ("any warning or error", 0xC000, 2),
        ("any warning or error", 0x0000, 0),
        ("*", 0x1234, 1),
    ],
)
def test_how_exactly_a_row_speaks_of_a_status(written: str, status: int, exactness: int) -> None:
    assert covers(StatusRow(service="C-STORE", status=written, behaviour=""), status) == exactness


def test_the_row_that_speaks_most_exactly_counts() -> None:
    rows = [StatusRow(service="C-STORE", status=one, behaviour=one) for one in ("*", "A7xx", "A700")]
    assert [getattr(row_for(rows, "C-STORE", one), "status", "") for one in (0xA700, 0xA7AA, 0xC000)] == [
        "A700",
        "A7xx",
        "*",
    ]
    assert row_for(rows, "C-FIND", 0xA700) is None
