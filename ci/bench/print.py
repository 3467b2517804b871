"""Live print speed: films of one image from DCMTK's dcmprscu into ``linacsim serve printer`` and into DCMTK's dcmprscp.

Both printers get the same stored print objects from the same program in turn, round by round in one run, on a RAM disk:
an association, a film session, a Presentation LUT and nine messages for each film; what the client itself needs is in all
figures. Four things are measured:

- accepted: until the client has its films accepted, one association after the other
- stored: until all of them are on the printer's disk: dcmprscp's stored print and hardcopy objects, linacsim's spool
- drawn: until the last one can be looked at. dcmprscp draws nothing, so there dcmp2pgm draws each hardcopy image, pixel by
  pixel and two at a time, once all are stored; linacsim draws the whole film while it prints
- at once: until several clients, started together, have theirs accepted; dcmprscp serves them one after the other

``TCP_NODELAY=1`` is set for every DCMTK program: without it Nagle's algorithm is all that is measured.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import UID

DCMTK = {**os.environ, "TCP_NODELAY": "1"}
SIDE = 512
OURS, THEIRS = "linacsim serve printer", "DCMTK dcmprscp"
ENDLESS = 100_000
PATIENCE = 120
CONFIGURATION = """
[[GENERAL]]
[APPLICATION]
LogDirectory = log
LogFile = general.log
LogLevel = ERROR
MessagePort = 0
KeepMessagePortOpen = false
[PRINT]
Directory = spool
DetailedLog = false
BinaryLog = false
Sleep = 1
DeletePrintJobs = false
[DATABASE]
Directory = database
[LUT]
Directory = lut
[REPORT]
Directory = reports
[NETWORK]
aetitle = DCMPSTATE
[[COMMUNICATION]]
[PRINTER]
Type = LOCALPRINTER
Aetitle = PRINTER
Hostname = localhost
Port = {port}
DisableNewVRs = false
DisplayFormat=1,1
FilmDestination = MAGAZINE\\PROCESSOR
FilmSizeID = 8INX10IN\\14INX17IN
ImplicitOnly = false
MagnificationType = REPLICATE\\BILINEAR\\CUBIC\\NONE
MaxDensity = 320
MaxPDU = 131072
MediumType = PAPER\\CLEAR FILM\\BLUE FILM
MinDensity = 20
Supports12Bit = true
SupportsPresentationLUT = true
Timeout = 60
[[VOI]]
[[LUT]]
[[REPORT]]
[[USERS]]
"""


class Times(NamedTuple):
    """Seconds, from the client's start on."""

    accepted: float
    stored: float
    drawn: float
    at_once: float


def personality(path: Path) -> Path:
    """Write a printer whose hardware takes no time and never runs out: what is left is what is to be measured."""
    values = [
        'about = "no time, no end"', "min-density = 20", "max-density = 320", f"queue = {ENDLESS}", f"receive = {ENDLESS}",
        'transport = "0 ms"', "memory = 2_000_000_000", "[supply]", f"sheets = {ENDLESS}", "[processor]",
        'warm-up = "0 ms"', 'per-sheet = "0 ms"', f"tray = {ENDLESS}",
    ]  # fmt: skip
    path.write_text("\n".join(values) + "\n", encoding="utf-8")
    return path


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


def folder_for(root: Path, port: int) -> Path:
    """Make a folder that DCMTK's print programs work in; return their configuration."""
    for name in ("database", "spool", "lut", "log", "reports"):
        (root / name).mkdir(parents=True)
    path = root / "dcmpstat.cfg"
    path.write_text(CONFIGURATION.format(port=port), encoding="utf-8")
    return path


def make_image(path: Path) -> Path:
    """Write a CT image of 512 x 512 pixels of 16 bits: soft clouds, so that a film is neither empty nor mere noise."""
    draw = np.random.default_rng(7)
    clouds = sum(
        np.kron(draw.normal(size=(SIDE // step, SIDE // step)), np.ones((step, step))) * step
        for step in (128, 32, 8, 2)
    )
    image = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    image.Rows = image.Columns = SIDE
    low, high = np.min(clouds), np.max(clouds)
    image.PixelData = np.round((clouds - low) / (high - low) * 2000).astype(np.uint16).tobytes()
    image.SOPInstanceUID = UID("1.2.826.0.1.3680043.9.9999.1")
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.save_as(path)
    return path


def render_jobs(work: Path, image: Path, size: str, count: int) -> list[Path]:
    """Let dcmpsprt render `count` stored print objects of one image each."""
    configuration = folder_for(work, 1)
    command = [program("dcmpsprt"), "-c", str(configuration), "-p", "PRINTER", "--filmsize", size, str(image)]
    for _ in range(count):
        subprocess.run(command, env=DCMTK, cwd=work, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sorted((work / "database").glob("SP_*.dcm"))


@contextmanager
def serving(command: list[str], port: int, cwd: Path) -> Iterator[None]:
    """Run a printer until the block ends."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, env=DCMTK, cwd=cwd, **quiet)  # type: ignore[call-overload]
    try:
        deadline = time.monotonic() + 20
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > deadline:
                raise SystemExit(f"{command} does not listen")
            time.sleep(0.05)
        yield
    finally:
        server.send_signal(signal.SIGINT if server.args[0] == sys.executable else signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def printed(client: Path, jobs: list[Path], port: int) -> float:
    """Let dcmprscu print stored print objects; return the seconds that it takes."""
    configuration = client / "dcmpstat.cfg"
    configuration.write_text(CONFIGURATION.format(port=port), encoding="utf-8")
    command = [program("dcmprscu"), "-c", str(configuration), "-p", "PRINTER", *map(str, jobs)]
    started = time.perf_counter()
    done = subprocess.run(
        command, env=DCMTK, cwd=client, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    taken = time.perf_counter() - started
    errors = [line for line in done.stdout.splitlines() if line.startswith(("E:", "F:"))]
    if errors:
        raise SystemExit("\n".join(errors))
    return taken


def measure(name: str, clients: list[Path], jobs: list[Path], root: Path) -> Times:
    """Measure the printer called `name`."""
    port = free_port()
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    if name == OURS:
        tuned, out = personality(root / "quick.toml"), root / "out"
        command = [sys.executable, "-m", "linacsim", "serve", "printer", "--port", str(port), "--out", str(out),
                   "--ae-title", "PRINTER", "--personality", str(tuned)]  # fmt: skip
        cwd, drawn = root, [(out / "films", "*.png")]
        stored = [*drawn, (out / "spool", "*.film")]
    else:
        configuration = folder_for(root / "dcmtk", port)
        command = [program("dcmprscp"), "-c", str(configuration), "-p", "PRINTER"]
        cwd = configuration.parent
        stored = drawn = [(cwd / "database", "SP_*.dcm")]
    films = len(jobs) - 1
    with serving(command, port, cwd):
        printed(clients[0], jobs[:1], port)
        wait_for(drawn, 1, name)
        started = time.perf_counter()
        accepted = printed(clients[0], jobs[1:], port)
        wait_for(stored, 1 + films, name)
        kept = time.perf_counter() - started
        if name == THEIRS:
            draw(cwd, films)
        wait_for(drawn, 1 + films, name)
        seen = time.perf_counter() - started
        started = time.perf_counter()
        with ThreadPoolExecutor(len(clients)) as pool:
            shares = [jobs[1 + at :: len(clients)] for at in range(len(clients))]
            list(pool.map(lambda client, share: printed(client, share, port), clients, shares))
        return Times(accepted, kept, seen, time.perf_counter() - started)


def wait_for(places: list[tuple[Path, str]], count: int, name: str) -> None:
    """Wait until as many files are there."""
    deadline = time.monotonic() + PATIENCE
    while (found := sum(len(list(folder.glob(pattern))) for folder, pattern in places)) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"{name}: {found} films of {count}")
        time.sleep(0.002)


def draw(folder: Path, count: int) -> None:
    """Let dcmp2pgm draw the last `count` hardcopy images that dcmprscp has stored."""
    stored = sorted((folder / "database").glob("HG_*.dcm"), key=lambda path: path.stat().st_mtime_ns)[-count:]

    def one(path: Path) -> None:
        command = [program("dcmp2pgm"), str(path), f"{path}.pgm"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, stored))


def main() -> None:
    """Measure, print, and fail if linacsim is slower than dcmprscp."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--film-size", choices=("8INX10IN", "14INX17IN"), default="8INX10IN")
    options = parser.parse_args()
    memory = Path("/dev/shm")  # noqa: S108 - a RAM disk, so that no disk is measured
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        work = Path(name)
        clients = [work / f"client-{number}" for number in range(options.clients)]
        jobs = render_jobs(clients[0], make_image(work / "image.dcm"), options.film_size, options.films + 1)
        for client in clients[1:]:
            shutil.copytree(clients[0], client)
        taken: dict[str, list[Times]] = {OURS: [], THEIRS: []}
        for _ in range(options.rounds):
            for each, rounds in taken.items():
                rounds.append(measure(each, clients, jobs, work / "server"))
    print(
        f"{options.films} films of {options.film_size}, one image of {SIDE} x {SIDE} each, dcmprscu, {options.rounds} "
        "rounds, medians"
    )
    told = ("accepted", "stored", "drawn", f"{options.clients} clients at once")
    ratios = [report(what, options.films, [(mine[at], other[at]) for mine, other in zip(*taken.values(), strict=True)])
              for at, what in enumerate(told)]  # fmt: skip
    if ratios[0] < 1:
        raise SystemExit("linacsim accepts films slower than dcmprscp")


def report(what: str, films: int, rounds: list[tuple[float, float]]) -> float:
    """Print how fast both are; return how many times as fast linacsim is, the median of the rounds."""
    ratio = statistics.median(theirs / ours for ours, theirs in rounds)
    rates = [[films / seconds for seconds in one] for one in zip(*rounds, strict=True)]
    for name, values in zip((OURS, THEIRS), rates, strict=True):
        low, high = min(values), max(values)
        print(f"{what:18} {name:24} {statistics.median(values):6.1f} sheets/s ({low:.1f}-{high:.1f})")
    print(f"{what:18} linacsim: {ratio:.2f} x")
    return ratio


if __name__ == "__main__":
    main()
