"""Orthanc, found and started, with its REST interface on loopback."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.interop.dcmtk import PATIENCE, awaited, free_port

HOST = "127.0.0.1"
TITLE = "ORTHANC"


class Orthanc:
    """A running Orthanc.

    Attributes
    ----------
    port, http : int
        Where it listens for DICOM, and for HTTP.
    """

    def __init__(self, port: int, http: int) -> None:
        self.port = port
        self.http = http

    def get(self, path: str) -> Any:
        """Return what a GET of its REST interface answers."""
        return self._ask("GET", path)

    def post(self, path: str, what: Any) -> Any:
        """Return what a POST of its REST interface answers."""
        return self._ask("POST", path, json.dumps(what))

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        with closing(HTTPConnection(HOST, self.http, timeout=PATIENCE)) as connection:
            connection.request(method, path, body)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, (path, answer.status, text)
            return json.loads(text)


@contextmanager
def running(folder: Path, modalities: Mapping[str, tuple[str, int]], **settings: Any) -> Iterator[Orthanc]:
    """Let Orthanc run meanwhile.

    Parameters
    ----------
    folder : Path
        For its files.
    modalities : mapping of str to (str, int)
        AE titles and ports that it knows, by name.
    **settings
        Further settings of its configuration.
    """
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None:
        pytest.skip("no Orthanc on the PATH: install orthanc")
    peer = Orthanc(free_port(), free_port())
    known = {name: [title, HOST, port] for name, (title, port) in modalities.items()}
    store = str(folder / "orthanc")
    config = {
        "Name": TITLE, "StorageDirectory": store, "IndexDirectory": store, "Plugins": [],
        "HttpServerEnabled": True, "HttpPort": peer.http, "AuthenticationEnabled": False,
        "DicomServerEnabled": True, "DicomAet": TITLE, "DicomPort": peer.port, "DicomCheckModalityHost": False,
        "DicomModalities": known, **settings,
    }  # fmt: skip
    path = folder / "orthanc.json"
    path.write_text(json.dumps(config), "ascii")
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, str(path)], stdout=log, stderr=log, env={"TCP_NODELAY": "1"})
        try:
            awaited(process, peer.http)
            awaited(process, peer.port)
            yield peer
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
