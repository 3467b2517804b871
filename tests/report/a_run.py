"""Runs for the tests of reports: as short, as long and as hostile as they are wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from linacsim.kernel.log import EventLog, Record
from linacsim.kernel.traffic import Traffic
from linacsim.report import RunFolder

CT = "1.2.840.10008.5.1.4.1.1.2"
EPOCH = 1_714_982_400_000_000
HEADER = {"linacsim": "0.1.0", "scenario": "a run", "clock": "virtual", "seed": 7, "epoch": "2024-05-06T08:00:00+00:00"}


class Script:
    """Writes a log as two peers would have.

    Attributes
    ----------
    log : EventLog
        What has been written.
    t : int
        The instant of the next happening.
    """

    def __init__(self) -> None:
        self.t = 0
        self.log = EventLog(lambda: self.t)
        self._assoc: dict[str, int] = {}

    def message(self, event: str, sender: str, receiver: str, *, arrives: bool = True, **fields: Any) -> None:
        """Log a message at both ends, or at the sender's alone."""
        if event == "A-ASSOCIATE-RQ":
            for peer in (sender, receiver):
                self._assoc[peer] = self._assoc.get(peer, 0) + 1
            fields |= {"calling": sender, "called": receiver}
        ends = (("sent", sender, receiver), ("received", receiver, sender))
        for way, here, there in ends if arrives else ends[:1]:
            self.log.add(here, event, way=way, **{"with": there}, assoc=self._assoc[here], **fields)
            self.t += 100

    def store(self, scu: str, scp: str, objects: int = 1, status: int = 0) -> None:
        """Log an association that stores some objects."""
        self.message("A-ASSOCIATE-RQ", scu, scp)
        self.message("A-ASSOCIATE-AC", scp, scu)
        for ordinal in range(1, objects + 1):
            what: dict[str, Any] = {"sop-class": CT, "sop-instance": f"1.2.3.{ordinal}"}
            self.message("C-STORE-RQ", scu, scp, **what | {"message-id": ordinal})
            self.log.add(scp, "object-stored", bytes=1000, **{"with": scu})
            self.message("C-STORE-RSP", scp, scu, **what | {"responds-to": ordinal, "status": status})
        self.message("A-RELEASE-RQ", scu, scp)
        self.message("A-RELEASE-RP", scp, scu)

    @property
    def records(self) -> list[Record]:
        """All records."""
        return self.log.records


def result(verdict: str = "pass", **more: Any) -> dict[str, Any]:
    """Return the result of a run."""
    return {
        "scenario": "A run",
        "name": "storage/a-run",
        "verdict": verdict,
        "seed": 7,
        "clock": "virtual",
        "version": "0.1.0",
        "digest": "3fa9c2d11b7e" + "0" * 52,
        "bench-time": 45_000_000,
        "wall-time": 1_234_567,
        "expectations": [],
        "faults": [],
        "failures": [],
        "requires": ["REQ-STORE-07", "PS3.4 B.2"],
        "peers": {"SCU": "storage", "STORE": "storage"},
        "reproduce": "linacsim play storage/a-run --seed 7",
        **more,
    }


def long_script(events: int = 10_000) -> Script:
    """Return a log of at least so many events: associations, idle times, states, faults and timeouts."""
    script = Script()
    script.log.add("SCU", "step-started", step="store")
    while len(script.records) < events:
        script.store("SCU", "STORE", objects=20, status=0xA700 if len(script.records) > events // 2 else 0)
        script.t += 2_000_000
        script.log.add("STORE", "disk-full")
        script.log.add("STORE", "fault-fired", fault="disk-full", on="C-STORE-RQ")
        script.t += 30_000_000
        script.log.add("STORE", "disk-cleared")
        script.log.add("SCU", "DIMSE-timeout", **{"with": "STORE"})
    script.log.add("BENCH", "verdict", verdict="pass")
    return script


def write(folder: Path, script: Script, told: dict[str, Any], traffic: Traffic | None = None) -> Path:
    """Write a run into a folder and return it."""
    run = RunFolder.create(folder, told["scenario"], "seed-7")
    run.write(HEADER, script.log, traffic or Traffic(), told, EPOCH)
    return run.root


def picture(path: Path, width: int = 64, height: int = 64) -> Path:
    """Draw a picture that no compression makes small."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = bytes((7919 * index * index + 104729 * index) >> 7 & 255 for index in range(width * height))
    Image.frombytes("L", (width, height), noise).save(path)
    return path
