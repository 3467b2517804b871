"""What the checker finds in real files and in what each system exports, as tables: so that noise does not creep back.

``real_files.tsv``: files that pydicom brings along, and who reads them. ``exported_pairs.tsv``: a case as each system
exports it, and who reads that. A line is a rule that is broken, or a note; a line that comes or goes has to be understood
by somebody who knows what the rule is for. After that, write the tables anew from the project's root:

    .venv/bin/python -m tests.conformance.check.pinned
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom

from linacsim.conformance import load_system
from linacsim.conformance.check import Report, State, check
from linacsim.conformance.check.gather import gather
from linacsim.conformance.system import Way
from linacsim.kernel.identity import Identity
from linacsim.objects.case import CaseSettings, build_case
from linacsim.objects.export import export_case

HERE = Path(__file__).parent
TEST_FILES = Path(pydicom.__file__).parent / "data" / "test_files"
FILES = (
    "CT_small.dcm", "MR_small.dcm", "rtstruct.dcm", "rtplan.dcm", "rtplan_truncated.dcm", "rtdose.dcm",
    "rtdose_1frame.dcm", "rtdose_rle.dcm",
)  # fmt: skip
READERS: tuple[tuple[str, Way], ...] = (
    ("monaco", "import"), ("oncentra", "import"), ("raystation", "import"), ("varian-obi", "import"),
    ("preciseplan", "export"),
)  # fmt: skip
"""PrecisePLAN documents no import."""
EXPORTERS = ("monaco", "oncentra", "preciseplan", "raystation", "varian-obi")
SMALL = CaseSettings(slices=6, matrix=96, radiograph=32)
SEED = 20240506


def real_files() -> list[str]:
    """Return the lines of ``real_files.tsv``."""
    lines = ["file\tsystem\tway\tsaid\trule"]
    for name in FILES:
        found = gather([TEST_FILES / name])
        for system, way in READERS:
            report = check(found.objects, load_system(system), way, found.unread)
            lines += [f"{name}\t{system}\t{way}\t{said}" for said in _said(report)]
    return lines


def exported_pairs() -> list[str]:
    """Return the lines of ``exported_pairs.tsv``."""
    lines = ["exporter\tsystem\tway\tsaid\trule"]
    case = build_case(Identity(SEED), SMALL)
    for exporter in EXPORTERS:
        objects = export_case(case, load_system(exporter))
        for system, way in READERS:
            if way == "import":
                lines += [
                    f"{exporter}\t{system}\t{way}\t{said}" for said in _said(check(objects, load_system(system), way))
                ]
    return lines


TABLES = {"real_files.tsv": real_files, "exported_pairs.tsv": exported_pairs}


def _said(report: Report) -> Iterator[str]:
    """Yield what is broken and what is noted, each rule once, in order; what was not checked at all first."""
    yield from (f"not checked\t{one.reason}" for one in report.unread)
    for state in (State.BROKEN, State.NOTE):
        rules = {rule for one in report.of(state) for rule in one.rules}
        yield from (f"{state.value}\t{rule}" for rule in sorted(rules))


if __name__ == "__main__":
    for name, lines in TABLES.items():
        (HERE / name).write_text("\n".join(lines()) + "\n", "utf-8")
