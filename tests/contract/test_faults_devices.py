"""What every device can suffer, on both clocks: it hangs, or crashes and starts again; and faults that wait for its state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE

from linacsim.bench import Bench
from linacsim.devices.breaking import Hang, Restart
from linacsim.devices.registry import KINDS
from linacsim.devices.storage.personality import FillDisk
from linacsim.devices.verification.personality import Echo
from linacsim.errors import InputError, PlayFailure, ScenarioError
from linacsim.faults import fault
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.runner import play
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary
from tests.contract.faulted import perform, populate, types, wire

Records = Callable[..., list[Record]]
OWN = [kind.name for kind in KINDS.values() if kind.breaks]
SERVING = [name for name in OWN if KINDS[name].serves]
OTHERS = sorted(set(KINDS) - set(OWN))
_HANGS, _DOWN = 400 * MILLISECOND, 300 * MILLISECOND
VERIFICATION = "1.2.840.10008.1.1"


def test_products_and_programs_are_no_devices_of_the_bench() -> None:
    assert OTHERS == ["code", "program", "remote"]
    assert all({"hang", "restart"} <= set(KINDS[name].breakages) for name in OWN)
    assert not any({"hang", "restart"} & set(KINDS[name].breakages) for name in OTHERS)


@pytest.fixture
def struck(bench_clock: Bench) -> Callable[..., None]:
    """Break something of a device on the bench's own time."""

    def strike(name: str, word: str, parameters: Any) -> None:
        device = bench_clock.devices[name]
        bench_clock.play(device.strike, word, parameters, place=device.place)

    return strike


@pytest.fixture
def associating(bench_clock: Bench) -> Callable[..., Any]:
    """Ask a device for an association with one of the contexts that it accepts; return it."""

    def ask(name: str) -> Any:
        served = AE()
        bench_clock.devices[name].support(served)
        context = served.supported_contexts[0]
        client = AE("CLIENT")
        client.acse_timeout = client.connection_timeout = 5
        client.add_requested_context(context.abstract_syntax, context.transfer_syntax[0])  # type: ignore[arg-type]
        return client.associate(*bench_clock.address_of(name), ae_title=name)

    return ask


@pytest.mark.parametrize("kind", SERVING)
def test_a_device_hangs_and_goes_on(
    bench_clock: Bench, associating: Callable[..., Any], records: Records, struck: Callable[..., None], kind: str
) -> None:
    bench_clock.add(kind, "DEVICE")

    def body() -> int:
        first = associating("DEVICE")
        assert first.is_established
        struck("DEVICE", "hang", Hang(during=_HANGS))
        bench_clock.kernel.sleep(10 * MILLISECOND)
        before = bench_clock.now
        # a release on what is open, then somebody new: both are read only afterwards
        first.release()
        passed = bench_clock.now - before
        second = associating("DEVICE")
        assert second.is_established
        second.release()
        return passed

    assert bench_clock.play(body) >= _HANGS * 8 // 10
    (hangs,), (goes_on,) = records("device-hangs", "DEVICE"), records("device-goes-on", "DEVICE")
    assert goes_on["t"] - hangs["t"] >= _HANGS * 9 // 10
    released = records("A-RELEASE-RQ", way="received", **{"with": "CLIENT"})
    assert len(released) == 2
    assert all(one["n"] > goes_on["n"] for one in released)


def test_a_request_waits_for_the_end_of_a_hang(
    bench_clock: Bench, client: Callable[..., Any], records: Records, struck: Callable[..., None]
) -> None:
    bench_clock.add("verification", "DEVICE")

    def body(assoc: Any) -> int:
        assert assoc.send_c_echo(1).Status == 0
        struck("DEVICE", "hang", Hang(during=_HANGS))
        before = bench_clock.now
        assert assoc.send_c_echo(2).Status == 0
        return bench_clock.now - before

    assert client("DEVICE", [VERIFICATION], body) >= _HANGS * 9 // 10
    assert [one["message-id"] for one in records("C-ECHO-RQ", "DEVICE", way="received")] == [1, 2]


def test_who_calls_a_device_that_hangs_is_connected_and_hears_nothing(
    bench_clock: Bench, struck: Callable[..., None], records: Records
) -> None:
    populate(bench_clock, "store")
    struck("STORE", "hang", Hang(during=1500 * MILLISECOND))
    assert "ACSE timeout" in perform(bench_clock, "store", settle=False)
    found = wire(bench_clock)
    assert types(found.sent["requestor"])[0] == 1
    assert found.sent["acceptor"] == b""
    bench_clock.play(bench_clock.kernel.sleep, 2 * SECOND)
    assert perform(bench_clock, "store") == ""
    # whoever has gone meanwhile is not heard any more: its ARTIM has run out
    assert len(records("A-ASSOCIATE-RQ", "STORE", way="received")) == 1


@pytest.mark.parametrize("kind", SERVING)
def test_a_device_restarts(
    bench_clock: Bench, associating: Callable[..., Any], records: Records, struck: Callable[..., None], kind: str
) -> None:
    bench_clock.add(kind, "DEVICE")

    def body() -> None:
        assoc = associating("DEVICE")
        assert assoc.is_established
        struck("DEVICE", "restart", Restart(down=_DOWN))
        bench_clock.kernel.sleep(50 * MILLISECOND)
        assert not assoc.is_established
        assert not associating("DEVICE").is_established
        bench_clock.kernel.sleep(_DOWN + 50 * MILLISECOND)
        again = associating("DEVICE")
        assert again.is_established
        again.release()

    bench_clock.play(body)
    (down,), (up,) = records("device-restarting", "DEVICE"), records("device-restarted", "DEVICE")
    assert up["t"] - down["t"] >= _DOWN * 9 // 10
    assert down["down"] == _DOWN
    assert "refused" in records("connection-failed")[0]["error"]
    if bench_clock.clock == "virtual":
        assert "RST" in [one.kind for one in bench_clock.traffic.segments]


@pytest.mark.parametrize(("word", "parameters"), [("hang", Hang()), ("restart", Restart(down=SECOND))])
def test_nobody_acts_meanwhile(bench_clock: Bench, struck: Callable[..., None], word: str, parameters: Any) -> None:
    bench_clock.add("verification", "PEER")
    bench_clock.add("verification", "SCU")
    struck("SCU", word, parameters)
    scu = bench_clock.devices["SCU"]
    with pytest.raises(PlayFailure, match=f"SCU is {'hanging' if word == 'hang' else 'restarting'}"):
        bench_clock.play(scu.act, "echo", Echo(to="PEER"), place=scu.place)


def test_a_crash_ends_a_hang(bench_clock: Bench, struck: Callable[..., None], records: Records) -> None:
    bench_clock.add("verification", "PEER")
    bench_clock.add("verification", "SCU")
    struck("PEER", "hang", Hang(during=10 * SECOND))
    struck("PEER", "restart", Restart(down=50 * MILLISECOND))
    bench_clock.play(bench_clock.kernel.sleep, 100 * MILLISECOND)
    scu = bench_clock.devices["SCU"]
    bench_clock.play(scu.act, "echo", Echo(to="PEER"), place=scu.place)
    assert records("device-goes-on") == []


def test_a_printer_that_crashes_loses_its_queue(bench_clock: Bench, records: Records) -> None:
    printer = bench_clock.add("printer", "PRINTER")
    hardware = printer.hardware  # type: ignore[attr-defined]
    for number in range(3):
        sheet = _sheet(number)
        bench_clock.play(hardware.submit, "SOMEBODY", [sheet], place=printer.place)
    assert hardware.waiting >= 2
    bench_clock.play(printer.strike, "restart", Restart(down=50 * MILLISECOND), place=printer.place)
    bench_clock.play(bench_clock.kernel.sleep, 100 * MILLISECOND)
    assert hardware.waiting == 0
    assert records("device-restarted", "PRINTER")


def _sheet(number: int) -> Any:
    from linacsim.devices.printer.hardware import Sheet  # noqa: PLC0415 - only this test prints by hand

    return Sheet(film=number + 1, develop=lambda _ordinal: {})


FAULTED = """
scenario: Faults that wait for a state
peers:
  STORE: {kind: storage}
  SCU: {kind: storage}
faults:
  - {do: fill-disk, at: STORE, on: object-stored, nth: 1, cleared-after: 400 ms}
  - {do: %s}
steps:
  - SCU: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
  - SCU: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
    fails: %s
  - wait: 600 ms
  - SCU: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
"""


@pytest.mark.parametrize(
    ("line", "fails", "fired"),
    [
        (
            "abort, at: STORE, on: C-STORE-RQ, way: received, state: DISK FULL, source: service-provider, reason: 6",
            "aborted",
            1,
        ),
        ("abort, at: STORE, on: C-STORE-RQ, way: received, state: HANGING", "A700", 0),
        ("restart, at: STORE, on: C-STORE-RQ, state: DISK FULL, down: 200 ms", "connection lost", 1),
        ("hang, at: SCU, on: C-STORE-RQ, state: DISK FULL", "A700", 0),
    ],
)
def test_a_fault_waits_for_a_state(bench_clock: Bench, tmp_path: Path, line: str, fails: str, fired: int) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(FAULTED % (line, fails), encoding="utf-8")
    outcome = play(bench_clock, load_scenario(file, vocabulary()))
    assert outcome.failures == []
    assert [one.fired for one in outcome.faults] == [1, fired]
    assert outcome.verdict is (Verdict.PASS if fired else Verdict.INCONCLUSIVE)


def test_a_state_that_nobody_knows(bench_clock: Bench, tmp_path: Path) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(FAULTED % ("abort, at: STORE, on: C-STORE-RQ, state: DISC FULL", "x"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="unknown state 'DISC FULL'; did you mean 'DISK FULL'"):
        load_scenario(file, vocabulary())
    bench_clock.add("storage", "STORE")
    with pytest.raises(InputError, match="STORE has no state 'JAMMED'"):
        bench_clock.arm("STORE", [fault("abort", "C-STORE-RQ", state="JAMMED")])


def test_states_of_devices(bench_clock: Bench, struck: Callable[..., None]) -> None:
    for kind in ("storage", "archive", "imager", "printer", "verification"):
        bench_clock.add(kind, kind.upper())
    states = {name: device.states() for name, device in bench_clock.devices.items()}
    assert states["STORAGE"] == states["ARCHIVE"] == states["VERIFICATION"] == {"NORMAL"}
    assert all(one <= KINDS[name.lower()].states for name, one in states.items())
    struck("STORAGE", "fill-disk", FillDisk())
    struck("ARCHIVE", "fill-disk", FillDisk())
    assert bench_clock.devices["STORAGE"].states() == bench_clock.devices["ARCHIVE"].states() == {"DISK FULL"}
