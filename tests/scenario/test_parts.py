"""Includes and parameters of scenario files."""

from __future__ import annotations

from pathlib import Path

import pytest

from linacsim.errors import ScenarioError
from linacsim.scenario.loader import load_scenario, scenario_of
from linacsim.scenario.model import ActionStep, Scenario
from linacsim.scenario.parts import values_of
from linacsim.scenario.vocabulary import vocabulary

PEERS = """\
parameters: {patience: 30 s}
peers:
  STORE: {kind: storage}
  SCU: {kind: storage, dimse-timeout: $patience}
expect:
  - {event: A-RELEASE-RQ, at: STORE}
"""
OWN = """\
scenario: An image is sent
include: [peers.yaml]
parameters:
  images: ["pydicom:CT_small.dcm", "pydicom:MR_small.dcm"]
steps:
  - SCU: {store: {to: STORE, images: $images}}
expect:
  - {event: object-stored, at: STORE, count: 2}
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "own.yaml"


def load(path: Path, **values: object) -> Scenario:
    return load_scenario(path, vocabulary(), values)


def test_what_is_included_comes_first_and_parameters_keep_their_type(tmp_path: Path) -> None:
    scenario = load(write(tmp_path, own=OWN, peers=PEERS))
    assert list(scenario.peers) == ["STORE", "SCU"]
    assert scenario.peers["SCU"].settings.dimse_timeout == 30_000_000  # type: ignore[attr-defined]
    [step] = scenario.steps
    assert isinstance(step, ActionStep)
    assert step.parameters.images == ("pydicom:CT_small.dcm", "pydicom:MR_small.dcm")  # type: ignore[attr-defined]
    assert [each.event for each in scenario.expect] == ["A-RELEASE-RQ", "object-stored"]


def test_a_value_from_outside_wins_over_the_scenarios_and_that_over_an_included_one(tmp_path: Path) -> None:
    own = OWN.replace("parameters:\n", "parameters:\n  patience: 2 min\n")
    path = write(tmp_path, own=own, peers=PEERS)
    assert load(path).peers["SCU"].settings.dimse_timeout == 120_000_000  # type: ignore[attr-defined]
    given = load(path, patience="5 min").peers["SCU"].settings
    assert given.dimse_timeout == 300_000_000  # type: ignore[attr-defined]


def test_a_file_that_two_others_include_comes_once(tmp_path: Path) -> None:
    both = write(
        tmp_path,
        own=OWN.replace("[peers.yaml]", "[left.yaml, right.yaml]"),
        left="include: [peers.yaml]\n",
        right="include: [peers.yaml]\n",
        peers=PEERS,
    )
    assert len(load(both).expect) == 2


def test_a_dollar_is_written_twice() -> None:
    scenario = scenario_of(
        {
            "scenario": "$$5 is text",
            "peers": {"A": {"kind": "verification"}},
            "steps": [{"wait": "1 s"}],
            "about": "$ alone",
        },
        vocabulary(),
    )
    assert (scenario.title, scenario.about) == ("$5 is text", "$ alone")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"own": OWN.replace("peers.yaml", "prees.yaml")}, "own.yaml:2:11: no such file: 'prees.yaml'"),
        ({"own": OWN.replace("[peers.yaml]", "peers.yaml")}, "own.yaml:2:1: 'include' wants a list"),
        ({"own": OWN.replace("[peers.yaml]", "[own.yaml]")}, "own.yaml:2:11: 'own.yaml' includes itself"),
        ({"peers": PEERS + "include: [own.yaml]\n"}, "peers.yaml:7:11: 'own.yaml' includes itself"),
        ({"own": OWN.replace("$images", "$image")}, "own.yaml:6:30: no parameter 'image'; did you mean 'images'?"),
        ({"own": OWN + "  - {event: object-stored, with: $who}\n"}, "own.yaml:9:28: no parameter 'who'; known parameters"),
        ({"own": OWN.replace("parameters:\n", "parameters:\n  more: 1\n")}, "own.yaml:4:3: the parameter 'more' is never"),
        ({"peers": PEERS.replace("30 s", "[30 s]")}, "peers.yaml:4:24 ($patience, peers.yaml:1:14): 'dimse-timeout': a list is not a duration"),
        ({"peers": PEERS + "scenario: x\n"}, "peers.yaml:7:1: unknown key 'scenario'"),
        ({"peers": PEERS + "  - {event: A-ABORD}\n"}, "peers.yaml:7:6: unknown event 'A-ABORD'; did you mean 'A-ABORT'?"),
        ({"own": OWN.replace("steps:", "peers: {STORE: {kind: storage}}\nsteps:")}, "own.yaml:5:9: the peer 'STORE' stands twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_file(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    path = write(tmp_path, **{"own": OWN, "peers": PEERS, **changes})
    with pytest.raises(ScenarioError) as wrong:
        load(path)
    assert str(wrong.value).removeprefix(f"{tmp_path}/").startswith(told), wrong.value


def test_values_of_a_command_line_have_types() -> None:
    words = ["images=5", "patience=30 s", "on=true", "half=0.5", "name=a=b"]
    assert values_of(words) == {"images": 5, "patience": "30 s", "on": True, "half": 0.5, "name": "a=b"}
    with pytest.raises(ScenarioError, match="'images' sets nothing; write for example --set images=5"):
        values_of(["images"])


def test_python_writes_what_a_file_can(tmp_path: Path) -> None:
    path = write(tmp_path, own=OWN, peers=PEERS)
    mapping = {
        "scenario": "An image is sent",
        "include": [str(tmp_path / "peers.yaml")],
        "steps": [{"SCU": {"store": {"to": "STORE", "images": ["pydicom:CT_small.dcm", "pydicom:MR_small.dcm"]}}}],
        "expect": [{"event": "object-stored", "at": "STORE", "count": 2}],
    }
    ours, theirs = scenario_of(mapping, vocabulary()), load(path)
    assert [str(step) for step in ours.steps] == [str(step) for step in theirs.steps]
    assert [each.describe() for each in ours.expect] == [each.describe() for each in theirs.expect]
    with pytest.raises(ScenarioError, match=r"scenario\.steps\[0\]\.SCU\.stroe: unknown action of SCU 'stroe'"):
        scenario_of({**mapping, "steps": [{"SCU": {"stroe": {}}}]}, vocabulary())
