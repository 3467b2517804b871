"""A coverage as text and as data."""

from __future__ import annotations

import json
from typing import Any

from linacsim.report.coverage import Coverage
from linacsim.report.table import table

_NAME_MAX = 44


def coverage_text(coverage: Coverage) -> str:
    """Return a table for each section: what is reached, by which scenario, from what cause; then what is missing."""
    lines: list[str] = []
    for section, wanted in coverage.wanted.items():
        missing = coverage.missing(section)
        lines.append(f"{section}: {len(wanted) - len(missing)} of {len(wanted)}")
        rows = [
            (key, _short(name), one.run, len(coverage.runs[section, key]), one.cause)
            for key, name in wanted.items()
            if (one := coverage.first.get((section, key))) is not None
        ]
        if rows:
            lines += table(("", "", "first reached by", "runs", "cause"), rows, "  ")
        if missing:
            lines.append(f"  not reached: {', '.join(missing)}")
        lines.append("")
    return "\n".join(lines)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_MAX else name[: _NAME_MAX - 3] + "..."


def coverage_data(coverage: Coverage) -> dict[str, Any]:
    """Return the coverage as plain data: each section with what it wants and what has been reached."""
    return {section: _section(coverage, section) for section in coverage.wanted}


def coverage_json(coverage: Coverage) -> str:
    """Return the coverage as JSON."""
    return json.dumps(coverage_data(coverage), indent=2, ensure_ascii=False) + "\n"


def _section(coverage: Coverage, section: str) -> dict[str, Any]:
    wanted, missing = coverage.wanted[section], coverage.missing(section)
    return {
        "wanted": len(wanted),
        "reached": len(wanted) - len(missing),
        "missing": missing,
        "rows": [
            {
                "key": key,
                "name": name,
                "scenarios": sorted(coverage.runs[section, key]),
                "cause": coverage.first[section, key].cause,
            }
            for key, name in wanted.items()
            if (section, key) in coverage.first
        ],
    }
