"""What the checker found, as text for the terminal: a summary, then findings by object, the rarest first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from linacsim.conformance.check.findings import Finding, Group, Report, State, count_effects
from linacsim.report.words import printable

_EFFECTS = ("rejected", "ignored", "coerced", "warning", "not documented")
_PATHS = 3
"""Paths of one object that are named; the others are counted."""
_NOTES = 12
"""Notes that are shown; the others are counted."""


def check_text(report: Report, width: int = 100, everything: bool = False) -> str:
    """Return a report as text; lines, each with its line end.

    Parameters
    ----------
    report : Report
        What was found.
    width : int
        Columns of the terminal.
    everything : bool
        Name every path and note instead of counting those beyond the first few.
    """
    page = _Page(max(width, 60), everything)
    lines = [*page.summary(report)]
    for title, state in (("Broken", State.BROKEN), ("Notes", State.NOTE)):
        lines += page.section(title, report.groups(state), state)
    lines += page.person(report)
    return "\n".join(lines) + "\n"


class _Page:
    """Lays lines out for a width."""

    def __init__(self, width: int, everything: bool) -> None:
        self.width = width
        self.everything = everything

    def wrapped(self, text: str, first: str, rest: str) -> list[str]:
        clean = printable(" ".join(text.split()))
        return textwrap.wrap(
            clean, self.width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
        ) or [first.rstrip()]

    def summary(self, report: Report) -> Iterator[str]:
        yield f"{report.title}, {report.way}"
        objects = ", ".join(f"{number} {kind}" for kind, number in report.kinds.items()) or "none"
        yield from self._labelled("objects", objects)
        if len(report.patients) > 1:
            names = ", ".join(one or "without ID" for one in report.patients[:6])
            more = ", ..." if len(report.patients) > 6 else ""
            yield from self._labelled(
                "patients", f"{len(report.patients)} ({names}{more}); each is checked as a set of its own"
            )
        for one in report.unread if self.everything else report.unread[:_NOTES]:
            yield from self._labelled("not checked", f"{one.file} {one.reason}")
        if len(report.unread) > _NOTES and not self.everything:
            yield from self._labelled("not checked", f"{len(report.unread) - _NOTES} files more")
        yield from self._labelled("broken", self._broken(report))
        yield from self._labelled(
            "rules", f"{report.decided} decided from the data, {len(report.for_a_person)} for a person"
        )

    def _broken(self, report: Report) -> str:
        if not report.broken:
            return "nothing"
        counts = count_effects(report.of(State.BROKEN))
        words = {"not documented": "effect not documented"}
        told = ", ".join(f"{counts[one]} {words.get(one, one)}" for one in _EFFECTS if one in counts)
        return f"{report.broken} rule{'s' if report.broken > 1 else ''}: {told}"

    def _labelled(self, label: str, text: str) -> list[str]:
        return self.wrapped(text, f"  {label:<12} ", " " * 15)

    def section(self, title: str, groups: Sequence[Group], state: State) -> Iterator[str]:
        if not groups:
            return
        yield ""
        yield f"{title} ({len(groups)})"
        shown = groups if state is State.BROKEN or self.everything else groups[:_NOTES]
        by_object: dict[str, list[list[Group]]] = {}
        for same in _at_one_place(shown):
            by_object.setdefault(_heading(same[0]), []).append(same)
        for heading, some in by_object.items():
            yield from self.wrapped(heading, "  ", "    ")
            for group, *others in some:
                yield from self._group(group)
                for other in others:
                    told = f"{_rule(other.first)}: {other.first.wanted}"
                    yield from self.wrapped(told, "      same    ", "              ")
        if len(shown) < len(groups):
            yield f"  {len(groups) - len(shown)} more; --verbose shows them"

    def _group(self, group: Group) -> Iterator[str]:
        one = group.first
        yield from self.wrapped(_rule(one), "    ", "      ")
        found = f"{one.path}: {_short(one)}" if one.path and one.found else one.path or one.found
        yield from self.wrapped(found, "      found   ", "              ")
        if one.wanted:
            yield from self.wrapped(one.wanted, "      wanted  ", "              ")
        if one.state is State.BROKEN:
            yield from self.wrapped(_effect(one), "      effect  ", "              ")
        if one.reason:
            yield from self.wrapped(one.reason, "      note    ", "              ")
        for other in one.also:
            told = f"{_rule(other)}: {other.wanted}"
            yield from self.wrapped(told, "      same    ", "              ")
        yield from self._elsewhere(group)

    def _elsewhere(self, group: Group) -> Iterator[str]:
        """Tell where else the same was found in the objects of the group."""
        here = [one for one in group.findings if one.about.file == group.first.about.file]
        paths = [one.path for one in here[1:]]
        if paths:
            named = paths if self.everything else paths[:_PATHS]
            more = f" and {len(paths) - len(named)} more" if len(paths) > len(named) else ""
            yield from self.wrapped(f"{', '.join(named)}{more}", "      also    ", "              ")

    def person(self, report: Report) -> Iterator[str]:
        groups = report.groups(State.PERSON)
        if not groups:
            return
        by_reason: dict[str, list[str]] = {}
        hidden = {group.first.rule for group in groups if group.first.always} if not self.everything else set()
        for group in groups:
            if group.first.always and not self.everything:
                continue
            told = _sentence(group)
            if told not in by_reason.setdefault(group.first.reason, []):
                by_reason[group.first.reason].append(told)
        yield ""
        yield f"For a person ({len(report.for_a_person)}): what the data do not tell"
        for reason, sentences in sorted(by_reason.items(), key=lambda entry: (-len(entry[1]), entry[0])):
            yield from self.wrapped(f"{reason}:", "  ", "    ")
            shown = sentences if self.everything else sentences[:_PATHS]
            for sentence in shown:
                yield from self.wrapped(sentence, "    - ", "      ")
            if len(shown) < len(sentences):
                yield f"    - {len(sentences) - len(shown)} more; --verbose shows them"
        if hidden:
            many = "s" if len(hidden) > 1 else ""
            text = f"{len(hidden)} sentence{many} that no object can tell: settings, users, what the system does later"
            yield from self.wrapped(f"{text}; --verbose lists them", "  ", "    ")


def _at_one_place(groups: Sequence[Group]) -> list[list[Group]]:
    """Return groups that speak of the same elements together: a document says some things twice.

    The one with a documented effect comes first.
    """
    found: dict[tuple[tuple[str, str], ...], list[Group]] = {}
    for group in groups:
        places = tuple(dict.fromkeys((one.about.file, one.path) for one in group.findings))
        key = places if places[0][1] else (*places, ("", group.first.rule))
        found.setdefault(key, []).append(group)
    return [sorted(some, key=lambda one: one.first.effect.effect == "not documented") for some in found.values()]


def _short(one: Finding) -> str:
    """Return what was found without the keyword that the path ends in."""
    return one.found if "," in one.found else one.found.removeprefix(f"{one.path.rpartition('.')[2]} ")


def _rule(one: Finding) -> str:
    if not one.section:
        return one.rule
    return f"{one.rule} ({one.section if one.section.startswith('PS3') else f'section {one.section}'})"


def _heading(group: Group) -> str:
    one = group.first.about
    files = group.files
    if group.of > 1 and len(files) == group.of:
        return f"{one.kind}, all {group.of}, first {one.file}"
    if group.of > 1 and len(files) > 1:
        return f"{one.kind}, {len(files)} of {group.of}, first {one.file}"
    if group.of > 1:
        return f"{one.kind}, one of {group.of}: {one.file}"
    return f"{one.kind} {one.file}" if one.kind != "set" else one.file


def _effect(one: Finding) -> str:
    effect = one.effect
    if effect.effect == "not documented":
        return "not documented"
    section = f" (section {effect.section})" if effect.section and effect.section != one.section else ""
    return f"{effect.effect}{': ' if effect.words else ''}{effect.words}{section}"


def _sentence(group: Group) -> str:
    one = group.first
    rule = one.rule.partition("#")[0]
    found = f", found {one.found}" if one.found else ""
    path = f" {one.path}" if one.path else ""
    return f"{one.sentence or one.wanted}{found} ({rule}{path})"
