"""Everything that the imager does, breaks and refuses is played by a scenario that comes with linacsim."""

from __future__ import annotations

from typing import get_args

from linacsim.devices.device import COMMON_BREAKAGES
from linacsim.devices.imager.actions import MatchKind, MatchWith
from linacsim.devices.imager.preconditions import DECIDED, OWN
from linacsim.devices.imager.services import KIND
from linacsim.scenario.library import all_scenarios
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import Scenario
from linacsim.scenario.vocabulary import vocabulary
from tests.scenario.test_coverage import actions

NOT_PLAYED = {
    "beam-off": "steps begin at the same instant or one after the other, and beam off needs something that is going on:"
    " tests/devices/imager presses it",
}
"""Actions that no scenario plays, with the reason."""

NOT_SAID = {
    "setup-field-by-delivery-type": "said of a beam that the XML alone tells: a scenario's change reaches no private element",
    "setup-field-by-xml": "the same: tests/devices/imager has the XML",
    "kv-beam-definition": "said of two planned images: a scenario's change adds no item to a sequence",
    "marker-in-plan-structure-set": "the imager loads the structure set that the plan names, so its markers are in it",
}
"""Preconditions that are never said in a scenario, with the reason."""

SAYS = {
    "plan-beams": {"plan-beams"},
    "patient-position": {"patient-position", "isocentre"},
    "beams": {"beams-2d", "beams-2d2d", "beams-marker", "beam-3d3d"},
    "contours": {"contour-noncoplanar-skip-marker", "contour-noncoplanar-skip-3d3d"},
    "markers": {"markers", "marker-in-ct", "ct-volume"},
    "ct-volume": {"ct-volume"},
    "reference-image": {"reference-image", "rt-image-geometry"},
}
"""What each function of `OWN` can say."""


def scenarios() -> list[Scenario]:
    """Return the scenarios of the imager."""
    words = vocabulary()
    return [load_scenario(path, words) for path in all_scenarios() if path.parent.name == KIND.name]


def said() -> set[str]:
    """Return the preconditions that scenarios expect the user to be told of."""
    rules = [one.fields["unmet"] for each in scenarios() for one in each.expect if "unmet" in one.fields]
    return {name for rule in rules for name in rule.split(", ")}


def test_each_action_is_played() -> None:
    played = {
        step.action for one in scenarios() for step in actions(one.steps) if one.peers[step.peer].kind == KIND.name
    }
    assert sorted(set(KIND.actions) - played) == sorted(NOT_PLAYED)


def test_each_part_breaks() -> None:
    broken = {fault.do for one in scenarios() for fault in one.faults if one.peers[fault.at].kind == KIND.name}
    # what can happen to every device is played in `faults/`
    assert sorted(set(KIND.breakages) - set(COMMON_BREAKAGES) - broken) == []


def test_each_match_finds_the_truth_and_is_stored() -> None:
    found: set[str] = set()
    for one in scenarios():
        done = [step for step in actions(one.steps) if not step.fails]
        if any(step.action == "store" for step in done):
            matches = [step.parameters for step in done if isinstance(step.parameters, MatchWith)]
            found |= {match.kind for match in matches if match.within is not None}
    assert found == set(get_args(MatchKind))


def test_each_precondition_that_is_refused_or_warned_for_is_said() -> None:
    asked = {name for name, decision in DECIDED.items() if decision.broken or decision.open}
    assert set(SAYS) == set(OWN)
    assert sorted(asked.union(*SAYS.values()) - said()) == sorted(NOT_SAID)
