"""A table of words and numbers as plain text."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = "  "


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], indent: str = "") -> list[str]:
    """Return the lines of a table: numbers to the right, words to the left, a rule of hyphens under the headings.

    Parameters
    ----------
    headings : sequence of str
        One per column.
    rows : sequence of sequences
        As many cells each as there are headings; ``None`` is an empty cell.
    indent : str
        What every line begins with.
    """
    texts = [["" if one is None else str(one) for one in row] for row in rows]
    widths = [max(len(heading), *(len(row[at]) for row in texts), 0) for at, heading in enumerate(headings)]
    right = [bool(rows) and all(isinstance(row[at], int | None) for row in rows) for at in range(len(headings))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if to_the_right else cell.ljust(width)
            for cell, width, to_the_right in zip(cells, widths, right, strict=True)
        )
        return (indent + _GAP.join(padded)).rstrip()

    return [line(headings), indent + _GAP.join("-" * width for width in widths), *(line(row) for row in texts)]
