"""Bad input: one clear line on standard error that says what, where and what to do; exit code 3; no traceback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from linacsim.cli import main

SCENARIO = """\
scenario: An echo
peers:
  STORE: {kind: storage}
  SCU: {kind: verification}
steps:
  - SCU: {echo: {to: STORE}}
expect:
  - {event: C-ECHO-RSP, at: SCU, way: received, status: "0x0000"}
"""


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, so that errors name short paths."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that a command is refused with."""
    try:
        code = main(arguments)
    except SystemExit as left:
        code = int(str(left.code))
    printed = capsys.readouterr()
    assert code == 3, printed
    assert printed.out == ""
    assert printed.err.startswith("linacsim: ")
    assert printed.err.endswith("\n")
    assert printed.err.count("\n") == 1, printed.err
    return printed.err.removeprefix("linacsim: ").rstrip("\n")


def changed(old: str, new: str) -> str:
    """Write the scenario with `old` replaced and return its file's name."""
    assert old in SCENARIO
    Path("echo.yaml").write_text(SCENARIO.replace(old, new), encoding="utf-8")
    return "echo.yaml"


def test_an_image_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "play", "slice.dcm")
    assert told == "slice.dcm: no such file; name a DICOM file, or a scenario (linacsim play --list)"


def test_an_image_that_is_no_dicom_file(capsys: pytest.CaptureFixture[str], empty_folder: Path) -> None:
    Path("notes.txt").write_text("dear diary\n" * 40, encoding="utf-8")
    told = refused(capsys, "play", "notes.txt")
    assert told.startswith(f"{empty_folder / 'notes.txt'}: this is not a DICOM file")


def test_a_file_that_breaks_off(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "play", "pydicom:rtplan_truncated.dcm")
    assert told.startswith("pydicom:rtplan_truncated.dcm: ")


def test_an_image_without_pixels(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "play", "pydicom:rtplan.dcm")
    assert told.startswith("pydicom:rtplan.dcm: RT Plan Storage has no pixels to print; print an image")


def test_an_image_that_pydicom_does_not_bring(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "play", "pydicom:CT_smal.dcm")
    assert told.startswith("pydicom:CT_smal.dcm: pydicom brings no such file; did you mean pydicom:CT_small.dcm")


def test_a_folder_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("images").mkdir()
    assert refused(capsys, "play", "images") == "images: the folder holds no file; name a folder with DICOM images"


def test_nothing_is_left_behind_by_an_input_error(capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "play", "pydicom:rtplan.dcm")
    assert not Path("runs").exists() or not list(Path("runs").iterdir())


def test_an_unknown_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "play", "print/film-colated")
    assert told.startswith("no scenario 'print/film-colated'; did you mean 'print/film-collated'")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "kind: storage",
            "kind: storrage",
            "echo.yaml:3:11: unknown kind of device 'storrage'; did you mean 'storage'?",
        ),
        ("peers:", "pears:", "echo.yaml:2:1: unknown key 'pears'; did you mean 'peers'?"),
        (
            "{kind: storage}",
            "{kind: storage, dimse-timeot: 3 s}",
            "echo.yaml:3:26: unknown key 'dimse-timeot'; did you mean 'dimse-timeout'?",
        ),
        (
            "{kind: storage}",
            "{kind: storage, dimse-timeout: 3}",
            "echo.yaml:3:26: 'dimse-timeout': 3 is not a duration; write a number and a unit",
        ),
        (
            "{echo: {to: STORE}}",
            "{ecko: {to: STORE}}",
            "echo.yaml:6:11: unknown action of SCU 'ecko'; did you mean 'echo'?",
        ),
        ("event: C-ECHO-RSP", "event: C-ECO-RSP", "unknown event 'C-ECO-RSP'; did you mean 'C-ECHO-RSP'?"),
        ("way: received", "wey: received", "unknown key 'wey'; did you mean 'way'?"),
        (
            "STORE: {kind",
            "A_VERY_LONG_TITLE: {kind",
            "'A_VERY_LONG_TITLE' has 17 characters; an AE title has at most 16",
        ),
    ],
)
def test_a_scenario_that_is_wrong(capsys: pytest.CaptureFixture[str], old: str, new: str, told: str) -> None:
    line = refused(capsys, "play", changed(old, new))
    assert line.startswith("echo.yaml:")
    assert told in line


def test_a_fault_that_needs_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    file = changed("steps:", "faults:\n  - {do: abort, at: STORE}\nsteps:")
    assert refused(capsys, "play", file) == (
        "echo.yaml:6:5: when does 'abort' strike?; add 'on:' with an event, such as C-STORE-RQ"
    )


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "{do: no-response, at: STORE, on: A-ASSOCIATE-RQ}",
            "'no-response' cannot strike on 'A-ASSOCIATE-RQ'; it strikes on a request such as C-STORE-RQ",
        ),
        (
            "{do: reject, at: STORE, on: C-STORE-RQ}",
            "'reject' cannot strike on 'C-STORE-RQ'; it strikes on A-ASSOCIATE-RQ",
        ),
        (
            "{do: jam, at: STORE, on: C-ECHO-RQ}",
            "6: a storage has no 'jam'; known breakages: ",
        ),
        ("{do: jam, at: SCU, on: C-ECHO-RQ}", "6: a verification has no 'jam'; known breakages: "),
        ("{do: jam, at: STORE}", "6: a storage has no 'jam'; known breakages: "),
        ("{do: fill-disk, at: STORE}", "5: when does 'fill-disk' strike?; add 'on:' with an event, such as C-STORE-RQ"),
    ],
)
def test_a_fault_that_could_never_strike(capsys: pytest.CaptureFixture[str], fault: str, told: str) -> None:
    file = changed("steps:", f"faults:\n  - {fault}\nsteps:")
    place = "" if told[1:3] == ": " else "5: "
    assert refused(capsys, "play", file).startswith(f"echo.yaml:6:{place}{told}")


def test_an_image_whose_pixels_mean_nothing_known(capsys: pytest.CaptureFixture[str], empty_folder: Path) -> None:
    ds = dcmread(str(get_testdata_file("CT_small.dcm")))
    ds.PhotometricInterpretation = "HSV"
    ds.save_as("odd.dcm")
    told = refused(capsys, "play", "odd.dcm")
    assert told.startswith(f"{empty_folder / 'odd.dcm'}: ")
    assert "HSV" in told


def test_a_folder_that_holds_no_image(capsys: pytest.CaptureFixture[str], empty_folder: Path) -> None:
    Path("images").mkdir()
    Path("images/notes.txt").write_text("no image", encoding="utf-8")
    told = refused(capsys, "play", "images")
    assert told.startswith(f"{empty_folder / 'images' / 'notes.txt'}: this is not a DICOM file")


@pytest.mark.parametrize("host", ["198.51.100.1", "nowhere.invalid"])
def test_a_host_that_is_not_this_machine(capsys: pytest.CaptureFixture[str], host: str) -> None:
    told = refused(capsys, "serve", "printer", "--host", host, "--port", "0")
    assert told.startswith(f"PRINTER: cannot listen on {host}: ")
    assert told.endswith("; give an address of this machine")


def test_a_seed_that_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "play", "--seed", "x") == "--seed: 'x' is not a whole number; give for example --seed 7"


def test_an_unknown_clock(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        refused(capsys, "play", "--clock", "slow") == "--clock: unknown clock 'slow'; the clocks are virtual and live"
    )


def test_an_output_folder_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").write_text("", encoding="utf-8")
    assert refused(capsys, "play", "--out", "out").startswith("out")


def test_an_unknown_option_and_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert "unrecognized arguments: --sead" in refused(capsys, "play", "--sead=3")
    assert "invalid choice: 'pley'" in refused(capsys, "pley")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use(capsys: pytest.CaptureFixture[str], taken: int) -> None:
    told = refused(capsys, "serve", "storage", "--port", str(taken))
    assert told == (
        f"STORAGE: cannot listen on port {taken}: address already in use; choose another port, or stop what listens there"
    )


@pytest.mark.parametrize("port", ["66000", "-1", "x"])
def test_a_port_that_is_none(capsys: pytest.CaptureFixture[str], port: str) -> None:
    assert refused(capsys, "serve", "storage", f"--port={port}").startswith(f"--port: {port!r} is not a port")


def test_an_unknown_device(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "serve", "prnter") == "device: unknown device 'prnter'; did you mean 'printer'?"


def test_a_device_that_does_not_serve(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "serve", "oncentra-cm-print-scu")
    assert told.startswith("device: oncentra-cm-print-scu only calls, it does not serve")


def test_an_ae_title_that_is_too_long(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "serve", "storage", "--port", "0", "--ae-title", "A" * 17)
    assert f"'{'A' * 17}' has 17 characters; an AE title has at most 16" in told


def test_a_diff_of_what_is_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert (
        refused(capsys, "diff", "empty", "empty")
        == "empty: not a run: it has no events.jsonl; name the folder of one run"
    )
    assert refused(capsys, "diff", "nowhere", "empty").startswith("nowhere: ")


def test_tls_files_that_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    Path("junk.pem").write_text("junk", encoding="utf-8")
    missing = refused(capsys, "serve", "storage", "--port", "0", "--tls-cert", "nowhere.pem")
    assert missing == "nowhere.pem: cannot be used: No such file or directory; give PEM files"
    assert refused(capsys, "serve", "storage", "--port", "0", "--tls-cert", "junk.pem").startswith(
        "junk.pem: cannot be used"
    )
    assert refused(capsys, "serve", "storage", "--port", "0", "--tls-key", "junk.pem") == (
        "--tls-cert: TLS needs a certificate; give --tls-cert FILE"
    )
