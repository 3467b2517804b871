"""A run as a test suite for CI.

=============  =====================================================================================================
verdict        test case
=============  =====================================================================================================
pass           passed
fail           a failure of type ``fail``
inconclusive   a failure of type ``inconclusive``: what it should have shown was not shown, and a job must not be green
               over that; ``skipped`` would be
error          an error: the bench or the scenario is at fault, nothing is said about the stack under test
=============  =====================================================================================================
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from linacsim.kernel.log import Record
from linacsim.kernel.units import SECOND, format_duration
from linacsim.report.junit import Case, Outcome, Suite, junit
from linacsim.report.reason import listed, reason, unfired
from linacsim.report.timeline import timeline
from linacsim.report.verdict import summary

_OUTCOMES = {"pass": Outcome.PASSED, "fail": Outcome.FAILURE, "inconclusive": Outcome.FAILURE}
_LAST = 15
"""Events at the end of the text of a failure."""
_PICTURES = 20
"""Films and pictures that are attached."""
_ATTACHED = ("report.html", "timeline.txt", "traffic.pcap")


def run_suite(run: Path, records: Sequence[Record], result: Mapping[str, Any]) -> Suite:
    """Return a run as a suite of one test case.

    Parameters
    ----------
    run : pathlib.Path
        The folder of the run; attached files are named by their paths from the working folder, as GitLab wants them,
        or by absolute paths where the run lies elsewhere.
    records : sequence of dict
        Its events.
    result : mapping
        See `linacsim.report.verdict`.
    """
    verdict = str(result.get("verdict", "error"))
    title, name = str(result.get("scenario") or run.name), str(result.get("name") or "")
    failed = verdict != "pass"
    case = Case(
        classname=_classname(name),
        name=title if result.get("clock") == "virtual" else f"{title} [{result.get('clock', 'unknown clock')}]",
        outcome=_OUTCOMES.get(verdict, Outcome.ERROR),
        message=f"{verdict}: {reason(result)}" if failed else "",
        text=_text(records, result) if failed else "",
        kind=verdict if failed else "",
        seconds=_seconds(result),
        output=f"{_told(result)}\n{_output(run)}",
    )
    return Suite(name=name or title, cases=(case,), properties=_properties(result), file=str(result.get("file") or ""))


def invocation(suites: Iterable[Suite]) -> str:
    """Return the runs of one invocation as one document; runs of one scenario are told apart by their seeds.

    Readers keep only one case of a name, and follow a case over time by its name: so the seed is in it only where it must.
    """
    everything = list(suites)
    times = Counter((case.classname, case.name) for suite in everything for case in suite.cases)
    return junit([_distinct(suite, times) for suite in everything], "linacsim play")


def _distinct(suite: Suite, times: Mapping[tuple[str, str], int]) -> Suite:
    def named(case: Case) -> Case:
        several = times[case.classname, case.name] > 1
        return replace(case, name=f"{case.name} [seed {suite.properties.get('seed', '?')}]") if several else case

    return replace(suite, cases=tuple(named(case) for case in suite.cases))


def _classname(name: str) -> str:
    """Return the folder of a scenario in the words of a test: ``print/film-collated`` is in ``scenarios.print``."""
    folder = PurePosixPath(name).parent.parts
    return ".".join(["scenarios", *(part for part in folder if part not in ("/", "..", "."))])


def _seconds(result: Mapping[str, Any]) -> float:
    wall = result.get("wall-time")
    return wall / SECOND if isinstance(wall, int) else 0.0


def _properties(result: Mapping[str, Any]) -> dict[str, str]:
    found = {
        key: str(result[key])
        for key in ("seed", "clock", "version", "digest", "reproduce")
        if result.get(key) not in (None, "")
    }
    if isinstance(bench := result.get("bench-time"), int):
        found["bench-time"] = format_duration(bench)
    found["verdict"] = str(result.get("verdict", "error"))
    if result.get("requires"):
        found["requires"] = ", ".join(map(str, result["requires"]))
    return found


def _text(records: Sequence[Record], result: Mapping[str, Any]) -> str:
    """Return everything about a failure: reason, what was not met or has not fired, the last events, the line to repeat it."""
    lines = [reason(result), ""]
    lines += [f"failure: {failure}" for failure in result.get("failures") or ()]
    for row in listed(result, "expectations"):
        if not row.get("met"):
            lines.append(f"not met: {row.get('text', '')}: {row.get('reason', '')}")
    for row in listed(result, "faults"):
        if not row.get("fired"):
            lines.append(f"never fired: {row.get('text', '')}; {unfired(row, records)}")
    lines += ["", "last events:", *timeline(records[-_LAST:]).splitlines()]
    if result.get("reproduce"):
        lines += ["", "reproduce:", f"  {result['reproduce']}"]
    return "\n".join(lines)


def _told(result: Mapping[str, Any]) -> str:
    """Return the summary; what a peer has said in it attaches no file."""
    return summary(result, colour=False).replace("[[", "[ [")


def _output(run: Path) -> str:
    """Return the folder of the run and its files as attachments, what shows most first: GitLab shows one picture."""
    pictures = [path for folder in ("films", "pictures") for path in sorted((run / folder).glob("*.png"))[:_PICTURES]]
    files = [*pictures[:_PICTURES], *(run / name for name in _ATTACHED if (run / name).exists())]
    return "\n".join([f"run: {_named(run)}", *(f"[[ATTACHMENT|{_named(path)}]]" for path in files)])


def _named(path: Path) -> str:
    here = Path(os.path.abspath(path))  # noqa: PTH100 - a link to the run's folder is to stay a link
    try:
        return here.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return here.as_posix()
