"""An archive: keeps objects (C-STORE), is queried (C-FIND) and sends them on (C-MOVE, C-GET)."""

from linacsim.devices.archive.services import KIND as KIND
from linacsim.devices.archive.services import Archive as Archive

__all__ = ["KIND", "Archive"]
