"""Looks over the readings of a system: ``python -m linacsim.conformance.check.lint [SYSTEM ...| functions]``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from linacsim.conformance.check.predicates import functions
from linacsim.conformance.check.readings import Readings, compiled, fit, sentences
from linacsim.conformance.loader import load_system, systems
from linacsim.conformance.system import Iod, System
from linacsim.conformance.tables import Reading, Row, Subject
from linacsim.errors import InputError


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence that no reading decides or hands to a person."""

    kind: Subject
    sentence: str
    where: str


def problems(system: System) -> Iterator[str]:
    """Yield what is wrong with the readings of a system, a line each."""
    known = sentences(system)
    for line in system.readings:
        where = f"{system.id}/readings.tsv:{line.line}"
        try:
            compiled(system, line)
        except InputError as exc:
            yield str(exc)
            continue
        if not line.check and not line.person:
            yield f"{where}: neither check nor person; a reading decides a sentence or says why a person has to"
        if (line.kind, line.subject) not in known:
            yield f"{where}: no {line.kind} {line.subject!r} in the tables"
        elif line.kind is not Subject.PRECONDITION and not _used(system, line):
            yield f"{where}: {line.at!r} is no row with the {line.kind} {line.subject!r}"


def _used(system: System, line: Reading) -> bool:
    """Tell whether a line is for some row, and no other line is for it more narrowly."""
    rivals = [one for one in system.readings if (one.kind, one.subject) == (line.kind, line.subject)]
    for iod, row in _places(system, line):
        fits = {one.line: fit(one.at, iod, row) for one in rivals}
        if fits[line.line] and fits[line.line] == max(fits.values()):
            return True
    return False


def _places(system: System, line: Reading) -> list[tuple[Iod, Row]]:
    return [one for one in sentences(system).get((line.kind, line.subject), []) if one is not None]


def gaps(system: System) -> Iterator[Gap]:
    """Yield every rule, condition and precondition without a reading."""
    readings = Readings(system)
    for (kind, text), places in sentences(system).items():
        for place in places:
            found = readings.of_row(kind, text, *place) if place else readings.of_precondition(text)
            if not found:
                where = f"{place[0].id}:{'>'.join(place[1].path)}" if place else ""
                yield Gap(kind, text, where)


def report(system: System) -> tuple[list[str], list[Gap]]:
    """Return what is wrong and what is missing."""
    wrong = list(problems(system))
    try:
        return wrong, list(gaps(system))
    except InputError:
        return wrong, []


def known_functions() -> list[str]:
    """Return the functions that readings can use, a line each."""
    lines = []
    for name, one in sorted(functions().items()):
        known = [
            f"{each.name}={each.default!r}" if each.default is not each.empty else each.name for each in one.parameters
        ]
        lines.append(f"{name}({', '.join(known)}): {(one.call.__doc__ or '').strip().splitlines()[0]}")
    return lines


def main(arguments: list[str]) -> int:
    """Print what is wrong with and missing from the readings of systems; 1 if there is anything.

    With ``functions`` as the only argument, print the functions that readings can use.
    """
    if arguments == ["functions"]:
        sys.stdout.write("\n".join(known_functions()) + "\n")
        return 0
    code = 0
    for name in arguments or systems():
        system = load_system(name)
        wrong, missing = report(system)
        out = [*wrong, *(f"{one.kind} without a reading: {one.sentence!r} {one.where}".rstrip() for one in missing)]
        out.append(
            f"{system.id}: {len(system.readings)} readings, {len(wrong)} wrong; {len(missing)} sentences without"
        )
        sys.stdout.write("\n".join(out) + "\n")
        code = code or int(bool(wrong or missing))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
