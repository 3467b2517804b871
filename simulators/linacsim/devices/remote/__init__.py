"""A real application entity somewhere on the network: the stack under test, seen from the bench."""

from linacsim.devices.remote.services import KIND as KIND

__all__ = ["KIND"]
