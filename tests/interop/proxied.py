"""A proxy that runs as its own process, between real products."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.interop.datasets import bundled
from tests.interop.dcmtk import Done, run
from tests.live.served import environment

_LISTENS = re.compile(r"proxy listens on (\S+):(\d+)")


class Proxied:
    """A proxy that runs, and what it has left when it has ended.

    Attributes
    ----------
    port : int
        Where it listens.
    code, text : int and str
        Exit code, and what it has printed.
    """

    def __init__(self, process: subprocess.Popen[str], port: int, out: Path) -> None:
        self.process, self.port, self._out = process, port, out
        self.code, self.text = -1, ""

    def store(self, *names: str, options: tuple[object, ...] = ()) -> Done:
        """Let storescu send files."""
        images = [bundled(name) for name in names]
        return run("storescu", "-v", *options, "127.0.0.1", self.port, *images)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.text = self.process.communicate(timeout=30)[0]
        self.code = self.process.returncode

    @property
    def folder(self) -> Path:
        """Its run folder."""
        return next(self._out.glob("proxy/*/events.jsonl")).parent

    @property
    def result(self) -> dict[str, Any]:
        """What ``result.json`` says."""
        found: dict[str, Any] = json.loads((self.folder / "result.json").read_text("utf-8"))
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        """The records of its log."""
        return [json.loads(line) for line in (self.folder / "events.jsonl").read_text("utf-8").splitlines()[1:]]


@contextmanager
def proxied(tmp_path: Path, to: int, faults: str = "") -> Iterator[Proxied]:
    """Let a proxy run meanwhile, with a file of faults."""
    out = tmp_path / "runs"
    words = [sys.executable, "-m", "linacsim", "proxy", "--listen", "0", "--to", f"127.0.0.1:{to}", "--out", str(out)]
    if faults:
        (tmp_path / "faults.yaml").write_text(faults, encoding="utf-8")
        words += ["--faults", str(tmp_path / "faults.yaml")]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(), cwd=tmp_path
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = _LISTENS.search(line)
    assert found, line + process.communicate(timeout=30)[0]
    try:
        one = Proxied(process, int(found[2]), out)
        yield one
        if process.poll() is None:
            one.stop()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
