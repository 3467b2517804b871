"""All kinds of devices, by the word that scenarios and the command line use."""

from __future__ import annotations

from linacsim.devices import archive, planning, printer, storage, verification
from linacsim.devices.device import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (archive.KIND, storage.KIND, verification.KIND, printer.KIND, planning.ONCENTRA_CM_PRINT_SCU)
}
