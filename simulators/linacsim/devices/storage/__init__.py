"""A storage peer: keeps what it is sent (SCP) and sends files (SCU)."""

from linacsim.devices.storage.services import KIND as KIND
from linacsim.devices.storage.services import StoragePeer as StoragePeer

__all__ = ["KIND", "StoragePeer"]
