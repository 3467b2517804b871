"""What each system does at export beside its table; a system without an entry does as its table says."""

from collections.abc import Mapping

from linacsim.objects.export.vendor import Vendor
from linacsim.objects.export.vendors import monaco, oncentra, preciseplan, raystation, varian

VENDORS: Mapping[str, Vendor] = {
    "monaco": monaco.VENDOR,
    "oncentra": oncentra.VENDOR,
    "preciseplan": preciseplan.VENDOR,
    "raystation": raystation.VENDOR,
    "varian-obi": varian.VENDOR,
}
"""By system."""
