"""A DICOM printer: Basic Grayscale Print Management SCP with film hardware behind it."""

from linacsim.devices.printer.services import KIND as KIND
from linacsim.devices.printer.services import Printer as Printer

__all__ = ["KIND", "Printer"]
