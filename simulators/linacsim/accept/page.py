"""The report of an acceptance run: one page that is printed and signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from linacsim.accept.profile import Profile
from linacsim.accept.protocol import Entry, Protocol
from linacsim.accept.suite import Suite
from linacsim.kernel.units import format_duration

FILE = "acceptance.html"
_WORDS = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE", "error": "ERROR"}
_GRAVITY = ("pass", "inconclusive", "fail", "error")


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement in the coverage matrix.

    Attributes
    ----------
    requirement, words : str
        What is required, and what the product's documents call it.
    cells : list of (str, str)
        For each scenario that shows it: its number in the report, and the verdict.
    verdict : str
        The gravest of them; ``not shown`` if none has been played.
    """

    requirement: str
    words: str
    cells: list[tuple[str, str]]
    verdict: str


def acceptance_page(protocol: Protocol, suite: Suite, profile: Profile) -> str:
    """Return the page.

    Parameters
    ----------
    protocol : Protocol
        What has been played.
    suite : Suite
        What was to be played.
    profile : Profile
        The product.
    """
    missing = [name for name in suite.scenarios if name not in protocol.played and name not in profile.not_applicable]
    return _template().render(
        protocol=protocol,
        suite=suite,
        profile=profile,
        verdict=verdict_of(protocol.entries, missing),
        words=_WORDS,
        counts=_counts(protocol.entries),
        matrix=_matrix(protocol.entries, suite, profile),
        missing=missing,
        took=format_duration(sum(entry.took for entry in protocol.entries)),
        duration=format_duration,
    )


def verdict_of(entries: Iterable[Entry], missing: Iterable[str] = ()) -> str:
    """Return the gravest verdict; a run that has not come to its end is inconclusive at best."""
    found = [entry.verdict for entry in entries] + ["inconclusive" for _name in missing]
    return max(found, key=_GRAVITY.index, default="inconclusive")


def _counts(entries: Iterable[Entry]) -> dict[str, int]:
    counts = dict.fromkeys(_GRAVITY, 0)
    for entry in entries:
        counts[entry.verdict] += 1
    return counts


def _matrix(entries: list[Entry], suite: Suite, profile: Profile) -> list[Row]:
    """Return the requirements of the suite, in its order, with the scenarios that show them."""
    numbers = {entry.name: str(number) for number, entry in enumerate(entries, 1)}
    verdicts = {entry.name: entry.verdict for entry in entries}
    shown: dict[str, list[tuple[str, str]]] = {}
    for name, scenario in suite.scenarios.items():
        for requirement in scenario.requires:
            cells = shown.setdefault(requirement, [])
            if name in verdicts:
                cells.append((numbers[name], verdicts[name]))
    return [
        Row(
            requirement,
            profile.requirements.get(requirement, ""),
            cells,
            max((verdict for _number, verdict in cells), key=_GRAVITY.index, default="not shown"),
        )
        for requirement, cells in shown.items()
    ]


@cache
def _template() -> Template:
    loader = PackageLoader("linacsim.accept", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("acceptance.html.j2")
