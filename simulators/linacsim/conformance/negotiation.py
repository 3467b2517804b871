"""Will these two negotiate? What an acceptor answers to the presentation contexts of a requestor, from their tables alone.

`negotiate` holds two entities against each other: for each context that the requestor proposes whether it passes, with
which transfer syntax or for which reason not (PS3.8 9.3.3.2), and beside it what the association is like: AE title
checks, PDU sizes, limits, asynchronous operations. Where the documents are silent something has to be taken; what was
taken is said, never hidden (`Outcome.assumed`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from pydicom.uid import UID

from linacsim.conformance.kinds import kind_of
from linacsim.conformance.model import Context, Entity, Pdu, Role

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
MOST_CONTEXTS = 128
"""Context IDs are the odd numbers from 1 to 255 (PS3.8 9.3.2.2)."""
_NAMED = 4
"""SOP classes that a sentence names; the others are counted."""
_FIRST = ("rtplan", "rtstruct", "rtdose", "rtimage", "rtionplan", "ct", "mr", "pet", "reg", "sc", "cr")
"""The kinds of objects that a sentence names before all others: those that a treatment needs."""
_CHECKS = re.compile(r"(?:^|; )checks ([^;]+)")
_BOUND = re.compile(r"\b(only for|while|temporary)\b")
"""What makes a part of a policy something to mind: the acceptor is not there for everybody, or not all the time."""
_SAYS_NOTHING = ("", "acceptor", "no association")
"""Policies of activities from which nobody learns anything."""


class Result(IntEnum):
    """What an acceptor answers to a presentation context (PS3.8 9.3.3.2, table 9-18)."""

    ACCEPTANCE = 0
    USER_REJECTION = 1
    NO_REASON = 2
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4

    @property
    def words(self) -> str:
        """The standard's words."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Party:
    """An application entity of a matrix.

    Attributes
    ----------
    system : str
        Whose it is: ``raystation``; ``linacsim`` for a device of the bench.
    title : str
        What a report calls that: ``RaySearch RayStation 9B``.
    entity : Entity
        Its table.
    """

    system: str
    title: str
    entity: Entity

    @property
    def id(self) -> str:
        """System and entity, as ``oncentra/winscp32-scp``."""
        return f"{self.system}/{self.entity.id}"

    @property
    def name(self) -> str:
        """The same for a sentence: ``oncentra winscp32-scp``; ids that begin with their system stand alone."""
        own = self.entity.id.startswith(f"{self.system}-")
        return self.entity.id if own else f"{self.system} {self.entity.id}"


@dataclass(frozen=True, slots=True)
class Offer:
    """A presentation context as a requestor proposes it.

    Attributes
    ----------
    name, abstract_syntax : str
        The SOP class.
    transfer_syntaxes : tuple of str
        In the order in which they are proposed.
    assumed : tuple of str
        What had to be taken because the document does not say it.
    """

    name: str
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a presentation context.

    Attributes
    ----------
    offer : Offer
        What is proposed.
    result : Result
        What the acceptor answers.
    transfer_syntax : str
        What is agreed on; empty if nothing is.
    why : str
        Why so, in a plain sentence.
    certain : bool
        Whether both documents say what it takes to know that it passes, or does not.
    assumed : tuple of str
        What had to be taken, for the result or for the choice of the transfer syntax.
    """

    offer: Offer
    result: Result
    transfer_syntax: str
    why: str
    certain: bool
    assumed: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether it is accepted."""
        return self.result is Result.ACCEPTANCE


@dataclass(frozen=True, slots=True)
class PduLimit:
    """The size of the P-DATA-TF PDUs that one side sends to the other (PS3.8 D.1).

    Attributes
    ----------
    announced : int or None
        The maximum length that the receiver announces: 0 is no maximum, ``None`` is not documented.
    largest : int or None
        The largest that may be sent; ``None`` if no limit is known.
    words : str
        The same for a person.
    """

    announced: int | None
    largest: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Negotiation:
    """What becomes of an association.

    Attributes
    ----------
    requestor, acceptor : Party
        Who proposes, and who answers.
    outcomes : tuple of Outcome
        One for each presentation context.
    to_acceptor, to_requestor : PduLimit
        What may be sent that way.
    associations, operations : str
        How many associations at one time; how many operations outstanding on one.
    concerns : tuple of str
        What the site has to configure or to mind, beside the contexts.
    notes : tuple of str
        What the documents say, or do not say, of the association as a whole.
    """

    requestor: Party
    acceptor: Party
    outcomes: tuple[Outcome, ...]
    to_acceptor: PduLimit
    to_requestor: PduLimit
    associations: str
    operations: str
    concerns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passing(self) -> tuple[Outcome, ...]:
        """The contexts that are accepted."""
        return tuple(one for one in self.outcomes if one.passes)

    @property
    def verification(self) -> Outcome | None:
        """What becomes of Verification, if it is proposed."""
        return next((one for one in self.outcomes if one.offer.abstract_syntax == VERIFICATION), None)

    @property
    def only_verification(self) -> bool:
        """Whether C-ECHO is all that passes, though more is proposed."""
        passing = self.passing
        return len(passing) == 1 < len(self.outcomes) and passing[0].offer.abstract_syntax == VERIFICATION

    @property
    def certain(self) -> bool:
        """Whether all of it follows from the documents."""
        return all(one.certain for one in self.outcomes)

    @property
    def sentence(self) -> str:
        """Whether these two will negotiate, for a person."""
        passing, failing = self.passing, [one for one in self.outcomes if not one.passes]
        if not passing:
            return f"Nothing passes: {_reasons(failing)}."
        if self.only_verification:
            head = "Only C-ECHO passes"
        elif failing:
            head = f"{len(passing)} of {len(self.outcomes)} SOP classes pass, {_syntaxes(passing)}"
        else:
            head = f"All {len(passing)} SOP classes pass" if len(passing) > 1 else f"{passing[0].offer.name} passes"
            head += f", {_syntaxes(passing)}"
        return f"{head}." + (f" Will not pass: {_reasons(failing)}." if failing else "")


def negotiate(requestor: Party, acceptor: Party) -> Negotiation:
    """Return what becomes of an association that `requestor` asks `acceptor` for, from their tables alone."""
    offers = proposed(requestor)
    accepted = {one.abstract_syntax: one for one in acceptor.entity.presentation_contexts if one.role is Role.SCP}
    outcomes = tuple(_outcome(offer, accepted.get(offer.abstract_syntax), acceptor) for offer in offers)
    useful = any(one.passes for one in outcomes)
    return Negotiation(
        requestor,
        acceptor,
        outcomes,
        _pdu_limit(requestor, acceptor),
        _pdu_limit(acceptor, requestor),
        _associations(requestor, acceptor),
        _operations(requestor, acceptor),
        tuple(_concerns(requestor, acceptor, offers)) if useful else (),
        tuple(_notes(requestor, acceptor, offers)),
    )


# what is proposed


def requests(entity: Entity) -> bool:
    """Whether the entity asks for associations."""
    return Role.SCU in entity.roles


def accepts(entity: Entity) -> bool:
    """Whether the entity accepts associations."""
    return Role.SCP in entity.roles


def proposed(requestor: Party) -> tuple[Offer, ...]:
    """Return the presentation contexts that it proposes: one for each SOP class, with all its transfer syntaxes.

    A document that lists no transfer syntax leaves one that cannot be missing, Implicit VR Little Endian (PS3.5 10.1);
    an entity that does nothing but C-ECHO and lists no context proposes Verification.
    """
    entity = requestor.entity
    listed = [one for one in entity.presentation_contexts if one.role is Role.SCU]
    if not listed and any(step.op == "C-ECHO" for activity in entity.activities for step in activity.steps):
        said = f"{requestor.name} lists no presentation context; taken: Verification, which its C-ECHO needs"
        return (Offer("Verification", VERIFICATION, (IMPLICIT_VR_LITTLE_ENDIAN,), (said, _default(requestor))),)
    return tuple(_offer(one, requestor) for one in listed)


def _offer(context: Context, requestor: Party) -> Offer:
    if context.transfer_syntaxes:
        return Offer(context.name, context.abstract_syntax, context.transfer_syntaxes)
    said = _default(requestor, context.note)
    return Offer(context.name, context.abstract_syntax, (IMPLICIT_VR_LITTLE_ENDIAN,), (said,))


def _default(party: Party, note: str = "") -> str:
    """Return what is taken where `party` documents no transfer syntax."""
    why = f" ({note})" if note else ""
    default = "Implicit VR Little Endian, the default of PS3.5 10.1"
    return f"the transfer syntaxes of {party.name} are not documented{why}; taken: {default}"


# what is answered


def _outcome(offer: Offer, context: Context | None, acceptor: Party) -> Outcome:
    """Return what becomes of `offer`; `context` is the acceptor's of the same SOP class, if it has one."""
    if context is None:
        # that a SOP class is not listed is certain, whatever the transfer syntaxes are
        why = f"{acceptor.name} does not list it"
        return Outcome(offer, Result.ABSTRACT_SYNTAX_NOT_SUPPORTED, "", why, certain=True)
    known = context.transfer_syntaxes or (IMPLICIT_VR_LITTLE_ENDIAN,)
    assumed = offer.assumed if context.transfer_syntaxes else (*offer.assumed, _default(acceptor, context.note))
    common = [one for one in offer.transfer_syntaxes if one in known]
    if not common:
        why = f"{acceptor.name} takes {_or(known)}, not {_or(offer.transfer_syntaxes)}"
        return Outcome(offer, Result.TRANSFER_SYNTAXES_NOT_SUPPORTED, "", why, not assumed, assumed)
    chosen, why, taken = _choice(offer, common, known, acceptor)
    return Outcome(offer, Result.ACCEPTANCE, chosen, why, not assumed, (*assumed, *taken))


def _choice(
    offer: Offer, common: Sequence[str], known: Sequence[str], acceptor: Party
) -> tuple[str, str, tuple[str, ...]]:
    """Return which of the `common` transfer syntaxes the acceptor takes, why, and what had to be taken for that."""
    entity, name = acceptor.entity, acceptor.name
    if entity.transfer_syntax_selection == "first-proposed":
        section = entity.section_of("transfer-syntax-selection")
        first = offer.transfer_syntaxes[0]
        if common[0] == first:
            return first, f"the first that is proposed, as {name} documents ({section})", ()
        said = (
            f"{name} documents to take the first transfer syntax proposed, and {syntax_name(first)} is none that it "
            "supports; taken: the first proposed that it does support"
        )
        return common[0], f"the first proposed that {name} supports", (said,)
    if len(common) == 1:
        return common[0], "the only transfer syntax that both have", ()
    preferred = [one for one in entity.transfer_syntax_preference or () if one in common]
    if preferred:
        section = entity.section_of("transfer-syntax-preference")
        return preferred[0], f"comes first in the order of preference of {name} ({section})", ()
    own = [one for one in known if one in common]
    said = f"which transfer syntax {name} prefers is not documented; taken: the first that its table lists"
    return own[0], f"the first that the table of {name} lists", (said,)


# the association as a whole


def announced(pdu: Pdu) -> int | None:
    """Return the maximum length that an entity announces (PS3.8 D.1): 0 is no maximum, ``None`` is not documented."""
    if pdu.receive_unlimited:
        return 0
    return pdu.default if pdu.default is not None else pdu.max


def _pdu_limit(sender: Party, receiver: Party) -> PduLimit:
    length, sends = announced(receiver.entity.pdu), sender.entity.pdu.send_max
    limits = [one for one in (length, sends) if one]
    largest = min(limits) if limits else None
    if length is None:
        words = f"{receiver.name} does not document what it announces"
    else:
        words = f"{receiver.name} announces {f'{length} bytes' if length else 'no maximum'}"
    if sends:
        words += f", {sender.name} sends at most {sends}"
    if largest is not None:
        words = f"at most {largest} bytes ({words})"
    elif length == 0:
        words = f"any size ({words})"
    return PduLimit(length, largest, words)


def _associations(requestor: Party, acceptor: Party) -> str:
    opens, takes = requestor.entity.max_associations.initiate, acceptor.entity.max_associations.accept
    first = f"opens at most {opens} at one time" if opens is not None else "does not document how many it opens"
    second = f"accepts at most {takes} at one time" if takes is not None else "does not document how many it accepts"
    return f"{requestor.name} {first}; {acceptor.name} {second}"


def _operations(requestor: Party, acceptor: Party) -> str:
    """Return how many operations are outstanding at one time (PS3.7 D.3.3.3)."""
    known = [one.entity.asynchronous for one in (requestor, acceptor)]
    if all(known):
        return "several outstanding at one time, as negotiated"
    if False in known:
        return "one outstanding at one time: no asynchronous operations"
    silent = " and ".join(one.name for one in (requestor, acceptor) if one.entity.asynchronous is None)
    return f"not documented by {silent}; taken: one outstanding at one time, the default of PS3.7 D.3.3.3"


def checks_of(entity: Entity) -> str:
    """Return what the entity checks of who calls, in the words of its table; empty if it documents no check."""
    found = _CHECKS.search(entity.acceptance_policy or "")
    return found[1] if found else ""


def policies_of(entity: Entity) -> list[tuple[str, str]]:
    """Return what an acceptor documents of when and for whom it accepts, each with its section."""
    of_activities = [(one.section, one.association_policy or "") for one in entity.activities]
    own = (entity.section_of("acceptance-policy"), entity.acceptance_policy or "")
    return [one for one in (own, *of_activities) if one[1] not in _SAYS_NOTHING]


def _concerns(requestor: Party, acceptor: Party, offers: Sequence[Offer]) -> Iterable[str]:
    one, other = requestor.name, acceptor.name
    for section, policy in policies_of(acceptor.entity):
        yield from (f"{other}: {part} ({section})" for part in policy.split("; ") if _BOUND.search(part))
    if checks := checks_of(acceptor.entity):
        yield f"{other} checks {checks}: enter {one} there, or its associations are rejected"
    opens, takes = requestor.entity.max_associations.initiate, acceptor.entity.max_associations.accept
    if opens is not None and takes is not None and opens > takes:
        yield f"{one} opens up to {opens} associations at one time, {other} accepts {takes}: the others are rejected"
    if takes == 1:
        yield f"{other} accepts one association at one time: while it lasts, every other sender is rejected"
    if len(offers) > MOST_CONTEXTS:
        yield f"{one} proposes {len(offers)} presentation contexts, an association has room for {MOST_CONTEXTS}"
    for first, second in ((requestor, acceptor), (acceptor, requestor)):
        length, least = announced(first.entity.pdu), second.entity.pdu.min
        if length and least and length < least:
            yield f"{first.name} announces PDUs of {length} bytes, {second.name} documents {least} as its smallest"


def _notes(requestor: Party, acceptor: Party, offers: Sequence[Offer]) -> Iterable[str]:
    for section, policy in policies_of(acceptor.entity):
        yield f"association policy of {acceptor.name} ({section}): {policy}"
    if all(len(one.transfer_syntaxes) == 1 for one in offers):
        return
    if order := requestor.entity.notes.get("presentation-context-order"):
        yield f"presentation contexts of {requestor.name}: {order}"
    else:
        yield (
            f"whether {requestor.name} proposes its transfer syntaxes in one presentation context or in one each is not "
            "documented; taken: one context for each SOP class, with all of them in the order of the table (in one each "
            f"the same SOP classes pass, and {requestor.name} chooses among the contexts that were accepted)"
        )


# words


def syntax_name(uid: str) -> str:
    """Return what people call a transfer syntax: ``Implicit VR Little Endian``."""
    return UID(uid).name.partition(":")[0]


def _or(uids: Iterable[str]) -> str:
    return " or ".join(syntax_name(uid) for uid in uids)


def _syntaxes(outcomes: Sequence[Outcome]) -> str:
    """Return with which transfer syntaxes they pass: ``with Implicit VR Little Endian``."""
    counts = Counter(one.transfer_syntax for one in outcomes).most_common()
    if len(counts) == 1:
        return f"with {syntax_name(counts[0][0])}"
    return "with " + " and ".join(f"{syntax_name(uid)} ({count})" for uid, count in counts)


def _reasons(failing: Sequence[Outcome]) -> str:
    """Return why they do not pass, those with the same reason together; what a treatment needs stands first."""
    if not failing:
        return "no presentation context is documented"
    grouped: dict[str, list[str]] = {}
    for one in sorted(failing, key=_rank):
        grouped.setdefault(one.why, []).append(one.offer.name)
    return "; ".join(f"{_some(names)} ({_many(why, len(names))})" for why, names in grouped.items())


def _rank(outcome: Outcome) -> int:
    kind = kind_of(outcome.offer.abstract_syntax)
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def _many(why: str, count: int) -> str:
    return why.replace("does not list it", "does not list them") if count > 1 else why


def _some(names: Sequence[str]) -> str:
    """Return the names, or the first of them and how many more."""
    if len(names) > _NAMED + 1:
        return ", ".join(names[:_NAMED]) + f" and {len(names) - _NAMED} more"
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
