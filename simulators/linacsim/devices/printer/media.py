"""Which media are in the magazines, and which the printer could take."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linacsim.devices.printer.services import Printer

Medium = tuple[str, str]
"""Medium Type and Film Size ID."""


def installed(printer: Printer) -> list[Medium]:
    """Return what is in the magazines."""
    about = printer.personality
    return [(about.media[0], about.film_sizes[0])]


def available(printer: Printer) -> list[Medium]:
    """Return what could be put in instead."""
    about, here = printer.personality, installed(printer)
    return [(medium, size) for medium in about.media for size in about.film_sizes if (medium, size) not in here]
