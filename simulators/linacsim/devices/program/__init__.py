"""A program of this machine as a peer: the bench starts it, reads what it prints, and stops it."""

from linacsim.devices.program.services import KIND as KIND

__all__ = ["KIND"]
