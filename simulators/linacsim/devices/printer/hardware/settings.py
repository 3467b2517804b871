"""The parameters of the film hardware; their defaults are those of a plain dry laser imager."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from linacsim.devices.printer.hardware.terms import TERMS
from linacsim.kernel.units import seconds
from linacsim.settings import Count, Duration, Settings, did_you_mean, found

CURRENT = "CURRENT"
"""The value of Medium Type, Film Size ID and Film Destination that takes what is there (an extension of some printers)."""
_INCHES = re.compile(r"(\d+)(?:_(\d+))?INX(\d+)(?:_(\d+))?IN")
_CENTIMETRES = re.compile(r"(\d+)CMX(\d+)CM")
_ISO = {"A3": (29.7, 42.0), "A4": (21.0, 29.7)}
_CM = 2.54


Sheets = Annotated[int, Field(ge=0)]
"""A whole number, 0 or more."""
Destination = Annotated[str, Field(pattern=r"^(MAGAZINE|PROCESSOR|CURRENT|BIN_[1-9][0-9]*)$")]
"""Film Destination (PS3.3 C.13.1)."""


def size_in_cm(name: str) -> tuple[float, float]:
    """Return width and height of a Film Size ID (PS3.3 C.13.3) in cm.

    Raises
    ------
    ValueError
        If it is none.
    """
    if name in _ISO:
        return _ISO[name]
    if match := _CENTIMETRES.fullmatch(name):
        return float(match[1]), float(match[2])
    if match := _INCHES.fullmatch(name):
        wide, wider, high, higher = match.groups()
        return float(f"{wide}.{wider or 0}") * _CM, float(f"{high}.{higher or 0}") * _CM
    raise ValueError(f"{found(name)} is no Film Size ID; write one as 14INX17IN, 24CMX30CM or A4")


def _film_size(name: str) -> str:
    if name != CURRENT:
        size_in_cm(name)
    return name


def _less(name: str, value: int, limit: str, most: int) -> None:
    if value >= most:
        raise ValueError(f"{name} {value} is not below {limit} {most}")


def _term(term: str) -> str:
    if term not in TERMS:
        raise ValueError(f"{found(term)} is no term of Printer Status Info; {did_you_mean(term, TERMS, 'terms')}")
    return term


StatusInfo = Annotated[str, AfterValidator(_term)]
"""Printer Status Info (PS3.3 C.13.9.1)."""
FilmSize = Annotated[str, AfterValidator(_film_size)]
"""Film Size ID (PS3.3 C.13.3)."""
Medium = Literal["PAPER", "CLEAR FILM", "BLUE FILM", "MAMMO CLEAR FILM", "MAMMO BLUE FILM", "TRANSPARENCY", "CURRENT"]
"""Medium Type (PS3.3 C.13.1); TRANSPARENCY is an extension of some printers."""
MEDIA: tuple[str, ...] = get_args(Medium)


class Supply(Settings):
    """A supply magazine, where none is described by itself.

    Attributes
    ----------
    sheets : int
        Sheets in a full magazine.
    low : int
        SUPPLY LOW is told at this many sheets.
    """

    sheets: Sheets = 125
    low: Sheets = 5


class Magazine(Settings):
    """A supply magazine in its slot.

    Attributes
    ----------
    medium, film_size : str
        What is in it.
    sheets : int
        Sheets in a full magazine.
    low : int
        It is low at this many sheets.
    left : int or None
        Sheets that are in it to begin with; all that go in if left out.
    """

    medium: Medium = "BLUE FILM"
    film_size: FilmSize = "14INX17IN"
    sheets: Count = 125
    low: Sheets = 5
    left: Sheets | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if CURRENT in (self.medium, self.film_size):
            raise ValueError("a magazine holds one medium of one size, not CURRENT")
        if self.left is not None and self.left > self.sheets:
            raise ValueError(f"{self.left} sheets do not go into a magazine of {self.sheets}")
        return self


class Processor(Settings):
    """Exposure and development.

    Attributes
    ----------
    warm_up : Duration
        From switching on until the developer, or the heat drum, has its temperature.
    per_sheet : Duration
        How long one sheet takes through exposure and development.
    degrees : float
        The temperature at which it develops, in degrees Celsius; it starts from that of the room, 22.
    tray : int
        Sheets that its own tray holds (Film Destination PROCESSOR).
    cleaned_every : int or None
        CHECK PROC after this many sheets: the rollers have to be cleaned.
    """

    warm_up: Duration = seconds(20)
    per_sheet: Duration = seconds(8)
    degrees: Annotated[float, Field(gt=22, le=200)] = 34.0
    tray: Count = 100
    cleaned_every: Count | None = None


class Chemistry(Settings):
    """The chemistry of a wet processor, in ml: replenisher is used by the area of film, and flows over into a tank.

    Attributes
    ----------
    capacity : int
        Replenisher in a full tank.
    low : int
        CHEMICALS LOW is told at this much.
    per_sheet : int
        For a sheet of 14 x 17 inch.
    overflow : int
        What the overflow tank holds; PROC OVERFLOW HI when it is full.
    overflow_warning : int
        PROC OVERFLOW FL is told at this much in the overflow tank.
    lasts : int
        CHECK CHEMISTRY after this many sheets: it is exhausted, replenished or not.
    """

    capacity: Count = 20_000
    low: Sheets = 2_000
    per_sheet: Count = 70
    overflow: Count = 25_000
    overflow_warning: Count = 22_000
    lasts: Count = 5_000

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        _less("low", self.low, "capacity", self.capacity)
        _less("overflow-warning", self.overflow_warning, "overflow", self.overflow)
        return self


class Finisher(Settings):
    """What laminates each sheet.

    Attributes
    ----------
    supplies : int
        Sheets that one roll is enough for.
    low : int
        FINISHER LOW is told at this many.
    """

    supplies: Count = 250
    low: Sheets = 20

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        _less("low", self.low, "supplies", self.supplies)
        return self


class Ribbon(Settings):
    """The ribbon of a dye sublimation printer.

    Attributes
    ----------
    sheets : int
        Sheets that one ribbon is enough for.
    """

    sheets: Count = 100


class Calibration(Settings):
    """How the densities are kept right.

    Attributes
    ----------
    every : int or None
        After this many sheets it is due; never if left out.
    takes : Duration
        How long one takes.
    automatic : bool
        Whether the printer calibrates itself when it is due; else CALIBRATION ERR is told until somebody does.
    """

    every: Count | None = None
    takes: Duration = seconds(90)
    automatic: bool = True


class HardwareSettings(Settings):
    """The film hardware.

    Attributes
    ----------
    film_sizes, media, destinations : list of str
        What the printer knows.
    supply : Supply
        Each magazine, if `magazines` names none: then there is one for each medium and each size.
    magazines : list of Magazine
        The supply magazines in their slots.
    slots_take : list of str
        The film sizes that go into the slots; all of `film_sizes` if left out.
    sensor : str
        What the slots read off a magazine: nothing (SUPPLY EMPTY is told), its film size (EMPTY 14X17), or its medium too
        (EMPTY 14X17 BLUE).
    missing_medium : str
        What happens to a job whose medium is in no magazine: it waits until somebody puts it in, or is refused.
    processor, chemistry, finisher, ribbon, calibration : Settings
        The parts; a dry printer has no chemistry, and only printers on paper have a ribbon.
    transport : Duration
        From the supply magazine to the processor.
    covers : list of str
        What can be opened.
    receive : int
        Sheets that the receive magazine holds (Film Destination MAGAZINE).
    bin : int
        Sheets that each bin of the sorter holds (Film Destination BIN_i).
    initialisation : Duration
        The self-test after switching on (PRINTER INIT).
    service_every : int or None
        CHECK PRINTER after this many sheets: it has to be serviced.
    queue : int
        Print jobs that may wait.
    memory : int
        Bytes for the images of all associations.
    gives_up_after : Duration or None
        How long a job waits for an operator before it fails; for good if left out.
    severity : mapping of str to str
        Printer Status of single terms where it is another than in the table of terms (PS3.3 C.13.9 leaves it open).
    """

    film_sizes: tuple[FilmSize, ...] = (
        "14INX17IN", "8INX10IN", "8_5INX11IN", "10INX12IN", "10INX14IN", "11INX14IN", "11INX17IN", "14INX14IN",
        "24CMX24CM", "24CMX30CM", "A4", "A3",
    )  # fmt: skip
    media: tuple[str, ...] = ("BLUE FILM", "CLEAR FILM", "PAPER")
    destinations: tuple[str, ...] = ("MAGAZINE", "PROCESSOR")

    supply: Supply = Supply()
    magazines: tuple[Magazine, ...] = ()
    slots_take: tuple[FilmSize, ...] = ()
    sensor: Literal["none", "size", "medium"] = "none"
    missing_medium: Literal["wait", "refuse"] = "wait"
    processor: Processor = Processor()
    chemistry: Chemistry | None = None
    finisher: Finisher | None = None
    ribbon: Ribbon | None = None
    calibration: Calibration = Calibration()
    transport: Duration = seconds(3)
    covers: Annotated[tuple[str, ...], Field(min_length=1)] = ("front", "processor")
    receive: Count = 50
    bin: Count = 50
    initialisation: Duration = 0
    service_every: Count | None = None
    queue: Count = 10
    memory: Count = 256 * 1024 * 1024
    gives_up_after: Duration | None = None
    severity: Mapping[StatusInfo, Literal["NORMAL", "WARNING", "FAILURE"]] = {}

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        fits = self.slots_take or self.film_sizes
        if wrong := next((one for one in self.slots_take if one not in self.film_sizes), None):
            raise ValueError(f"slots-take names {wrong}, which is none of film-sizes")
        for number, one in enumerate(self.magazines, 1):
            if one.film_size not in fits:
                raise ValueError(f"slot {number} takes no magazine of {one.film_size}; it takes {', '.join(fits)}")
            if one.medium not in self.media:
                raise ValueError(f"slot {number} has {one.medium}, which is none of media: {', '.join(self.media)}")
        return self

    def describe_magazines(self) -> tuple[Magazine, ...]:
        """Return the magazines in their slots: those that are named, or one for each medium and size."""
        if self.magazines:
            return self.magazines
        full: dict[str, Any] = {
            "sheets": max(1, self.supply.sheets),
            "low": self.supply.low,
            "left": self.supply.sheets,
        }
        named: list[dict[str, Any]] = [
            {"medium": medium, "film_size": size}
            for medium in self.media
            for size in self.film_sizes
            if CURRENT not in (medium, size) and medium in MEDIA
        ]
        return tuple(Magazine(**one, **full) for one in named)
