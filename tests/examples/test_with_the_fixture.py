import time

from pynetdicom import AE

from linacsim import Bench, fault


def ask(host: str, port: int) -> bool:
    ae = AE("MY_STACK")
    ae.add_requested_context("1.2.840.10008.1.1")
    assoc = ae.associate(host, port)
    answered = bool(assoc.is_established)
    if answered:
        assoc.release()
    return answered


def test_a_silent_archive_is_given_up(bench: Bench) -> None:
    bench.add("storage", "ARCHIVE")
    bench.arm("ARCHIVE", [fault("accept-then-silent")])
    started = time.monotonic()
    assert not ask(*bench.address_of("ARCHIVE"))
    assert time.monotonic() - started >= 30  # on the virtual clock: a few milliseconds


def test_an_image_is_sent_on(bench: Bench) -> None:
    bench.add("storage", "ARCHIVE")
    bench.add("storage", "MODALITY")
    bench.expect("object-stored", at="ARCHIVE", count=1, within="5 s")
    bench.do("MODALITY", "store", to="ARCHIVE", images=["pydicom:CT_small.dcm"])
