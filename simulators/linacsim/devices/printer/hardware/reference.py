"""The three printers that the table of terms speaks of; each wears out quickly, so that a term is a few sheets away."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from linacsim.devices.printer.hardware.settings import (
    Chemistry,
    Finisher,
    HardwareSettings,
    Magazine,
    Processor,
    Ribbon,
)
from linacsim.kernel.units import SECOND

_MEDIA = ("BLUE FILM", "CLEAR FILM", "PAPER", "MAMMO BLUE FILM", "MAMMO CLEAR FILM", "TRANSPARENCY")
_SIZES = (
    "14INX17IN", "8INX10IN", "8_5INX11IN", "10INX12IN", "10INX14IN", "11INX14IN", "11INX17IN", "14INX14IN",
    "24CMX24CM", "24CMX30CM", "A4",
)  # fmt: skip
_QUICK = Processor(warm_up=20 * SECOND, per_sheet=SECOND)
_FILM = HardwareSettings(
    media=_MEDIA,
    film_sizes=(*_SIZES, "A3"),
    slots_take=_SIZES,
    destinations=("MAGAZINE", "PROCESSOR", "BIN_1", "BIN_2"),
    sensor="medium",
    magazines=(Magazine(), Magazine(film_size="10INX12IN"), Magazine(medium="PAPER", film_size="A4")),
    processor=_QUICK,
    transport=SECOND,
    bin=3,
    initialisation=5 * SECOND,
    service_every=40,
    queue=3,
)
"""A dry laser imager with three magazines, a sorter, and slots that read the marks of the magazines."""
_WET = _FILM.model_copy(
    update={
        "chemistry": Chemistry(capacity=1000, low=200, per_sheet=100, overflow=1500, overflow_warning=1300),
        "processor": _QUICK.model_copy(update={"cleaned_every": 20}),
    }
)
"""The same with a wet processor."""
_PAPER = _FILM.model_copy(
    update={
        "magazines": (Magazine(medium="PAPER", film_size="A4"),),
        "finisher": Finisher(supplies=6, low=2),
        "ribbon": Ribbon(sheets=8),
    }
)
"""A dye sublimation printer that laminates its prints."""

PRINTERS: Mapping[str, HardwareSettings] = MappingProxyType({"film": _FILM, "wet": _WET, "paper": _PAPER})
