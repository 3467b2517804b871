"""Receives images."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt


class Receiver:
    """A storage SCP that keeps what it is sent in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Dataset] = {}
        self._ae = AE("ACME_RECEIVE")
        self._ae.supported_contexts = AllStoragePresentationContexts
        self._server: Any = None

    def start(self, port: int) -> None:
        """Listen."""
        handlers = [(evt.EVT_C_STORE, self._store)]
        self._server = self._ae.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()

    def _store(self, event: evt.Event) -> int:
        self.kept[str(event.request.AffectedSOPInstanceUID)] = event.dataset
        return 0x0000
