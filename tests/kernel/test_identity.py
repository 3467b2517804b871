"""UIDs, draws and dates follow from the seed, and from what they are for."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from pydicom.uid import UID

from linacsim.kernel.identity import DEFAULT_EPOCH, Identity, wall_seconds
from linacsim.kernel.units import HOUR


@pytest.mark.parametrize("ordinal", range(200))
def test_a_uid_is_valid_and_comes_from_a_well_formed_uuid(ordinal: int) -> None:
    text = Identity(ordinal).uid("PRINTER", "image-box", ordinal)
    assert UID(text).is_valid
    assert len(text) <= 44
    number = uuid.UUID(int=int(text.removeprefix("2.25.")))
    assert (number.version, number.variant) == (5, uuid.RFC_4122)


def test_uids_stay_the_same_from_release_to_release() -> None:
    assert Identity(7).uid("PRINTER", "image-box", 1) == "2.25.233519652437140923075459899108948541345"
    assert Identity(7).uid() != Identity(8).uid()


def test_uids_of_one_purpose_do_not_depend_on_those_of_another() -> None:
    alone, crowded = Identity(7), Identity(7)
    first = [alone.next_uid("A", "film"), alone.next_uid("A", "film")]
    crowded.next_uid("B", "film")
    mixed = [crowded.next_uid("A", "film"), crowded.next_uid("B", "film"), crowded.next_uid("A", "film")]
    assert first == [mixed[0], mixed[2]]
    assert len({*first, *mixed}) == 3


def test_keys_that_only_look_alike_when_joined_are_different() -> None:
    identity = Identity(1)
    assert identity.uid("ab", "c") != identity.uid("a", "bc")


def test_a_draw_does_not_depend_on_the_draws_before_it() -> None:
    keys = [("drop", peer, ordinal) for peer in ("A", "B") for ordinal in range(50)]
    forward, backward = Identity(3), Identity(3)
    there = {key: forward.chance(0.5, *key) for key in keys}
    back = {key: backward.chance(0.5, *key) for key in reversed(keys)}
    assert there == back
    assert 0 < sum(there.values()) < len(keys)


def test_a_chance_is_kept_over_many_keys() -> None:
    hits = sum(Identity(5).chance(0.3, "x", ordinal) for ordinal in range(10_000))
    # five standard deviations of a binomial with n = 10 000 and p = 0.3 are 229
    assert abs(hits - 3_000) < 230


def test_certainties_draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(*_key: object) -> int:
        raise AssertionError("a draw")

    identity = Identity(1)
    monkeypatch.setattr(identity, "_bits", draw)
    assert [identity.chance(p, "x") for p in (0, 0.0, -1.0, 1, 1.0, 2.0)] == [False, False, False, True, True, True]
    with pytest.raises(AssertionError, match="a draw"):
        identity.chance(0.5, "x")


def test_a_generator_is_its_own_for_each_key() -> None:
    identity = Identity(2)
    first, other = identity.generator("noise", 1), identity.generator("noise", 2)
    numbers = [first.random() for _ in range(3)]
    assert [other.random() for _ in range(3)] != numbers
    again = Identity(2).generator("noise", 1)
    assert [again.random() for _ in range(3)] == numbers


def test_dates_follow_from_the_epoch() -> None:
    identity = Identity(0)
    moment = identity.moment(HOUR + 7)
    assert moment.isoformat() == "2024-05-06T09:00:00.000007+00:00"
    assert datetime.fromtimestamp(wall_seconds(identity, 0), UTC) == DEFAULT_EPOCH
