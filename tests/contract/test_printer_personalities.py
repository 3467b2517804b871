"""Every setting of a printer's personality has an effect that a client can see; each shipped personality is as it says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.printclient.personality import Ask, Close, Open, Picture, Send
from linacsim.devices.printer.personality import Events, PrinterPersonality, Processor
from linacsim.devices.printer.rules import FILM
from linacsim.devices.printer.shipped import personalities
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.units import MILLISECOND
from linacsim.settings import build
from tests.contract.wire import Conversation, conversations

FAST = Processor(warm_up=5 * MILLISECOND, per_sheet=10 * MILLISECOND)
QUICK: dict[str, Any] = {"processor": FAST, "transport": 5 * MILLISECOND, "pixels_per_mm": 0.5}
RAMP = Picture(rows=16, columns=16)
SESSION, FILM_BOX = Ask(op="N-CREATE", of="film-session"), Ask(op="N-CREATE", of="film-box")
IMAGE, PRINT = Ask(op="N-SET", of="image-box", image=RAMP), Ask(op="N-ACTION", of="film-box")


def talk(
    about: PrinterPersonality,
    requests: Sequence[Ask],
    *,
    contexts: Sequence[str] = ("grayscale",),
    client: str = "CLIENT",
) -> Conversation:
    """Return what is said when a client sends `requests`, each with the status that it has to be answered with."""
    with Bench(seed=3) as bench:
        bench.add("printer", "PRINTER", settings=about)
        device = bench.add("print-scu", client)
        bench.play(bench.kernel.sleep, 100 * MILLISECOND)

        def body() -> None:
            device.act("open", Open(to="PRINTER", sop_classes=tuple(contexts), implicit=about.implicit_only))
            device.act("send", Send(requests=tuple(requests)))
            bench.kernel.sleep(100 * MILLISECOND)
            device.act("close", Close())

        bench.play(body, place=device.place)
        (conversation,) = conversations(bench, bench.address_of("PRINTER"))
        return conversation


def film(status: int, **values: Any) -> Ask:
    return Ask(op="N-CREATE", of="film-box", set=values, status=status)


def box(status: int, image: Picture | None = RAMP, **values: Any) -> Ask:
    return Ask(op="N-SET", of="image-box", image=image, set=values, status=status)


def session(status: int, **values: Any) -> Ask:
    return Ask(op="N-CREATE", of="film-session", set=values, status=status)


TWELVE, LARGE = Picture(rows=16, columns=16, bits=12), Picture(rows=900, columns=900)
ALL = ("grayscale", "presentation-lut", "print-job", "annotation-box", "printer-configuration", "overlay-box")
PLUT = Ask(op="N-CREATE", of="presentation-lut", table=4096, status=0)

CASES: list[tuple[str, dict[str, Any], list[Ask], list[Ask]]] = [
    # what is set, what is answered with it, what without
    ("display_formats", {"display_formats": ("STANDARD\\2,2",)}, [SESSION, film(0x0106)], [SESSION, film(0)]),
    (
        "custom_formats",
        {"display_formats": ("CUSTOM",), "custom_formats": {"3": "ROW\\1,2"}},
        [SESSION, film(0, ImageDisplayFormat="CUSTOM\\3"), Ask(op="N-SET", of="image-box", position=3, image=RAMP, status=0)],
        [SESSION, film(0x0106, ImageDisplayFormat="CUSTOM\\3")],
    ),
    (
        "annotation_formats",
        {"annotation_formats": {"LABEL": 1}},
        [SESSION, film(0, AnnotationDisplayFormatID="LABEL"),
         Ask(op="N-SET", of="annotation-box", set={"TextString": "x"}, status=0)],
        [SESSION, film(0x0107, AnnotationDisplayFormatID="LABEL")],
    ),
    ("film_sizes", {"film_sizes": ("A4",)}, [SESSION, film(0x0116, FilmSizeID="A3")], [SESSION, film(0, FilmSizeID="A3")]),
    ("media", {"media": ("PAPER",)}, [session(0x0116, MediumType="CLEAR FILM")], [session(0, MediumType="CLEAR FILM")]),
    (
        "destinations",
        {"destinations": ("PROCESSOR", "BIN_2")},
        [session(0, FilmDestination="BIN_2")],
        [session(0x0116, FilmDestination="BIN_2")],
    ),
    (
        "magnifications",
        {"magnifications": ("CUBIC",)},
        [SESSION, film(0x0116, MagnificationType="NONE")],
        [SESSION, film(0, MagnificationType="NONE")],
    ),
    (
        "smoothings",
        {"smoothings": ("0", "140")},
        [SESSION, film(0, SmoothingType="140")],
        [SESSION, film(0x0107, SmoothingType="140")],
    ),
    (
        "border_densities",
        {"border_densities": ("BLACK",)},
        [SESSION, film(0x0116, BorderDensity="WHITE")],
        [SESSION, film(0, BorderDensity="WHITE")],
    ),
    (
        "empty_image_densities",
        {"empty_image_densities": ("BLACK",)},
        [SESSION, film(0x0116, EmptyImageDensity="WHITE")],
        [SESSION, film(0, EmptyImageDensity="WHITE")],
    ),
    (
        "any_density",
        {"any_density": False},
        [SESSION, film(0x0116, BorderDensity="150")],
        [SESSION, film(0, BorderDensity="150")],
    ),
    (
        "configurations",
        {"configurations": ("CS001",)},
        [SESSION, film(0x0116, ConfigurationInformation="CS999")],
        [SESSION, film(0, ConfigurationInformation="CS999")],
    ),
    ("max_density", {"max_density": 250}, [SESSION, film(0xB605, MaxDensity=300)], [SESSION, film(0, MaxDensity=300)]),
    ("min_density", {"min_density": 40}, [SESSION, film(0xB605, MinDensity=20)], [SESSION, film(0, MinDensity=20)]),
    (
        "resolutions",
        {"resolutions": ("STANDARD", "HIGH")},
        [SESSION, film(0, RequestedResolutionID="HIGH")],
        [SESSION, film(0x0116, RequestedResolutionID="HIGH")],
    ),
    ("trim", {"trim": False}, [SESSION, film(0x0116, Trim="YES")], [SESSION, film(0, Trim="YES")]),
    ("twelve_bit", {"twelve_bit": False}, [SESSION, FILM_BOX, box(0x0106, TWELVE)], [SESSION, FILM_BOX, box(0, TWELVE)]),
    (
        "requested_image_size",
        {"requested_image_size": False},
        [SESSION, FILM_BOX, box(0x0107, RequestedImageSize="20")],
        [SESSION, FILM_BOX, box(0, RequestedImageSize="20")],
    ),
    (
        "decimate_crop",
        {"decimate_crop": False},
        [SESSION, FILM_BOX, box(0x0107, LARGE, RequestedDecimateCropBehavior="FAIL"), PRINT],
        [SESSION, FILM_BOX, box(0, LARGE, RequestedDecimateCropBehavior="FAIL"),
         Ask(op="N-ACTION", of="film-box", status=0xC603)],
    ),
    (
        "larger_image",
        {"larger_image": "crop"},
        [SESSION, film(0, MagnificationType="NONE"), box(0, LARGE), Ask(op="N-ACTION", of="film-box", status=0xB609)],
        [SESSION, film(0, MagnificationType="NONE"), box(0, LARGE), Ask(op="N-ACTION", of="film-box", status=0xB604)],
    ),
    (
        "checks_size_at",
        {"checks_size_at": "N-SET"},
        [SESSION, film(0, MagnificationType="NONE"), box(0xB604, LARGE), Ask(op="N-ACTION", of="film-box", status=0)],
        [SESSION, film(0, MagnificationType="NONE"), box(0, LARGE), Ask(op="N-ACTION", of="film-box", status=0xB604)],
    ),
    (
        "presentation_lut",
        {"presentation_lut": False},
        [Ask(op="N-CREATE", of="presentation-lut", set={"PresentationLUTShape": "IDENTITY"}, status=0x0122)],
        [Ask(op="N-CREATE", of="presentation-lut", set={"PresentationLUTShape": "IDENTITY"}, status=0)],
    ),
    (
        "presentation_lut_in_session",
        {"presentation_lut_in_session": True},
        [PLUT, Ask(op="N-CREATE", of="film-session", lut=True, status=0), Ask(op="N-CREATE", of="film-box", lut=True, status=0x0107)],
        [PLUT, Ask(op="N-CREATE", of="film-session", lut=True, status=0x0107), Ask(op="N-CREATE", of="film-box", lut=True, status=0)],
    ),
    (
        "presentation_lut_match",
        {"presentation_lut_match": True},
        [PLUT, SESSION, Ask(op="N-CREATE", of="film-box", lut=True), box(0x0106), box(0, TWELVE)],
        [PLUT, SESSION, Ask(op="N-CREATE", of="film-box", lut=True), box(0), box(0, TWELVE)],
    ),
    (
        "most_luts",
        {"most_luts": 1},
        [PLUT, Ask(op="N-CREATE", of="presentation-lut", table=256, status=0x0213)],
        [PLUT, Ask(op="N-CREATE", of="presentation-lut", table=256, status=0)],
    ),
    ("unknown_attributes", {"unknown_attributes": "refuse"}, [session(0x0105, PatientName="x")], [session(0x0107, PatientName="x")]),
    ("unknown_attributes", {"unknown_attributes": "ignore"}, [session(0, PatientName="x")], [session(0x0107, PatientName="x")]),
    ("coerce", {"coerce": False}, [session(0x0106, MediumType="x")], [session(0x0116, MediumType="x")]),
    (
        "session_printing",
        {"session_printing": False},
        [SESSION, FILM_BOX, Ask(op="N-ACTION", of="film-session", status=0xB601), film(0xC616)],
        [SESSION, FILM_BOX, Ask(op="N-ACTION", of="film-session", status=0xB602), film(0)],
    ),
    (
        "mixed_film_sizes",
        {"mixed_film_sizes": False},
        [SESSION, film(0, FilmSizeID="A4"), film(0, FilmSizeID="A3"), IMAGE, Ask(op="N-ACTION", of="film-session", status=0x0110)],
        [SESSION, film(0, FilmSizeID="A4"), film(0, FilmSizeID="A3"), IMAGE, Ask(op="N-ACTION", of="film-session", status=0)],
    ),
    (
        "memory_allocation",
        {"memory_allocation": False},
        [session(0xB600, MemoryAllocation="1")],
        [session(0, MemoryAllocation="1")],
    ),
    ("memory", {"memory": 255}, [SESSION, FILM_BOX, box(0xC605)], [SESSION, FILM_BOX, box(0)]),
    (
        "queue",
        {"queue": 1, "processor": Processor(warm_up=3600_000 * MILLISECOND)},
        [SESSION, FILM_BOX, IMAGE, PRINT, Ask(op="N-ACTION", of="film-box", status=0xC602)],
        [SESSION, FILM_BOX, IMAGE, PRINT, Ask(op="N-ACTION", of="film-box", status=0)],
    ),
    ("most_boxes", {"most_boxes": 1}, [SESSION, film(0x0106, ImageDisplayFormat="STANDARD\\2,1")], [SESSION, film(0, ImageDisplayFormat="STANDARD\\2,1")]),
    ("most_films", {"most_films": 1}, [SESSION, FILM_BOX, film(0x0213)], [SESSION, FILM_BOX, film(0)]),
    ("most_copies", {"most_copies": 5}, [session(0x0116, NumberOfCopies="6")], [session(0, NumberOfCopies="6")]),
    ("may_print", {"may_print": ("OTHER",)}, [session(0x0124)], [session(0)]),
    (
        "calibration_told",
        {"calibration_told": False},
        [Ask(op="N-GET", of="printer", get=("DateOfLastCalibration",), status=0x0001)],
        [Ask(op="N-GET", of="printer", get=("DateOfLastCalibration",), status=0)],
    ),
    (
        "strict_contexts",
        {"strict_contexts": True},
        [Ask(op="N-GET", of="printer-configuration", over="grayscale", status=0x0212)],
        [Ask(op="N-GET", of="printer-configuration", over="grayscale", status=0)],
    ),
    (
        "printer_configuration",
        {"printer_configuration": False},
        [Ask(op="N-GET", of="printer-configuration", status=0x0122)],
        [Ask(op="N-GET", of="printer-configuration", status=0)],
    ),
    ("print_job", {"print_job": False}, [Ask(op="N-GET", of="print-job", status=0x0122)], [Ask(op="N-GET", of="print-job", status=0x0112)]),
    (
        "retired",
        {"retired": True},
        [Ask(op="N-CREATE", of="overlay-box", set={"OverlayPixelDataSequence": [{"60000010": 8, "60000011": 8, "60003000": 8}]}, status=0)],
        [Ask(op="N-CREATE", of="overlay-box", status=0x0122)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "with_it", "without_it"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_setting_has_an_effect(changed: dict[str, Any], with_it: list[Ask], without_it: list[Ask]) -> None:
    talk(PrinterPersonality(**{**QUICK, **changed}), with_it, contexts=ALL)
    slow = {"processor": changed["processor"]} if "processor" in changed else {}
    talk(PrinterPersonality(**{**QUICK, **slow}), without_it, contexts=ALL)


def accepted(contexts: Sequence[str], **changed: Any) -> list[bool]:
    """Return which of the proposed contexts a printer accepts."""
    conversation = talk(PrinterPersonality(**{**QUICK, **changed}), [], contexts=("1.2.840.10008.1.1", *contexts))
    return [result == 0 for _, _, result, _ in conversation.negotiated()][1:]


@pytest.mark.parametrize(
    ("changed", "context", "other"),
    [
        ({"meta_sop_classes": False}, "grayscale", "film-box"),
        ({"individual_sop_classes": False}, "film-box", "grayscale"),
        ({"colour": False}, "color", "grayscale"),
        ({"colour": False}, "color-image-box", "image-box"),
        ({"print_job": False}, "print-job", "presentation-lut"),
        ({"presentation_lut": False}, "presentation-lut", "print-job"),
        ({"printer_configuration": False}, "printer-configuration", "print-job"),
    ],
)
def test_a_setting_decides_what_is_accepted(changed: dict[str, Any], context: str, other: str) -> None:
    assert accepted([context, other]) == [True, True]
    assert accepted([context, other], **changed) == [False, True]


def test_annotation_and_retired_classes_are_accepted_if_they_are_supported() -> None:
    assert accepted(["annotation-box", "overlay-box"]) == [False, False]
    assert accepted(["annotation-box", "overlay-box"], annotation_formats={"A": 1}, retired=True) == [True, True]


@pytest.mark.parametrize("implicit", [True, False])
def test_implicit_vr_only(implicit: bool) -> None:
    conversation = talk(PrinterPersonality(**QUICK, implicit_only=implicit), [SESSION])
    ((_, _, _, syntax),) = conversation.negotiated()
    assert syntax == ("1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1")


@pytest.mark.parametrize("omit", [True, False])
def test_the_sop_class_uid_in_the_answer_to_n_create(omit: bool) -> None:
    conversation = talk(PrinterPersonality(**QUICK, omit_sop_class_uid=omit), [SESSION, FILM_BOX])
    created = [message.command for message in conversation.answers if message.name == "N-CREATE-RSP"]
    assert ["AffectedSOPClassUID" in command for command in created] == [not omit] * 2


@pytest.mark.parametrize("maximum", [16384, 32768])
def test_the_maximum_length_is_announced(maximum: int) -> None:
    conversation = talk(PrinterPersonality(**QUICK, maximum_length=maximum), [SESSION])
    assert conversation.accept.user_information.maximum_length == maximum


def test_only_so_many_associations_at_a_time() -> None:
    with Bench(seed=3) as bench:
        bench.add("printer", "PRINTER", settings=PrinterPersonality(**QUICK, maximum_associations=1))
        one, other = bench.add("print-scu", "ONE"), bench.add("print-scu", "OTHER")
        bench.play(one.act, "open", Open(to="PRINTER"), place=one.place)
        with pytest.raises(PlayFailure, match="rejected"):
            bench.play(other.act, "open", Open(to="PRINTER"), place=other.place)
        bench.play(one.act, "close", Close(), place=one.place)
        bench.settle()
        bench.play(other.act, "open", Open(to="PRINTER"), place=other.place)


def test_a_printer_with_nothing_but_tls_needs_a_certificate() -> None:
    with Bench(seed=3) as bench, pytest.raises(InputError, match=r"^PRINTER: this printer serves nothing but TLS"):
        bench.add("printer", "PRINTER", settings=PrinterPersonality(**QUICK, tls=True))


@pytest.mark.parametrize("label", [True, False])
def test_the_label_is_on_the_film_or_is_not(label: bool) -> None:
    pictures = []
    for text in ("ONE", "ANOTHER"):
        with Bench(seed=3) as bench:
            bench.add(
                "printer",
                "PRINTER",
                settings=PrinterPersonality(**{**QUICK, "pixels_per_mm": 3.0}, session_label=label),
            )
            device = bench.add("print-scu", "CLIENT")
            requests = (session(0, FilmSessionLabel=text), film(0, FilmSizeID="8INX10IN"), IMAGE, PRINT)
            bench.play(device.act, "open", Open(to="PRINTER"), place=device.place)
            bench.play(device.act, "send", Send(requests=requests), place=device.place)
            bench.play(bench.kernel.sleep, 10_000 * MILLISECOND)
            (sheet,) = [record for record in bench.log.records if record["event"] == "sheet-out"]
            pictures.append(sheet["sha256"])
    assert (pictures[0] != pictures[1]) is label


def test_a_job_is_forgotten_after_a_while() -> None:
    about = PrinterPersonality(**QUICK, job_kept=500 * MILLISECOND)
    with Bench(seed=3) as bench:
        bench.add("printer", "PRINTER", settings=about)
        device = bench.add("print-scu", "CLIENT")
        ask = Send(requests=(Ask(op="N-GET", of="print-job", status=0),))

        def body() -> None:
            device.act("open", Open(to="PRINTER", sop_classes=("grayscale", "print-job")))
            device.act("send", Send(requests=(SESSION, FILM_BOX, IMAGE, PRINT)))
            bench.kernel.sleep(200 * MILLISECOND)
            device.act("send", ask)
            bench.kernel.sleep(600 * MILLISECOND)
            device.act("send", Send(requests=(Ask(op="N-GET", of="print-job", status=0x0112),)))

        bench.play(body, place=device.place)


def test_allocated_memory_is_there_for_the_images_of_its_session_and_for_no_others() -> None:
    with Bench(seed=3) as bench:
        printer: Any = bench.add("printer", "PRINTER", settings=PrinterPersonality(**QUICK, memory=1024))
        one, other = bench.add("print-scu", "ONE"), bench.add("print-scu", "OTHER")

        def body() -> None:
            bench.kernel.sleep(50 * MILLISECOND)
            one.act("open", Open(to="PRINTER"))
            other.act("open", Open(to="PRINTER"))
            one.act("send", Send(requests=(session(0, MemoryAllocation="1"), FILM_BOX)))
            assert printer.store.left == 0
            other.act("send", Send(requests=(SESSION, FILM_BOX, box(0xC605))))
            one.act("send", Send(requests=(box(0), Ask(op="N-DELETE", of="film-box", status=0))))
            assert printer.store.held_by("ONE") == 1024
            one.act("close", Close())
            bench.kernel.sleep(10 * MILLISECOND)
            other.act("send", Send(requests=(box(0),)))
            other.act("close", Close())
            bench.kernel.sleep(10 * MILLISECOND)

        bench.play(body, place=one.place)
        assert printer.store.used == 0
        told = [one["info"] for one in bench.log.records if one["event"] == "printer-status"]
        assert "PRINT BUFF FULL" in told


# the shipped ones


def test_these_personalities_are_shipped() -> None:
    assert personalities() == ["agfa-drystar-3000", "full", "kodak-8700", "kodak-9410", "plain", "restricted"]


@pytest.mark.parametrize("name", personalities())
def test_a_shipped_personality_prints_a_film(name: str) -> None:
    about = PrinterPersonality.named(name, **QUICK)
    assert about.personality == name
    talk(
        about,
        [
            SESSION,
            film(0),
            Ask(op="N-SET", of="image-box", image=TWELVE, status=0),
            Ask(op="N-ACTION", of="film-box", status=0),
        ],
    )


@pytest.mark.parametrize("name", personalities())
def test_the_defaults_of_a_personality_are_supported_values(name: str) -> None:
    """What the printer takes where a client says nothing is what it would take from a client."""
    about = PrinterPersonality.named(name)
    for keyword, rule in FILM.items():
        if rule.terms is not None and rule.default is not None and rule.terms(about):
            assert rule.default(about) in rule.terms(about), keyword


@pytest.mark.parametrize("name", personalities())
def test_the_configuration_tells_what_a_personality_says(name: str) -> None:
    about = PrinterPersonality.named(name, **{**QUICK, "printer_configuration": True, "individual_sop_classes": True})
    get = Ask(op="N-GET", of="printer-configuration", status=0)
    conversation = talk(about, [get], contexts=("printer-configuration",))
    ((_, _, _, syntax),) = conversation.negotiated()
    told = conversation.answers[-1].dataset(implicit=syntax == "1.2.840.10008.1.2")
    (item,) = told.PrinterConfigurationSequence
    formats = item.SupportedImageDisplayFormatsSequence
    sizes = {str(one.FilmSizeID) for one in formats}
    assert sizes <= set(about.film_sizes)
    assert formats
    assert all(one.Rows > 0 and one.Columns > 0 for one in formats)
    installed = {(str(one.MediumType), str(one.FilmSizeID)) for one in item.MediaInstalledSequence}
    assert installed
    assert {medium for medium, _ in installed} <= set(about.media)
    assert item.MemoryBitDepth == 12


def test_single_values_stand_over_those_of_the_personality() -> None:
    about = build(PrinterPersonality, {"personality": "kodak-8700", "queue": 3, "events": {"printer": False}})
    assert (about.queue, about.session_printing, about.printer_name) == (3, False, "IMN_8700")
    assert about.events == Events(printer=False)


def test_mappings_are_merged_key_by_key() -> None:
    about = build(PrinterPersonality, {"personality": "full", "annotation-formats": {"MINE": 2}})
    assert about.annotation_formats == {"LABEL": 1, "BOTTOM": 1, "CORNERS": 4, "MINE": 2}


def test_an_unknown_personality_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"^here: unknown personality 'kodak'; did you mean 'kodak-9410'\?"):
        build(PrinterPersonality, {"personality": "kodak"}, "here")


def test_a_personality_of_ones_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('printer-name = "MINE"\nqueue = 2\n', "utf-8")
    assert PrinterPersonality.named(str(mine)).printer_name == "MINE"
    mine.write_text('printer-nam = "MINE"\n', "utf-8")
    with pytest.raises(InputError, match=r"unknown key 'printer-nam'; did you mean 'printer-name'\?"):
        PrinterPersonality.named(str(mine))


def test_every_setting_of_the_checklist_has_a_case() -> None:
    """The settings of the services are tested here; those of the hardware where it is."""
    source = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_printer_*s.py"))
    own = {"about", "personality", "manufacturer", "model", "serial", "software", "printer_name", "pixels_per_mm"}
    own |= {"events", "dimse_timeout", "network_timeout", "secondary_capture"}
    for field in PrinterPersonality.__annotations__:
        if field not in own:
            assert field in source, field
