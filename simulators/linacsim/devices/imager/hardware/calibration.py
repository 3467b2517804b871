"""How panels are calibrated: a dark field without a beam, a flood field with one."""

from __future__ import annotations

from collections.abc import Sequence

from linacsim.devices.imager.hardware.clockwork import Steps
from linacsim.devices.imager.hardware.conditions import Act
from linacsim.devices.imager.hardware.machine import Machine
from linacsim.devices.imager.hardware.settings import CalibrationName, PanelName


def calibrate(machine: Machine, panel: PanelName, fields: Sequence[CalibrationName]) -> Steps[None]:
    """Calibrate a panel; what a flood field heats the tube by is not counted."""
    state = machine.panels[panel]
    machine.acquiring = True
    try:
        for field in fields:
            act = _act(panel, field)
            machine.check(act)
            machine.log("calibration-begin", panel=panel, calibration=field)
            takes = state.takes(field)
            passed = yield from machine.clockwork.passing(takes, lambda act=act: machine.is_stopped(act))  # type: ignore[misc]
            if passed < takes:
                raise machine.stop(act, "it is as calibrated as it was")
            machine.log("panel-calibrated", panel=panel, calibration=field, valid_until=state.renew(field, machine.now))
            machine.clockwork.tell()
    finally:
        machine.acquiring = machine.halted = False


def _act(panel: PanelName, field: CalibrationName) -> Act:
    if field == "dark-field":
        return Act.DARK_FIELD
    return Act.KV_FLOOD if panel == "kv" else Act.MV_FLOOD
