"""What a failed test says: seed, the last events, one line to run it again, and where its run folder lies."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from linacsim.pytest_plugin.options import OPTIONS
from linacsim.pytest_plugin.running import CASE, Case

if TYPE_CHECKING:
    from pathlib import Path

_LAST = 15
"""Events that stand in the text of a failure; all of them are in the run folder."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Add the bench to the report of a test that has failed, and keep its run."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    case = item.stash.get(CASE, None)
    if case is None or report.when == "setup":
        return
    trace = item.config.stash[OPTIONS].trace
    if report.failed:
        folder = None if trace == "off" else _keep(item, case, "fail", str(report.longrepr))
        report.sections.append(("bench", _told(item, case, folder)))
    elif report.when == "teardown" and trace == "on":
        _keep(item, case, "pass", "")


def _told(item: pytest.Item, case: Case, folder: Path | None) -> str:
    from linacsim.report import timeline  # noqa: PLC0415 - only when something has failed

    records = case.bench.log.records
    lines = [f"seed {case.seed}, clock {case.bench.clock}, {len(records)} events", f"again: {_again(item, case)}"]
    if folder is not None:
        lines.append(f"files: {folder}")
    if records:
        shown = records[-_LAST:]
        more = len(records) - len(shown)
        lines.append(f"the last {len(shown)} events:" if more else "the events:")
        lines += [f"  {line}" for line in timeline(shown, ascii_only=True).splitlines()]
    return "\n".join(lines)


def _again(item: pytest.Item, case: Case) -> str:
    options = item.config.stash[OPTIONS]
    words = ["pytest", item.nodeid, "--bench-seed", str(options.seed), "--bench-clock", case.bench.clock]
    return shlex.join(words + ([] if options.runs == 1 else ["--bench-runs", str(options.runs)]))


def _keep(item: pytest.Item, case: Case, verdict: str, reason: str) -> Path:
    """Write the run folder of a test."""
    from linacsim.pytest_plugin.keeping import keep, result_head  # noqa: PLC0415 - only when a run is kept

    result = {
        **result_head(case.bench),
        "scenario": item.nodeid,
        "verdict": verdict,
        "requires": list(case.requires),
        "failures": [reason] if reason else [],
        "faults": [{"text": each.text or each.do, "fired": each.fired} for _name, each in case.bench.armed],
        "reproduce": _again(item, case),
    }
    return keep(item.config.stash[OPTIONS].output, item.nodeid, case.bench, result)
