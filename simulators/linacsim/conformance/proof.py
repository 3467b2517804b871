"""What went over the wire, held against what was predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from linacsim.conformance.negotiation import Negotiation, Outcome, Result, syntax_name


@dataclass(frozen=True, slots=True)
class Answer:
    """A presentation context as it was proposed and answered.

    Attributes
    ----------
    abstract_syntax : str
        The SOP class.
    proposed : tuple of str
        Its transfer syntaxes in the A-ASSOCIATE-RQ.
    result : int or None
        The result in the A-ASSOCIATE-AC (PS3.8 9.3.3.2); ``None`` if there was no answer.
    transfer_syntax : str
        The one that was accepted, if it was.
    """

    abstract_syntax: str
    proposed: tuple[str, ...]
    result: int | None
    transfer_syntax: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one or more associations between two entities were like on the wire.

    Attributes
    ----------
    answers : tuple of Answer
        All presentation contexts, in the order in which they were proposed.
    requestor_lengths, acceptor_lengths : tuple of int
        The maximum lengths that were announced, without repetition (PS3.8 D.1).
    asynchronous : bool
        Whether an asynchronous operations window was agreed on (PS3.7 D.3.3.3).
    failures : tuple of str
        Associations that were rejected or not answered, in words.
    """

    answers: tuple[Answer, ...]
    requestor_lengths: tuple[int, ...] = ()
    acceptor_lengths: tuple[int, ...] = ()
    asynchronous: bool = False
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """A cell that was executed.

    Attributes
    ----------
    seen : Seen
        What went over the wire.
    differences : tuple of str
        Where that is not what was predicted.
    """

    seen: Seen
    differences: tuple[str, ...]


def prove(predicted: Negotiation, seen: Seen) -> Proof:
    """Return `seen` with all that is not as `predicted`."""
    return Proof(seen, tuple(_differences(predicted, seen)))


def _differences(predicted: Negotiation, seen: Seen) -> Iterator[str]:
    yield from seen.failures
    answers: dict[str, list[Answer]] = {}
    for answer in seen.answers:
        answers.setdefault(answer.abstract_syntax, []).append(answer)
    for outcome in predicted.outcomes:
        found = answers.pop(outcome.offer.abstract_syntax, [])
        if not found and not seen.failures:
            yield f"{outcome.offer.name}: predicted as proposed, but not on the wire"
        for answer in found:
            yield from _of_context(outcome, answer)
    for abstract_syntax in answers:
        yield f"{abstract_syntax}: proposed on the wire, not predicted"
    for party, limit, lengths in (
        (predicted.requestor, predicted.to_requestor, seen.requestor_lengths),
        (predicted.acceptor, predicted.to_acceptor, seen.acceptor_lengths),
    ):
        for length in lengths:
            if limit.announced not in (None, length):
                yield f"{party.name} announces {length} bytes on the wire, {limit.announced} were predicted"
    if seen.asynchronous and not (predicted.requestor.entity.asynchronous and predicted.acceptor.entity.asynchronous):
        yield "an asynchronous operations window was agreed on, which was not predicted"


def _of_context(outcome: Outcome, answer: Answer) -> Iterator[str]:
    name = outcome.offer.name
    if answer.proposed != outcome.offer.transfer_syntaxes:
        yield f"{name}: proposed with {_all(answer.proposed)}, predicted {_all(outcome.offer.transfer_syntaxes)}"
    if answer.result is None:
        yield f"{name}: not answered, predicted {outcome.result.words}"
    elif answer.result != outcome.result:
        yield f"{name}: {_words(answer.result)} on the wire, predicted {outcome.result.words}"
    elif outcome.passes and answer.transfer_syntax != outcome.transfer_syntax:
        was, predicted = syntax_name(answer.transfer_syntax), syntax_name(outcome.transfer_syntax)
        yield f"{name}: accepted with {was}, predicted {predicted}"


def _all(syntaxes: tuple[str, ...]) -> str:
    return ", ".join(syntax_name(one) for one in syntaxes)


def _words(result: int) -> str:
    return Result(result).words if result in list(Result) else f"result {result}"
