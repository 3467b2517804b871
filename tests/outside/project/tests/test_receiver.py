"""The receiver, fed by peers of the bench."""

from __future__ import annotations

import pytest
from acmesend.receiver import Receiver

IMAGES = ["pydicom:CT_small.dcm", "pydicom:MR_small.dcm"]


@pytest.fixture
def port(unused_tcp_port_factory):
    return unused_tcp_port_factory()


def test_what_arrives_is_kept(bench, port):
    receiver = Receiver()
    receiver.start(port)
    bench.introduce("ACME_RECEIVE", port)
    bench.add("storage", "MODALITY")
    bench.do("MODALITY", "store", to="ACME_RECEIVE", images=IMAGES)
    receiver.stop()
    assert len(receiver.kept) == 2


def test_an_abort_in_the_middle_harms_nobody(bench, port):
    receiver = Receiver()
    receiver.start(port)
    bench.introduce("ACME_RECEIVE", port)
    bench.add("storage", "MODALITY")
    bench.do("MODALITY", "store", to="ACME_RECEIVE", images=IMAGES[:1], ends="abort")
    bench.do("MODALITY", "store", to="ACME_RECEIVE", images=IMAGES[1:])
    receiver.stop()
    assert len(receiver.kept) == 2
