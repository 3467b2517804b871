"""``linacsim serve`` as a process of its own."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import linacsim

_LISTENS = re.compile(r"^(\S+) (.+) listens on (\S+):(\d+)$")
_PATIENCE = 60.0
_PAGE = resource.getpagesize()
_TICKS = os.sysconf("SC_CLK_TCK")


def environment() -> dict[str, str]:
    """Return the environment of a process that finds linacsim, wherever it runs; DCMTK does not wait for an ACK."""
    source = str(Path(linacsim.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": source, "TCP_NODELAY": "1", "PYTHONUNBUFFERED": "1"}


class Served:
    """A process that serves peers.

    Attributes
    ----------
    addresses : dict of str to (str, int)
        Where the peers listen, by AE title.
    out : Path
        Where films and objects go.
    """

    def __init__(self, devices: tuple[str, ...], out: Path, options: tuple[str, ...] = ()) -> None:
        self.addresses: dict[str, tuple[str, int]] = {}
        self.out = out
        self.lines: list[str] = []
        self._listening = threading.Event()
        self._wanted = len(devices)
        command = [sys.executable, "-m", "linacsim", "serve", *devices, "--port", "0", "--out", str(out), "--verbose"]
        command += options
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._listening.wait(_PATIENCE) or len(self.addresses) != self._wanted:
            self.kill()
            raise AssertionError("linacsim serve does not listen:\n" + "\n".join(self.lines))

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = _LISTENS.match(self.lines[-1])
            if found:
                self.addresses[found[2]] = (found[3], int(found[4]))
                if len(self.addresses) == self._wanted:
                    self._listening.set()
        self._listening.set()

    def stop(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("linacsim serve does not stop:\n" + "\n".join(self.lines[-20:])) from None
        self._end()
        return code

    def kill(self) -> None:
        """End the process without a word."""
        self.process.kill()
        self.process.wait()
        self._end()

    def _end(self) -> None:
        self._reader.join(_PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()

    @property
    def memory(self) -> int:
        """Bytes of memory that the process holds."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]) * _PAGE

    @property
    def cpu(self) -> float:
        """Seconds of processor time that the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def said(self, text: str, timeout: float = _PATIENCE) -> str:
        """Wait for a line with `text` and return it."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            found = next((line for line in list(self.lines) if text in line), None)
            if found is not None:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no line with {text!r}:\n" + "\n".join(self.lines[-40:]))


@contextmanager
def serving(*devices: str, out: Path, options: tuple[str, ...] = ()) -> Iterator[Served]:
    """Serve `devices` meanwhile; Ctrl-C must end it in good order."""
    served = Served(devices, out, options)
    try:
        yield served
    except BaseException:
        served.kill()
        raise
    code = served.stop()
    assert code == 0, f"exit code {code}:\n" + "\n".join(served.lines[-40:])
    broken = [line for line in served.lines if "Traceback" in line or "association-failed" in line]
    assert not broken, "\n".join(served.lines[-80:])
