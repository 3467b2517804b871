"""The matrix of negotiations as one HTML file that opens from disk: the table, and every cell to unfold below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from linacsim.conformance.matrix import Matrix
from linacsim.conformance.negotiation import Negotiation, Outcome, syntax_name
from linacsim.report.matrix_text import (
    Proofs,
    by_system,
    cell_mark,
    figure,
    proof_lines,
    proof_of,
    taken,
    verification_words,
)

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --all: #3a35; --some: #ca25; --none: #8882; --bad: #d335; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; padding: 0 1rem; max-width: 90rem; }
table { border-collapse: collapse; margin: .6rem 0; }
th, td { border: 1px solid var(--line); padding: .25rem .55rem; text-align: left; vertical-align: top; }
.scroll { overflow-x: auto; }
.matrix td { text-align: center; padding: 0; white-space: nowrap; }
.matrix td a { display: block; padding: .25rem .55rem; color: inherit; text-decoration: none; }
.matrix td a:hover { outline: 2px solid; outline-offset: -2px; }
.matrix thead th { vertical-align: bottom; font-weight: 600; }
.matrix th small, .group th { font-weight: 400; }
.group th { background: #8882; }
.all { background: var(--all); } .some { background: var(--some); } .none { background: var(--none); }
.differs { background: var(--bad); font-weight: 700; }
details { border: 1px solid var(--line); border-radius: .3rem; margin: .35rem 0; padding: .3rem .7rem; }
summary { cursor: pointer; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; }
"""
_SCRIPT = """
function unfold() {
  const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (there && there.tagName === "DETAILS") { there.open = true; there.scrollIntoView(); }
}
addEventListener("hashchange", unfold); unfold();
"""
_LEGEND = (
    "<b>7/9</b> 7 of the 9 presentation contexts that it proposes pass",
    "<b>-</b> nothing passes",
    "<b>echo</b> nothing but C-ECHO passes",
    "<b>*</b> rests on something that the documents do not say; what was taken is told in the cell",
    "<b>!</b> something has to be configured or minded beside the contexts",
    "<b>x</b> on the wire it was not as predicted",
)


def matrix_html(matrix: Matrix, proofs: Proofs) -> str:
    """Return the page: no script, style or picture from elsewhere."""
    body = "\n".join([*_table(matrix, proofs), *_executed(matrix, proofs), *_left_out(matrix), *_cells(matrix, proofs)])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<title>Will they negotiate?</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Will they negotiate?</h1>\n"
        "<p>Rows ask for the association, columns answer. A cell leads to its details.</p>\n"
        f"{body}\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _table(matrix: Matrix, proofs: Proofs) -> Iterator[str]:
    yield '<div class="scroll"><table class="matrix"><thead><tr><th></th>'
    for one in matrix.acceptors:
        yield f"<th title='{escape(one.title, quote=True)}'><small>{escape(one.system)}</small><br>{escape(one.entity.id)}</th>"
    yield "</tr></thead><tbody>"
    for first, group in by_system(matrix.requestors):
        yield f'<tr class="group"><th colspan="{len(matrix.acceptors) + 1}">{escape(first.title)}</th></tr>'
        for row in group:
            cells = "".join(_figure(matrix, (row.id, one.id), proofs) for one in matrix.acceptors)
            yield f"<tr><th>{escape(row.entity.id)}</th>{cells}</tr>"
    yield "</tbody></table></div>"
    yield f"<p>{'; '.join(_LEGEND)}.</p>"


def _figure(matrix: Matrix, key: tuple[str, str], proofs: Proofs) -> str:
    cell = matrix.cells[key]
    text = f"{figure(cell)}{cell_mark(matrix, key, proofs)}"
    title = escape(cell.sentence, quote=True)
    return f'<td class="{_colour(cell, key, proofs)}"><a href="#{_anchor(key)}" title="{title}">{escape(text)}</a></td>'


def _colour(cell: Negotiation, key: tuple[str, str], proofs: Proofs) -> str:
    proof = proof_of(proofs, key)
    if proof and proof.differences:
        return "differs"
    if not cell.passing or cell.only_verification:
        return "none"
    return "all" if len(cell.passing) == len(cell.outcomes) else "some"


def _anchor(key: tuple[str, str]) -> str:
    return escape("--".join(key).replace("/", "-"), quote=True)


def _executed(matrix: Matrix, proofs: Proofs) -> Iterator[str]:
    if proofs is not None:
        first, *rest = proof_lines(matrix, proofs, width=1000)
        yield f"<p>{escape(first)}</p>"
        yield from _list(line.strip() for line in rest)


def _left_out(matrix: Matrix) -> Iterator[str]:
    if matrix.left_out:
        yield "<h2>Left out</h2>"
        yield from _list(f"{one.id}: {why}" for one, why in matrix.left_out)


def _list(texts: Iterable[str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{escape(text)}</li>" for text in texts)
    yield "</ul>"


def _cells(matrix: Matrix, proofs: Proofs) -> Iterator[str]:
    for first, group in by_system(matrix.requestors):
        yield f"<h2>{escape(first.title)}</h2>"
        for row in group:
            for one in matrix.acceptors:
                yield from _cell(matrix, (row.id, one.id), proofs)


def _cell(matrix: Matrix, key: tuple[str, str], proofs: Proofs) -> Iterator[str]:
    cell = matrix.cells[key]
    head = escape(f"{cell.requestor.id} → {cell.acceptor.id}")
    mark = escape(f"{figure(cell)}{cell_mark(matrix, key, proofs)}")
    yield f'<details id="{_anchor(key)}"><summary><b>{head}</b> {mark}: {escape(cell.sentence)}</summary>'
    yield "<table><thead><tr><th>SOP class</th><th>UID</th><th></th><th>why</th></tr></thead><tbody>"
    yield from (_row(one) for one in cell.outcomes)
    yield "</tbody></table><dl>"
    proof = proof_of(proofs, key)
    wire = (proof.differences or ("as predicted",)) if proof else ()
    for label, texts in (
        ("C-ECHO", [verification_words(cell)]),
        ("PDUs to the acceptor", [cell.to_acceptor.words]),
        ("PDUs back", [cell.to_requestor.words]),
        ("Associations", [cell.associations]),
        ("Operations", [cell.operations]),
        ("To mind", cell.concerns),
        ("Documented", cell.notes),
        ("Taken", taken(cell)),
        ("On the wire", wire),
    ):
        if texts:
            yield f"<dt>{label}</dt><dd>{'<br>'.join(escape(text) for text in texts)}</dd>"
    yield "</dl></details>"


def _row(one: Outcome) -> str:
    if one.passes:
        said = f"passes with {syntax_name(one.transfer_syntax)}"
    else:
        said = f"will not pass: {one.result.words} ({one.result.value})"
    cells = (one.offer.name, one.offer.abstract_syntax, said, one.why)
    colour = "all" if one.passes else "none"
    return f'<tr class="{colour}">' + "".join(f"<td>{escape(text)}</td>" for text in cells) + "</tr>"
