"""The matrix of negotiations as text for the terminal: a compact table, and a cell in full."""

from __future__ import annotations

import string
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from linacsim.conformance.matrix import Matrix
from linacsim.conformance.negotiation import Negotiation, Outcome, Party, syntax_name
from linacsim.conformance.proof import Proof

Proofs = Mapping[tuple[str, str], Proof] | None
"""What was executed, by the ids of requestor and acceptor; ``None`` if nothing was to be."""

_LABEL = 13
_NARROW, _ROOM = 60, 2
_LEGEND = (
    ("7/9", "7 of the 9 presentation contexts that it proposes pass"),
    ("-", "nothing passes"),
    ("echo", "nothing but C-ECHO passes"),
    ("*", "rests on something that the documents do not say; what was taken is told in the cell"),
    ("!", "something has to be configured or minded beside the contexts"),
    ("x", "on the wire it was not as predicted"),
)


def matrix_text(matrix: Matrix, proofs: Proofs, width: int) -> str:
    """Return the compact table.

    Parameters
    ----------
    matrix : Matrix
        What is predicted.
    proofs : mapping
        What was executed, if anything was.
    width : int
        Columns of the terminal; more acceptors than fit stand in a second table.
    """
    width = max(width, _NARROW)
    lines = _wrap("Will they negotiate? Rows ask for the association, columns answer.", width, "", "  ")
    for block in _blocks(matrix, proofs, width):
        lines += ["", *block]
    lines += ["", *_columns(matrix, width)]
    marks = "".join(cell_mark(matrix, key, proofs) for key in matrix.cells)
    shown = [one for one in _LEGEND if one[0] not in "*!x" or one[0] in marks]
    lines += ["", *(line for sign, words in shown for line in _wrap(words, width, f"  {sign:<5} ", " " * 8))]
    lines += _left_out(matrix, width)
    if proofs is not None:
        lines += ["", *proof_lines(matrix, proofs, width)]
    lines += ["", *_wrap("One cell in full: linacsim matrix --cell SCU SCP; all of them: --verbose", width, "", "  ")]
    return "\n".join(lines) + "\n"


def figure(cell: Negotiation) -> str:
    """Return a cell in a few characters: ``7/9``, ``echo``, ``-``."""
    if not cell.passing:
        return "-"
    return "echo" if cell.only_verification else f"{len(cell.passing)}/{len(cell.outcomes)}"


def cell_mark(matrix: Matrix, key: tuple[str, str], proofs: Proofs) -> str:
    """Return the marks behind a cell's figure; see the legend."""
    cell = matrix.cells[key]
    proof = proof_of(proofs, key)
    differs = proof is not None and bool(proof.differences)
    return "*" * (not cell.certain) + "!" * bool(cell.concerns) + "x" * differs


def proof_of(proofs: Proofs, key: tuple[str, str]) -> Proof | None:
    """Return the proof of a cell, if it was executed."""
    return proofs.get(key) if proofs else None


def letter(index: int) -> str:
    """Return the name of a column: ``A`` to ``Z``, then ``AA``."""
    first, last = divmod(index, len(string.ascii_uppercase))
    return (string.ascii_uppercase[first - 1] if first else "") + string.ascii_uppercase[last]


def by_system(parties: Iterable[Party]) -> Iterator[tuple[Party, list[Party]]]:
    """Yield the parties of each system together, with the first of them."""
    groups: dict[str, list[Party]] = {}
    for one in parties:
        groups.setdefault(one.system, []).append(one)
    for group in groups.values():
        yield group[0], group


def _blocks(matrix: Matrix, proofs: Proofs, width: int) -> Iterator[list[str]]:
    """Yield tables with as many columns each as fit."""
    texts = {key: (figure(cell), cell_mark(matrix, key, proofs)) for key, cell in matrix.cells.items()}
    label = max((len(one.entity.id) for one in matrix.requestors), default=0) + 2
    left = max((len(text) for text, _marks in texts.values()), default=1)
    right = max((len(marks) for _text, marks in texts.values()), default=0)
    room = max(1, (width - label) // (left + right + _ROOM))
    for start in range(0, len(matrix.acceptors), room):
        chosen = range(start, min(start + room, len(matrix.acceptors)))
        heads = (" " * _ROOM + letter(index).rjust(left) + " " * right for index in chosen)
        lines = [(" " * label + "".join(heads)).rstrip()]
        for first, group in by_system(matrix.requestors):
            lines.append(first.title)
            for row in group:
                cells = (texts[row.id, matrix.acceptors[index].id] for index in chosen)
                shown = (" " * _ROOM + text.rjust(left) + marks.ljust(right) for text, marks in cells)
                lines.append(f"  {row.entity.id}".ljust(label) + "".join(shown).rstrip())
        yield lines


def _columns(matrix: Matrix, width: int) -> Iterator[str]:
    rows = [[letter(index), one.id, one.title] for index, one in enumerate(matrix.acceptors)]
    longest = max((len(row[1]) for row in rows), default=0)
    for name, id_, title in rows:
        yield from _wrap(f"{id_:<{longest}}  {title}", width, f"  {name:<2} ", " " * 7)


def _left_out(matrix: Matrix, width: int) -> Iterator[str]:
    if matrix.left_out:
        yield ""
        yield "Left out:"
    for one, why in matrix.left_out:
        yield from _wrap(f"{one.id}: {why}", width, "  ", "    ")


def proof_lines(matrix: Matrix, proofs: Mapping[tuple[str, str], Proof], width: int) -> Iterator[str]:
    """Yield how many cells were as predicted on the wire, and where one was not."""
    differing = [key for key, proof in proofs.items() if proof.differences]
    agree = len(proofs) - len(differing)
    executed = f"Executed on the virtual clock, read from the wire: {agree} of {len(proofs)} cells are as predicted."
    yield from _wrap(executed, width, "", "  ")
    for key in differing:
        yield from _wrap(" -> ".join(key), width, "  ", "    ")
        for text in proofs[key].differences:
            yield from _wrap(text, width, "    ", "      ")
    missing = [key for key in matrix.cells if key not in proofs]
    if missing:
        yield f"Not executed, because the bench has no such device: {len(missing)} cells"


def cells_text(matrix: Matrix, proofs: Proofs, width: int) -> str:
    """Return every cell in full."""
    width = max(width, _NARROW)
    parts = ("\n".join(_cell(matrix, key, proofs, width)) for key in matrix.cells)
    return "\n\n".join(parts) + "\n"


def _cell(matrix: Matrix, key: tuple[str, str], proofs: Proofs, width: int) -> Iterator[str]:
    cell = matrix.cells[key]
    head = f"{cell.requestor.id} -> {cell.acceptor.id}   {figure(cell)}{cell_mark(matrix, key, proofs)}"
    yield from _wrap(head, width, "", "  ")
    yield from _wrap(cell.sentence, width, "  ", "  ")
    yield ""
    for head, names in _grouped(cell.outcomes):
        yield from _wrap(head, width, "  ", "      ")
        yield from _wrap(", ".join(names), width, "    ", "    ")
    yield ""
    labelled = [
        ("C-ECHO", [verification_words(cell)]),
        ("PDUs there", [cell.to_acceptor.words]),
        ("PDUs back", [cell.to_requestor.words]),
        ("associations", [cell.associations]),
        ("operations", [cell.operations]),
        ("to mind", cell.concerns),
        ("documented", cell.notes),
        ("taken", taken(cell)),
        ("on the wire", _wire(proof_of(proofs, key))),
    ]
    for label, texts in labelled:
        yield from _labelled(label, texts, width)


def _grouped(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, list[str]]]:
    """Yield what becomes of contexts, and the names of those of which it does; what passes comes first."""
    groups: dict[str, list[str]] = {}
    for one in sorted(outcomes, key=lambda one: not one.passes):
        groups.setdefault(_fate(one), []).append(one.offer.name)
    yield from groups.items()


def _fate(outcome: Outcome) -> str:
    if outcome.passes:
        return f"Passes with {syntax_name(outcome.transfer_syntax)} ({outcome.why}):"
    return f"Will not pass, {outcome.result.words} ({outcome.result.value}; {outcome.why}):"


def verification_words(cell: Negotiation) -> str:
    """Return whether C-ECHO will pass, in words."""
    if cell.verification is None:
        return "not proposed"
    return "passes" if cell.verification.passes else f"will not pass: {cell.verification.why}"


def taken(cell: Negotiation) -> list[str]:
    """Return what had to be taken because the documents do not say it, each once, and for which SOP classes."""
    names: dict[str, list[str]] = {}
    for one in cell.outcomes:
        for text in one.assumed:
            names.setdefault(text, []).append(one.offer.name)
    all_of_them = sum(bool(one.assumed) for one in cell.outcomes)
    return [text if len(of) == all_of_them > 1 else f"{', '.join(of)}: {text}" for text, of in names.items()]


def _wire(proof: Proof | None) -> Sequence[str]:
    if proof is None:
        return ()
    return proof.differences or [f"as predicted ({len(proof.seen.answers)} presentation contexts)"]


def _wrap(text: str, width: int, first: str, others: str) -> list[str]:
    """Return `text` in lines, broken at spaces alone: ids have hyphens."""
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)


def _labelled(label: str, texts: Sequence[str], width: int) -> Iterator[str]:
    for index, text in enumerate(texts):
        head = f"  {label if index == 0 else '':<{_LABEL}} "
        yield from _wrap(text, width, head, " " * len(head))
