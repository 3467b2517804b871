"""A peer that answers C-ECHO and can send it: the smallest device."""

from linacsim.devices.verification.services import KIND as KIND
from linacsim.devices.verification.services import VerificationPeer as VerificationPeer

__all__ = ["KIND", "VerificationPeer"]
