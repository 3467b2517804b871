"""Live storage speed: DCMTK's storescu into ``linacsim serve storage``, pynetdicom's storescp and DCMTK's storescp.

All servers are measured in turn, round by round, in one run, with the same client and files on a RAM disk; the figures
are medians, and what counts are their ratios. ``TCP_NODELAY=1`` is set for every DCMTK program: without it Nagle's
algorithm is all that is measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import UID

DCMTK = {**os.environ, "TCP_NODELAY": "1"}
SIDE = 512


def make_images(folder: Path, count: int) -> None:
    """Write `count` CT images of 512 x 512 pixels of 16 bits, the same ones every time."""
    draw = np.random.default_rng(7)
    image = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    image.Rows = image.Columns = SIDE
    for ordinal in range(count):
        image.PixelData = draw.integers(0, 2000, (SIDE, SIDE), dtype=np.uint16).tobytes()
        image.SOPInstanceUID = UID(f"1.2.826.0.1.3680043.9.9999.{ordinal + 1}")
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.save_as(folder / f"{ordinal:04}.dcm")


def program(name: str) -> str:
    """Return the path of a DCMTK program (pynetdicom brings scripts of the same names)."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(folder) / name
        if path.is_file() and b"ELF" in path.read_bytes()[:4]:
            return str(path)
    raise SystemExit(f"{name} of DCMTK is not installed: apt-get install dcmtk")


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def commands(port: int, out: Path) -> dict[str, list[str]]:
    """Return the servers by name."""
    python = [sys.executable, "-m"]
    return {
        "linacsim serve storage": [*python, "linacsim", "serve", "storage", "--port", str(port), "--out", str(out)],
        "pynetdicom storescp": [*python, "pynetdicom", "storescp", str(port), "-od", str(out)],
        "DCMTK storescp": [program("storescp"), "-aet", "STORAGE", "-od", str(out), str(port)],
        "DCMTK storescp -pdu 131072": [
            program("storescp"), "-pdu", "131072", "-aet", "STORAGE", "-od", str(out), str(port),
        ],
    }  # fmt: skip


@contextmanager
def serving(command: list[str], port: int) -> Iterator[None]:
    """Run a server until the block ends."""
    server = subprocess.Popen(command, env=DCMTK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > deadline:
                raise SystemExit(f"{command} does not listen")
            time.sleep(0.05)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def images_per_second(name: str, images: Path, work: Path) -> float:
    """Return how many images a second the server called `name` takes on one association."""
    port, out = free_port(), work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    count = len(list(images.iterdir()))
    client = [program("storescu"), "-aec", "STORAGE", "127.0.0.1", str(port), "+sd", str(images)]
    warm = [program("storescu"), "-aec", "STORAGE", "127.0.0.1", str(port), str(next(images.iterdir()))]
    with serving(commands(port, out)[name], port):
        subprocess.run(warm, env=DCMTK, check=True)
        started = time.perf_counter()
        subprocess.run(client, env=DCMTK, check=True)
        taken = time.perf_counter() - started
    stored = sum(1 for path in out.rglob("*") if path.is_file())
    if stored < count:
        raise SystemExit(f"{name} acknowledged {count} images and stored {stored}")
    return count / taken


def main() -> None:
    """Measure, print, and fail if linacsim is not at least twice as fast as pynetdicom's application."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    memory = Path("/dev/shm")  # noqa: S108 - a RAM disk, so that no disk is measured
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        work = Path(name)
        images = work / "images"
        images.mkdir()
        make_images(images, options.images)
        names = list(commands(0, work))
        rates: dict[str, list[float]] = {each: [] for each in names}
        for _ in range(options.rounds):
            for each in names:
                rates[each].append(images_per_second(each, images, work))
    ours = names[0]
    print(f"{options.images} CT images of {SIDE} x {SIDE} x 16 bit, one association, {options.rounds} rounds, medians")
    for each in names:
        ratio = statistics.median(mine / other for mine, other in zip(rates[ours], rates[each], strict=True))
        low, high = min(rates[each]), max(rates[each])
        print(
            f"{each:28} {statistics.median(rates[each]):7.0f} images/s ({low:.0f}-{high:.0f})  linacsim: {ratio:.2f} x"
        )
    twice = statistics.median(mine / other for mine, other in zip(rates[ours], rates[names[1]], strict=True))
    if twice < 2:
        raise SystemExit("linacsim is not twice as fast as pynetdicom's storescp application")


if __name__ == "__main__":
    main()
