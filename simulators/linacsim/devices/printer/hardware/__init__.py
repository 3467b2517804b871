"""The film hardware: magazines, transport, exposure, processor, electronics, memory and queue. No DICOM network here.

What a client sees as printer status is derived from the state of the parts (`conditions`), never set; parts change by
use, by faults (`breakages`) and by an operator's acts (`acts`, and the lines of `console`).
"""

from linacsim.devices.printer.hardware.conditions import Condition
from linacsim.devices.printer.hardware.film_hardware import FilmHardware
from linacsim.devices.printer.hardware.jobs import (
    InvalidPageError,
    Job,
    MediumNotInstalledError,
    QueueFullError,
    Sheet,
)
from linacsim.devices.printer.hardware.memory import NoMemoryError, Reservation
from linacsim.devices.printer.hardware.settings import HardwareSettings
from linacsim.devices.printer.hardware.terms import TERMS, Term

__all__ = [
    "TERMS",
    "Condition",
    "FilmHardware",
    "HardwareSettings",
    "InvalidPageError",
    "Job",
    "MediumNotInstalledError",
    "NoMemoryError",
    "QueueFullError",
    "Reservation",
    "Sheet",
    "Term",
]
