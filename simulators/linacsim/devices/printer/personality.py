"""The parameters of a printer, and of what can be done to it."""

from __future__ import annotations

from linacsim.devices.entity import NetworkSettings
from linacsim.kernel.units import seconds
from linacsim.settings import Count, Duration, Settings


class Supply(Settings):
    """The supply magazine.

    Attributes
    ----------
    sheets : int
        Sheets in a full magazine.
    low : int
        SUPPLY LOW is told at this many sheets.
    """

    sheets: int = 125
    low: int = 5


class Processor(Settings):
    """Exposure and development.

    Attributes
    ----------
    warm_up : Duration
        From switching on until the developer has its temperature.
    per_sheet : Duration
        How long one sheet takes through exposure and development.
    """

    warm_up: Duration = seconds(20)
    per_sheet: Duration = seconds(8)


class PrinterPersonality(NetworkSettings):
    """A printer.

    Attributes
    ----------
    printer_name, manufacturer, model, serial, software : str
        What N-GET of the Printer tells (PS3.3 C.13.9).
    film_sizes, media, destinations : list of str
        Supported values of Film Size ID, Medium Type and Film Destination; the first is the default.
    min_density, max_density : int
        The density range of the film, in hundredths of optical density.
    pixels_per_mm : float
        Resolution of the film picture.
    most_boxes : int
        Image boxes on a sheet, at most.
    supply, processor : Settings
        Hardware.
    transport : Duration
        From the supply magazine to the processor.
    receive : int
        Sheets that the receive magazine holds.
    queue : int
        Print jobs that may wait.
    memory : int
        Bytes for the images of one film session.
    session_printing : bool
        Whether N-ACTION of the Film Session (collation) is supported.
    """

    dimse_timeout: Duration = seconds(300)
    network_timeout: Duration = seconds(300)
    printer_name: str = "LINACSIM LASER"
    manufacturer: str = "linacsim"
    model: str = "Plain film printer"
    serial: str = "0001"
    software: str = "1"
    film_sizes: tuple[str, ...] = (
        "14INX17IN", "8INX10IN", "8_5INX11IN", "10INX12IN", "10INX14IN", "11INX14IN", "11INX17IN", "14INX14IN",
        "24CMX24CM", "24CMX30CM", "A4", "A3",
    )  # fmt: skip
    media: tuple[str, ...] = ("BLUE FILM", "CLEAR FILM", "PAPER")
    destinations: tuple[str, ...] = ("MAGAZINE", "PROCESSOR")
    min_density: int = 20
    max_density: int = 300
    pixels_per_mm: float = 6.0
    most_boxes: Count = 64
    supply: Supply = Supply()
    processor: Processor = Processor()
    transport: Duration = seconds(3)
    receive: Count = 50
    queue: Count = 10
    memory: Count = 256 * 1024 * 1024
    session_printing: bool = True


class Jam(Settings):
    """Breakage: the next sheet gets stuck in the transport.

    Attributes
    ----------
    cleared_after : Duration
        When somebody clears it; without it, the operator has to (`clear-jam`).
    """

    cleared_after: Duration | None = None


class Refill(Settings):
    """The operator puts in a full supply magazine and empties the receive magazine."""
