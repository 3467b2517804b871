"""Where two runs part: the first event that is not the same, for ``linacsim diff RUN RUN``.

Both logs are read line by line side by side; runs of any length need no more memory than a few lines.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from linacsim.kernel.log import Record, canonical
from linacsim.report.log_file import read_log
from linacsim.report.run_folder import run_file
from linacsim.report.timeline import timeline
from linacsim.report.words import printable, shorten

CONTEXT = 3
"""Events before the first difference that are shown."""
_ABSENT = "(absent)"
_TIME = len("0:00:00.000000")
"""Columns in which a line of a timeline has its time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; each side as JSON text, or None where it has no such field."""

    key: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class Divergence:
    """How two runs differ.

    Attributes
    ----------
    a, b : pathlib.Path
        The two logs.
    header : tuple of Difference
        What differs in the headers: seed, version, clock. It does not change the digest.
    ordinal : int or None
        The ordinal of the first event that is not the same; None if only the headers differ.
    left, right : dict or None
        That event in `a` and in `b`; None for the run that ended before it.
    fields : tuple of Difference
        What differs in that event.
    before : tuple of dict
        The last events that are the same in both.
    """

    a: Path
    b: Path
    header: tuple[Difference, ...] = ()
    ordinal: int | None = None
    left: Record | None = None
    right: Record | None = None
    fields: tuple[Difference, ...] = ()
    before: tuple[Record, ...] = ()


def diff_runs(a: Path, b: Path) -> Divergence | None:
    """Return the first difference of two runs, or None if headers and events are the same.

    Parameters
    ----------
    a, b : pathlib.Path
        Run folders, or their ``events.jsonl``.

    Raises
    ------
    InputError
        If one is missing, is no run, or has a line that is no event; with file and line.
    """
    left_file, right_file = run_file(Path(a)), run_file(Path(b))
    lefts, rights = read_log(left_file), read_log(right_file)
    header = _differences(next(lefts), next(rights))
    before: deque[Record] = deque(maxlen=CONTEXT)
    for ordinal, (left, right) in enumerate(zip_longest(lefts, rights)):
        if left is None or right is None or canonical(left) != canonical(right):
            fields = _differences(left, right) if left is not None and right is not None else ()
            return Divergence(left_file, right_file, header, ordinal, left, right, fields, tuple(before))
        before.append(left)
    return Divergence(left_file, right_file, header) if header else None


def format_divergence(divergence: Divergence | None, *, ascii_only: bool = False, width: int = 120) -> str:
    """Return the words for what `diff_runs` found; lines, each with its line end.

    Parameters
    ----------
    divergence : Divergence or None
        None says that the runs are the same.
    ascii_only : bool
        Use nothing but ASCII.
    width : int
        Columns of a line.
    """
    if divergence is None:
        return "the runs are the same\n"
    lines = [_headline(divergence), f"  A {divergence.a}", f"  B {divergence.b}"]
    lines += _table("headers differ", divergence.header)
    lines += _events(divergence, ascii_only, width)
    lines += _table("fields that differ", divergence.fields)
    text = "\n".join(lines) + "\n"
    return text.encode("ascii", "backslashreplace").decode("ascii") if ascii_only else text


def _headline(found: Divergence) -> str:
    if found.ordinal is None:
        return "the events are the same, the headers differ"
    if found.left is None or found.right is None:
        ended, other = ("A", "B") if found.left is None else ("B", "A")
        plural = "" if found.ordinal == 1 else "s"
        return f"{ended} ends after {found.ordinal} event{plural}, {other} goes on"
    return f"the runs differ at event {found.ordinal}"


def _events(found: Divergence, ascii_only: bool, width: int) -> list[str]:
    shown = [("  ", record) for record in found.before]
    shown += [(name, record) for name, record in (("A ", found.left), ("B ", found.right)) if record is not None]
    if not shown or found.ordinal is None:
        return []
    # Both sides in one timeline, so that their columns stand under each other.
    text = timeline([record for _, record in shown], ascii_only=ascii_only, width=width - 4, pairs=False)
    names = iter(shown)
    # What a user was told may take several lines; those that go on have no time.
    return ["events", *(f"  {next(names)[0] if line[:_TIME].strip() else '  '}{line}" for line in text.splitlines())]


def _table(title: str, differences: tuple[Difference, ...]) -> list[str]:
    if not differences:
        return []
    names = [printable(difference.key) for difference in differences]
    span = max(map(len, names))
    pairs = [(_side(difference.a), _side(difference.b)) for difference in differences]
    return [title, *(f"  {name:<{span}}  A {a}  B {b}" for name, (a, b) in zip(names, pairs, strict=True))]


def _side(value: str | None) -> str:
    return _ABSENT if value is None else shorten(printable(value), 60, "...")


def _differences(left: Record, right: Record) -> tuple[Difference, ...]:
    """Return what differs, in the order of the left record, then what only the right one has."""
    keys = [*left, *(key for key in right if key not in left)]
    found = (Difference(key, _json(left, key), _json(right, key)) for key in keys)
    return tuple(difference for difference in found if difference.a != difference.b)


def _json(record: Record, key: str) -> str | None:
    """Return the value as JSON, in which 1, 1.0 and true are three different things, as they are in a log."""
    return json.dumps(record[key], ensure_ascii=False) if key in record else None
