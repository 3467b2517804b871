"""docs/pains.md: what users of DICOM stacks have met. Each scenario there names its thread, passes, and finds a wrong product out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from linacsim.bench import Bench
from linacsim.errors import InputError, PlayFailure
from linacsim.playing import Played, Setting, play_scenario
from linacsim.scenario.expectation import Unmet
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_name
from linacsim.scenario.loader import load_scenario, scenario_of
from linacsim.scenario.model import SUT
from linacsim.scenario.sut import addresses
from linacsim.scenario.vocabulary import vocabulary
from linacsim.yaml_file import read_yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pains.md").read_text("utf-8")
HERE = Path(__file__).parent
LEAST = 45
"""So many of the sixty have to be scenarios."""
_ROW = re.compile(r"\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|")
_THREAD = re.compile(r"\[([^\]\s]+#\d+)\]\(https://github\.com/([^)\s]+)/(?:issues|pull)/(\d+)\)")
_SCENARIO = re.compile(r"`([a-z0-9/-]+/[a-z0-9-]+)`")
NOTHING_TO_NOTICE = {
    "pains/events/a-response-without-an-event-type",
    "pains/negotiation/bytes-in-small-pieces",
}
"""What is wrong there a right product does not even notice; so it passes without it, too. A wrong one is found out."""
SHORT = 3_000_000
"""Microseconds on the bench that a scenario may take to be played on real sockets, too."""


class Pain(NamedTuple):
    """A row of the table."""

    number: int
    threads: tuple[str, ...]
    what: str
    scenarios: tuple[str, ...]
    text: str


def _pains() -> Iterator[Pain]:
    for row in _ROW.finditer(PAGE):
        threads = []
        for thread, repository, number in _THREAD.findall(row[2]):
            assert thread == f"{repository}#{number}"
            threads.append(thread)
        yield Pain(int(row[1]), tuple(threads), row[3], tuple(_SCENARIO.findall(row[4])), row[4])


PAINS = list(_pains())
SCENARIOS = sorted({name for pain in PAINS for name in pain.scenarios})
WRONG: dict[str, list[dict[str, Any]]] = dict(read_yaml(HERE / "wrong_products.yaml", InputError).data)


def _raw(name: str) -> dict[str, Any]:
    return dict(read_yaml(find_scenario(name), InputError).data)


def _why(played: Played) -> str:
    """Return everything that was wrong."""
    unmet = [f"{text}: {met.reason}" for text, met in played.outcome.expectations if isinstance(met, Unmet)]
    return "\n".join([*map(str, played.outcome.failures), *unmet, str(played.outcome.error or "")])


def _harmless(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scenario without its faults, and with peers of the bench that have no quirks."""
    peers = {
        title: {key: value for key, value in peer.items() if key != "quirks"} for title, peer in raw["peers"].items()
    }
    return {**{key: value for key, value in raw.items() if key != "faults"}, "peers": peers}


def _in_place(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scenario with the stand-ins in the place of the product, so that they can be made worse."""
    peers = {title: peer["stand-in"] if peer["kind"] == SUT else peer for title, peer in raw["peers"].items()}
    return {**raw, "peers": peers, "steps": [_acted(step) for step in raw["steps"]]}


def _acted(step: Mapping[str, Any]) -> dict[str, Any]:
    if "instead" not in step:
        return dict(step)
    title = next(key for key in step if key not in ("instead", "fails"))
    return {title: step["instead"], **{key: step[key] for key in ("fails",) if key in step}}


def _changed(raw: Mapping[str, Any], wrong: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scenario with what a wrong product does."""
    peers = dict(raw["peers"])
    for title, more in wrong.get("peers", {}).items():
        peers[title] = more if "kind" in more else _merged(peers[title], more)
    steps: list[Any] = []
    for ordinal, step in enumerate(raw["steps"]):
        instead = wrong.get("steps", {}).get(str(ordinal), step)
        steps += instead if isinstance(instead, list) else [] if instead is None else [instead]
    return {**raw, "peers": peers, "steps": steps, "faults": [*raw.get("faults", []), *wrong.get("faults", [])]}


def _merged(settings: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(settings[key], more[key]) for key in settings.keys() & more.keys() if isinstance(more[key], dict)
    }
    return {**settings, **more, **both}


def test_every_pain_is_there() -> None:
    assert [pain.number for pain in PAINS] == list(range(1, 61))
    assert all(pain.threads and pain.what for pain in PAINS)


def test_most_of_them_are_scenarios() -> None:
    shown = [pain for pain in PAINS if pain.scenarios]
    assert len(shown) >= LEAST
    assert f"{len(shown)} of the sixty" in PAGE
    assert all(len(pain.text) > 20 for pain in PAINS if not pain.scenarios), "the others say why not"


def test_every_scenario_names_the_thread() -> None:
    missing = [
        (pain.number, name)
        for pain in PAINS
        for name in pain.scenarios
        if not set(pain.threads) & set(load_scenario(find_scenario(name), vocabulary()).requires)
    ]
    assert missing == []


def test_every_scenario_of_the_folder_is_in_the_table() -> None:
    there = {scenario_name(path) for path in all_scenarios()}
    assert {name for name in there if name.startswith("pains/")} <= set(SCENARIOS)


def test_every_scenario_has_something_wrong() -> None:
    without = [name for name in SCENARIOS if name not in WRONG and _harmless(_raw(name)) == _raw(name)]
    assert without == []
    assert sorted(name for name in WRONG if name not in SCENARIOS) == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_passes(name: str, tmp_path: Path) -> None:
    played = play_scenario(load_scenario(find_scenario(name), vocabulary()), Setting(), tmp_path)
    assert played.outcome.verdict == "pass", _why(played)
    if played.records[-1]["t"] <= SHORT and not _raw(name).get("parameters"):
        live = play_scenario(load_scenario(find_scenario(name), vocabulary()), Setting(clock="live"), tmp_path)
        assert live.outcome.verdict == "pass", _why(live)


@pytest.mark.parametrize(
    "name", [name for name in SCENARIOS if name not in NOTHING_TO_NOTICE and _harmless(_raw(name)) != _raw(name)]
)
def test_without_what_goes_wrong_there_is_nothing_to_show(name: str, tmp_path: Path) -> None:
    played = play_scenario(scenario_of(_harmless(_raw(name)), vocabulary()), Setting(), tmp_path)
    assert played.outcome.verdict == "fail"


@pytest.mark.parametrize(
    ("name", "wrong"), [pytest.param(name, one, id=f"{name}: {one['does']}") for name in WRONG for one in WRONG[name]]
)
def test_a_wrong_product_is_found_out(name: str, wrong: dict[str, Any], tmp_path: Path) -> None:
    played = play_scenario(scenario_of(_changed(_in_place(_raw(name)), wrong), vocabulary()), Setting(), tmp_path)
    assert played.outcome.verdict == "fail", _why(played)
    assert wrong["found"] in _why(played)


def test_a_person_says_whether_the_product_has_told(tmp_path: Path, unused_tcp_port: int) -> None:
    asked: list[str] = []

    def person(question: str, _fill: Callable[[str], str]) -> tuple[bool, str]:
        asked.append(question)
        with Bench(clock="live") as bench:
            bench.add("storage", "MINE")
            bench.introduce("STORE", unused_tcp_port)
            try:
                bench.do("MINE", "store", to="STORE", images=["pydicom:CT_small.dcm"])
            except PlayFailure as told:
                return "invalid-PDU-parameter-value" in str(told), str(told)
        return True, ""

    scenario = load_scenario(find_scenario("pains/negotiation/the-reason-of-an-abort"), vocabulary())
    suts = tuple(addresses(["127.0.0.1:4242@MINE"]))
    setting = Setting(clock="live", suts=suts, ports={"STORE": unused_tcp_port}, person=person)
    played = play_scenario(scenario, setting, tmp_path)
    assert played.outcome.verdict == "pass", _why(played)
    assert len(asked) == 2
    assert "and why?" in asked[0]
