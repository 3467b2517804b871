"""The film hardware by itself: what is told, in which order, and what a sheet costs. No DICOM here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from linacsim.devices.printer.hardware import SEVERITY, Condition, FilmHardware, QueueFullError, Sheet
from linacsim.devices.printer.personality import PrinterPersonality, Processor, Supply
from linacsim.kernel.identity import Identity
from linacsim.kernel.units import SECOND, seconds
from linacsim.kernel.virtual import VirtualKernel

PERSONALITY = PrinterPersonality(
    processor=Processor(warm_up=seconds(20), per_sheet=seconds(8)),
    transport=seconds(3),
    supply=Supply(sheets=10, low=2),
    receive=50,
    queue=2,
)
Told = list[tuple[int, str, dict[str, Any]]]


class Rig:
    """Film hardware on a kernel, and what it has told."""

    def __init__(self, **changed: Any) -> None:
        self.kernel = VirtualKernel(Identity(0))
        self.told: Told = []
        personality = PERSONALITY.model_copy(update=changed)
        self.hardware = FilmHardware(self.kernel, personality, self._log, "PRINTER")

    def _log(self, event: str, **fields: Any) -> None:
        self.told.append((self.kernel.now // SECOND, event, fields))

    def go(self, duration: int) -> None:
        """Let `duration` seconds pass."""
        self.kernel.run(self.kernel.sleep, duration * SECOND, place=self.kernel.place("PRINTER"))

    def sheets(self, count: int) -> list[Sheet]:
        return [Sheet(film=number, develop=lambda ordinal: {"picture": ordinal}) for number in range(1, count + 1)]

    def of(self, event: str) -> list[tuple[int, dict[str, Any]]]:
        """Return seconds and fields of an event."""
        return [(second, fields) for second, name, fields in self.told if name == event]

    def states(self) -> list[tuple[int, str]]:
        return [(second, fields["info"]) for second, fields in self.of("printer-status")]


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    rig.hardware.switch_on()
    yield rig
    rig.kernel.close()


def test_a_printer_warms_up_before_it_prints(rig: Rig) -> None:
    rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(60)
    assert rig.states() == [(0, "PROC INIT"), (20, "NORMAL")]
    assert rig.of("job-printing")[0][0] == 20
    assert rig.of("sheet-out")[0][0] == 20 + 3 + 8


def test_each_sheet_takes_transport_and_processing(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.submit("SCU", rig.sheets(3))
    rig.go(60)
    assert [second for second, _ in rig.of("sheet-out")] == [31, 42, 53]
    assert [fields["picture"] for _, fields in rig.of("sheet-out")] == [1, 2, 3]


def test_jobs_come_out_in_the_order_in_which_they_were_asked_for(rig: Rig) -> None:
    rig.hardware.submit("A", rig.sheets(2))
    rig.hardware.submit("B", rig.sheets(1))
    rig.go(120)
    assert [(fields["job"], fields["film"]) for _, fields in rig.of("sheet-out")] == [(1, 1), (1, 2), (2, 1)]
    assert [fields["job"] for _, fields in rig.of("job-done")] == [1, 2]


def test_the_queue_holds_what_waits_not_what_is_printed(rig: Rig) -> None:
    rig.go(21)
    for name in "ABC":
        rig.hardware.submit(name, rig.sheets(1))
        rig.go(1)
    with pytest.raises(QueueFullError):
        rig.hardware.submit("D", rig.sheets(1))
    rig.go(10)
    rig.hardware.submit("D", rig.sheets(1))


def test_a_jammed_sheet_is_spoilt_and_its_image_is_exposed_on_another(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.jam_next()
    rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(100)
    assert rig.states()[-1] == (23, "FILM JAM")
    assert rig.hardware.status == ("WARNING", "FILM JAM")
    assert rig.of("sheet-out") == []
    assert rig.hardware.clear_jam() is True
    rig.go(60)
    assert [second for second, _ in rig.of("sheet-out")] == [120 + 3 + 8]
    assert rig.hardware.supply == 8
    assert rig.hardware.clear_jam() is False


def test_a_jam_that_was_called_off_before_it_happened_does_not_happen(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.jam_next()
    assert rig.hardware.clear_jam() is False
    rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(60)
    assert rig.of("film-jam") == []
    assert len(rig.of("sheet-out")) == 1


def test_the_supply_is_told_low_then_empty_and_the_refill_goes_on(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.submit("SCU", rig.sheets(12))
    rig.go(300)
    assert [state for _, state in rig.states()] == ["PROC INIT", "NORMAL", "SUPPLY LOW", "SUPPLY EMPTY"]
    assert len(rig.of("sheet-out")) == 10
    rig.hardware.refill()
    rig.go(60)
    assert len(rig.of("sheet-out")) == 12
    assert rig.states()[-1][1] == "NORMAL"


def test_a_full_receiver_keeps_the_sheet_in_the_processor() -> None:
    rig = Rig(receive=2)
    rig.hardware.switch_on()
    rig.go(20)
    rig.hardware.submit("SCU", rig.sheets(3))
    rig.go(200)
    assert [second for second, _ in rig.of("sheet-out")] == [31, 42]
    assert rig.states()[-1] == (42, "RECEIVER FULL")
    rig.hardware.refill()
    rig.go(1)
    assert rig.of("sheet-out")[-1][0] == 220
    rig.kernel.close()


def test_the_gravest_condition_is_told(rig: Rig) -> None:
    rig.hardware.supply = 0
    rig.hardware.jammed = True
    assert rig.hardware.conditions == [
        Condition.FILM_JAM, Condition.SUPPLY_EMPTY, Condition.PROC_INIT, Condition.NORMAL,
    ]  # fmt: skip
    assert rig.hardware.status == ("WARNING", "FILM JAM")


def test_every_condition_has_a_severity() -> None:
    assert set(SEVERITY) == set(Condition)
    assert {condition for condition, severity in SEVERITY.items() if severity == "NORMAL"} == {Condition.NORMAL}


def test_a_status_is_told_only_when_it_changes(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.submit("SCU", rig.sheets(5))
    rig.go(200)
    assert [state for _, state in rig.states()] == ["PROC INIT", "NORMAL"]
