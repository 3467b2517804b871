"""Memory stays flat while an archive takes gigabytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.archives import connected, serve, small

MEGABYTE = 1 << 20
LARGE = 512 * 1024
"""Bytes of the pixels of one object: a CT image of 512 x 512."""


def growth(out: Path, megabytes: int) -> float:
    """Send so much; return by how many megabytes the archive has grown since a tenth of it had come."""
    served = serve(out)
    objects = megabytes * MEGABYTE // LARGE
    base = 0
    try:
        with connected(served) as assoc:
            for number in range(objects):
                assert assoc.store(small(number, series=f"1.2.{number // 500 + 1}", size=LARGE)) == 0
                if number == objects // 10:
                    base = served.memory
                if number % 100 == 99:
                    # the files are not what is looked at, and they need not be there at the same time
                    _clear(out)
        return (served.memory - base) / MEGABYTE
    finally:
        assert served.stop() == 0


def _clear(out: Path) -> None:
    for path in (out / "store" / "objects").rglob("*.dcm"):
        path.unlink()


@pytest.mark.slow
def test_memory_is_flat_over_half_a_gigabyte(tmp_path: Path) -> None:
    assert growth(tmp_path, 500) < 20


@pytest.mark.figure
def test_memory_is_flat_over_ten_gigabytes(tmp_path: Path) -> None:
    grown = growth(tmp_path, 10_000)
    print(f"grown by {grown:.1f} MB")  # noqa: T201 - the figure
    assert grown < 40
