"""DCMTK's programs, found and started; not pynetdicom's, which have the same names."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.live.served import environment

PATIENCE = 60.0


@cache
def program(name: str) -> str:
    """Return the path of DCMTK's program `name`.

    Raises
    ------
    AssertionError
        If it is not there: tests against real peers are left out by ``-m "not interop"``, never by chance.
    """
    for folder in os.get_exec_path():
        found = shutil.which(name, path=folder)
        if found and "dcmtk" in _version(found):
            return found
    raise AssertionError(
        f'no {name} of DCMTK on the PATH: install dcmtk, or leave these tests out with -m "not interop"'
    )


def _version(path: str) -> str:
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    return done.stdout + done.stderr


class Done:
    """A program that has ended.

    Attributes
    ----------
    code : int
        The exit code.
    text : str
        Everything it printed.
    """

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text

    @property
    def errors(self) -> list[str]:
        """The lines of errors; some programs exit with 0 in spite of them."""
        return [line for line in self.text.splitlines() if line.startswith(("E:", "F:"))]

    def assert_good(self) -> None:
        """Assert that all went well."""
        assert self.code == 0, self.text
        assert not self.errors, self.text


def run(name: str, *arguments: object, cwd: Path | None = None, timeout: float = PATIENCE) -> Done:
    """Run DCMTK's program `name` to its end."""
    done = subprocess.run(
        [program(name), *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout,
    )
    return Done(done.returncode, done.stdout)


def start(name: str, *arguments: object, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Start DCMTK's program `name`; nobody reads what it prints."""
    return subprocess.Popen(
        [program(name), *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


@contextmanager
def listening(name: str, *arguments: object, port: int, cwd: Path | None = None) -> Iterator[None]:
    """Let DCMTK's program `name` listen at `port` meanwhile."""
    process = start(name, *arguments, cwd=cwd)
    try:
        awaited(process, port)
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def awaited(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a program that was started listens at `port`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"{process.args!r} does not listen")
