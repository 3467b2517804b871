"""Where the plain files of a run go: ``<out>/<scenario>/<run>/``, and ``latest`` beside the runs.

Nothing of the user's is ever deleted or overwritten: a run that finds its folder taken gets the next free name, and a
``latest`` that is a folder or a file of the user's stays what it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from linacsim.errors import InputError
from linacsim.kernel.log import EventLog, Record
from linacsim.kernel.traffic import Segment, Traffic
from linacsim.report.atomic import output_error, replacing
from linacsim.report.page import page
from linacsim.report.pcap import write_pcap
from linacsim.report.run_junit import invocation, run_suite
from linacsim.report.timeline import timeline

EVENTS = "events.jsonl"
"""The canonical log, the source of all other files; its first line is the header."""
TIMELINE = "timeline.txt"
TRAFFIC = "traffic.pcap"
RESULT = "result.json"
PAGE = "report.html"
"""Everything that is known of the run, for people."""
JUNIT = "junit.xml"
LATEST = "latest"
"""The link to the newest complete run, in the output folder and in the scenario's."""

_SLUG_LIMIT = 60
_TAKEN_NAMES = re.compile(r"latest|con|prn|aux|nul|(com|lpt)\d")
"""Our own link, and the device names that Windows finds in every folder."""


def slug(title: str) -> str:
    """Return `title` as the name of a folder: 1 to 60 of ``a-z 0-9 -``, whatever the text.

    Accents are dropped. A title that loses more than that - another script, or its end - gets a few digits of its hash,
    so that different titles keep different folders.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", title.casefold()) if not unicodedata.combining(c))
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    lost = any(c.isalnum() and not c.isascii() for c in plain)
    if name and not lost and len(name) <= _SLUG_LIMIT and not _TAKEN_NAMES.fullmatch(name):
        return name
    mark = hashlib.sha256(title.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name[: _SLUG_LIMIT - 9].rstrip('-') or 'run'}-{mark}"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run.

    Attributes
    ----------
    out : pathlib.Path
        The output folder that holds the runs of all scenarios.
    root : pathlib.Path
        The folder of this run; it exists.
    """

    out: Path
    root: Path

    @classmethod
    def create(cls, out: Path, scenario: str, run_id: str) -> RunFolder:
        """Make the folder for a run of `scenario`; if `run_id` is taken, ``<run_id>-2`` and so on.

        Raises
        ------
        InputError
            If the folder cannot be made.
        """
        parent = Path(out) / slug(scenario)
        name, ordinal = slug(run_id), 1
        root = parent / name
        try:
            parent.mkdir(parents=True, exist_ok=True)
            while not _made(root):
                ordinal += 1
                root = parent / f"{name}-{ordinal}"
        except OSError as error:
            raise output_error(error, root) from error
        return cls(Path(out), root)

    def discard(self) -> None:
        """Take the folder away again if nothing has been put into it."""
        for folder in (self.root, self.root.parent):
            with suppress(OSError):
                folder.rmdir()

    def path(self, *parts: str) -> Path:
        """Return the path of a file in the run, ``path("films", "PRINTER-0001.png")``; its folder is made.

        Raises
        ------
        InputError
            If the path would leave the run's folder, or its folder cannot be made.
        """
        inside = PurePosixPath(*parts)
        if not parts or inside.is_absolute() or ".." in inside.parts or "\0" in str(inside):
            raise InputError(f"{'/'.join(parts)!r} is no file inside a run's folder", str(self.root))
        target = self.root.joinpath(*inside.parts)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(error, target.parent) from error
        return target

    def write(
        self,
        header: Mapping[str, Any],
        log: EventLog,
        traffic: Traffic,
        result: Mapping[str, Any],
        epoch_us: int,
        *,
        peers: Mapping[str, str] | None = None,
    ) -> None:
        """Write the files of a finished run and point ``latest`` to it.

        Parameters
        ----------
        header : mapping
            The first line of ``events.jsonl``: ``{"linacsim": version, "scenario": ..., "clock": ..., "seed": ...}``.
        log, traffic : EventLog, Traffic
            What happened. No capture is written if nothing was recorded because recording was off.
        result : mapping
            The verdict and all that belongs to it; see `linacsim.report.verdict`.
        epoch_us : int
            The start of the run as microseconds since 1970-01-01 UTC.
        peers : mapping of str to str, optional
            The peer for an AE title, where they are not the same.

        Raises
        ------
        InputError
            If a file cannot be written; every file is there whole or not at all.
        """
        self._lines(EVENTS, [json.dumps(dict(header), separators=(",", ":"), default=str)], log.lines())
        self._lines(TIMELINE, timeline(log.records, peers).splitlines())
        if traffic.enabled or traffic.segments:
            write_pcap(self.root / TRAFFIC, traffic.segments, epoch_us)
        # the peers keep the order of the scenario: it is that of the lanes
        told = {key: result[key] for key in sorted(result)}
        text = json.dumps(told, indent=2, ensure_ascii=False, default=str)
        self._lines(RESULT, [text])
        self.report(header, log.records, json.loads(text), traffic.segments)
        for folder in (self.out, self.root.parent):
            _point(folder / LATEST, PurePosixPath(*self.root.relative_to(folder).parts))

    def report(
        self,
        header: Mapping[str, Any],
        records: Sequence[Record],
        result: Mapping[str, Any],
        segments: Iterable[Segment],
    ) -> None:
        """Write what is made from the other files: ``junit.xml`` and ``report.html``.

        Parameters
        ----------
        header, records : mapping, sequence of dict
            The first line of ``events.jsonl``, and the others.
        result : mapping
            What ``result.json`` holds.
        segments : iterable of Segment
            What ``traffic.pcap`` shows, if there is one.

        Raises
        ------
        InputError
            If a file cannot be written.
        """
        self._lines(PAGE, [page(self.root, header, records, result, segments)])
        # after the page, which it attaches
        self._lines(JUNIT, [invocation([run_suite(self.root, records, result)])[:-1]])

    def _lines(self, name: str, *groups: Iterable[str]) -> None:
        with replacing(self.root / name) as stream:
            for group in groups:
                # A lone surrogate of a damaged file name becomes \udcXX, which is also valid JSON.
                stream.writelines(line.encode("utf-8", "backslashreplace") + b"\n" for line in group)


def run_file(run: Path, name: str = EVENTS) -> Path:
    """Return a file of the run that the user named: by its folder, by ``latest``, or by the file itself.

    Raises
    ------
    InputError
        If there is no such folder or file, or it holds no run.
    """
    path = Path(run)
    try:
        target = _target(path) or path
        if target.is_dir():
            if not (target / name).is_file():
                raise InputError(f"not a run: it has no {name}", str(run), "name the folder of one run")
            return target / name
        if target.exists():
            return target
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({error})", str(run)) from error
    raise InputError("no such run folder or file", str(run), "look into the output folder for the name")


def _made(folder: Path) -> bool:
    """Make `folder`; False if something of that name is there already."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def _target(latest: Path) -> Path | None:
    """Return the folder that a text file ``latest`` names, or None if it is not such a file."""
    if latest.name != LATEST or not latest.is_file() or latest.stat().st_size > 4096:
        return None
    words = latest.read_bytes().decode("utf-8", "replace").strip()
    folder = latest.parent / words
    return folder if words and "\n" not in words and "\0" not in words and folder.is_dir() else None


def _point(latest: Path, run: PurePosixPath) -> None:
    """Let `latest` name `run`, by a link or, where links are impossible, as a line of text.

    A convenience must not fail a run: whatever stands in the way stays, and the run is complete without it.
    """
    with suppress(OSError):
        if latest.is_symlink() or not latest.exists() or _target(latest) is not None:
            part = latest.with_name(f".{LATEST}.{os.getpid()}.part")
            try:
                _link_or_text(part, run)
                part.replace(latest)
            finally:
                part.unlink(missing_ok=True)


def _link_or_text(part: Path, run: PurePosixPath) -> None:
    try:
        part.symlink_to(run, target_is_directory=True)
    except OSError:
        part.write_text(f"{run}\n", encoding="utf-8")
