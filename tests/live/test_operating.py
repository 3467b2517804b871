"""The operator's console of ``linacsim serve``, as a process: through a pipe, from a file, and without any input."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from linacsim.cli.operating import Console, _lines_of
from tests.live.served import environment
from tests.live.waiting import until


class Operated:
    """A process that serves printers, with its console."""

    def __init__(self, devices: tuple[str, ...], out: Path, stdin: int | IO[Any]) -> None:
        command = [sys.executable, "-m", "linacsim", "serve", *devices, "--port", "0", "--out", str(out)]
        self.process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def type(self, *lines: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def said(self, text: str) -> str:
        until(lambda: any(text in line for line in self.lines))
        return next(line for line in self.lines if text in line)

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0
        self._reader.join(60)
        assert self.lines[-1] == "stopped"
        assert not [line for line in self.lines if "Traceback" in line or "rror:" in line]


@contextmanager
def operated(*devices: str, out: Path, stdin: int | IO[Any] = subprocess.PIPE) -> Iterator[Operated]:
    served = Operated(devices, out, stdin)
    try:
        served.said("operator's console")
        yield served
        served.end()
    finally:
        served.process.kill()
        served.process.wait()
        for stream in (served.process.stdin, served.process.stdout):
            if stream is not None:
                stream.close()


def test_an_operator_works_through_a_pipe(tmp_path: Path) -> None:
    with operated("printer", out=tmp_path / "out") as served:
        served.type("status")
        served.said("PRINTER: WARNING: PROC INIT")
        served.said("PRINTER: slot 1: 14INX17IN BLUE FILM, 125 of 125 sheets")
        served.type("open cover")
        served.said("PRINTER: WARNING: COVER OPEN")
        served.said('info="COVER OPEN"')
        served.type("open cover")
        served.said("PRINTER: PRINTER: the cover front is open")
        served.type(
            "close cover", "set offline", "refill 14INX17IN", "cancel job", "sing", "break part lasers", "mend", '"'
        )
        served.said("PRINTER: FAILURE: PRINTER OFFLINE")
        served.said("magazines-changed")
        served.said("there is no job")
        served.said("unknown words 'sing'; known words: break part, calibrate")
        served.said("'lasers' is nothing that 'break part' knows; it takes part, mended-after")
        served.said("mend: the key 'part' is missing")
        served.said("a quotation mark is missing")
        served.type("clear jam")
        served.said("no sheet is stuck")
        served.type("help")
        served.said("[film-size] [medium]")
        # the end of the input is not the end of the printer
        assert served.process.stdin is not None
        served.process.stdin.close()
        with pytest.raises(subprocess.TimeoutExpired):
            served.process.wait(1)


def test_two_printers_are_told_apart(tmp_path: Path) -> None:
    with operated("printer", "storage", "printer", out=tmp_path / "out") as served:
        served.type("PRINTER_2 open cover processor", "open cover", "PRINTER: status")
        served.said("PRINTER_2: WARNING: COVER OPEN")
        served.said("'open cover' is for no peer; begin with PRINTER or STORAGE or PRINTER_2")
        served.said("PRINTER: WARNING: PROC INIT")


def test_lines_of_a_file_are_done_too(tmp_path: Path) -> None:
    script = tmp_path / "lines.txt"
    script.write_text("unmount magazine 1\n\nstatus", encoding="utf-8")
    with script.open(encoding="utf-8") as source, operated("printer", out=tmp_path / "out", stdin=source) as served:
        served.said("PRINTER: slot 1: no magazine")


def test_a_terminal_is_an_input_too(tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    try:
        with os.fdopen(terminal) as source, operated("printer", out=tmp_path / "out", stdin=source) as served:
            os.write(master, b"damage magazine 2\n")
            served.said("BAD SUPPLY MGZ")
            os.write(master, b"\x04")  # Ctrl-D ends the lines, not the printer
            with pytest.raises(subprocess.TimeoutExpired):
                served.process.wait(1)
    finally:
        os.close(master)


def test_it_serves_without_an_input(tmp_path: Path) -> None:
    with operated("printer", out=tmp_path / "out", stdin=subprocess.DEVNULL) as served:
        with pytest.raises(subprocess.TimeoutExpired):
            served.process.wait(1)
        assert not any("unknown words" in line for line in served.lines)


def test_what_is_longer_than_a_line_is_left_out() -> None:
    pieces = iter([b"sta", b"tus\nhe", b"x" * 5000, b"x" * 5000 + b"\nopen ", b"cover\n\xff\nlast", b""])
    assert list(_lines_of(lambda: next(pieces))) == ["status", "open cover", "\ufffd", "last"]


class Echo:
    def answer(self, line: str) -> list[str]:
        return [line.upper()]


def test_a_line_is_for_who_is_named() -> None:
    told: list[str] = []
    console = Console({"P": Echo(), "P 2": Echo()}, told.append)
    for line in ("P 2 status", "P status", "P2 status", "P", "", "   "):
        console.take(line)
    assert told == [
        "P 2: STATUS\n", "P: STATUS\n", "'P2 status' is for no peer; begin with P or P 2\n", "P: STATUS\n",
    ]  # fmt: skip
