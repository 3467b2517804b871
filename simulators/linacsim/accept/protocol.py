"""What an acceptance run has done so far: one JSON file that is whole after every scenario."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from linacsim.errors import InputError
from linacsim.report.atomic import write_text

FILE = "acceptance.json"


@dataclass(slots=True, kw_only=True)
class Entry:
    """A scenario that has been played.

    Attributes
    ----------
    name, title : str
        Which.
    verdict, reason : str
        What it has shown, and why.
    requires : list of str
        The requirements that it shows to be met.
    folder : str
        Its run folder, from the folder of the acceptance run.
    seed : int
        Its seed.
    ended : str
        When it ended, with the time zone.
    took : int
        Microseconds of wall time.
    asked : list of dict
        What was asked, done and remarked, and by whom.
    evidence : dict of str to str
        SHA-256 by file, from the folder of the acceptance run.
    checked : list of str
        What was expected and happened, and the faults that fired.
    missed : list of str
        Steps that failed, what was expected and did not happen, faults that never fired: each with its reason.
    """

    name: str
    title: str
    verdict: str
    reason: str
    requires: list[str]
    folder: str
    seed: int
    ended: str
    took: int
    asked: list[dict[str, Any]] = field(default_factory=list)
    evidence: dict[str, str] = field(default_factory=dict)
    checked: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Protocol:
    """The whole run.

    Attributes
    ----------
    about : dict
        Suite, product and its profile, addresses, versions: what a run that goes on must have in common with this one.
    started : str
        When it began.
    sessions : list of str
        When it was begun and gone on with.
    entries : list of Entry
        In the order of play.
    """

    about: dict[str, Any]
    started: str
    sessions: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write it; a reader never meets half of it."""
        text = json.dumps(asdict(self), indent=2, sort_keys=True, ensure_ascii=False)
        write_text(folder / FILE, text + "\n")

    @property
    def played(self) -> set[str]:
        """The names of the scenarios that have been played."""
        return {entry.name for entry in self.entries}


def open_protocol(folder: Path, about: dict[str, Any], now: str) -> Protocol:
    """Return the protocol in `folder` to go on with, or a new one.

    Raises
    ------
    InputError
        If the folder holds the protocol of another run: other product, suite, address or version of linacsim.
    """
    path = folder / FILE
    if not path.exists():
        return Protocol(about=about, started=now, sessions=[now])
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        protocol = Protocol(
            about=held["about"],
            started=held["started"],
            sessions=held["sessions"],
            entries=[Entry(**entry) for entry in held["entries"]],
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise InputError(f"is no protocol of an acceptance run ({exc})", str(path), "choose another folder") from exc
    for key, value in about.items():
        if protocol.about.get(key) != json.loads(json.dumps(value)):
            raise InputError(
                f"the run in there has another {key}", str(path), "go on with the same, or choose another folder"
            )
    protocol.sessions.append(now)
    return protocol


def evidence(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return SHA-256 by path from `folder`, so that whoever signs knows what was there.

    What a peer of the bench keeps for itself, in folders whose names begin with a dot, shows nothing of the product.
    """
    found = {}
    for file in sorted(files):
        is_hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.is_file() and not file.is_symlink() and not is_hidden:
            with file.open("rb") as stream:
                found[file.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found
