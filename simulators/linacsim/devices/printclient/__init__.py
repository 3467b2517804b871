"""A print client that says what a scenario tells it to say, right or wrong."""

from linacsim.devices.printclient.services import KIND as KIND
from linacsim.devices.printclient.services import PrintClient as PrintClient

__all__ = ["KIND", "PrintClient"]
