"""The result of a run as one block of text for the terminal.

A result is a plain dictionary, the same that ``result.json`` holds: ``scenario``, ``verdict`` (``pass``, ``fail``,
``inconclusive``, ``error``), ``seed``, ``clock``, ``version``, ``digest``, ``bench-time`` and ``wall-time``
(microseconds), ``expectations`` (``text``, ``met``, ``reason``, ``events``: the ordinals it rests on), ``faults``
(``text``, ``fired``, ``fault``, ``at``, ``on``), ``failures``, ``about``, ``name``, ``file``, ``peers`` (kind by title),
``versions`` (by package), ``requires``, ``films``, ``pictures``, ``run``, ``report`` (the page),
``reproduce``. Whatever is missing is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from linacsim.kernel.units import format_duration
from linacsim.report.reason import unfired
from linacsim.report.words import printable

_WORDS = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE", "error": "ERROR"}
_COLOURS = {"PASS": "1;32", "FAIL": "1;31", "INCONCLUSIVE": "1;33", "ERROR": "1;35", "UNMET": "31", "NOT FIRED": "33"}
_LABEL = 12
_FILMS = 3
"""Paths of films or pictures that are listed; the others are counted."""


def summary(result: Mapping[str, Any], colour: bool) -> str:
    """Return the block of text about `result`; lines, each with its line end.

    Parameters
    ----------
    result : mapping
        See the module.
    colour : bool
        Add ANSI colours to the words that matter.
    """
    verdict = str(result.get("verdict", "error"))
    word = _WORDS.get(verdict, verdict.upper())
    lines = [f"{_tint(word, colour)}  {_one_line(result.get('scenario', '(no title)'))}"]
    lines += _labelled("time", _times(result))
    lines += _labelled("run", _identity(result))
    lines += _labelled("requires", ", ".join(map(_one_line, result.get("requires") or ())))
    lines += _expectations(result.get("expectations") or (), colour)
    lines += _faults(result.get("faults") or (), colour)
    for failure in result.get("failures") or ():
        lines += _labelled("failure", str(failure))
    for kind in ("films", "pictures"):
        lines += _labelled(kind, _films([*(result.get(kind) or ())]))
    lines += _labelled("files", _one_line(result.get("run") or ""))
    lines += _labelled("report", _one_line(result.get("report") or ""))
    if verdict != "pass":
        lines += _labelled("reproduce", _one_line(result.get("reproduce") or ""))
    return "\n".join(lines) + "\n"


def _labelled(label: str, text: str) -> list[str]:
    """Return `text` behind its label, further lines under the first; nothing for no text."""
    if not text:
        return []
    labels = [label]
    rows = text.splitlines() or [""]
    labels += [""] * (len(rows) - 1)
    return [f"  {name:<{_LABEL}} {printable(row)}".rstrip() for name, row in zip(labels, rows, strict=True)]


def _times(result: Mapping[str, Any]) -> str:
    names = (("bench-time", "on the bench"), ("wall-time", "of wall time"))
    return ", ".join(f"{format_duration(int(result[key]))} {words}" for key, words in names if key in result)


def _identity(result: Mapping[str, Any]) -> str:
    digest = str(result.get("digest") or "")
    parts = [f"{key} {_one_line(result[key])}" for key in ("seed", "clock", "version") if key in result]
    return ", ".join([*parts, f"digest {digest[:12]}"] if digest else parts)


def _expectations(expectations: Iterable[Mapping[str, Any]], colour: bool) -> list[str]:
    rows = list(expectations)
    met = sum(bool(row.get("met")) for row in rows)
    lines = _labelled("expectations", f"{met} of {len(rows)} met" if rows else "")
    for row in rows:
        reason = f": {_one_line(row['reason'])}" if row.get("reason") else ""
        lines.append(_item("met" if row.get("met") else "UNMET", f"{_one_line(row.get('text', ''))}{reason}", colour))
    return lines


def _faults(faults: Iterable[Mapping[str, Any]], colour: bool) -> list[str]:
    rows = list(faults)
    fired = sum(bool(row.get("fired")) for row in rows)
    lines = _labelled("faults", f"{fired} of {len(rows)} fired" if rows else "")
    for row in rows:
        count = int(row.get("fired") or 0)
        word = f"fired {count}x" if count > 1 else "fired" if count else "NOT FIRED"
        why = "" if count else unfired(row, ())
        lines.append(_item(word, _one_line(row.get("text", "")) + (f": {_one_line(why)}" if why else ""), colour))
    return lines


def _item(word: str, text: str, colour: bool) -> str:
    return f"    {_tint(f'{word:<{_LABEL - 2}}', colour, word)} {text}"


def _films(films: list[object]) -> str:
    shown = [_one_line(film) for film in films[:_FILMS]]
    more = [f"and {len(films) - _FILMS} more"] if len(films) > _FILMS else []
    return "\n".join(shown + more)


def _one_line(value: object) -> str:
    return printable(" ".join(str(value).split()))


def _tint(text: str, colour: bool, word: str = "") -> str:
    code = _COLOURS.get(word or text, "") if colour else ""
    return f"\x1b[{code}m{text}\x1b[0m" if code else text
