"""The reports of a run that is over, made again from its folder alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from linacsim.errors import InputError
from linacsim.kernel.traffic import Segment
from linacsim.kernel.units import SECOND
from linacsim.report.capture import read_pcap
from linacsim.report.junit import Suite
from linacsim.report.log_file import read_log
from linacsim.report.run_folder import PAGE, RESULT, TRAFFIC, RunFolder, run_file
from linacsim.report.run_junit import run_suite


def report_again(run: Path) -> tuple[Path, Suite]:
    """Write ``report.html`` and ``junit.xml`` of a run again.

    Parameters
    ----------
    run : pathlib.Path
        The folder of the run, or ``latest``.

    Returns
    -------
    pathlib.Path
        The page.
    Suite
        The run as a test suite.

    Raises
    ------
    InputError
        If there is no such run, or a file of it is damaged or cannot be written.
    """
    events = run_file(run)
    root = events.parent.resolve()  # not by `latest`, which will name another run
    header, *records = read_log(events)
    result = _result(root / RESULT, header)
    RunFolder(root.parent, root).report(header, records, result, _segments(root / TRAFFIC, header))
    return root / PAGE, run_suite(root, records, result)


def _result(path: Path, header: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result; a run that was cut short has none, and its page says so."""
    if not path.exists():
        return {**header, "verdict": "error", "failures": ["the run was cut short: it has no result.json"]}
    try:
        result = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("cannot be read as JSON", str(path), "the file is damaged; run again") from error
    if not isinstance(result, dict):
        raise InputError("is no result of a run", str(path), "the file is damaged; run again")
    return result


def _segments(path: Path, header: Mapping[str, Any]) -> Iterator[Segment]:
    if path.exists():
        try:
            epoch = datetime.fromisoformat(str(header.get("epoch", "1970-01-01T00:00:00+00:00")))
            yield from read_pcap(path, round(epoch.timestamp() * SECOND))
        except ValueError as error:
            raise InputError("the epoch is no date", str(path.parent), "the header was changed by hand") from error
