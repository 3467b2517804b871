"""Queries against the oracle, over the wire: every type of matching x every VR x every level, hierarchical and relational.

The archive gets a population drawn from a seed; what it answers is compared with a plain scan over the same data sets.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.devices.archive.negotiation import Negotiates, wish
from linacsim.devices.entity import application_entity, associate
from linacsim.devices.queryretrieve import Found, PatientRootFind, StudyRootFind, find
from tests.contract.archived import Asker, as_read, build_archive
from tests.devices.archive import drawing, oracle
from tests.devices.archive.oracle import LEVELS, UNIQUE, Agreed
from tests.devices.archive.population import ITEMS, KEYS, LEVEL_OF, MANY, population

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")

NOTHING = Negotiates(**dict.fromkeys(Negotiates.model_fields, False))
AGREED = {
    "empty value": (Negotiates.model_copy(NOTHING, update={"empty_value": True}), Agreed(empty=True)),
    "multiple value": (Negotiates.model_copy(NOTHING, update={"multiple_value": True}), Agreed(multiple=True)),
    "fuzzy": (Negotiates.model_copy(NOTHING, update={"fuzzy_names": True}), Agreed(fuzzy=True)),
}


class World:
    """An archive with a population, and a client that asks on one association after the other."""

    def __init__(self, asker: Asker, bench: Bench, objects: list[Dataset]) -> None:
        self.asker = asker
        self.bench = bench
        self.objects = objects

    def ask(self, wanted: list[Dataset], root: str = "study", negotiates: Negotiates | None = None) -> list[Found]:
        """Ask for all of them on one association."""
        model = PatientRootFind if root == "patient" else StudyRootFind
        device: Any = self.asker.device

        def task() -> list[Found]:
            ae = application_entity(device, device.personality)
            items = [] if negotiates is None else [wish(model, negotiates)]
            assoc = associate(device, ae, "ARCHIVE", [build_context(model)], ext_neg=items)
            found = [find(device, ae, assoc, model, one) for one in wanted]
            assoc.release()
            return found

        answers: list[Found] = self.bench.play(task, place=device.place)
        return answers


@pytest.fixture(scope="module", params=["virtual", "live"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    objects = [as_read(ds) for ds in population()]
    with Bench(clock=request.param, seed=7) as bench:
        yield World(build_archive(bench, Path(tmp_path_factory.mktemp("in")), objects), bench, objects)


def drawn(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 - drawn from a seed, for a test


def question(level: str, keys: list[DataElement], root: str, above: oracle.Path | None) -> Dataset:
    """Return an identifier: the keys, and the unique keys of the levels above and its own."""
    ds = Dataset()
    ds.SpecificCharacterSet, ds.QueryRetrieveLevel = "ISO_IR 192", level
    depth = LEVELS.index(level)
    for at in range(0 if root == "patient" else 1, depth):
        if above is not None:
            setattr(ds, UNIQUE[LEVELS[at]], above.unique[at])
    setattr(ds, UNIQUE[level], "")
    for key in keys:
        ds.add(key)
    return ds


def key_of(kind: str, keyword: str, vr: str, draw: random.Random) -> DataElement:
    if vr != "SQ":
        return drawing.key(kind, vr, draw, keyword)
    item = Dataset()
    for inner, inner_vr in ITEMS[keyword].items():
        if draw.random() < 0.6:
            item.add(drawing.key(kind if inner_vr in drawing.KINDS[kind][1] else "single value", inner_vr, draw, inner))
    ds = Dataset()
    setattr(ds, keyword, Sequence([item]))
    return ds[keyword]


def compare(
    world: World, asked: list[tuple[str, Dataset]], answers: list[Found], agreed: Agreed | None = None
) -> list[int]:
    """Compare answers with the oracle; return how many matches each has."""
    counts = []
    for (level, wanted), found in zip(asked, answers, strict=True):
        keys = Dataset()
        keys.update({one.tag: one for one in wanted if one.keyword in LEVEL_OF})
        right = oracle.scan(world.objects, level, keys, LEVEL_OF, agreed)
        told = [str(match[UNIQUE[level]].value or "") for match in found.identifiers]
        assert found.status.Status == 0, f"{wanted}\n{found.status}"
        assert told == right, f"{wanted}"
        counts.append(len(right))
    return counts


CASES = [
    (level, kind, keyword, vr)
    for level in LEVELS
    for keyword, vr in KEYS[level].items()
    for kind, (_draw, vrs) in drawing.KINDS.items()
    if (vr in vrs or (vr == "SQ" and kind in ("single value", "universal", "wild card")))
    and (kind != "multiple value" or keyword in MANY)
    and (kind != "list of UID" or keyword == UNIQUE[level] or keyword == "FrameOfReferenceUID")
]


def draw_for(world: World, kind: str, keyword: str, vr: str, draw: random.Random) -> DataElement:
    """Draw a key; that of a unique key is one that is there."""
    if keyword in (*UNIQUE.values(), "SOPClassUID", "SOPClassesInStudy") and vr == "UI" and kind != "universal":
        here = [
            str(one)
            for ds in world.objects
            for one in oracle.values(ds[keyword] if keyword in ds else ds["SOPClassUID"])
        ]
        many = [*draw.sample(sorted(set(here)), 1), "9.9"] if kind == "list of UID" else draw.choice(here)
        return drawing.element(keyword, many)
    return key_of(kind, keyword, vr, draw)


@pytest.mark.parametrize("level", LEVELS)
def test_every_type_of_matching_for_every_key_of_a_level(world: World, level: str) -> None:
    draw, root = drawn(level), "patient" if level == "PATIENT" else "study"
    listed = oracle.paths(world.objects)
    counts: list[int] = []
    for agreement in (None, *AGREED):
        asked = []
        for _level, kind, keyword, vr in (case for case in CASES if case[0] == level):
            if (kind if kind in AGREED else None) != agreement:
                continue
            for _ in range(4):
                key = draw_for(world, kind, keyword, vr, draw)
                asked.append((level, question(level, [key], root, draw.choice(listed))))
        negotiates, agreed = AGREED.get(agreement or "", (None, None))
        answers = world.ask([wanted for _level, wanted in asked], root, negotiates)
        good = [(one, found) for one, found in zip(asked, answers, strict=True) if found.status.Status != 0xA900]
        # a range that was drawn may end before it begins
        assert len(good) > 0.8 * len(asked)
        counts += compare(world, [one for one, _found in good], [found for _one, found in good], agreed)
    assert 20 < sum(count > 0 for count in counts) < len(counts)


@pytest.mark.parametrize("root", ["patient", "study"])
def test_relational_queries_with_keys_of_any_level(world: World, root: str) -> None:
    draw, listed = drawn(f"relational {root}"), oracle.paths(world.objects)
    negotiates = Negotiates.model_copy(NOTHING, update={"relational": True})
    kinds = ("single value", "universal", "wild card", "range")
    asked = []
    for _ in range(250):
        level = draw.choice(LEVELS if root == "patient" else LEVELS[1:])
        keys = []
        for _level, kind, keyword, vr in draw.sample([case for case in CASES if case[1] in kinds], draw.randint(1, 3)):
            if vr == "UI" or draw.random() < 0.4:
                # something that is there, so that there is something to find
                source = draw.choice(listed).level[LEVELS.index(_level)]
                told = oracle.values(oracle.at(source, keyword)) if vr != "SQ" else []
                if told:
                    keys.append(drawing.element(keyword, int(told[0]) if vr == "US" else told[0]))
            else:
                keys.append(key_of(kind, keyword, vr, draw))
        asked.append((level, question(level, keys, root, None)))
    answers = world.ask([wanted for _level, wanted in asked], root, negotiates)
    good = [(one, found) for one, found in zip(asked, answers, strict=True) if found.status.Status != 0xA900]
    counts = compare(world, [one for one, _found in good], [found for _one, found in good])
    assert len(good) > 150
    assert 30 < sum(count > 0 for count in counts) < len(counts)


@pytest.mark.parametrize("combined", [False, True])
@pytest.mark.parametrize("asked_zone", [None, "+0100", "-0800"])
def test_dates_and_times_in_time_zones(world: World, asked_zone: str | None, *, combined: bool) -> None:
    draw = drawn(f"{asked_zone} {combined}")
    negotiates = Negotiates.model_copy(
        NOTHING, update={"combined_datetime": combined, "timezone": asked_zone is not None, "relational": True}
    )
    wanted = []
    for _ in range(60):
        level, keys = draw.choice((("STUDY", "Study"), ("SERIES", "Series"), ("IMAGE", "Acquisition"))), []
        for vr, name in draw.sample((("DA", "Date"), ("TM", "Time")), draw.randint(1, 2)):
            keys.append(drawing.key(draw.choice(("single value", "range", "range")), vr, draw, level[1] + name))
        if level[0] == "IMAGE" and draw.random() < 0.5:
            keys.append(drawing.key("range", "DT", draw, "AcquisitionDateTime"))
        ds = question(level[0], keys, "study", None)
        if asked_zone is not None:
            ds.TimezoneOffsetFromUTC = asked_zone
        wanted.append((level[0], ds))
    answers = world.ask([ds for _level, ds in wanted], "study", negotiates)
    zone = None if asked_zone is None else (int(asked_zone[1:3]) * 60) * (-1 if asked_zone[0] == "-" else 1)
    good = [(one, found) for one, found in zip(wanted, answers, strict=True) if found.status.Status != 0xA900]
    counts = compare(
        world,
        [one for one, _found in good],
        [found for _one, found in good],
        Agreed(combined=combined, asked_zone=zone),
    )
    assert len(good) > 30
    assert 5 < sum(count > 0 for count in counts) < len(counts)
