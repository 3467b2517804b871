"""Live associations: A-ASSOCIATE, C-ECHO, A-RELEASE, again and again, by a client that is nothing but a socket.

All servers are measured in turn, round by round, in one run; the figures are medians, and what counts are their ratios. Each
supports all its storage SOP classes. Two proposals are made: Verification alone, and Verification with as many storage SOP
classes as an association has room for. ``TCP_NODELAY=1`` is set for every DCMTK program. What is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pynetdicom import AllStoragePresentationContexts

DCMTK = {**os.environ, "TCP_NODELAY": "1"}
TITLE = "BENCH"
VERIFICATION = "1.2.840.10008.1.1"
SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
CONTEXTS_MOST = 128
OURS = "linacsim serve storage"
PATIENCE = 30
QR_CONFIGURATION = """
NetworkTCPPort = {port}
MaxPDUSize = 131072
MaxAssociations = 16
HostTable BEGIN
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{title} {folder} RW (10, 1024mb) ANY
AETable END
"""


def item(kind: int, content: bytes) -> bytes:
    """Return an item or sub-item of an A-ASSOCIATE-RQ (PS3.8 9.3.2)."""
    return struct.pack(">BBH", kind, 0, len(content)) + content


def associate_request(abstracts: Sequence[str]) -> bytes:
    """Return an A-ASSOCIATE-RQ that proposes `abstracts`; the first gets context ID 1."""
    body = struct.pack(">HH", 1, 0) + TITLE.encode().ljust(16) + b"RAW".ljust(16) + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    for ordinal, abstract in enumerate(abstracts):
        inside = item(0x30, abstract.encode()) + b"".join(item(0x40, syntax.encode()) for syntax in SYNTAXES)
        body += item(0x20, bytes((2 * ordinal + 1, 0, 0, 0)) + inside)
    body += item(0x50, item(0x51, struct.pack(">L", 131072)) + item(0x52, b"1.2.826.0.1.3680043.9.9999"))
    return struct.pack(">BBL", 1, 0, len(body)) + body


def element(number: int, value: bytes) -> bytes:
    """Return an element of a command set (PS3.7 6.3.1)."""
    return struct.pack("<HHL", 0, number, len(value)) + value


def echo_request() -> bytes:
    """Return a C-ECHO-RQ in a P-DATA-TF."""
    numbers = {0x0100: 0x0030, 0x0110: 1, 0x0800: 0x0101}
    body = element(0x0002, VERIFICATION.encode() + b"\0")
    body += b"".join(element(number, struct.pack("<H", value)) for number, value in numbers.items())
    command = element(0x0000, struct.pack("<L", len(body))) + body
    return struct.pack(">BBLLBB", 4, 0, len(command) + 6, len(command) + 2, 1, 3) + command


RELEASE = b"\x05\0\0\0\0\x04\0\0\0\0"


def read_pdu(wire: socket.socket) -> bytes:
    """Return the next PDU."""
    data = b""
    while len(data) < 6 or len(data) < 6 + int.from_bytes(data[2:6], "big"):
        more = wire.recv(1 << 16)
        if not more:
            raise SystemExit("the server has closed the connection")
        data += more
    return data


def converse(port: int, request: bytes, echo: bytes) -> None:
    """Associate, send a C-ECHO and release."""
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for sent, wanted in ((request, 2), (echo, 4), (RELEASE, 6)):
            wire.sendall(sent)
            got = read_pdu(wire)
            if got[0] != wanted:
                raise SystemExit(f"PDU type {got[0]} came instead of {wanted}")


def program(name: str) -> str | None:
    """Return the path of a program of DCMTK or of Orthanc (pynetdicom brings scripts of the same names)."""
    for folder in [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin"]:
        path = Path(folder) / name
        if path.is_file() and b"ELF" in path.read_bytes()[:4]:
            return str(path)
    return None


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def commands(port: int, work: Path) -> dict[str, list[str]]:
    """Return the servers that are installed, by name."""
    out = work / "out"
    out.mkdir(exist_ok=True)
    python = [sys.executable, "-m"]
    ours = [*python, "linacsim", "serve"]
    found: dict[str, list[str | None]] = {
        OURS: [*ours, "storage", "--ae-title", TITLE, "--port", str(port), "--out", str(out)],
        "linacsim serve archive": [*ours, "archive", "--ae-title", TITLE, "--port", str(port), "--out", str(out)],
        "pynetdicom echoscp": [*python, "pynetdicom", "echoscp", str(port)],
        "pynetdicom storescp": [*python, "pynetdicom", "storescp", str(port), "-od", str(out)],
        "DCMTK storescp": [program("storescp"), "-aet", TITLE, "-od", str(out), str(port)],
        "DCMTK dcmqrscp": [program("dcmqrscp"), "-c", str(_qr_configuration(port, work))],
        "Orthanc": [program("Orthanc"), str(_orthanc_configuration(port, work))],
    }
    return {name: [part for part in parts if part] for name, parts in found.items() if None not in parts}


def _qr_configuration(port: int, work: Path) -> Path:
    folder = work / "qr"
    folder.mkdir(exist_ok=True)
    path = work / "dcmqrscp.cfg"
    path.write_text(QR_CONFIGURATION.format(port=port, title=TITLE, folder=folder), "ascii")
    return path


def _orthanc_configuration(port: int, work: Path) -> Path:
    path = work / "orthanc.json"
    settings = {
        "StorageDirectory": str(work / "orthanc"),
        "IndexDirectory": str(work / "orthanc"),
        "HttpServerEnabled": False,
        "DicomAet": TITLE,
        "DicomPort": port,
        "DicomAlwaysAllowEcho": True,
        "Plugins": [],
    }
    path.write_text(json.dumps(settings), "ascii")
    return path


@contextmanager
def serving(command: list[str], port: int) -> Iterator[None]:
    """Run a server until the block ends."""
    server = subprocess.Popen(command, env=DCMTK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > deadline or server.poll() is not None:
                raise SystemExit(f"{command} does not listen")
            time.sleep(0.05)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            server.wait(5)
        if server.poll() is None:
            server.kill()
            server.wait()


def per_second(name: str, work: Path, proposals: dict[str, bytes], lasting: float) -> dict[str, float]:
    """Return how many associations a second the server called `name` takes, for each proposal."""
    port, echo = free_port(), echo_request()
    rates = {}
    with serving(commands(port, work)[name], port):
        for proposal, request in proposals.items():
            for _ in range(3):
                converse(port, request, echo)
            started, count = time.perf_counter(), 0
            while time.perf_counter() - started < lasting:
                converse(port, request, echo)
                count += 1
            rates[proposal] = count / (time.perf_counter() - started)
    return rates


def main() -> None:
    """Measure, print, and fail if linacsim is slower than pynetdicom's applications."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each measurement lasts")
    options = parser.parse_args()
    storage = [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    proposals = {
        "Verification": associate_request([VERIFICATION]),
        f"{CONTEXTS_MOST} contexts": associate_request([VERIFICATION, *storage][:CONTEXTS_MOST]),
    }
    rates: dict[str, dict[str, list[float]]] = {}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as work:
            for name in commands(0, Path(work)):
                for proposal, rate in per_second(name, Path(work), proposals, options.seconds).items():
                    rates.setdefault(name, {}).setdefault(proposal, []).append(rate)
    print(f"A-ASSOCIATE, C-ECHO, A-RELEASE per second, one after the other, {options.rounds} rounds, medians")
    behind = []
    for name, found in rates.items():
        line = f"{name:24}"
        for proposal, each in found.items():
            mine = rates[OURS][proposal]
            ratio = statistics.median(ours / theirs for ours, theirs in zip(mine, each, strict=True))
            line += f" {proposal}: {statistics.median(each):6.0f}/s ({min(each):.0f}-{max(each):.0f})  linacsim: {ratio:5.2f} x"
            if name.startswith("pynetdicom") and ratio < 1:
                behind.append(f"{name} with {proposal}")
        print(line)
    if behind:
        raise SystemExit(f"linacsim is slower than {', '.join(behind)}")


if __name__ == "__main__":
    main()
