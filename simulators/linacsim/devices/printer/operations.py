"""One table: which function serves which operation of which SOP class (PS3.4 Annex H)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydicom.uid import UID

from linacsim.devices.printclasses import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicPrintImageOverlayBox,
    PresentationLUT,
    Printer,
    PrinterConfigurationRetrieval,
    PrintJob,
)
from linacsim.devices.printer import annotation, filmbox, imagebox, luts, overlay, session, telling
from linacsim.devices.printer.answers import Answer
from linacsim.devices.printer.desk import Desk, Request

Serve = Callable[[Desk, Request], Answer]

OPERATIONS: Mapping[tuple[str, UID], Serve] = MappingProxyType(
    {
        ("N-CREATE", BasicFilmSession): session.create,
        ("N-SET", BasicFilmSession): session.change,
        ("N-ACTION", BasicFilmSession): session.act,
        ("N-DELETE", BasicFilmSession): session.delete,
        ("N-CREATE", BasicFilmBox): filmbox.create,
        ("N-SET", BasicFilmBox): filmbox.change,
        ("N-ACTION", BasicFilmBox): filmbox.act,
        ("N-DELETE", BasicFilmBox): filmbox.delete,
        ("N-SET", BasicGrayscaleImageBox): imagebox.change_grayscale,
        ("N-SET", BasicColorImageBox): imagebox.change_colour,
        ("N-SET", BasicAnnotationBox): annotation.change,
        ("N-GET", PrintJob): telling.tell_job,
        ("N-GET", Printer): telling.tell_printer,
        ("N-CREATE", PresentationLUT): luts.create,
        ("N-DELETE", PresentationLUT): luts.delete,
        ("N-GET", PrinterConfigurationRetrieval): telling.tell_configuration,
        ("N-CREATE", BasicPrintImageOverlayBox): overlay.create,
        ("N-SET", BasicPrintImageOverlayBox): overlay.change,
        ("N-DELETE", BasicPrintImageOverlayBox): overlay.delete,
    }
)
"""Sixteen of the eighteen pairs of the standard, and those of one retired class; the other two are the printer's own
N-EVENT-REPORTs, of the Print Job and of the Printer (`reports.py`)."""

PAIRS: tuple[tuple[str, UID], ...] = (
    *(pair for pair in OPERATIONS if pair[1] != BasicPrintImageOverlayBox),
    ("N-EVENT-REPORT", PrintJob),
    ("N-EVENT-REPORT", Printer),
)
"""The eighteen pairs of operation and SOP class that PS3.4 Annex H defines."""
