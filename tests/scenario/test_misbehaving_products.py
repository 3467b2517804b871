"""A product on the network as the stack under test that does not do what it should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linacsim.kernel.border import lean
from linacsim.playing import Played, Setting, play_scenario
from linacsim.scenario import runner
from linacsim.scenario.loader import scenario_of
from linacsim.scenario.sut import addresses
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary
from tests.scenario import misbehaving
from tests.scenario.misbehaving import GOOD, HASTY, STORED, lone_word

# a product that is stopped in the middle of something leaves its connection to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
CLIENT = {
    "scenario": "The product sends an image",
    "limit": "20 s",
    "peers": {"ARCHIVE": HASTY, "PRODUCT": {"kind": "sut"}},
    "steps": [{"PRODUCT": "Send an image."}],
    "expect": [STORED],
}
SERVER = {
    "scenario": "The product takes an image",
    "limit": "20 s",
    "peers": {
        "PRODUCT": {"kind": "sut"},
        "ARCHIVE": {"kind": "storage", "acse-timeout": "500 ms", "connection-timeout": "500 ms"},
    },
    "steps": [{"ARCHIVE": {"store": {"to": "PRODUCT", "images": ["pydicom:CT_small.dcm"]}}}],
    "expect": [{"event": "C-STORE-RSP", "at": "ARCHIVE", "status": "0x0000"}],
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LINGER", 1_000_000)


def judged(
    keys: dict[str, Any], out: Path, sut: int, port: int, does: Callable[[], object] = bool
) -> tuple[list[str], Played]:
    """Play with a product at the port `sut`; whoever is asked lets it do something. Then the next one is served."""

    def person(_question: str, _fill: Callable[[str], str]) -> tuple[bool, str]:
        does()
        return True, ""

    ports = {"ARCHIVE": port}
    suts = tuple(addresses([f"127.0.0.1:{sut}@PRODUCT"]))
    setting = Setting(clock="live", suts=suts, ports=ports, person=person)
    one = play_scenario(scenario_of(keys, vocabulary()), setting, out)
    assert one.outcome.verdict is Verdict.FAIL, (one.outcome.verdict, one.outcome.error)
    assert misbehaving.played(GOOD, out, ports=ports).outcome.verdict is Verdict.PASS
    unmet = [str(row["reason"]) for row in one.result["expectations"] if not row["met"]]
    return [*one.outcome.failures, *unmet], one


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("", "Nobody has asked ARCHIVE (127.0.0.1:{port}) for an association"),
        ("say_nothing", "Somebody has connected to ARCHIVE and asked for no association until ARTIM ran out (#"),
        ("fall_silent", "WIRE has been silent on its association with ARCHIVE until the network timeout ran out (#"),
        ("send_garbage", "Somebody has sent ARCHIVE bytes that are no PDU (#"),
        ("send_without_end", "WIRE has sent ARCHIVE a message that is none (#"),
        ("associate_without_end", "Flooded: 300 events until 0:00:0"),
    ],
)
def test_a_client_that_misbehaves(
    what: str, told: str, tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lean, "MESSAGE_LIMIT", 1_000_000)
    monkeypatch.setattr(runner, "FLOOD", 300)
    does = getattr(misbehaving, what) if what else bool
    arguments = ("127.0.0.1", unused_tcp_port) if what else ()
    why, one = judged(CLIENT, tmp_path, 104, unused_tcp_port, lambda: does(*arguments))
    assert any(each.startswith(told.replace("{port}", str(unused_tcp_port))) for each in why), why
    assert one.records[-1]["t"] < 15_000_000


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("refuses", "connection to 127.0.0.1:{port} refused"),
        (None, "ACSE timeout: the A-ASSOCIATE-RQ was not answered"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it answered with bytes that are no PDU"),
        (b"\x02\x00\x00\x00\x00\x04\x00\x01\x00\x00", "none of the presentation contexts was accepted"),
        (b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00", "aborted by the peer"),
        (b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07", "rejected ("),
    ],
    ids=["refuses", "is-silent", "is-a-web-server", "accepts-with-nothing-in-it", "aborts", "rejects"],
)
def test_a_server_that_misbehaves(
    answer: str | bytes | None, told: str, tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    sut, port = unused_tcp_port_factory(), unused_tcp_port_factory()
    listener = None if isinstance(answer, str) else lone_word(sut, answer)
    try:
        why, one = judged(SERVER, tmp_path, sut, port)
    finally:
        if listener is not None:
            listener.shutdown(2)
            listener.close()
    told = told.replace("{port}", str(sut))
    assert why[0].startswith(f"ARCHIVE: store failed: no association with PRODUCT: {told}"), why
    assert one.records[-1]["t"] < 10_000_000


def test_a_person_who_never_answers_has_the_limit_of_the_scenario(tmp_path: Path, unused_tcp_port: int) -> None:
    from threading import Event  # noqa: PLC0415 - only here

    over = Event()
    why, _one = judged({**CLIENT, "limit": "1 s"}, tmp_path, 104, unused_tcp_port, lambda: over.wait(30))
    over.set()
    assert why[0] == "Not over within its limit of 1 s; PRODUCT: ask has not ended"
