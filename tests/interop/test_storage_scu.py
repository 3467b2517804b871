"""DCMTK's echoscu, storescu and dcmsend against ``linacsim serve storage``."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from linacsim import Bench
from linacsim.devices.storage.personality import DiskSettings, StoragePersonality
from linacsim.kernel.units import seconds
from tests.interop.datasets import bundled, differences, many
from tests.interop.dcmtk import run, start
from tests.live.served import Served

pytestmark = [
    pytest.mark.interop,
    # files that come with pydicom are odd on purpose
    pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning"),
]

PLAIN = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_implicit.dcm",
    "MR_small_padded.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "examples_overlay.dcm",
    "examples_palette.dcm",
    "examples_rgb_color.dcm",
    "liver_1frame.dcm",
    "reportsi.dcm",
    "rtdose.dcm",
    "rtdose_1frame.dcm",
    "rtplan.dcm",
    "test-SR.dcm",
    "waveform_ecg.dcm",
)
BIG_ENDIAN = ("ExplVR_BigEnd.dcm", "MR_small_bigendian.dcm", "MR_small_expb.dcm", "rtdose_expb.dcm")
ENCAPSULATED = {
    "JPEG-lossy.dcm": "-xx",
    "MR_small_RLE.dcm": "-xr",
    "MR_small_jp2klossless.dcm": "-xv",
    "MR_small_jpeg_ls_lossless.dcm": "-xt",
    "JPEG2000.dcm": "-xw",
    "JPEGLSNearLossless_16.dcm": "-xu",
    "SC_rgb_jpeg_dcmtk.dcm": "-xy",
    "SC_rgb_jpeg_gdcm.dcm": "-xs",
    "SC_rgb_rle_2frame.dcm": "-xr",
    "examples_ybr_color.dcm": "-xy",
}
SYNTAXES = {
    "-xe": ExplicitVRLittleEndian,
    "-xb": ExplicitVRBigEndian,
    "-xi": ImplicitVRLittleEndian,
    "-xd": DeflatedExplicitVRLittleEndian,
}
"""storescu's options, and what it sends if the peer agrees."""


def _objects(served: Served) -> Path:
    return served.out / "objects" / "STORAGE"


def _copies(served: Served, source: Path) -> list[Path]:
    """Return what has been stored of an instance: other contents under the same UID get a file of their own."""
    uid = dcmread(source, stop_before_pixels=True).SOPInstanceUID
    copies = [*_objects(served).glob(f"{uid}.dcm"), *_objects(served).glob(f"{uid}~*.dcm")]
    assert copies, f"{source.name} has not been stored"
    return copies


def _assert_stored(served: Served, source: Path, syntax: str | None = None) -> None:
    """Assert that a copy says what `source` says, in the transfer syntax `syntax` if one is given."""
    found = {}
    for copy in _copies(served, source):
        if syntax is None or dcmread(copy, stop_before_pixels=True).file_meta.TransferSyntaxUID == syntax:
            found[copy.name] = differences(source, copy)
            if not found[copy.name]:
                return
    raise AssertionError(f"{source.name} is not among {found}")


def _to(served: Served, title: str = "STORAGE") -> tuple[object, ...]:
    return ("-aec", title, *served.addresses[title])


@pytest.mark.parametrize("title", ["STORAGE", "VERIFICATION", "PRINTER"])
def test_echoscu_is_answered(served: Served, title: str) -> None:
    host, port = served.addresses[title]
    done = run("echoscu", "-v", "-aec", title, "--repeat", 5, host, port)
    done.assert_good()
    assert done.text.count("Received Echo Response (Success)") == 5


def test_echoscu_with_every_transfer_syntax_and_128_contexts(served: Served) -> None:
    host, port = served.addresses["VERIFICATION"]
    run("echoscu", "-pts", 38, "-ppc", 128, host, port).assert_good()


def test_echoscu_that_aborts_leaves_the_peer_serving(served: Served) -> None:
    host, port = served.addresses["VERIFICATION"]
    run("echoscu", "--abort", host, port).assert_good()
    run("echoscu", host, port).assert_good()


@pytest.mark.parametrize("name", [*PLAIN, *BIG_ENDIAN])
@pytest.mark.parametrize("option", list(SYNTAXES), ids=["little", "big", "implicit", "deflated"])
def test_storescu_stores_what_it_sent(served: Served, name: str, option: str) -> None:
    source = bundled(name)
    run("storescu", option, "-R", *_to(served), source).assert_good()
    # with -R storescu leaves an implicit file as it is, unless it is to be deflated
    left = option != "-xd" and dcmread(source).file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    _assert_stored(served, source, ImplicitVRLittleEndian if left else SYNTAXES[option])


@pytest.mark.parametrize(("name", "syntaxes"), ENCAPSULATED.items(), ids=list(ENCAPSULATED))
def test_storescu_stores_encapsulated_pixels_as_they_are(served: Served, name: str, syntaxes: str) -> None:
    source = bundled(name)
    run("storescu", syntaxes, "-R", *_to(served), source).assert_good()
    _assert_stored(served, source, dcmread(source).file_meta.TransferSyntaxUID)


def test_what_is_stored_can_be_read_by_dcmdump(served: Served) -> None:
    for name in (*PLAIN, *BIG_ENDIAN):
        run("storescu", "-R", *_to(served), bundled(name)).assert_good()
    files = sorted(_objects(served).glob("*.dcm"))
    assert len(files) >= len(PLAIN)
    done = run("dcmdump", "-q", "+L", "+fo", *files)
    done.assert_good()
    assert done.text.count("# Dicom-File-Format") == len(files)


def test_a_folder_of_many_images_on_one_association(served: Served, tmp_path: Path) -> None:
    files = many(tmp_path / "series", 100)
    before = len(served.lines)
    run("storescu", "+sd", *_to(served), tmp_path / "series").assert_good()
    for file in files:
        _assert_stored(served, file)
    served.said("A-RELEASE-RP")
    assert sum("A-ASSOCIATE-AC" in line for line in served.lines[before:]) == 1


def test_dcmsend_sends_a_folder_of_mixed_transfer_syntaxes(served: Served, tmp_path: Path) -> None:
    names = [*PLAIN, *BIG_ENDIAN, *ENCAPSULATED]
    for name in names:
        (tmp_path / name).write_bytes(bundled(name).read_bytes())
    host, port = served.addresses["STORAGE"]
    done = run("dcmsend", "-v", "-aec", "STORAGE", "+sd", host, port, tmp_path)
    done.assert_good()
    for name in ENCAPSULATED:
        _assert_stored(served, bundled(name))


def test_parallel_associations_store_everything(served: Served, tmp_path: Path) -> None:
    folders = [tmp_path / f"series-{ordinal}" for ordinal in range(8)]
    for folder in folders:
        many(folder, 20)
    # every association sends instances of its own
    before = len(list(_objects(served).glob("*.dcm")))
    with ThreadPoolExecutor(len(folders)) as pool:
        for done in pool.map(lambda folder: run("storescu", "+sd", "+II", *_to(served), folder), folders):
            done.assert_good()
    assert len(list(_objects(served).glob("*.dcm"))) == before + 8 * 20


@pytest.mark.parametrize("size", [4096, 131072])
def test_small_and_large_PDUs(served: Served, size: int) -> None:
    source = bundled("examples_overlay.dcm")
    run("storescu", "-pdu", size, "--max-send-pdu", size, "-R", *_to(served), source).assert_good()
    _assert_stored(served, source)


def test_storescu_that_aborts_at_the_end_has_its_image_stored(served: Served) -> None:
    source = bundled("CT_small.dcm")
    run("storescu", "--abort", "-R", *_to(served), source).assert_good()
    served.said("A-ABORT")
    _assert_stored(served, source)


def test_storescu_killed_in_mid_transfer_does_no_harm(served: Served, tmp_path: Path) -> None:
    many(tmp_path / "series", 200)
    for pause in (0.05, 0.1, 0.2, 0.3):
        process = start("storescu", "+sd", *_to(served), tmp_path / "series")
        time.sleep(pause)
        process.kill()
        process.wait()
    source = bundled("MR_small.dcm")
    run("storescu", "-R", *_to(served), source).assert_good()
    _assert_stored(served, source)
    # nothing half-written is left under any name
    run("dcmdump", "-q", *sorted(_objects(served).iterdir())).assert_good()


# refusals


def _refused(personality: StoragePersonality, tmp_path: Path, *arguments: object) -> str:
    with Bench(clock="live", out=tmp_path / "out") as bench:
        bench.add("storage", "STRICT", settings=personality)
        host, port = bench.address_of("STRICT")
        done = run("storescu", "-v", "-R", "-aec", "STRICT", *arguments, host, port, bundled("CT_small.dcm"))
        assert done.code != 0, done.text
        assert not bench.shelf.names("objects/STRICT")
    return done.text


def test_a_full_disk_is_seen_as_out_of_resources(tmp_path: Path) -> None:
    said = _refused(StoragePersonality(disk=DiskSettings(capacity=1000)), tmp_path)
    assert "Refused: OutOfResources" in said


def test_a_calling_title_that_is_not_known_is_rejected(tmp_path: Path) -> None:
    said = _refused(StoragePersonality(accept_calling=("FRIEND",)), tmp_path)
    assert "Calling AE Title Not Recognized" in said


def test_a_called_title_that_is_not_its_own_is_rejected(tmp_path: Path) -> None:
    said = _refused(StoragePersonality(require_called=True), tmp_path, "-aec", "SOMEBODY")
    assert "Called AE Title Not Recognized" in said


def test_a_peer_too_slow_for_storescu_is_given_up(tmp_path: Path) -> None:
    said = _refused(StoragePersonality(disk=DiskSettings(write_time=seconds(30))), tmp_path, "-td", "1")
    assert "DIMSE No data available (timeout in non-blocking mode)" in said


def test_a_printer_is_no_place_for_images(served: Served) -> None:
    done = run("storescu", *_to(served, "PRINTER"), bundled("CT_small.dcm"))
    assert "No Acceptable Presentation Contexts" in done.text
    assert done.code != 0
