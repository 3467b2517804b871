"""linacsim's storage peer sends to DCMTK's storescp, in good days and bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from linacsim import Bench, PlayFailure
from linacsim.devices.storage.personality import StoragePersonality, Store
from linacsim.devices.verification.personality import Echo
from linacsim.kernel.units import seconds
from tests.interop.datasets import bundled, differences, many
from tests.interop.dcmtk import free_port, listening

pytestmark = [
    pytest.mark.interop,
    # files that come with pydicom are odd on purpose
    pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning"),
]

NAMES = ("CT_small.dcm", "rtplan.dcm", "rtdose.dcm", "MR_small_bigendian.dcm", "SC_rgb_rle_2frame.dcm")
IMPATIENT = StoragePersonality(dimse_timeout=seconds(1), acse_timeout=seconds(1), connection_timeout=seconds(1))


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench(clock="live") as bench:
        bench.add("storage", "SENDER", settings=IMPATIENT)
        bench.add("verification", "CALLER")
        yield bench


def _store(bench: Bench, port: int, *images: Path) -> None:
    bench.kernel.place("STORESCP").address = ("127.0.0.1", port)
    what = Store(to="STORESCP", images=tuple(str(image) for image in images))
    device = bench.devices["SENDER"]
    bench.play(device.act, "store", what, place=device.place)


def test_storescp_answers_our_echo(bench: Bench, tmp_path: Path) -> None:
    port = free_port()
    bench.kernel.place("STORESCP").address = ("127.0.0.1", port)
    device = bench.devices["CALLER"]
    with listening("storescp", "-od", tmp_path, port, port=port):
        bench.play(device.act, "echo", Echo(to="STORESCP", times=3, interval=1000), place=device.place)


@pytest.mark.parametrize("size", [4096, 16384, 131072])
def test_storescp_keeps_what_we_send(bench: Bench, tmp_path: Path, size: int) -> None:
    port = free_port()
    sources = [bundled(name) for name in NAMES]
    with listening("storescp", "+xa", "+B", "-pdu", size, "-od", tmp_path, port, port=port):
        _store(bench, port, *sources)
    kept = {dcmread(path).SOPInstanceUID: path for path in tmp_path.iterdir()}
    for source in sources:
        assert differences(source, kept[dcmread(source).SOPInstanceUID]) == []


def test_many_images_on_one_association(bench: Bench, tmp_path: Path) -> None:
    port = free_port()
    files = many(tmp_path / "series", 100)
    (tmp_path / "kept").mkdir()
    with listening("storescp", "-od", tmp_path / "kept", port, port=port):
        _store(bench, port, *files)
    assert len(list((tmp_path / "kept").iterdir())) == 100
    assert sum(record["event"] == "A-ASSOCIATE-AC" for record in bench.log.records) == 1


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (("--refuse",), "rejected"),
        (("--abort-after",), "aborted by the peer"),
        (("--abort-during",), "aborted by the peer"),
        (("--sleep-during", "5"), "no response within 1 s"),
        (("--sleep-after", "5"), "no response within 1 s"),
    ],
    ids=lambda value: "-".join(value).strip("-") if isinstance(value, tuple) else None,
)
def test_a_bad_day_of_storescp_is_told_in_words(
    bench: Bench, tmp_path: Path, option: tuple[str, ...], why: str
) -> None:
    port = free_port()
    with (
        listening("storescp", *option, "-od", tmp_path, port, port=port),
        pytest.raises(PlayFailure, match=why),
    ):
        _store(bench, port, bundled("CT_small.dcm"), bundled("MR_small.dcm"))


def test_we_name_our_implementation(bench: Bench, tmp_path: Path) -> None:
    port = free_port()
    with listening("storescp", "--reject", "-od", tmp_path, port, port=port):
        _store(bench, port, bundled("CT_small.dcm"))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_transfer_syntax_that_storescp_refuses_is_told_in_words(bench: Bench, tmp_path: Path) -> None:
    port = free_port()
    with (
        listening("storescp", "+x=", "-od", tmp_path, port, port=port),
        pytest.raises(PlayFailure, match="none of the presentation contexts was accepted"),
    ):
        _store(bench, port, bundled("SC_rgb_rle_2frame.dcm"))


def test_a_port_where_nobody_listens_is_told_in_words(bench: Bench) -> None:
    with pytest.raises(PlayFailure, match="refused"):
        _store(bench, free_port(), bundled("CT_small.dcm"))


def test_after_a_bad_day_comes_a_good_one(bench: Bench, tmp_path: Path) -> None:
    port = free_port()
    with listening("storescp", "--abort-during", "-od", tmp_path, port, port=port), pytest.raises(PlayFailure):
        _store(bench, port, bundled("examples_overlay.dcm"))
    bench.settle()
    with listening("storescp", "-od", tmp_path, port, port=port):
        _store(bench, port, bundled("examples_overlay.dcm"))
    assert any(differences(path, bundled("examples_overlay.dcm")) == [] for path in tmp_path.iterdir())
