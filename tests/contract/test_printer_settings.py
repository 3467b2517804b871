"""Settings of a printer that say something about light, memory, letters and colour: what a client sees of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE

from linacsim.bench import Bench
from linacsim.devices.printclient.personality import Ask, Open, Picture, Send
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.kernel.units import minutes
from tests.contract.test_printer_personalities import FILM_BOX, PRINT, SESSION, box, film, session, talk


@pytest.mark.parametrize(("colour_by_pixel", "status"), [(False, 0x0106), (True, 0x0000)])
def test_colour_by_pixel(colour_by_pixel: bool, status: int) -> None:
    picture = Picture(rows=8, columns=8, color=True, change={"PlanarConfiguration": 0})
    asked = [SESSION, FILM_BOX, Ask(op="N-SET", of="color-image-box", image=picture, status=status)]
    talk(PrinterPersonality(colour_by_pixel=colour_by_pixel, pixels_per_mm=0.5), asked, contexts=("color",))


@pytest.mark.parametrize(("memory", "end"), [(3_000, ("FAILURE", "INSUFFIC MEMORY")), (100_000, ("DONE", "NORMAL"))])
def test_a_page_that_is_larger_than_the_memory(memory: int, end: tuple[str, str]) -> None:
    """8 x 10 inches at half a pixel for a millimetre: 127 x 102 pixels of two bytes are 25,908 bytes (page_memory)."""
    told = []
    for page_memory in (True, False):
        about = PrinterPersonality(page_memory=page_memory, memory=memory, pixels_per_mm=0.5)
        with Bench(seed=3) as bench:
            printer: Any = bench.add("printer", "PRINTER", settings=about)
            device = bench.add("print-scu", "CLIENT")

            def body(device: Any = device, bench: Bench = bench) -> None:
                device.act("open", Open(to="PRINTER", sop_classes=("grayscale", "print-job")))
                small = Picture(rows=8, columns=8)
                device.act("send", Send(requests=(SESSION, film(0, FilmSizeID="8INX10IN"), box(0, small), PRINT)))
                bench.kernel.sleep(minutes(10))

            bench.play(body, place=device.place)
            (instance,) = printer.book._instances.values()
            told.append((instance.state, instance.info))
            assert printer.store.used == 0
    assert told == [end, ("DONE", "NORMAL")]


LIGHT = {"Illumination": 1500, "ReflectedAmbientLight": 7}


@pytest.mark.parametrize("in_session", [True, False])
def test_light_where_the_presentation_lut_is_referred_to(in_session: bool) -> None:
    """PS3.3 C.13.3 has the light with the film box; printers with Presentation LUTs in the session have it there."""
    about = PrinterPersonality(presentation_lut_in_session=in_session, pixels_per_mm=0.5)
    told = []
    with Bench(seed=3) as bench:
        printer: Any = bench.add("printer", "PRINTER", settings=about)
        device = bench.add("print-scu", "CLIENT")

        def body() -> None:
            device.act("open", Open(to="PRINTER", sop_classes=("grayscale", "presentation-lut")))
            device.act("send", Send(requests=(session(0 if in_session else 0x0107, **LIGHT), FILM_BOX)))
            (clerk,) = printer.desks.values()
            held = clerk.work.session.films[0].attributes
            told.append((held.Illumination, held.ReflectedAmbientLight))
            device.act("send", Send(requests=(film(0, Illumination=800),)))
            held = clerk.work.session.films[1].attributes
            told.append((held.Illumination, held.ReflectedAmbientLight))

        bench.play(body, place=device.place)
    assert told == ([(1500, 7), (800, 7)] if in_session else [(2000, 10), (800, 10)])


def test_a_label_in_another_character_set_is_told_as_it_was_given() -> None:
    """PS3.4 H.4.1.2.1.1 has Specific Character Set among the attributes of the film session."""
    given = Dataset()
    given.SpecificCharacterSet, given.FilmSessionLabel = "ISO_IR 192", "\u0160kvor \u4e2d"
    with Bench(seed=3) as bench:
        bench.add("printer", "PRINTER", settings=PrinterPersonality(pixels_per_mm=0.5))
        place = bench.kernel.place("CLIENT")
        told = []

        def body() -> None:
            ae = AE("CLIENT")
            ae.add_requested_context("1.2.840.10008.5.1.1.9")
            assoc = ae.associate(*bench.address_of("PRINTER"), ae_title="PRINTER")
            told.append(
                assoc.send_n_create(given, "1.2.840.10008.5.1.1.1", "1.2.3", meta_uid=UID("1.2.840.10008.5.1.1.9"))
            )
            assoc.release()

        bench.play(body, place=place)
    ((status, answer),) = told
    assert answer is not None
    assert status.Status == 0x0000
    assert (answer.SpecificCharacterSet, answer.FilmSessionLabel) == ("ISO_IR 192", "\u0160kvor \u4e2d")


def test_memory_that_can_never_be_had_is_an_invalid_value() -> None:
    """PS3.4 H.4.1.2.1.2: 0106 for memory that cannot be provided, 0213 for memory that cannot be provided now."""
    about = PrinterPersonality(memory=8192, pixels_per_mm=0.5)
    with Bench(seed=3) as bench:
        bench.add("printer", "PRINTER", settings=about)
        clients = [bench.add("print-scu", name) for name in ("ONE", "TWO")]

        def body() -> None:
            for device, asked in zip(clients, ((0x0106, "9"), (0x0000, "8"), (0x0213, "1")), strict=False):
                device.act("open", Open(to="PRINTER", sop_classes=("grayscale",)))
                device.act("send", Send(requests=(session(asked[0], MemoryAllocation=asked[1]),)))
            clients[0].act("send", Send(requests=(session(0x0213, MemoryAllocation="1"),)))

        bench.play(body, place=clients[0].place)
