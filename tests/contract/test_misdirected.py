"""A response that names another request (PS3.7 9.1) is no answer: no client goes on as if it were one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.errors import PlayFailure
from linacsim.faults import Chain

CT = "pydicom:CT_small.dcm"
WRONG = 4711


class Misdirecting(Chain):
    """Lets every response to requests of one kind name another message."""

    def __init__(self, of: str) -> None:
        super().__init__()
        self._of = of

    def responding(self, place: Any, assoc: Any, message: Any, context_id: int) -> bool:
        if type(message).__name__ == self._of:
            message.MessageIDBeingRespondedTo = WRONG
        return super().responding(place, assoc, message, context_id)


def verify(bench: Bench) -> None:
    bench.add("verification", "CLIENT")
    bench.do("CLIENT", "echo", to="PEER")


def store(bench: Bench) -> None:
    bench.add("storage", "CLIENT")
    bench.do("CLIENT", "store", to="PEER", images=[CT])


def commit(bench: Bench) -> None:
    bench.add("storage", "CLIENT")
    bench.do("CLIENT", "commit", to="PEER", images=[CT])


def export(bench: Bench) -> None:
    bench.add("monaco-cms-scu", "CLIENT")
    bench.do("CLIENT", "export-objects", to="PEER", files=[CT])


def print_film(bench: Bench) -> None:
    bench.add("oncentra-cm-print-scu", "CLIENT")
    bench.do("CLIENT", "print-collated", to="PEER", images=[CT])


CLIENTS: dict[str, tuple[str, str, Callable[[Bench], None]]] = {
    "C-ECHO": ("storage", "C_ECHO", verify),
    "C-STORE": ("storage", "C_STORE", store),
    "N-ACTION": ("archive", "N_ACTION", commit),
    "C-STORE of a planning system": ("storage", "C_STORE", export),
    "N-CREATE": ("printer", "N_CREATE", print_film),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_does_not_go_on(bench_clock: Bench, name: str) -> None:
    kind, of, play = CLIENTS[name]
    bench_clock.add(kind, "PEER")
    bench_clock.kernel.place("PEER").interceptor = Misdirecting(of)
    with pytest.raises(PlayFailure, match=rf"a response to message {WRONG}, while \d+ waits for one"):
        play(bench_clock)
    bench_clock.wait_for("A-ABORT", at="CLIENT", way="sent")
    requests = [record for record in bench_clock.log.records if record["event"] == f"{of.replace('_', '-')}-RQ"]
    assert len([record for record in requests if record["at"] == "CLIENT"]) == 1


@pytest.mark.parametrize("name", CLIENTS)
def test_with_the_right_one_it_does(bench_clock: Bench, name: str) -> None:
    kind, _of, play = CLIENTS[name]
    bench_clock.add(kind, "PEER")
    play(bench_clock)
    assert [record for record in bench_clock.log.records if record["event"] == "A-ABORT"] == []
