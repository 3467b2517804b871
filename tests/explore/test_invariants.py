"""Each invariant sees what breaks it, in a log that was written for it, and nothing in one that is all right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from linacsim.errors import Deadlock, HarnessError, InputError, TaskFailed
from linacsim.explore import INVARIANTS, Run, Violation
from linacsim.explore.invariants import invariants_of, judged
from linacsim.explore.subject import REST, Subject, subject_of
from linacsim.explore.trial import Open
from linacsim.kernel.log import Record
from tests.explore.conftest import SCENARIO

HEALED = 1_000_000
Story = list[tuple[str, str, dict[str, Any]]]
"""Place, event and fields of each record."""
UIDS = ("1.2.1", "1.2.2", "1.2.3")


def story(*stored: str, done: bool = True, reason: str = "late", returned: object = 3) -> Story:
    """Return a call that stores some objects, as place, event and fields."""
    fields: dict[str, Any] = {"assoc": 1, "way": "received", "with": "MINE"}
    records: Story = [
        ("MINE", "step-started", {"step": "call"}),
        ("MINE", "call-started", {"function": "m:send"}),
    ]
    for number, uid in enumerate(stored, 1):
        records += [
            ("ARCHIVE", "C-STORE-RQ", {**fields, "message-id": number, "sop-instance": uid.partition("~")[0]}),
            ("ARCHIVE", "object-stored", {"object": f"objects/ARCHIVE/{uid}.dcm"}),
            ("ARCHIVE", "C-STORE-RSP", {**fields, "way": "sent", "responds-to": number, "status": 0}),
        ]
    if returned is not None:
        records.append(("MINE", "call-returned", {"function": "m:send", "returned": returned}))
    end = ("step-done", {}) if done else ("step-failed", {"reason": reason, "expected": True})
    return [*records, ("MINE", end[0], {"step": "call", **end[1]})]


def log(first: Story, again: Story) -> list[Record]:
    """Return a log: steps, healed, steps once more."""
    parts: list[tuple[int, Story]] = [(100, first), (HEALED, [("BENCH", "healed", {})]), (HEALED + REST, again)]
    flat = [(start + number, one) for start, part in parts for number, one in enumerate(part)]
    return [{"n": n, "t": t, "at": at, "event": event, **fields} for n, (t, (at, event, fields)) in enumerate(flat)]


@pytest.fixture(name="subject")
def made_subject() -> Subject:
    return subject_of(SCENARIO, {})


@pytest.fixture(name="usual")
def undisturbed(subject: Subject) -> Run:
    kept = frozenset(f"objects/ARCHIVE/{uid}.dcm" for uid in UIDS)
    return Run(subject=subject, plan=(), seed=1, records=log(story(*UIDS), story(*UIDS)), kept=kept)


def disturbed(usual: Run, first: Any = None, again: Any = None, **more: Any) -> Run:
    records = log(story(*UIDS) if first is None else first, story(*UIDS) if again is None else again)
    kept = frozenset(one["object"] for one in records if one["event"] == "object-stored")
    return replace(usual, **{"records": records, "undisturbed": usual, "kept": kept, **more})


def wrong(name: str, run: Run) -> list[str]:
    found = judged(run, [INVARIANTS[name]])
    return [] if found is None else [one.text for one in found[1]]


@pytest.mark.parametrize("name", INVARIANTS)
def test_it_holds_where_all_is_well(usual: Run, name: str) -> None:
    assert wrong(name, usual) == []
    assert wrong(name, disturbed(usual)) == []


@pytest.mark.parametrize("name", INVARIANTS)
def test_a_step_may_fail_under_faults(usual: Run, name: str) -> None:
    assert wrong(name, disturbed(usual, story("1.2.1", done=False, returned=1))) == []


def test_success_that_is_not_true(usual: Run) -> None:
    (text,) = wrong("told-is-true", disturbed(usual, story("1.2.1", "1.2.3")))
    assert text == "MINE: call told success, and 1.2.2 is not at ARCHIVE"


def test_what_arrives_late_is_there(usual: Run) -> None:
    late = [*story("1.2.1", "1.2.3"), ("ARCHIVE", "object-stored", {"object": "objects/ARCHIVE/1.2.2.dcm"})]
    assert wrong("told-is-true", disturbed(usual, late)) == []


def test_another_return_value_is_no_success(usual: Run) -> None:
    assert wrong("told-is-true", disturbed(usual, story("1.2.1", returned=1))) == []


def test_what_a_step_does_that_another_has_not_prepared_is_not_judged(subject: Subject) -> None:
    two = [*story("1.2.1"), *story("1.2.2")]
    usual = Run(subject=subject, plan=(), seed=1, records=log(two, two))
    assert wrong("told-is-true", disturbed(usual, [*story(done=False, returned=0), *story()], two)) == []
    assert wrong("told-is-true", disturbed(usual, [*story("1.2.1"), *story()], two)) == [
        "MINE: call told success, and 1.2.2 is not at ARCHIVE"
    ]


def test_success_that_is_not_true_once_more(usual: Run) -> None:
    first, again = story("1.2.1", returned=1), story("1.2.2")
    (text,) = wrong("told-is-true", disturbed(usual, first, again))
    assert text == "MINE: call told success, and 1.2.3 is not at ARCHIVE"
    assert wrong("told-is-true", disturbed(usual, first, story("1.2.2", "1.2.3"))) == []


def test_objects_with_new_uids_are_counted(subject: Subject) -> None:
    usual = Run(subject=subject, plan=(), seed=1, records=log(story("1", "2", "3"), story("4", "5", "6")))
    assert wrong("told-is-true", disturbed(usual, story("7", "8"))) == [
        "MINE: call told success, and ARCHIVE has 2 of 3 objects"
    ]
    assert wrong("stored-once", disturbed(usual, story("7", "8", "9", "10"))) == [
        "ARCHIVE has 4 objects, where the steps mean 3"
    ]
    assert wrong("stored-once", disturbed(usual, story("7", "8", "9"))) == []


def test_an_object_that_is_there_twice(usual: Run) -> None:
    (text,) = wrong("stored-once", disturbed(usual, story(*UIDS, "1.2.4")))
    assert text == "ARCHIVE has 1.2.4, which the steps do not store undisturbed"
    # the same instance with other contents: what a fault has changed, and what came after it
    assert wrong("stored-once", disturbed(usual, story(*UIDS, "1.2.3~2"))) == []


def test_an_object_that_has_been_acknowledged_and_is_gone(usual: Run) -> None:
    kept = frozenset(f"objects/ARCHIVE/{uid}.dcm" for uid in UIDS[:2])
    told = wrong("acknowledged-is-kept", disturbed(usual, kept=kept))
    assert len(told) == 2, "in both halves"
    assert told[0].startswith("ARCHIVE has answered 0x0000 for 1.2.3, and does not have it")


def test_two_requests_at_once(usual: Run) -> None:
    requests = [("MINE", "C-STORE-RQ", {"assoc": 1, "way": "sent", "message-id": number}) for number in (1, 2)]
    (text,) = wrong("one-at-a-time", disturbed(usual, [*story(*UIDS), *requests]))
    assert text.startswith("MINE sends C-STORE-RQ on association 1, whose C-STORE-RQ has not been answered")
    answer = ("MINE", "C-STORE-RSP", {"assoc": 1, "way": "received", "responds-to": 1, "status": 0xA700})
    assert wrong("one-at-a-time", disturbed(usual, [requests[0], answer, requests[1]])) == []
    cancel = ("MINE", "C-CANCEL-RQ", {"assoc": 1, "way": "sent", "message-id": 3})
    assert wrong("one-at-a-time", disturbed(usual, [requests[0], cancel])) == []


def test_an_association_that_is_open_at_the_end(usual: Run) -> None:
    (text,) = wrong("associations-end", disturbed(usual, open=(Open("MINE", 4, "ARCHIVE"),)))
    assert text == "MINE has left association 4 open, with ARCHIVE"


def test_what_does_not_end(usual: Run) -> None:
    assert wrong("comes-to-an-end", disturbed(usual, error=Deadlock("nothing is scheduled"))) == [
        "Deadlock: nothing is scheduled"
    ]
    assert wrong("comes-to-an-end", disturbed(usual, error=HarnessError("a border"))) == []
    hangs = story(done=False, returned=None, reason="m:send has not returned within 1 h")
    assert wrong("comes-to-an-end", disturbed(usual, hangs)) == ["MINE: m:send has not returned within 1 h"]
    never = wrong("comes-to-an-end", disturbed(usual, again=story()[:2], failures=("not over within its limit",)))
    assert never == ["MINE: call has not ended: not over within its limit"]


def test_who_falls_over(usual: Run) -> None:
    assert wrong("nobody-falls-over", disturbed(usual, error=TaskFailed("disk: KeyError"))) == ["disk: KeyError"]
    dead = [*story(*UIDS), ("ARCHIVE", "association-failed", {"error": "ValueError"})]
    assert wrong("nobody-falls-over", disturbed(usual, dead)) == [
        "ARCHIVE: an association's loop has died of ValueError"
    ]
    mistake = story(done=False, returned=None, reason="m:send: AttributeError: no attribute 'Status'")
    assert wrong("nobody-falls-over", disturbed(usual, mistake)) == [
        "MINE: m:send: AttributeError: no attribute 'Status'"
    ]
    meant = story(done=False, returned=None, reason="m:send: NotSentError: no answer")
    assert wrong("nobody-falls-over", disturbed(usual, meant)) == []


def test_what_does_not_recover(usual: Run) -> None:
    failed = story(done=False, returned=0, reason="returned 0 instead of 3")
    assert wrong("recovers", disturbed(usual, again=failed)) == ["healed: MINE: call failed: returned 0 instead of 3"]
    other = wrong("recovers", disturbed(usual, again=story(*UIDS, returned=2)))
    assert other == ["healed: MINE: m:send returned 2 instead of 3"]
    (unmet,) = wrong("recovers", disturbed(usual, again=story(*UIDS, "1.2.4")))
    assert unmet.startswith("healed: object-stored at ARCHIVE, exactly 3 times: ")


def test_the_order_is_that_of_the_registry_and_can_be_chosen(usual: Run) -> None:
    run = disturbed(usual, story("1.2.1"), open=(Open("MINE", 4, "ARCHIVE"),))
    found = judged(run, invariants_of())
    assert found is not None
    assert found[0].name == "told-is-true"
    found = judged(run, invariants_of(without=["told-is-true"]))
    assert found is not None
    assert found[0].name == "associations-end"


def in_a_hurry(run: Run) -> list[Violation | str]:
    """Everything is over within a minute."""
    return [f"it takes {run.records[-1]['t']} us"]


def test_one_of_the_users_own(usual: Run) -> None:
    own = invariants_of(more=[f"{__name__}:in_a_hurry"])[-1]
    assert own.about == "Everything is over within a minute."
    found = judged(usual, [own])
    assert found is not None
    assert found[1][0].text.startswith("it takes ")


def wrong_itself(run: Run) -> list[str]:
    return [run.nothing]  # type: ignore[attr-defined]


def test_one_of_the_users_own_that_is_wrong_itself(usual: Run) -> None:
    with pytest.raises(InputError, match=r"wrong_itself: raises AttributeError: .*an invariant yields what is wrong"):
        judged(usual, invariants_of(more=[f"{__name__}:wrong_itself"]))


@pytest.mark.parametrize(
    ("more", "without", "told"),
    [
        (["nonsense"], [], "--invariant: 'nonsense' names no function; write package.module:function"),
        (["no_such:f"], [], "no_such:f: cannot be imported"),
        (["os:nothing"], [], "--invariant: os has no function 'nothing'"),
        ([], ["told-is-tru"], "--without: no invariant 'told-is-tru'; did you mean 'told-is-true'?"),
    ],
)
def test_a_wrong_name_is_told(more: list[str], without: list[str], told: str) -> None:
    with pytest.raises(InputError) as error:
        invariants_of(more, without)
    assert told in str(error.value)
