"""A user's own Python function as a peer: called on bench time."""

from linacsim.devices.code.services import KIND as KIND

__all__ = ["KIND"]
