"""The sender against an archive that behaves, and against one that does not."""

from __future__ import annotations

import time

import pytest
from acmesend.sender import NotSentError, send
from pydicom import dcmread
from pydicom.data import get_testdata_file

from linacsim import fault


@pytest.fixture
def images():
    return [dcmread(get_testdata_file(name)) for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")]


@pytest.fixture
def timeout(bench_clock):
    """A hospital's five minutes cost nothing on the virtual clock; nobody waits for them live."""
    return 300 if bench_clock == "virtual" else 1


def test_images_arrive(bench, images, timeout):
    bench.add("storage", "ARCHIVE")
    assert send(images, *bench.address_of("ARCHIVE"), timeout) == 3
    bench.expect("object-stored", at="ARCHIVE", count=3)


def test_what_the_archive_refuses_is_not_counted(bench, images, timeout):
    bench.add("storage", "ARCHIVE")
    bench.arm("ARCHIVE", [fault("status", "C-STORE-RQ", code=0xA700)])
    assert send(images, *bench.address_of("ARCHIVE"), timeout) == 0


def test_an_archive_that_stays_silent_is_given_up(bench, images, timeout):
    bench.add("storage", "ARCHIVE")
    bench.arm("ARCHIVE", [fault("accept-then-silent")])
    started = time.monotonic()
    with pytest.raises(NotSentError):
        send(images, *bench.address_of("ARCHIVE"), timeout)
    assert time.monotonic() - started >= timeout


def test_an_image_without_an_answer_is_not_counted(bench, images, timeout):
    bench.add("storage", "ARCHIVE")
    bench.arm("ARCHIVE", [fault("no-response", "C-STORE-RQ")])
    assert send(images, *bench.address_of("ARCHIVE"), timeout) == 0
