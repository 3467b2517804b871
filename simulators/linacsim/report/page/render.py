"""The page of a run: what is known of it, through the template.

Nothing of the page is fetched from anywhere, and nothing that a peer said is believed: the template escapes every text,
the data of the diagram is JSON without a ``<``, and the page's own policy lets no script run but the page's own.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from linacsim.kernel.log import Record
from linacsim.kernel.traffic import Segment
from linacsim.kernel.units import format_duration, format_instant
from linacsim.report.page.associations import associations
from linacsim.report.page.bands import bands
from linacsim.report.page.diagram import Diagram, diagram
from linacsim.report.page.lanes import Lanes
from linacsim.report.page.paper import paper
from linacsim.report.page.pictures import gallery
from linacsim.report.page.rows import Row, rows
from linacsim.report.page.stored import sheets
from linacsim.report.page.telling import Telling, tell
from linacsim.report.page.wire import attach
from linacsim.report.pairing import resolve
from linacsim.report.pdus import hear

_SCRIPTS = ("model.js", "overview.js", "list.js", "page.js")
"""In the order in which they stand in the page."""


def page(
    run: Path,
    header: Mapping[str, Any],
    records: Sequence[Record],
    result: Mapping[str, Any],
    segments: Iterable[Segment],
) -> str:
    """Return ``report.html`` of a run.

    Parameters
    ----------
    run : pathlib.Path
        The folder of the run; its pictures are put into the page, its other files are linked.
    header : mapping
        The first line of ``events.jsonl``.
    records : sequence of dict
        The other lines.
    result : mapping
        What ``result.json`` holds.
    segments : iterable of Segment
        The traffic, if it was recorded.
    """
    resolved = resolve(records)
    lanes = Lanes(resolved, _strings(result.get("peers")))
    everything = rows(resolved, lanes)
    known = associations(everything, lanes)
    strangers = attach(hear(segments), everything, known, lanes)
    told = tell(result, records, everything)
    drawn = diagram(everything, lanes, known, bands(everything), strangers, told.events)
    return _template().render(_context(run, header, result, told, drawn, everything))


def _context(
    run: Path,
    header: Mapping[str, Any],
    result: Mapping[str, Any],
    told: Telling,
    drawn: Diagram,
    everything: Sequence[Row],
) -> dict[str, Any]:
    """Return what the template is given."""
    end = everything[-1].t if everything else 0
    script = "\n".join(["", *(_asset(name) for name in _SCRIPTS)])
    by_picture = {str(row.record["picture"]): row for row in everything if "picture" in row.record}
    return {
        "title": result.get("scenario") or header.get("scenario") or run.name,
        "about": result.get("about", ""),
        "reproduce": result.get("reproduce", ""),
        "version": result.get("version") or header.get("linacsim", ""),
        "facts": _facts(header, result, end),
        "requires": [str(one) for one in result.get("requires") or ()],
        "told": told,
        "drawn": drawn,
        "data": _embedded(drawn.data),
        "style": _asset("page.css"),
        "script": script,
        "script_digest": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "gallery": gallery(run, by_picture, sheets(run, everything)),
        "paper": paper(everything, drawn.lanes, told.events),
        "events": len(everything),
        "end": end,
        "files": _files(run),
    }


def _facts(header: Mapping[str, Any], result: Mapping[str, Any], end: int) -> list[tuple[str, str, str]]:
    """Return what identifies the run: name, text, and the whole of what the text shortens."""
    known = {**header, **result}
    epoch = f" from {header['epoch']}" if "epoch" in header else ""
    found: list[tuple[str, str, str]] = [(name, str(known[name]), "") for name in ("seed", "clock") if name in known]
    found.append(("on the bench", format_duration(end) + epoch, ""))
    if isinstance(wall := result.get("wall-time"), int):
        found.append(("wall time", format_duration(wall), ""))
    if version := result.get("version") or header.get("linacsim"):
        found.append(("linacsim", str(version), ""))
    found += [(name, version, "") for name, version in _strings(result.get("versions")).items()]
    if digest := str(result.get("digest") or ""):
        found.append(("digest", digest[:12], digest))
    return found


def _files(run: Path) -> list[tuple[str, str]]:
    """Return what else lies in the folder, and what it is."""
    known = (
        ("events.jsonl", "every event; all else is made from it"),
        ("timeline.txt", "the events as text"),
        ("traffic.pcap", "the bytes on the wire, for Wireshark"),
        ("result.json", "the verdict for programs"),
        ("junit.xml", "the verdict for CI"),
        ("films", "what was printed"),
        ("pictures", "what was imaged, with its truth"),
        ("objects", "what was stored"),
    )
    return [(name, what) for name, what in known if (run / name).exists() or name == "junit.xml"]


def _strings(value: object) -> dict[str, str]:
    return {str(key): str(each) for key, each in value.items()} if isinstance(value, Mapping) else {}


def _embedded(data: object) -> str:
    """Return `data` as JSON that may stand inside a ``<script>``, whatever its texts are."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _asset(name: str) -> str:
    return files("linacsim.report.page").joinpath(name).read_text("utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("linacsim.report.page", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["instant"] = format_instant
    environment.filters["duration"] = format_duration
    return environment.get_template("page.html.j2")
