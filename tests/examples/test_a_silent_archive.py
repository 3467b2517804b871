from pynetdicom import AE

from linacsim import Bench, fault


def ask(host: str, port: int) -> bool:
    ae = AE("MY_STACK")
    ae.add_requested_context("1.2.840.10008.1.1")
    return bool(ae.associate(host, port).is_established)


def test_a_silent_archive_is_given_up_after_30_seconds() -> None:
    with Bench(seed=7) as bench:
        bench.add("storage", "ARCHIVE")
        bench.arm("ARCHIVE", [fault("accept-then-silent")])
        assert not bench.run(ask, *bench.address_of("ARCHIVE"))
        assert 30_000_000 <= bench.now < 31_000_000  # microseconds of bench time
