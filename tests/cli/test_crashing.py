"""An operator lets devices hang and crash, by lines at a running ``linacsim serve``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linacsim.bench import Bench
from linacsim.cli.crashing import AnyPanel
from linacsim.devices.printer.hardware.console import Panel
from linacsim.devices.verification.personality import Echo
from linacsim.errors import PlayFailure
from linacsim.kernel.units import MILLISECOND


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench(clock="virtual") as bench:
        for kind in ("storage", "printer"):
            bench.add(kind, kind.upper())
        bench.add("verification", "SCU")
        yield bench


def answered(bench: Bench, name: str, line: str) -> list[str]:
    device = bench.devices[name]
    own = Panel(device.hardware) if name == "PRINTER" else None  # type: ignore[attr-defined]
    return bench.play(AnyPanel(device, own).answer, line, place=device.place)


def echo(bench: Bench, name: str) -> None:
    scu = bench.devices["SCU"]
    bench.play(scu.act, "echo", Echo(to=name), place=scu.place)


@pytest.mark.parametrize("name", ["STORAGE", "PRINTER"])
def test_it_hangs_and_crashes_as_told(bench: Bench, name: str) -> None:
    assert answered(bench, name, 'hang during="200 ms"') == ["hang: done"]
    before = bench.now
    echo(bench, name)
    assert bench.now - before >= 150 * MILLISECOND
    assert answered(bench, name, "  Restart  down=1s ") == ["restart: done"]
    with pytest.raises(PlayFailure, match="refused"):
        echo(bench, name)
    assert "RESTARTING" in answered(bench, name, "status")[0] or name == "PRINTER"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("status", "NORMAL"),
        ("", ""),
        ("restart now", "'now' is no parameter; write KEY=VALUE: down"),
        ("hang during=soon", "'during': 'soon' is not a duration"),
        ("break tls how=plain-text", "'break-tls' needs real sockets"),
        ("break-tls how=plan-text", "'how' wants 'handshake-failure', 'plain-text' or 'another-certificate'"),
        ("break tls how=another-certificate", "'certificate' goes with"),
        ("jam", "unknown words 'jam'; known words: hang, restart, break tls, status, help"),
        ("hang 'x", "unknown words"),
    ],
)
def test_lines_for_a_device_without_a_panel(bench: Bench, line: str, said: str) -> None:
    told = "\n".join(answered(bench, "STORAGE", line))
    assert said in told
    assert "Traceback" not in told


def test_the_panel_of_a_printer_is_still_there(bench: Bench) -> None:
    assert answered(bench, "PRINTER", "status")[0].startswith(("NORMAL", "WARNING"))
    told = answered(bench, "PRINTER", "help")
    assert any(line.startswith("clear jam") for line in told)
    assert any(line.startswith("restart [down]") for line in told)
    assert any(line.startswith("hang [during]") for line in answered(bench, "STORAGE", "help"))
    assert "unknown words" in answered(bench, "PRINTER", "nonsense")[0]
