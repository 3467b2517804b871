"""What an archive has acknowledged is there, whole, whenever it is killed; what it has not, is there whole or not at all."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.archives import found, retrieved, send_until_it_dies, serve, small
from tests.live.postgresql import Cluster, cluster

RESTART = 2.0
"""Seconds that a restart may take, where nobody else wants the processor."""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def ingest(out: Path, objects: int, kills: int, *options: str) -> float:
    """Store objects while the archive is killed again and again; return what the slowest restart took of a processor."""
    draw = random.Random(kills)  # noqa: S311 - repeatable moments
    wanted = [small(number) for number in range(objects)]
    acknowledged: set[str] = set()
    slowest = 0.0
    for kill in range(kills + 1):
        served = serve(out, *options)
        slowest = max(slowest, served.cpu if kill else 0.0)
        left = [one for one in wanted if one.sop_instance not in acknowledged]
        share = len(left) if kill == kills else max(1, len(left) // (kills - kill + 1))
        if kill == kills:
            send_until_it_dies(served, left, acknowledged, share)
            break
        # somewhere in the midst of the share, at no particular step of an object's storing
        timer = threading.Timer(draw.uniform(0.0, share * 0.002), served.process.kill)
        timer.start()
        send_until_it_dies(served, left, acknowledged, share)
        timer.cancel()
        served.kill()
    try:
        held, listed = retrieved(served), found(served)
        assert acknowledged == {one.sop_instance for one in wanted}
        assert listed == acknowledged
        assert held == {one.sop_instance: one.data for one in wanted}
        _nothing_half(out)
    finally:
        assert served.stop() == 0
    return slowest


def _nothing_half(out: Path) -> None:
    """Check that no file is there but those of the objects, and that nothing waits to be finished."""
    files = [path for path in (out / "store" / "objects").rglob("*") if path.is_file()]
    sizes = {path.stat().st_size for path in files}
    assert len({path.name for path in files}) == len(files)
    assert max(sizes) - min(sizes) < 20
    assert list((out / "store" / ".archive").rglob("incoming/*")) == []


@pytest.mark.slow
def test_nothing_that_was_acknowledged_is_lost_when_the_archive_is_killed(tmp_path: Path) -> None:
    ingest(tmp_path, objects=240, kills=3)


@pytest.mark.slow
def test_nor_with_an_index_in_PostgreSQL(tmp_path: Path, postgresql: Cluster) -> None:
    ingest(tmp_path, 160, 2, "--database", postgresql.database())


@pytest.mark.figure
def test_fifty_kills_of_an_ingest_of_two_thousand_objects(tmp_path: Path) -> None:
    slowest = ingest(tmp_path, objects=2000, kills=50)
    print(f"slowest restart: {slowest:.2f} s of a processor")  # noqa: T201 - the figure
    assert slowest < RESTART
