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
_SIGNS = {"pass": "\u2713", "fail": "\u2717", "inconclusive": "?", "error": "!"}
_WIDEST = 24
"""Scenarios that have a column each on paper; of more, each requirement lists its own."""
_GRAVITY = ("pass", "inconclusive", "fail", "error")


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement in the coverage matrix.

    Attributes
    ----------
    requirement, words : str
        What is required, and what the product's documents call it.
    cells : dict of str to str
        The verdict of each scenario that shows it, by its number in the report; empty if it has not been played.
    verdict : str
        The gravest of them; ``not shown`` if none has been played.
    """

    requirement: str
    words: str
    cells: dict[str, str]
    verdict: str


def acceptance_page(protocol: Protocol, suite: Suite, profile: Profile, digest: str = "") -> str:
    """Return the page.

    Parameters
    ----------
    protocol : Protocol
        What has been played.
    suite : Suite
        What was to be played.
    profile : Profile
        The product.
    digest : str
        SHA-256 of the protocol's file.
    """
    missing = [name for name in suite.scenarios if name not in protocol.played and name not in profile.not_applicable]
    verdict = verdict_of(protocol.entries, missing)
    wanted = [name for name in suite.scenarios if name not in profile.not_applicable]
    return _template().render(
        protocol=protocol,
        suite=suite,
        profile=profile,
        verdict=verdict,
        words=_WORDS,
        signs=_SIGNS,
        counts=_counts(protocol.entries),
        wanted=len(wanted),
        matrix=_matrix(protocol.entries, suite, profile),
        numbers=[str(number) for number in range(1, len(protocol.entries) + 1)],
        widest=_WIDEST,
        missing=missing,
        took=format_duration(sum(entry.took for entry in protocol.entries)),
        duration=format_duration,
        digest=digest,
        footer=_for_css(f"Acceptance of {profile.product} {profile.version}: {_WORDS[verdict]}"),
    )


def _for_css(text: str) -> str:
    """Return `text` for the inside of a quoted string of CSS, in a page: whatever could end either is left out."""
    return "".join(char for char in text if char.isalnum() or char in " .,:-_()/")


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
    shown: dict[str, dict[str, str]] = {}
    for name, scenario in suite.scenarios.items():
        for requirement in scenario.requires:
            cells = shown.setdefault(requirement, {})
            if name in verdicts:
                cells[numbers[name]] = verdicts[name]
    return [
        Row(
            requirement,
            profile.requirements.get(requirement, ""),
            cells,
            max(cells.values(), key=_GRAVITY.index, default="not shown"),
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
