"""Attribute matching against the oracle: every type of matching x every VR, keys and values drawn from seeds."""

from __future__ import annotations

import random

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from linacsim.devices.archive.matching import BadKeyError, Terms, check_key, check_keys, matches_all
from linacsim.devices.archive.negotiation import NOTHING
from tests.devices.archive import oracle
from tests.devices.archive.drawing import KEYWORDS, KINDS, element, held, item, key

ROUNDS = 150
CASES = [(kind, vr) for kind, (_draw, vrs) in KINDS.items() for vr in vrs]
AGREED = {
    "empty value": NOTHING._replace(empty_value=True),
    "multiple value": NOTHING._replace(multiple_value=True),
    "fuzzy": NOTHING._replace(fuzzy_names=True),
}


def drawn(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 - drawn from a seed, for a test


@pytest.mark.parametrize(("kind", "vr"), CASES)
def test_a_type_of_matching_for_a_vr(kind: str, vr: str) -> None:
    draw, seen = drawn(f"{kind} {vr}"), set()
    agreed = AGREED.get(kind, NOTHING)
    told = oracle.Agreed(fuzzy=agreed.fuzzy_names, empty=agreed.empty_value, multiple=agreed.multiple_value)
    for _ in range(ROUNDS):
        wanted, ds = key(kind, vr, draw), Dataset()
        value = held(vr, draw)
        if value is not None:
            ds.add(element(KEYWORDS[vr], value))
        try:
            check_key(wanted, Terms(agreed))
        except BadKeyError:
            # a value of the pool that is out of order as a range
            assert kind == "range"
            continue
        right = oracle.fits_all([wanted], ds, told)
        assert matches_all([wanted], ds, Terms(agreed)) is right, f"{wanted} against {value!r}"
        seen.add(right)
    # the draw has shown both what matches and what does not
    assert seen == ({True} if kind == "universal" else {True, False})


def test_sequence_matching() -> None:
    draw, seen = drawn("sequence"), []
    for _ in range(600):
        ds, keys = Dataset(), Dataset()
        ds.RequestAttributesSequence = Sequence([item(draw, keys=False) for _ in range(draw.randint(0, 3))])
        keys.RequestAttributesSequence = Sequence([item(draw, keys=True)] if draw.random() < 0.95 else [])
        for one in keys:
            check_key(one)
        right = oracle.fits_all(list(keys), ds, oracle.Agreed())
        assert matches_all(list(keys), ds) is right, f"{keys}\nagainst\n{ds}"
        seen.append(right)
    assert 50 < sum(seen) < 550


ZONES = (None, "+0000", "+0200", "-0500", "+1345")


def moment_keys(draw: random.Random) -> Dataset:
    keys = Dataset()
    for vr in draw.sample(("DA", "TM", "DT"), draw.randint(1, 3)):
        keys.add(key(draw.choice(("single value", "range", "range")), vr, draw))
    return keys


@pytest.mark.parametrize("combined", [False, True])
@pytest.mark.parametrize("asked", [None, "+0000", "-0330", "+1400"])
@pytest.mark.parametrize("local", [0, 60])
def test_dates_and_times_together(asked: str | None, local: int, *, combined: bool) -> None:
    draw, seen = drawn(f"{combined} {asked} {local}"), []
    minutes = None if asked is None else oracle.zone_of(zoned(asked))
    terms = Terms(NOTHING._replace(combined_datetime=combined, timezone=asked is not None), minutes, local)
    told = oracle.Agreed(combined=combined, asked_zone=minutes, local_zone=local)
    for _ in range(400):
        keys, ds = list(moment_keys(draw)), Dataset()
        for vr in ("DA", "TM", "DT"):
            value = held(vr, draw)
            if value is not None:
                ds.add(element(KEYWORDS[vr], value))
        zone = draw.choice(ZONES)
        if zone is not None:
            ds.TimezoneOffsetFromUTC = zone
        try:
            for one in keys:
                check_key(one, terms)
            check_keys(keys, terms)
        except BadKeyError:
            continue
        right = oracle.fits_all(keys, ds, told, oracle.zone_of(ds))
        assert matches_all(keys, ds, terms) is right, f"{keys} against {ds}"
        seen.append(right)
    assert len(seen) > 200
    assert 10 < sum(seen) < len(seen) - 10


def zoned(zone: str) -> Dataset:
    ds = Dataset()
    ds.TimezoneOffsetFromUTC = zone
    return ds
