"""What the printer answers to requests that are odd, out of order or wrong (PS3.4 Annex H), on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from linacsim.bench import Bench
from linacsim.devices.printer.personality import PrinterPersonality, Processor
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND

Records = Callable[..., list[Record]]
Reply = tuple[Dataset, Dataset | None]
META = "1.2.840.10008.5.1.1.9"
SESSION, FILM, BOX = "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.2", "1.2.840.10008.5.1.1.4"
PRINTER, PRINTER_INSTANCE = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.17"
MY_SESSION, MY_FILM = "1.2.3.1", "1.2.3.2"


def attributes(**values: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def image(*, rows: int = 4, columns: int = 6, **changed: Any) -> Dataset:
    """Return an item of a Basic Grayscale Image Sequence, 8 bits."""
    item = attributes(
        SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", Rows=rows, Columns=columns, BitsAllocated=8,
        BitsStored=8, HighBit=7, PixelRepresentation=0, PixelData=bytes(range(rows * columns)),
    )  # fmt: skip
    item["PixelData"].VR = "OB"
    for keyword, value in changed.items():
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)
    return item


class Client:
    """A print client that says what it likes."""

    def __init__(self, assoc: Any) -> None:
        self.assoc = assoc
        self.boxes: list[str] = []

    def create_session(self, uid: str | None = MY_SESSION, **values: Any) -> Reply:
        return self._create(SESSION, uid, attributes(**values))

    def create_film(
        self, uid: str | None = MY_FILM, *, layout: str | None = r"STANDARD\1,1", session: str | None = MY_SESSION,
        **values: Any,
    ) -> Reply:  # fmt: skip
        box = attributes(**values)
        if layout is not None:
            box.ImageDisplayFormat = layout
        if session is not None:
            reference = attributes(ReferencedSOPClassUID=SESSION, ReferencedSOPInstanceUID=session)
            box.ReferencedFilmSessionSequence = [reference]
        status, told = self._create(FILM, uid, box)
        if told is not None and "ReferencedImageBoxSequence" in told:
            self.boxes = [str(item.ReferencedSOPInstanceUID) for item in told.ReferencedImageBoxSequence]
        return status, told

    def set_box(self, item: Dataset | None = None, position: int | None = 1, uid: str = "", **values: Any) -> Reply:
        box = attributes(**values)
        if position is not None:
            box.ImageBoxPosition = position
        if item is not None:
            box.BasicGrayscaleImageSequence = [item]
        return self.set(BOX, uid or self.boxes[(position or 1) - 1], box)

    def set(self, sop_class: str, uid: str, values: Dataset) -> Reply:
        reply: Reply = self.assoc.send_n_set(values, sop_class, uid, meta_uid=META)
        return reply

    def act(self, sop_class: str, uid: str, action: int = 1) -> Reply:
        reply: Reply = self.assoc.send_n_action(None, action, sop_class, uid, meta_uid=META)
        return reply

    def get(self, tags: list[Any] | None = None, sop_class: str = PRINTER, uid: str = PRINTER_INSTANCE) -> Reply:
        reply: Reply = self.assoc.send_n_get(tags or [], sop_class, uid, meta_uid=META)
        return reply

    def delete(self, sop_class: str, uid: str) -> Dataset:
        status: Dataset = self.assoc.send_n_delete(sop_class, uid, meta_uid=META)
        return status

    def _create(self, sop_class: str, uid: str | None, values: Dataset) -> Reply:
        # pynetdicom announces an empty data set and never sends it
        given = values if len(values) else None
        reply: Reply = self.assoc.send_n_create(given, sop_class, uid, meta_uid=META)
        return reply


Play = Callable[[Callable[[Client], Any]], Any]


@pytest.fixture
def play(bench_clock: Bench, client: Callable[..., Any]) -> Callable[..., Any]:
    """Run ``body(Client)`` on an association with a printer."""

    def run(body: Callable[[Client], Any], **settings: Any) -> Any:
        fast = Processor(warm_up=5 * MILLISECOND, per_sheet=10 * MILLISECOND)
        personality = PrinterPersonality(
            **{"processor": fast, "transport": 5 * MILLISECOND, "pixels_per_mm": 0.2, **settings}
        )
        bench_clock.add("printer", "PRINTER", settings=personality)
        return client("PRINTER", [META], lambda assoc: body(Client(assoc)))

    return run


def told(reply: Reply | Dataset) -> tuple[int, str]:
    """Return status and Error Comment."""
    status = reply[0] if isinstance(reply, tuple) else reply
    return int(status.Status), str(status.get("ErrorComment") or "")


def ready(client: Client, layout: str = r"STANDARD\1,1", **session: Any) -> None:
    """Create a session and a film box."""
    assert told(client.create_session(**session)) == (0, "")
    assert told(client.create_film(layout=layout)) == (0, "")


# sessions and film boxes


def test_a_second_session_is_refused(play: Play) -> None:
    def body(client: Client) -> Any:
        client.create_session()
        return told(client.create_session("1.2.3.9"))

    assert play(body) == (0x0213, "one film session for each association")


def test_a_session_can_be_created_again_after_it_was_deleted(play: Play) -> None:
    def body(client: Client) -> Any:
        client.create_session()
        return told(client.delete(SESSION, MY_SESSION)), told(client.create_session("1.2.3.9"))

    assert play(body) == ((0, ""), (0, ""))


def test_each_association_has_a_session_of_its_own(play: Play, client: Callable[..., Any]) -> None:
    assert play(lambda mine: told(mine.create_session())) == (0, "")
    assert client("PRINTER", [META], lambda assoc: told(Client(assoc).create_session())) == (0, "")


def test_a_film_box_without_a_session_is_refused(play: Play) -> None:
    assert play(lambda client: told(client.create_film())) == (0x0112, "there is no film session")


@pytest.mark.parametrize(
    ("options", "status", "comment"),
    [
        ({"layout": None}, 0x0120, "ImageDisplayFormat is missing"),
        ({"layout": ""}, 0x0121, "ImageDisplayFormat has no value"),
        ({"layout": r"SLIDE"}, 0x0106, "ImageDisplayFormat SLIDE not supported"),
        ({"layout": r"CUSTOM\1"}, 0x0106, "ImageDisplayFormat CUSTOM/1 not supported"),
        ({"layout": r"STANDARD\0,1"}, 0x0106, "ImageDisplayFormat STANDARD/0,1 not supported"),
        ({"layout": r"STANDARD\x"}, 0x0106, "ImageDisplayFormat STANDARD/x not supported"),
        ({"layout": r"STANDARD\9,9"}, 0x0106, "81 image boxes, at most 64"),
        ({"session": None}, 0x0120, "ReferencedFilmSessionSequence is missing"),
        ({"session": "1.2.3.99"}, 0x0106, "ReferencedFilmSessionSequence: no such session"),
        ({"uid": MY_SESSION}, 0x0111, "the instance exists"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_film_box_that_cannot_be(play: Play, options: dict[str, Any], status: int, comment: str) -> None:
    def body(client: Client) -> Any:
        client.create_session()
        return told(client.create_film(**options))

    assert play(body) == (status, comment)


def test_the_same_film_box_twice_is_refused(play: Play) -> None:
    def body(client: Client) -> Any:
        ready(client)
        return told(client.create_film())

    assert play(body) == (0x0111, "the instance exists")


def test_a_film_box_tells_its_image_boxes(play: Play) -> None:
    def body(client: Client) -> Any:
        ready(client, r"STANDARD\2,3")
        return client.boxes

    boxes = play(body)
    assert len(set(boxes)) == 6


def test_the_printer_names_what_the_client_does_not(play: Play, records: Records) -> None:
    """pynetdicom's client does not show the Affected SOP Instance UID of the answer; the log has it."""

    def named() -> str:
        return str(records("N-CREATE-RSP", "PRINTER")[-1]["sop-instance"])

    def body(client: Client) -> Any:
        client.create_session(None)
        session = named()
        client.create_film(None, session=session)
        film = named()
        client.set_box(image())
        return session, film, told(client.act(FILM, film))

    session, film, printed = play(body)
    assert session != film
    assert session.startswith("2.25.")
    assert printed == (0, "")


def test_a_wrong_optional_value_is_replaced_and_told(play: Play) -> None:
    def body(client: Client) -> Any:
        status, taken = client.create_session(MediumType="PAPYRUS", NumberOfCopies="2")
        assert taken is not None
        return int(status.Status), taken.MediumType, taken.NumberOfCopies

    assert play(body) == (0x0116, "BLUE FILM", 2)


def test_only_sessions_and_films_can_be_created(play: Play) -> None:
    def body(client: Client) -> Any:
        client.create_session()
        return told(client._create(BOX, "1.2.3.5", Dataset()))

    assert play(body) == (0x0211, "Basic Grayscale Image Box has no N-CREATE")


# N-SET


def test_setting_before_there_is_a_session_is_refused(play: Play) -> None:
    assert play(lambda client: told(client.set(SESSION, MY_SESSION, attributes(NumberOfCopies="2")))) == (
        0x0112,
        "there is no film session",
    )


@pytest.mark.parametrize(
    ("sop_class", "uid", "status"),
    [
        (BOX, "1.2.3.99", 0x0112),
        (FILM, "1.2.3.99", 0x0112),
        (SESSION, "1.2.3.99", 0x0112),
        (BOX, MY_FILM, 0x0119),
        (FILM, MY_SESSION, 0x0119),
        (SESSION, MY_FILM, 0x0119),
        (PRINTER, PRINTER_INSTANCE, 0x0211),
    ],
)
def test_setting_what_is_not_there(play: Play, sop_class: str, uid: str, status: int) -> None:
    def body(client: Client) -> Any:
        ready(client)
        return told(client.set(sop_class, uid, attributes(NumberOfCopies="2")))[0]

    assert play(body) == status


def test_what_is_fixed_cannot_be_set(play: Play) -> None:
    def body(client: Client) -> Any:
        ready(client)
        return told(client.set(FILM, MY_FILM, attributes(FilmSizeID="14INX17IN")))

    assert play(body) == (0x0106, "FilmSizeID is fixed once the film box exists")


@pytest.mark.parametrize(
    ("item", "position", "status", "comment"),
    [
        (image(PixelData=bytes(10)), 1, 0x0106, "PixelData: 14 bytes are missing"),
        (image(Rows=None), 1, 0x0120, "Rows is missing"),
        (image(PixelData=None), 1, 0x0120, "PixelData is missing"),
        (image(BitsStored=7), 1, 0x0106, "bits allocated, stored, high bit (8, 7, 7)"),
        (image(PhotometricInterpretation="RGB"), 1, 0x0106, "PhotometricInterpretation RGB"),
        (image(Rows=0), 1, 0x0106, "Rows 0, Columns 6"),
        (image(), 2, 0x0106, "ImageBoxPosition 2, this box is 1"),
        (image(), None, 0x0120, "ImageBoxPosition is missing"),
    ],
    ids=["short", "no rows", "no pixels", "bits", "colour", "no area", "position", "no position"],
)
def test_an_image_that_cannot_be_printed(
    play: Play, item: Dataset, position: int | None, status: int, comment: str
) -> None:
    def body(client: Client) -> Any:
        ready(client)
        return told(client.set_box(item, position, client.boxes[0]))

    assert play(body) == (status, comment)


def test_images_that_need_more_memory_than_there_is(play: Callable[..., Any]) -> None:
    def body(client: Client) -> Any:
        ready(client, r"STANDARD\1,2")
        return told(client.set_box(image(), 1)), told(client.set_box(image(), 2))

    assert play(body, memory=40) == ((0, ""), (0xC605, "24 bytes, 16 left"))


def test_setting_a_box_again_frees_the_memory_of_its_first_image(play: Callable[..., Any]) -> None:
    def body(client: Client) -> Any:
        ready(client)
        return [told(client.set_box(image(), 1)) for _ in range(3)]

    assert play(body, memory=40) == [(0, "")] * 3


@pytest.mark.parametrize(("keyword", "asked", "taken"), [("MaxDensity", 400, 300), ("MinDensity", 5, 20)])
def test_a_density_that_the_film_has_not_is_told(play: Play, keyword: str, asked: int, taken: int) -> None:
    def body(client: Client) -> Any:
        client.create_session()
        attribute: dict[str, Any] = {keyword: asked}
        status, told_back = client.create_film(MY_FILM, **attribute)
        assert told_back is not None
        return int(status.Status), told_back[keyword].value

    assert play(body) == (0xB605, taken)


# N-ACTION, N-GET, N-DELETE


def test_only_the_newest_film_box_can_be_printed(play: Play) -> None:
    def body(client: Client) -> Any:
        ready(client)
        client.create_film("1.2.3.3")
        return told(client.act(FILM, MY_FILM)), told(client.act(FILM, "1.2.3.3"))

    old, new = play(body)
    assert old == (0x0110, "only the film box created last can be printed")
    assert new[0] == 0xB603


@pytest.mark.parametrize(
    ("sop_class", "uid", "action", "status"),
    [
        (FILM, MY_FILM, 2, 0x0123),
        (SESSION, MY_SESSION, 0, 0x0123),
        (FILM, MY_SESSION, 1, 0x0119),
        (FILM, "1.2.3.99", 1, 0x0112),
        (SESSION, MY_SESSION, 1, 0xB602),
        (FILM, MY_FILM, 1, 0xB603),
    ],
)
def test_actions(play: Play, records: Records, sop_class: str, uid: str, action: int, status: int) -> None:
    def body(client: Client) -> Any:
        ready(client)
        return told(client.act(sop_class, uid, action))[0]

    assert play(body) == status
    # an empty page is a warning: it is printed
    assert len(records("job-queued")) == (1 if status >> 12 == 0xB else 0)


def test_a_session_without_a_film_box_cannot_be_printed(play: Play) -> None:
    def body(client: Client) -> Any:
        client.create_session()
        return told(client.act(SESSION, MY_SESSION))

    assert play(body) == (0xC600, "the film session has no film box")


def test_a_printer_that_does_not_collate_says_so(play: Callable[..., Any], records: Records) -> None:
    def body(client: Client) -> Any:
        ready(client)
        client.set_box(image())
        return told(client.act(SESSION, MY_SESSION))[0], told(client.create_film("1.2.3.3"))[0]

    assert play(body, session_printing=False) == (0xB601, 0xC616)
    assert records("job-queued") == []


def test_a_printer_that_does_not_collate_takes_a_film_after_the_last_one_was_printed(play: Callable[..., Any]) -> None:
    def body(client: Client) -> Any:
        ready(client)
        client.set_box(image())
        return told(client.act(FILM, MY_FILM))[0], told(client.create_film("1.2.3.3"))[0]

    assert play(body, session_printing=False) == (0x0000, 0x0000)


@pytest.mark.parametrize(("sop_class", "status"), [(SESSION, 0xC601), (FILM, 0xC602)])
def test_a_full_queue(play: Callable[..., Any], sop_class: str, status: int) -> None:
    def body(client: Client) -> Any:
        ready(client)
        client.set_box(image())
        uid = MY_SESSION if sop_class == SESSION else MY_FILM
        return [told(client.act(sop_class, uid))[0] for _ in range(2)]

    warming = Processor(warm_up=60_000 * MILLISECOND, per_sheet=MILLISECOND)
    assert play(body, queue=1, processor=warming) == [0, status]


def test_the_printer_tells_all_it_knows(play: Play) -> None:
    def body(client: Client) -> Any:
        status, known = client.get()
        assert known is not None
        return int(status.Status), str(known.PrinterName), {element.keyword for element in known}

    status, name, keywords = play(body)
    assert (status, name) == (0, "LINACSIM LASER")
    assert keywords == {
        "PrinterStatus", "PrinterStatusInfo", "PrinterName", "Manufacturer", "ManufacturerModelName",
        "DeviceSerialNumber", "SoftwareVersions", "DateOfLastCalibration", "TimeOfLastCalibration",
    }  # fmt: skip


def test_an_unknown_attribute_is_an_error_and_the_known_ones_are_told_all_the_same(play: Play) -> None:
    def body(client: Client) -> Any:
        status, known = client.get([0x21100010, 0x00100010, 0x21100030])
        assert known is not None
        return told(status), [element.keyword for element in known]

    assert play(body) == ((0x0107, "1 attributes are not known"), ["PrinterStatus", "PrinterName"])


@pytest.mark.parametrize(
    ("sop_class", "uid", "status"), [(PRINTER, "1.2.3", 0x0112), (SESSION, PRINTER_INSTANCE, 0x0211)]
)
def test_getting_what_cannot_be_got(play: Play, sop_class: str, uid: str, status: int) -> None:
    assert play(lambda client: told(client.get([], sop_class, uid))[0]) == status


def test_a_deleted_film_box_is_gone(play: Play) -> None:
    def body(client: Client) -> Any:
        ready(client)
        return [told(client.delete(FILM, MY_FILM))[0], told(client.delete(FILM, MY_FILM))[0],
                told(client.act(FILM, MY_FILM))[0]]  # fmt: skip

    assert play(body) == [0, 0x0112, 0x0112]


def test_printing_a_film_box_after_its_successor_was_deleted(play: Play) -> None:
    def body(client: Client) -> Any:
        ready(client)
        client.set_box(image())
        client.create_film("1.2.3.3")
        client.delete(FILM, "1.2.3.3")
        return told(client.act(FILM, MY_FILM))

    assert play(body) == (0, "")


def test_what_is_changed_after_the_action_does_not_change_the_film(play: Play, until: Records) -> None:
    def body(client: Client) -> Any:
        ready(client)
        client.set_box(image())
        client.act(FILM, MY_FILM)
        client.set_box(image(PixelData=bytes(24)))
        client.act(FILM, MY_FILM)
        client.set_box(image())
        client.act(FILM, MY_FILM)

    play(body)
    first, second, third = [record["sha256"] for record in until("sheet-out", count=3)]
    assert first == third != second


def test_a_requested_size_that_the_box_does_not_hold_is_demagnified(
    play: Callable[..., Any], until: Callable[..., Any]
) -> None:
    """The image is printed all the same, and the next job too: a client's number stops no hardware."""

    def body(client: Client) -> Any:
        ready(client)
        client.set_box(image(), RequestedImageSize="99999")
        first = told(client.act(FILM, MY_FILM))[0]
        client.set_box(image(), RequestedImageSize="20")
        return first, told(client.act(FILM, MY_FILM))[0]

    assert play(body) == (0xB604, 0x0000)
    sheets = until("sheet-out", count=2)
    assert all("picture" in sheet for sheet in sheets)


def test_a_huge_number_of_copies_prints_until_the_magazine_is_empty(
    play: Callable[..., Any], until: Callable[..., Any]
) -> None:
    def body(client: Client) -> Any:
        ready(client, NumberOfCopies="2147483647")
        client.set_box(image())
        return told(client.act(FILM, MY_FILM))[0]

    assert play(body) == 0x0000
    (queued,) = until("job-queued")
    assert queued["sheets"] == 2147483647
    until("sheet-out", count=2)
