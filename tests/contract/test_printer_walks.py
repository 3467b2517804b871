"""Random sequences of the operations of Print Management, with hostile attributes, hold the printer's invariants.

Walks are drawn from a seed, so each is the same every time; a walk that fails is played again by its number.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.printclient.dialogue import Response
from linacsim.devices.printclient.personality import Ask, ClientSettings, Close, Open, Picture
from linacsim.devices.printclient.services import PrintClient
from linacsim.devices.printer.personality import PrinterPersonality, Processor
from linacsim.devices.printer.services import Printer
from linacsim.devices.printer.statuses import GENERAL, PRINT
from linacsim.errors import InputError
from linacsim.kernel.units import MILLISECOND, MINUTE, SECOND

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
"""pydicom says what it thinks of hostile values; what the printer says is what counts here."""

WALKS, STEPS = 40, 40
CLASSES = [
    "film-session", "film-box", "image-box", "color-image-box", "annotation-box", "print-job", "printer",
    "presentation-lut", "printer-configuration", "overlay-box", "1.2.3.4", "1.2.840.10008.5.1.4.1.1.2",
]  # fmt: skip
OPERATIONS = ("N-CREATE", "N-SET", "N-GET", "N-ACTION", "N-DELETE")
LIKELY = [
    ("N-CREATE", "film-session"), ("N-CREATE", "film-box"), ("N-CREATE", "film-box"), ("N-SET", "image-box"),
    ("N-SET", "image-box"), ("N-SET", "film-box"), ("N-SET", "film-session"), ("N-ACTION", "film-box"),
    ("N-ACTION", "film-session"), ("N-DELETE", "film-box"), ("N-DELETE", "film-session"), ("N-GET", "printer"),
    ("N-GET", "print-job"), ("N-CREATE", "presentation-lut"), ("N-DELETE", "presentation-lut"),
    ("N-SET", "annotation-box"), ("N-GET", "printer-configuration"), ("N-CREATE", "overlay-box"),
]  # fmt: skip
HOSTILE: Mapping[str, list[Any]] = {
    "NumberOfCopies": ["1", "0", "-3", "99999999999", "1\\2", ""],
    "PrintPriority": ["HIGH", "LOW", "URGENT", "high", ""],
    "MediumType": ["BLUE FILM", "PAPER", "STONE", "CURRENT", ""],
    "FilmDestination": ["PROCESSOR", "BIN_1", "BIN_99", "BIN_0", "WINDOW"],
    "FilmSessionLabel": ["X", "Y" * 64, "\u00e4\u00f6\u00fc", ""],
    "MemoryAllocation": ["0", "4", "99999", "-1"],
    "ImageDisplayFormat": [
        "STANDARD\\1,1", "STANDARD\\2,2", "STANDARD\\0,0", "STANDARD\\9999,9999", "ROW\\1,2", "COL\\2,1", "SLIDE",
        "SUPERSLIDE", "CUSTOM\\1", "CUSTOM\\7", "", "STANDARD", "\\", "STANDARD\\1,1,1", None,
    ],
    "FilmOrientation": ["PORTRAIT", "LANDSCAPE", "DIAGONAL"],
    "FilmSizeID": ["8INX10IN", "A4", "14INX17IN", "POSTER", "CURRENT"],
    "AnnotationDisplayFormatID": ["LABEL", "CORNERS", "NONE"],
    "MagnificationType": ["REPLICATE", "NONE", "CUBIC", "MAGIC"],
    "BorderDensity": ["BLACK", "150", "-1", "GREY", "99999"],
    "EmptyImageDensity": ["WHITE", "20", "x"],
    "MinDensity": [0, 20, 65535],
    "MaxDensity": [0, 300, 65535],
    "Trim": ["YES", "NO", "MAYBE"],
    "ConfigurationInformation": ["CS001", "CS001\\CS002", ""],
    "Illumination": [0, 2000, 65535],
    "RequestedResolutionID": ["STANDARD", "HIGH", "LOW"],
    "Polarity": ["NORMAL", "REVERSE", "BOTH"],
    "RequestedImageSize": ["20", "0", "-5", "1e9", "0.001"],
    "RequestedDecimateCropBehavior": ["DECIMATE", "CROP", "FAIL", "FOLD"],
    "ImageBoxPosition": [1, 2, 0, 65535, None],
    "AnnotationPosition": [1, 2, 0, None],
    "TextString": ["hello", "", "z" * 64],
    "PresentationLUTShape": ["IDENTITY", "LIN OD", "ROUND", ""],
    "PatientName": ["Nobody"],
    "ReferencedFilmSessionSequence": [None, [], [{}], [{"ReferencedSOPInstanceUID": "1.2.3"}]],
    "ReferencedPresentationLUTSequence": [[], [{"ReferencedSOPInstanceUID": "1.2.3"}]],
    "BasicGrayscaleImageSequence": [[], [{}], [{"Rows": 4}]],
    "OverlayPixelDataSequence": [[{}], [{"60000010": 9, "60000011": 9, "60003000": 12}]],
}  # fmt: skip
RAW = ["", "", "", "", "ff", "1020500053510000ffffffff", "00" * 40, "0820", "20201000ffff"]
CHANGES: list[Mapping[str, Any]] = [
    {}, {}, {}, {"Rows": None}, {"Rows": 0}, {"Columns": 65535}, {"BitsStored": 3}, {"PixelData": None},
    {"PhotometricInterpretation": "YBR_FULL"}, {"SamplesPerPixel": 3}, {"PixelAspectRatio": ["0", "1"]},
    {"PixelAspectRatio": ["1", "2"]}, {"PixelRepresentation": 1},
]  # fmt: skip


def ask(draw: random.Random) -> Ask:
    """Return a request: mostly one that could be, mostly with something wrong in it."""
    op, of = draw.choice(LIKELY) if draw.random() < 0.8 else (draw.choice(OPERATIONS), draw.choice(CLASSES))
    names = draw.sample(sorted(HOSTILE), draw.choice([0, 0, 1, 1, 2, 5]))
    values = {name: draw.choice(HOSTILE[name]) for name in names}
    if op == "N-CREATE" and of == "overlay-box" and draw.random() < 0.7:
        values["OverlayPixelDataSequence"] = HOSTILE["OverlayPixelDataSequence"][1]
    wants_image = op == "N-SET" and of.endswith("image-box") and "BasicGrayscaleImageSequence" not in values
    picture = Picture(
        rows=draw.choice([1, 16, 64, 300]),
        columns=draw.choice([1, 16, 64, 300]),
        bits=draw.choice([8, 12]),
        color=of == "color-image-box",
        missing=draw.choice([0, 0, 0, 1, 100]),
        change=draw.choice(CHANGES),
    )
    return Ask(
        op=op,  # type: ignore[arg-type]
        of=of,
        set=values,
        vr={draw.choice(names): "LO"} if names and draw.random() < 0.05 else {},
        instance=draw.choice(["newest"] * 12 + ["older", "1.2.3", "1.2.x", "none" if op == "N-CREATE" else "1.2.4"]),
        position=draw.choice([1, 1, 1, 2, 3]),
        image=picture if wants_image and draw.random() < 0.9 else None,
        lut=draw.random() < 0.1,
        overlay=draw.random() < 0.1,
        table=draw.choice([0, 0, 0, 256, 4096, 17]) if of == "presentation-lut" else 0,
        get=tuple(draw.sample(["PrinterStatus", "ExecutionStatus", "PatientName"], draw.choice([0, 1, 3]))),
        action=draw.choice([1] * 9 + [2]),
        raw=draw.choice(RAW) if draw.random() < 0.1 else "",
        without=draw.choice([()] * 30 + [("ActionTypeID",)]) if op == "N-ACTION" else (),
    )


def personality(draw: random.Random) -> PrinterPersonality:
    fast = Processor(warm_up=5 * MILLISECOND, per_sheet=10 * MILLISECOND)
    name = draw.choice(["full", "full", "plain", "agfa-drystar-3000", "kodak-9410", "restricted"])
    return PrinterPersonality.named(
        name,
        processor=fast,
        transport=5 * MILLISECOND,
        pixels_per_mm=0.2,
        memory=draw.choice([20_000, 400_000]),
        queue=draw.choice([1, 10]),
        most_copies=draw.choice([2, 5]),
        dimse_timeout=2 * SECOND,
    )


class Watched(PrintClient):
    """A print client that keeps what it is answered, and complains of nothing."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.answers: list[tuple[Ask, Response]] = []

    def _check(self, ask: Ask, response: Response | None) -> None:
        assert response is not None, f"{ask} was not answered"
        self.answers.append((ask, response))
        if ask.op == "N-CREATE" and ask.instance == "newest" and response.status and response.status < 0xB000:
            known = self.known.get(_sop_class(ask.of))
            if known and response.status not in (0x0107, 0x0116):
                known.pop()
        self._learn(ask, response)


def _sop_class(word: str) -> str:
    from linacsim.devices.printclient.personality import CLASSES as WORDS  # noqa: PLC0415 - the words of the client

    return str(WORDS.get(word, word))


def check(printer: Printer) -> None:
    """Hold the printer against what must always be so."""
    store = printer.store
    assert store.used == sum(part.size for part in store.parts.values())
    assert 0 <= store.used <= store.size
    assert len(printer.desks) <= 2
    reserved = 0
    for desk in printer.desks.values():
        session = desk.work.session
        if session is None:
            continue
        reserved += session.reserved.size if session.reserved else 0
        uids = [session.uid, *(film.uid for film in session.films)]
        assert len(uids) == len(set(uids))
        for film in session.films:
            assert film.boxes
            assert [box.position for box in film.boxes] == list(range(1, len(film.boxes) + 1))
            for box in film.boxes:
                held = box.reserved.size if box.reserved else 0
                assert held == (len(box.image.PixelData) if box.image is not None else 0)
                reserved += held
    assert store.held_by("WALKER") >= reserved
    assert printer.hardware.waiting <= printer.personality.queue


@pytest.mark.parametrize("number", range(WALKS))
def test_a_walk(number: int, caplog: pytest.LogCaptureFixture) -> None:
    draw = random.Random(number)  # noqa: S311 - a walk is no secret
    about = personality(draw)
    with Bench(seed=number) as bench:
        printer: Any = bench.add("printer", "PRINTER", settings=about)
        walker = Watched(bench.kernel.place("WALKER"), ClientSettings(dimse_timeout=5 * SECOND), bench.shelf)
        contexts = ["grayscale"] if about.implicit_only else [
            "grayscale", "color", "print-job", "annotation-box", "presentation-lut", "printer-configuration", "overlay-box",
        ]  # fmt: skip

        def walk() -> None:
            walker.open(Open(to="PRINTER", sop_classes=tuple(contexts), implicit=draw.random() < 0.5))
            for _ in range(STEPS):
                # a value that pydicom cannot write in its VR is not sent
                with suppress(InputError):
                    walker.send(_one(ask(draw)))
                check(printer)
            walker.close(Close(how=draw.choice(["release", "abort", "leave"])))
            bench.kernel.sleep(100 * MILLISECOND)

        bench.play(walk, place=walker.place)
        assert printer.desks == {}
        bench.play(bench.kernel.sleep, 5 * MINUTE)
        assert (printer.store.used, printer.hardware.waiting) == (0, 0)
        assert [record for record in bench.log.records if record["event"] == "association-failed"] == []
    statuses = {response.status for _, response in walker.answers}
    assert statuses <= {*GENERAL, *PRINT}
    for one, response in walker.answers:
        # a failure without a word is an exception that pynetdicom has caught
        assert response.status in (0, 0x0107) or response.comment, (one, hex(response.status), caplog.text[-3000:])


def _one(request: Ask) -> Any:
    from linacsim.devices.printclient.personality import Send  # noqa: PLC0415 - the words of the client

    return Send(requests=(request,))
