"""What is known to be odd in an exporter's objects, and the section of its document that explains it.

``explained.tsv``: who finds it (``dciodvfy``, or ``check``, the checker against the exporter's own table), system, kind,
a regular expression for the finding, the section, and why. An entry that nothing matches any more fails the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("explained.tsv")


@dataclass(frozen=True, slots=True)
class Explanation:
    by: str
    system: str
    kind: str
    pattern: str
    section: str
    why: str

    def fits(self, finding: str) -> bool:
        return re.search(self.pattern, finding) is not None


def explanations(by: str, system: str, kind: str) -> list[Explanation]:
    return [one for one in read() if (one.by, one.system, one.kind) == (by, system, kind)]


def read() -> list[Explanation]:
    lines = TABLE.read_text("utf-8").splitlines()
    return [Explanation(*line.split("\t")) for line in lines[1:] if line]


def compare(by: str, system: str, kind: str, findings: list[str]) -> tuple[list[str], list[str]]:
    """Return the findings that nothing explains, and the patterns that no finding fits."""
    known = explanations(by, system, kind)
    open_findings = [one for one in findings if not any(each.fits(one) for each in known)]
    idle = [each.pattern for each in known if not any(each.fits(one) for one in findings)]
    return open_findings, idle
