"""PostgreSQL of Debian's package, on loopback in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_USER = "linacsim"
_DEBIAN = Path("/usr/lib/postgresql")


def _programs() -> Path | None:
    """Return the folder of the newest version's programs."""
    versions = sorted(_DEBIAN.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("pg_ctl")
    return None if found is None else Path(found).resolve().parent


def _as_nobody_special(folder: Path) -> list[str]:
    """Return what a command begins with, so that root does not run it: PostgreSQL would refuse."""
    if os.getuid():
        return []
    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A PostgreSQL server that runs.

    Attributes
    ----------
    port : int
        Where it listens.
    """

    def __init__(self, folder: Path, programs: Path, before: list[str]) -> None:
        self.port = _free_port()
        self._folder, self._programs, self._before = folder, programs, before
        self._count = 0
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", _USER, "-N", "--no-instructions")
        self.start()

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [*self._before, str(self._programs / name), *arguments],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )

    def start(self) -> None:
        """Start the server."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once; whoever is connected is thrown out."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-m", "fast", "stop")

    def database(self) -> str:
        """Return the URL of a new database."""
        self._count += 1
        name = f"archive{self._count}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", _USER, name)
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{name}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a server meanwhile; the test is left out where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'linacsim[postgresql]'")
    with tempfile.TemporaryDirectory(prefix="linacsim-postgresql-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        before = _as_nobody_special(folder)
        made = Cluster(folder, programs, before)
        try:
            yield made
        finally:
            made.stop()
