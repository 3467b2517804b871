"""Whatever a file can say, Python can say: one scenario with everything in it, written in both."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from linacsim import Bench, InputError, fault
from linacsim.faults import ACTIONS, Armed
from linacsim.faults.when import Conditions
from linacsim.scenario import keys as words
from linacsim.scenario.expectation import Expectation, expectation_of
from linacsim.scenario.loader import load_scenario, scenario_of
from linacsim.scenario.model import ActionStep, FaultSpec, Scenario
from linacsim.scenario.vocabulary import vocabulary
from linacsim.settings import keys_of

PEERS = """\
parameters: {who: STORE, patience: 30 s}
peers:
  STORE: {kind: storage, acse-timeout: $patience}
faults:
  - {do: reject, at: $who, result: 2, source: 1, reason: 1, nth: 2}
"""
FILE = """\
scenario: Everything that a scenario can say
about: |
  In two
  lines.
requires: [REQ-1, PS3.4 B.2]
tags: [storage]
limit: 2 h
include: [peers.yaml]
parameters: {patience: 5 min, dollars: $$5}
peers:
  SCU: {kind: storage, network-timeout: 90 s, accept-calling: [STORE]}
  PRINTER: {kind: printer}
  PRODUCT: {kind: sut, stand-in: {kind: storage}}
faults:
  - {do: abort, at: STORE, on: C-STORE-RQ, way: received, with: SCU, first: 2, source: service-user}
  - {do: status, at: STORE, on: C-STORE-RSP, way: sent, sop-class: CTImageStorage, context: 3, status: 0x0000, code: A700}
  - {do: latency, at: SCU, not-before: 10 s, not-after: 20 s, delay: 2 s, every: 3}
  - {do: no-response, at: STORE, on: C-ECHO-RQ, state: NORMAL, chance: 0.5, times: 3, until: object-stored, after: 1}
  - {do: no-accept, at: SCU, until: 1 min, sop-instance: 1.2.3}
  - {do: jam, at: PRINTER, on: sheet-out}
steps:
  - SCU: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
    fails: rejected
  - SCU: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
    may-fail: true
  - wait: 30 s
  - heal: STORE
  - heal: all
  - together:
      - SCU: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
      - wait: 10 ms
  - PRODUCT: Send an image to {STORE.title}.
    instead: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
  - PRODUCT: {ask: Look at it.}
    instead: nothing
expect:
  - {event: C-STORE-RSP, at: STORE, status: 0xA700, way: sent, count: 2}
  - {event: object-stored, at: STORE, at-least: 1, after: 1 s, within: 1 h, bytes: {at-least: 1000, at-most: 100000}}
  - {event: object-stored, at-most: 9, with: {contains: scu}}
  - {event: film-jam, never: true, bytes: {at-most: 3}}
  - {event: A-ABORT, with: $dollars}
"""
IMAGE = {"to": "STORE", "images": ["pydicom:CT_small.dcm"]}
MAPPING: dict[str, Any] = {
    "scenario": "Everything that a scenario can say",
    "about": "In two\nlines.\n",
    "requires": ["REQ-1", "PS3.4 B.2"],
    "tags": ["storage"],
    "limit": "2 h",
    "include": ["peers.yaml"],
    "parameters": {"patience": "5 min", "dollars": "$$5"},
    "peers": {
        "SCU": {"kind": "storage", "network-timeout": "90 s", "accept-calling": ["STORE"]},
        "PRINTER": {"kind": "printer"},
        "PRODUCT": {"kind": "sut", "stand-in": {"kind": "storage"}},
    },
    "faults": [
        {"do": "abort", "at": "STORE", "on": "C-STORE-RQ", "way": "received", "with": "SCU", "first": 2, "source": "service-user"},
        {"do": "status", "at": "STORE", "on": "C-STORE-RSP", "way": "sent", "sop-class": "CTImageStorage", "context": 3,
         "status": 0x0000, "code": "A700"},
        {"do": "latency", "at": "SCU", "not-before": "10 s", "not-after": "20 s", "delay": "2 s", "every": 3},
        {"do": "no-response", "at": "STORE", "on": "C-ECHO-RQ", "state": "NORMAL", "chance": 0.5,
         "times": 3, "until": "object-stored", "after": 1},
        {"do": "no-accept", "at": "SCU", "until": "1 min", "sop-instance": "1.2.3"},
        {"do": "jam", "at": "PRINTER", "on": "sheet-out"},
    ],
    "steps": [
        {"SCU": {"store": IMAGE}, "fails": "rejected"},
        {"SCU": {"store": IMAGE}, "may-fail": True},
        {"wait": "30 s"},
        {"heal": "STORE"},
        {"heal": "all"},
        {"together": [{"SCU": {"store": IMAGE}}, {"wait": "10 ms"}]},
        {"PRODUCT": "Send an image to {STORE.title}.", "instead": {"store": IMAGE}},
        {"PRODUCT": {"ask": "Look at it."}, "instead": "nothing"},
    ],
    "expect": [
        {"event": "C-STORE-RSP", "at": "STORE", "status": 0xA700, "way": "sent", "count": 2},
        {"event": "object-stored", "at": "STORE", "at-least": 1, "after": "1 s", "within": "1 h",
         "bytes": {"at-least": 1000, "at-most": 100000}},
        {"event": "object-stored", "at-most": 9, "with": {"contains": "scu"}},
        {"event": "film-jam", "never": True, "bytes": {"at-most": 3}},
        {"event": "A-ABORT", "with": "$dollars"},
    ],
}  # fmt: skip
OF_PYTHON: list[Armed | None] = [
    fault("reject", result=2, source=1, reason=1, nth=2),
    fault("abort", "C-STORE-RQ", way="received", with_="SCU", first=2, source="service-user"),
    fault("status", "C-STORE-RSP", way="sent", sop_class="CTImageStorage", context=3, status=0x0000, code=0xA700),
    fault("latency", not_before=10_000_000, not_after=20_000_000, delay=2_000_000, every=3),
    fault("no-response", "C-ECHO-RQ", state="NORMAL", chance=0.5, times=3, until="object-stored", after=1),
    fault("no-accept", until="1 min", sop_instance="1.2.3"),
    None,  # the hardware of a device: broken by its own methods
]


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Scenario, Scenario]:
    """The scenario from a file, and from a mapping."""
    monkeypatch.chdir(tmp_path)
    Path("peers.yaml").write_text(PEERS, encoding="utf-8")
    Path("all.yaml").write_text(FILE, encoding="utf-8")
    return load_scenario("all.yaml", vocabulary()), scenario_of(MAPPING, vocabulary())


def without_places(value: Any) -> Any:
    """Return `value` without the lines that it came from."""
    if isinstance(value, tuple):
        return tuple(without_places(each) for each in value)
    if isinstance(value, dict):
        return {key: without_places(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        known = {one.name: getattr(value, one.name) for one in fields(value)}
        changes = {
            name: without_places(each)
            for name, each in known.items()
            if isinstance(each, tuple | dict) or hasattr(each, "where")
        }
        return replace(value, **changes, **({"where": ""} if "where" in known else {}))
    return value


def test_file_and_mapping_are_the_same_scenario(both: tuple[Scenario, Scenario]) -> None:
    of_file, of_mapping = both
    assert without_places(of_file) == without_places(of_mapping)
    assert of_file.expect[-1].fields == {"with": "$5"}


def test_the_scenario_says_everything() -> None:
    """Every key that a file can have stands in it, so that nothing is compared in vain."""
    said = FILE + PEERS
    general = (
        words.FileKeys, words.PeerKeys, words.FaultKeys, words.WaitKeys, words.HealKeys, words.TogetherKeys, words.SutKeys,
        words.AskKeys, words.FailsKeys, words.MayFailKeys, words.ExpectKeys, words.FieldKeys, Conditions,
    )  # fmt: skip
    missing = [key for cls in general for key in keys_of(cls) if f"{key}:" not in said]
    assert missing == []
    assert set(MAPPING) == {*keys_of(words.FileKeys), "include", "parameters"}


def test_faults_of_a_bench_are_those_of_a_file(both: tuple[Scenario, Scenario]) -> None:
    specs = both[0].faults
    assert len(specs) == len(OF_PYTHON)
    for spec, armed in zip(specs, OF_PYTHON, strict=True):
        if armed is None:
            assert spec.do not in ACTIONS
            continue
        assert (armed.do, armed.when, armed.conditions, armed.parameters) == what_of(spec)
        assert spec.on in (armed.on, None)


def what_of(spec: FaultSpec) -> tuple[Any, ...]:
    return spec.do, spec.occurrence, spec.conditions, spec.parameters


def test_expectations_of_a_bench_are_those_of_a_file(both: tuple[Scenario, Scenario]) -> None:
    written: list[Expectation] = [
        expectation_of("C-STORE-RSP", {"at": "STORE", "status": 0xA700, "way": "sent", "count": 2}),
        expectation_of(
            "object-stored",
            {
                "at": "STORE",
                "at_least": 1,
                "after": "1 s",
                "within": "1 h",
                "bytes": {"at-least": 1000, "at_most": 100000},
            },
        ),
        expectation_of("object-stored", {"at_most": 9, "with_": {"contains": "scu"}}),
        expectation_of("film-jam", {"never": True, "bytes": {"at_most": 3}}),
        expectation_of("A-ABORT", {"with_": "$5"}),
    ]
    assert tuple(written) == without_places(both[0].expect)


def test_steps_of_a_bench_are_those_of_a_file(both: tuple[Scenario, Scenario]) -> None:
    step = both[0].steps[0]
    assert isinstance(step, ActionStep)
    with Bench() as bench:
        bench.add("storage", "SCU")
        _device, parameters = bench._told("SCU", "store", {"to": "STORE", "images": ["pydicom:CT_small.dcm"]})
    assert parameters == step.parameters


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"bytes": {"contains": 3}}, "is no pattern"),
        ({"bytes": {"at-least": 5, "at-most": 3}}, "is no pattern"),
        ({"bytes": {}}, 'write {"contains": text}'),
        ({"bytes": {"at-last": 3}}, "is no pattern"),
    ],
)
def test_a_wrong_pattern_is_told(wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as wrong:
        expectation_of("object-stored", wanted)
    assert told in str(wrong.value)


def test_a_misspelt_event_is_told() -> None:
    with Bench() as bench:
        with pytest.raises(InputError, match="unknown event 'objekt-stored'; did you mean 'object-stored'"):
            bench.expect("objekt-stored")
        with pytest.raises(InputError, match="unknown event 'A-ABORD'; did you mean 'A-ABORT'"):
            bench.wait_for("A-ABORD")


def test_two_occurrences_exclude_each_other_in_python_too() -> None:
    with pytest.raises(InputError, match="keep one of nth, first, every, after and when"):
        fault("abort", "C-STORE-RQ", nth=2, first=1)
    with pytest.raises(InputError, match="0 is not a count"):
        fault("abort", "C-STORE-RQ", nth=0)
