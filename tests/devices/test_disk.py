"""The disk of a storage peer by itself."""

from __future__ import annotations

import pytest

from linacsim.devices.storage.hardware import Disk, DiskFullError
from linacsim.devices.storage.personality import DiskSettings
from linacsim.kernel.identity import Identity
from linacsim.kernel.units import SECOND
from linacsim.kernel.virtual import VirtualKernel


def disk(**settings: int) -> tuple[VirtualKernel, Disk]:
    kernel = VirtualKernel(Identity(0))
    return kernel, Disk(kernel, DiskSettings(**settings))


def test_a_disk_without_a_capacity_takes_everything() -> None:
    _kernel, one = disk()
    for _ in range(10):
        one.reserve(1 << 40)
    assert one.used == 10 << 40


def test_a_capacity_is_full_to_the_byte_and_a_refusal_takes_nothing() -> None:
    _kernel, one = disk(capacity=100)
    one.reserve(60)
    with pytest.raises(DiskFullError):
        one.reserve(41)
    one.reserve(40)
    assert one.used == 100
    with pytest.raises(DiskFullError):
        one.reserve(1)


def test_a_blocked_disk_takes_nothing_until_it_is_cleared() -> None:
    _kernel, one = disk()
    one.blocked = True
    with pytest.raises(DiskFullError):
        one.reserve(0)
    one.blocked = False
    one.reserve(1)


def test_writing_takes_time() -> None:
    kernel, one = disk(write_time=2 * SECOND)
    kernel.run(one.reserve, 1, place=kernel.place("STORE"))
    assert kernel.now == 2 * SECOND
