"""Negotiation without copies of the server's contexts gives what pynetdicom's gives, and nobody can change what is shared."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from pydicom.uid import UID, AllTransferSyntaxes
from pynetdicom import AE, evt
from pynetdicom.acse import ACSE
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.bench import Bench
from linacsim.kernel.border import negotiation

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
"""pydicom says what it thinks of hostile values; whether both ways agree is what counts here."""

CT_IMAGE, MR_IMAGE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
VERIFICATION = "1.2.840.10008.1.1"
SYNTAXES = [str(one) for one in AllTransferSyntaxes[:6]]
ROUNDS = 60


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    return bench_clock


def served(bench: Bench, contexts: list[PresentationContext], handlers: list[Any]) -> tuple[str, int]:
    """Serve `contexts` with pynetdicom alone, on a machine of the bench; return the address."""
    place = bench.kernel.place("PLAIN")

    def start() -> int:
        ae = AE("PLAIN")
        ae.supported_contexts = contexts
        server = ae.start_server((place.host, 0), block=False, evt_handlers=handlers)
        assert server is not None
        return int(server.server_address[1])

    return place.host, bench.play(start, place=place)


def asked(bench: Bench, address: tuple[str, int], proposed: list[PresentationContext]) -> dict[int, Any]:
    """Return what became of each context that was proposed."""

    def ask() -> dict[int, Any]:
        ae = AE("CLIENT")
        assoc = ae.associate(*address, contexts=proposed)
        answer = assoc.acceptor.primitive
        assert answer is not None
        if assoc.is_established:
            assoc.release()
        results = answer.presentation_context_definition_results_list
        return {int(one.context_id or 0): (one.result, [*one.transfer_syntax]) for one in results}

    found: dict[int, Any] = bench.play(ask)
    return found


def drawn(draw: random.Random, pool: list[str]) -> list[PresentationContext]:
    return [build_context(uid, draw.sample(SYNTAXES, draw.randrange(1, 5))) for uid in draw.sample(pool, 4)]


def test_the_results_are_those_of_pynetdicom(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(5)  # noqa: S311 - drawn from a seed, for a test
    pool = [CT_IMAGE, MR_IMAGE, VERIFICATION, "1.2.3.4", "1.2.840.10008.5.1.4.1.1.481.1", "1.2.840.10008.5.1.4.1.1.7"]
    for _ in range(3):
        supported = drawn(draw, pool)
        address = served(bench, supported, [])
        for _ in range(4):
            proposed = drawn(draw, pool)
            lean = asked(bench, address, deepcopy(proposed))
            with monkeypatch.context() as patched:
                patched.setattr(ACSE, "_negotiate_as_acceptor", negotiation._original_negotiate)
                plain = asked(bench, address, deepcopy(proposed))
            assert lean == plain
            assert lean


def test_nothing_that_is_wanted_is_refused_in_each_context(bench: Bench) -> None:
    address = served(bench, [build_context(CT_IMAGE)], [])
    assert asked(bench, address, [build_context(MR_IMAGE, SYNTAXES[:2])]) == {1: (3, [SYNTAXES[0]])}


def test_who_looks_at_the_contexts_can_change_his_own_alone(bench: Bench) -> None:
    seen: list[int] = []

    def requested(event: evt.Event) -> None:
        contexts = event.assoc.acceptor.supported_contexts
        seen.append(len(contexts[0].transfer_syntax))
        contexts[0].transfer_syntax = [SYNTAXES[1]]
        contexts.pop()

    address = served(bench, [build_context(CT_IMAGE), build_context(MR_IMAGE)], [(evt.EVT_REQUESTED, requested)])
    proposed = [build_context(CT_IMAGE, SYNTAXES[:2]), build_context(MR_IMAGE, SYNTAXES[:2])]
    for _ in range(2):
        assert asked(bench, address, deepcopy(proposed)) == {1: (0, [SYNTAXES[1]]), 3: (3, [SYNTAXES[0]])}
    assert seen[0] == seen[1] > 1


def test_the_supported_contexts_are_there_after_negotiation(bench: Bench) -> None:
    counts: list[int] = []
    handlers = [(evt.EVT_ESTABLISHED, lambda event: counts.append(len(event.assoc.acceptor.supported_contexts)))]
    address = served(bench, [build_context(CT_IMAGE), build_context(MR_IMAGE)], handlers)
    asked(bench, address, [build_context(CT_IMAGE)])
    assert counts == [2]


def test_a_uid_is_what_pynetdicom_makes_of_it_the_second_time_too(bench: Bench) -> None:
    values: list[Any] = ["1.2.3", b"1.2.3", UID("1.2.3"), b"1.2.3\0", "1.2..3", "", None, "x" * 10, b"1.2 "]

    def make() -> list[Any]:
        made: list[Any] = []
        for value in values * 2:
            given = negotiation.set_uid(value, "a UID")
            made.append((type(given), given))
        return made

    plain = [negotiation._original_set_uid(value, "a UID") for value in values]
    assert bench.play(make) == [(type(one), one) for one in plain] * 2


@pytest.mark.parametrize("value", ["x" * 65, b"y" * 65])
def test_a_uid_that_is_refused_stays_refused(bench: Bench, value: Any) -> None:
    def make() -> int:
        for _ in range(2):
            with pytest.raises(ValueError, match="must not exceed 64 characters"):
                negotiation.set_uid(value, "a UID")
        return 2

    assert bench.play(make) == 2


def test_transfer_syntaxes_are_added_as_pynetdicom_adds_them(bench: Bench) -> None:
    draw = random.Random(9)  # noqa: S311 - drawn from a seed, for a test
    values: list[Any] = [*SYNTAXES, *(one.encode() for one in SYNTAXES), None, "", "1.2.3", b"1.2.3", "1.2..3", 7]

    def added(add: Callable[..., None], drawn: list[Any]) -> list[Any]:
        context = PresentationContext()
        for value in drawn:
            with suppress(ValueError):
                add(context, value)
        return [*context.transfer_syntax]

    def make() -> None:
        for _ in range(ROUNDS):
            chosen = draw.choices(values, k=6)
            assert added(negotiation.add_transfer_syntax, chosen) == added(negotiation._original_add, chosen)

    bench.play(make)


def test_what_is_remembered_has_a_limit() -> None:
    known: dict[str | bytes, UID] = {}
    for ordinal in range(negotiation._KNOWN_MOST + 10):
        negotiation._remember(known, f"1.2.{ordinal}", UID(f"1.2.{ordinal}"))
    assert len(known) == 10


SUPPORTED: dict[str, list[tuple[Any, ...]]] = {
    "one, with what is usual": [(CT_IMAGE,)],
    "one syntax that is text": [(CT_IMAGE, SYNTAXES[0])],
    "roles": [(CT_IMAGE, SYNTAXES, True, False)],
    "the same twice, in another order": [(CT_IMAGE, SYNTAXES[:4]), (CT_IMAGE, SYNTAXES[5:1:-1], None, True)],
    "roles that are taken back": [(CT_IMAGE, SYNTAXES, True, True), (CT_IMAGE, SYNTAXES)],
    "a syntax twice": [(CT_IMAGE, [SYNTAXES[0], SYNTAXES[0]])],
    "no syntax": [(CT_IMAGE, [])],
    "a syntax that is none": [(CT_IMAGE, [SYNTAXES[0], CT_IMAGE])],
    "a syntax with a leading zero": [(CT_IMAGE, [SYNTAXES[0], "1.2.03"])],
    "a SOP class that is none": [("1.2.3.", SYNTAXES), ("not a UID", SYNTAXES)],
    "bytes": [(CT_IMAGE, [SYNTAXES[0].encode()])],
    "what is no UID": [(CT_IMAGE, [1])],
    "what is no list": [(CT_IMAGE, tuple(SYNTAXES))],
    "a role that is none": [(CT_IMAGE, SYNTAXES, 1)],
}


@pytest.mark.parametrize("calls", SUPPORTED.values(), ids=SUPPORTED)
def test_what_is_supported_is_what_pynetdicom_makes_of_it_the_second_time_too(bench: Bench, calls: Any) -> None:
    def made() -> list[tuple[Any, ...]]:
        ae, outcomes = AE(), []
        for call in calls:
            try:
                ae.add_supported_context(*call)
            except Exception as exc:  # noqa: BLE001 - compared with pynetdicom's
                outcomes.append((type(exc), str(exc)))
        found = [
            (each.abstract_syntax, [*each.transfer_syntax], each.scu_role, each.scp_role)
            for each in ae.supported_contexts
        ]
        return [*outcomes, *found]

    wanted = made()
    assert [bench.play(made) for _ in range(2)] == [wanted, wanted]


def test_what_is_put_together_once_is_nobody_elses_to_change(bench: Bench) -> None:
    def made() -> list[UID]:
        ae = AE()
        ae.add_supported_context(CT_IMAGE, SYNTAXES)
        (context,) = ae.supported_contexts
        found = [*context.transfer_syntax]
        context.transfer_syntax.clear()
        return found

    assert bench.play(made) == bench.play(made) == SYNTAXES
