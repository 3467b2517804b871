"""A failing seed as files to keep: a scenario that shows it when it is played, and its faults alone."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from linacsim.explore.seeds import Finding
from linacsim.explore.subject import Fault, Subject, composed
from linacsim.explore.trial import forgotten
from linacsim.playing import Setting, play_scenario
from linacsim.report import RunFolder
from linacsim.report.atomic import write_text
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

SCENARIO, FAULTS = "scenario.yaml", "faults.yaml"
_WIDTH = 125
_TITLE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a finding has been left.

    Attributes
    ----------
    folder : Path
        The run folder of the smallest plan.
    play : str
        The line that shows it with `linacsim play`; empty if only the invariant sees it.
    explore : str
        The line that looks at it again with the invariants: it passes as soon as they hold.
    """

    folder: Path
    play: str
    explore: str


def keep(subject: Subject, finding: Finding, out: Path, words: tuple[str, ...]) -> Kept:
    """Write a finding into a run folder below `out`, and play it there.

    Parameters
    ----------
    subject : Subject
        The scenario that was explored.
    finding : Finding
        What does not hold.
    out : Path
        Where run folders go.
    words : tuple of str
        The scenario and the options, as the command line had them, for the line that explores again.
    """
    folder = RunFolder.create(out, f"{subject.title} explored"[:_TITLE], f"seed-{finding.seed}-{finding.invariant}")
    path = folder.root / SCENARIO
    write_text(path, written(subject, finding))
    write_text(folder.root / FAULTS, _yaml({"faults": [dict(fault) for fault in finding.plan]}))
    setting = Setting(seed=finding.seed)
    with forgotten(subject.functions):
        played = play_scenario(load_scenario(path, vocabulary()), setting, out, folder)
    shows = played.outcome.verdict in (Verdict.FAIL, Verdict.ERROR)
    faults = os.path.relpath(folder.root / FAULTS)
    again = ["linacsim", "explore", *words, "--faults", faults, "--seed", str(finding.seed)]
    return Kept(folder=folder.root, play=str(played.result["reproduce"]) if shows else "", explore=shlex.join(again))


def written(subject: Subject, finding: Finding) -> str:
    """Return the scenario that shows a finding, as the text of a file."""
    scenario = composed(subject, finding.plan, _once(finding.expect))
    first = finding.texts[0] if finding.texts else finding.about
    about = f"Found by linacsim explore with seed {finding.seed}; {finding.invariant}: {_line(first)}"
    named = {"scenario": f"{subject.title}: {finding.invariant}", "about": about}
    return _yaml({**named, **{key: value for key, value in scenario.items() if key not in named}})


def in_words(fault: Fault) -> str:
    """Return a fault as a person reads it: ``stall at ARCHIVE on C-STORE-RQ received, nth 1, during 2 min``."""
    head = f"{fault['do']} at {fault['at']}" + (f" on {fault['on']}" if "on" in fault else "")
    head += f" {fault['way']}" if "way" in fault else ""
    return ", ".join([head, *(f"{key} {fault[key]}" for key in fault if key not in ("do", "at", "on", "way"))])


def _once(expect: tuple[Mapping[str, Any], ...]) -> list[Mapping[str, Any]]:
    """Return expectations without those that stand there already."""
    return list({json.dumps(each, sort_keys=True, default=str): each for each in expect}.values())


def _line(text: str) -> str:
    return " ".join(text.split())


def _yaml(data: Mapping[str, Any]) -> str:
    """Return a mapping as YAML: what holds nothing but values on one line, everything else in blocks."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.sort_base_mapping_type_on_output = None, _WIDTH, False  # type: ignore[assignment]
    yaml.allow_unicode = True
    # through JSON: what stands twice would become an anchor
    stream = StringIO()
    yaml.dump(json.loads(json.dumps(data, default=_plain)), stream)
    return stream.getvalue()


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)
