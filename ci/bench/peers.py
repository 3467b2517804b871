"""The archives that a benchmark measures: ours, Orthanc, DCMTK's dcmqrscp, and its storescp for reference."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

DCMTK = {**os.environ, "TCP_NODELAY": "1"}
DEST = "DEST"
OURS = "linacsim serve archive"
_PATIENCE = 60.0


class Peer(NamedTuple):
    """An archive that runs.

    Attributes
    ----------
    name : str
        For people.
    port : int
        Where it listens.
    title : str
        Its AE title.
    process : int
        Its process.
    """

    name: str
    port: int
    title: str
    process: int


def program(name: str) -> str | None:
    """Return the path of a program that is no script (pynetdicom brings scripts of DCMTK's names)."""
    for folder in (*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin"):
        path = Path(folder) / name
        if path.is_file() and b"ELF" in path.read_bytes()[:4]:
            return str(path)
    return None


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def available() -> list[str]:
    """Return the names of the archives that are installed; ours is the first."""
    found = {"Orthanc": program("Orthanc"), "dcmqrscp": program("dcmqrscp"), "storescp": program("storescp")}
    return [OURS, *(name for name, path in found.items() if path)]


@contextmanager
def running(name: str, folder: Path, dest: int = 0, *, database: str = "") -> Iterator[Peer]:
    """Run an archive with its files in `folder` until the block ends.

    Parameters
    ----------
    name : str
        One of `available`.
    folder : Path
        Its own; made if need be, and kept: a second run finds what the first has stored.
    dest : int
        Where the move destination `DEST` listens.
    database : str
        The URL of our index, if it is not to be SQLite.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    make = {OURS: _ours, "Orthanc": _orthanc, "dcmqrscp": _dcmqrscp, "storescp": _storescp}[name]
    command, title = make(folder, port, dest)
    if database and name == OURS:
        command += ["--database", database]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=DCMTK, cwd=folder, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} does not listen: {(folder / 'log').read_text('utf-8', 'replace')[-800:]}")
            time.sleep(0.02)
        yield Peer(name, port, title, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ours(folder: Path, port: int, dest: int) -> tuple[list[str], str]:
    personality = folder / "bench.toml"
    if dest:
        personality.write_text(f'[destinations.{DEST}]\nhost = "127.0.0.1"\nport = {dest}\n', "utf-8")
    options = ["--personality", str(personality)] if dest else []
    serve = [sys.executable, "-m", "linacsim", "serve", "archive", "--port", str(port), "--ae-title", "ARCHIVE"]
    return [*serve, "--store", str(folder / "store"), "--out", str(folder / "out"), *options], "ARCHIVE"


def _orthanc(folder: Path, port: int, dest: int) -> tuple[list[str], str]:
    settings = {
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "store"),
        "Plugins": [],
        "HttpServerEnabled": False,
        "DicomAet": "ORTHANC",
        "DicomPort": port,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "UnknownSopClassAccepted": True,
        "OverwriteInstances": True,
        "MaximumPduLength": 131072,
        "SynchronousCMove": True,
        "DicomModalities": {"dest": [DEST, "127.0.0.1", dest or 1]},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings), "utf-8")
    return [str(program("Orthanc")), str(folder / "orthanc.json")], "ORTHANC"


def _dcmqrscp(folder: Path, port: int, dest: int) -> tuple[list[str], str]:
    (folder / "store").mkdir(exist_ok=True)
    (folder / "dcmqrscp.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 64\n"
        f"HostTable BEGIN\ndest = ({DEST}, 127.0.0.1, {dest or 1})\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nQRSCP {folder / 'store'} RW (500, 1024mb) ANY\nAETable END\n",
        "utf-8",
    )
    return [str(program("dcmqrscp")), "-c", str(folder / "dcmqrscp.cfg")], "QRSCP"


def _storescp(folder: Path, port: int, _dest: int) -> tuple[list[str], str]:
    shutil.rmtree(folder / "store", ignore_errors=True)
    (folder / "store").mkdir()
    options = ["--fork", "-pdu", "131072", "-aet", "STORESCP", "-od", str(folder / "store")]
    return [str(program("storescp")), *options, str(port)], "STORESCP"
