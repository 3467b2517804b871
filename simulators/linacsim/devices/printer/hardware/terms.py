"""The table of terms (`terms.tsv`): what each Printer Status Info term means for the printer, what reaches and mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from csv import DictReader
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A row of the table.

    Attributes
    ----------
    term : str
        The term of PS3.3 C.13.9.1.
    severity : str
        Printer Status while it is told: NORMAL, WARNING, FAILURE.
    stops : str
        What it stops: ``job`` the sheet on its way, and the job that is printed fails; ``engine`` the sheet on its way, and
        it goes on afterwards; ``feed`` the next sheet; ``start`` the next job; ``sheet`` only a sheet that needs what is
        missing; ``nothing``.
    derived_from, cause : str
        The state that it follows from, and what has happened to the printer.
    printer : str
        The printer of `reference.PRINTERS` that shows it.
    reached_by, mended_by : tuple of str
        Lines of the operator's console that lead to it, and out of it; no line: it passes by itself.
    """

    term: str
    severity: str
    stops: str
    derived_from: str
    cause: str
    printer: str
    reached_by: tuple[str, ...]
    mended_by: tuple[str, ...]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split(";") if line.strip())


def _read_terms() -> Iterator[Term]:
    with Path(__file__).with_name("terms.tsv").open(encoding="utf-8", newline="") as file:
        for row in DictReader(file, delimiter="\t"):
            yield Term(
                term=row["term"],
                severity=row["severity"],
                stops=row["stops"],
                derived_from=row["derived from"],
                cause=row["cause"],
                printer=row["printer"],
                reached_by=_lines(row["reached by"]),
                mended_by=_lines(row["mended by"]),
            )


TERMS: Mapping[str, Term] = MappingProxyType({row.term: row for row in _read_terms()})
"""All terms, gravest first."""
