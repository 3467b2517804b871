"""Stacks under test that misbehave: what they do, as programs and as functions; and the scenarios that they are played in."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from pynetdicom import AE

from linacsim.playing import Played, Setting, play_scenario
from linacsim.scenario.loader import scenario_of
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary
from tests.live.wire import ASSOCIATE_AC, P_DATA, Wire, associate_rq, pdu, pdv, store_rq

ROOT = Path(__file__).parents[2]
HASTY = {"kind": "storage", "acse-timeout": "500 ms", "network-timeout": "700 ms"}
STORED = {"event": "object-stored", "at": "ARCHIVE"}
ADDRESS = {"host": "{ARCHIVE.host}", "port": "{ARCHIVE.port}"}
GOOD = {
    "scenario": "The next one is served",
    "peers": {"ARCHIVE": {"kind": "storage"}, "SCU": {"kind": "storage"}},
    "steps": [{"SCU": {"store": {"to": "ARCHIVE", "images": ["pydicom:CT_small.dcm"]}}}],
    "expect": [{**STORED, "count": 1}],
}


def played(keys: dict[str, Any], out: Path, clock: str = "live", **setting: Any) -> Played:
    """Return a scenario that has been played."""
    return play_scenario(scenario_of(keys, vocabulary()), Setting(clock=clock, **setting), out)  # type: ignore[arg-type]


def judged(keys: dict[str, Any], out: Path, clock: str, port: int) -> tuple[list[str], Played]:
    """Play a scenario that fails, and then a good one at the same port of the same process.

    Returns
    -------
    list of str, Played
        Why it has failed: failures and expectations that were not met; and all else.
    """
    ports = {"ARCHIVE": port} if clock == "live" else {}
    one = played(keys, out, clock, ports=ports)
    assert one.outcome.verdict is Verdict.FAIL, (one.outcome.verdict, one.outcome.error)
    following = played(GOOD, out, clock, ports=ports)
    assert following.outcome.verdict is Verdict.PASS, following.result
    unmet = [str(row["reason"]) for row in one.result["expectations"] if not row["met"]]
    return [*one.outcome.failures, *unmet], one


def of(one: Played, event: str) -> list[dict[str, Any]]:
    """Return the records of an event."""
    return [record for record in one.records if record["event"] == event]


def running(words: str) -> list[int]:
    """Return the processes whose command line has these words in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if words.encode() in (entry / "cmdline").read_bytes().replace(b"\0", b" "):
                found.append(int(entry.name))
    return found


# what a stack may do to a peer, with a connection of its own; as functions of a live bench, and in programs


def associated(host: str, port: int) -> Wire:
    """Return a connection with an association on it."""
    wire = Wire((host, port))
    assert wire.associate().type == ASSOCIATE_AC
    return wire


def say_nothing(host: str, port: int) -> None:
    """Connect, and say nothing until the other side closes."""
    with Wire((host, port)) as wire:
        wire.read(5)


def fall_silent(host: str, port: int) -> None:
    """Associate, and say nothing until the other side aborts."""
    with associated(host, port) as wire:
        wire.read(5)


def send_garbage(host: str, port: int) -> None:
    """Ask for a page of the World Wide Web."""
    with Wire((host, port)) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n")
        wire.read(5)


def die_in_an_image(host: str, port: int) -> None:
    """Die of a signal in the middle of a C-STORE-RQ."""
    with associated(host, port) as wire:
        wire.send(pdu(P_DATA, pdv(3, 3, store_rq("1.2.3"))) + pdu(P_DATA, pdv(3, 0, bytes(1000))))
        time.sleep(0.2)
        os.abort()


def send_without_end(host: str, port: int) -> None:
    """Send fragments of one data set until the other side has had enough."""
    with associated(host, port) as wire:
        wire.send(pdu(P_DATA, pdv(3, 3, store_rq("1.2.3"))))
        fragment = pdu(P_DATA, pdv(3, 0, bytes(16000)))
        while wire.send(fragment):
            pass


def associate_without_end(host: str, port: int) -> None:
    """Associate and leave, over and over."""
    for _ in range(10_000):
        with socket.create_connection((host, port), 5) as wire, contextlib.suppress(OSError):
            wire.sendall(associate_rq())
            wire.recv(1000)


def end_the_process() -> None:
    """End the whole process, as a main program does."""
    sys.exit(7)


def fall_over() -> None:
    """Raise something."""
    raise RuntimeError("the\nsofa " + "x" * 10_000)


def wait_for_nobody() -> None:
    """Wait for a thread that does not exist."""
    threading.Event().wait()


def work_without_end() -> None:
    """Keep the processor."""
    with contextlib.suppress(Exception):
        while True:
            pass


def sleep_without_end() -> None:
    """Sleep over and over."""
    while True:
        time.sleep(10)


def spin_without_end() -> None:
    """Give way to others, and never let time pass."""
    while True:
        time.sleep(0)


def associate_and_leave(host: str, port: int, times: int) -> None:
    """Associate with pynetdicom and release, over and over."""
    ae = AE("FLOODER")
    ae.add_requested_context("1.2.840.10008.1.1")
    for _ in range(times):
        assoc = ae.associate(host, port)
        assert assoc.is_established
        assoc.release()


def echo_without_end(host: str, port: int) -> None:
    """Associate and release without an end."""
    associate_and_leave(host, port, 10**9)


def nothing_at_all() -> None:
    """Return at once."""


def lone_word(port: int, answer: bytes | None) -> socket.socket:
    """Return a listener whose connections get an `answer` that is none; ``None`` is nothing at all."""
    listener = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            while True:
                connection = held.enter_context(listener.accept()[0])
                if answer is not None:
                    connection.recv(4096)
                    connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return listener


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
