"""Reads ``events.jsonl``: the header, then one event for each line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linacsim.errors import InputError
from linacsim.kernel.log import Record

_LONGEST_LINE = 1 << 24
"""Bytes; a file without line ends is no log and must not be read into memory as one line."""


def read_log(path: Path) -> Iterator[Record]:
    """Yield the header of a log and then its events.

    Raises
    ------
    InputError
        If the file cannot be read, or has a line that is no event; with file and line.
    """
    try:
        with path.open("rb") as stream:
            header = stream.readline(_LONGEST_LINE + 1)
            if not header:
                raise InputError("the file is empty", str(path), "name a run that came to its end")
            yield _header(header, f"{path}:1")
            number = 1
            while line := stream.readline(_LONGEST_LINE + 1):
                number += 1
                yield _event(line, f"{path}:{number}")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", str(path)) from error


def _header(line: bytes, where: str) -> Record:
    try:
        header = _object(line, where)
    except InputError:
        header = {}
    if "linacsim" not in header:
        raise InputError("not a run: the first line is no header", where, "name a run folder or its events.jsonl")
    return header


def _event(line: bytes, where: str) -> Record:
    record = _object(line, where)
    missing = [key for key in ("n", "t", "at", "event") if key not in record]
    if missing:
        raise InputError(f"not an event: it has no {', '.join(missing)}", where, "the file was changed by hand")
    if not isinstance(record["t"], int) or isinstance(record["t"], bool):
        raise InputError("not an event: its time t is no whole number", where, "the file was changed by hand")
    return record


def _object(line: bytes, where: str) -> Record:
    if len(line) > _LONGEST_LINE:
        raise InputError(f"the line is longer than {_LONGEST_LINE >> 20} MiB", where, "this is no event log")
    try:
        value: Any = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        if not line.endswith(b"\n"):
            raise InputError("the line breaks off", where, "the file is incomplete; run again") from error
        raise InputError("the line is no JSON", where, "the file is damaged; run again") from error
    if not isinstance(value, dict):
        raise InputError("the line is no JSON object", where, "the file is damaged; run again")
    return value
