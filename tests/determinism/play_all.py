"""Plays scenarios on the virtual clock and prints the digests of what they left, as JSON; run as a process of its own.

::

    PYTHONHASHSEED=3 python -m tests.determinism.play_all SEED FOLDER [NAME...]
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import sys
from collections.abc import Collection
from pathlib import Path

from linacsim.cli import main
from linacsim.scenario.library import all_scenarios, scenario_name

UNSTABLE = {"result.json", "report.html", "junit.xml"}
"""Files that tell wall time; so do the archives' own books, in a folder whose name begins with a dot."""


def digest_of(folder: Path) -> dict[str, str]:
    """Return the digest of every file below `folder` that a run leaves."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in UNSTABLE)
    names = {path: path.relative_to(folder) for path in files}
    kept = [path for path in files if not any(part.startswith(".") for part in names[path].parts)]
    return {str(names[path]): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def play(path: Path, seed: str, out: Path) -> dict[str, object]:
    """Play one scenario and return its verdict, the digest of its events and those of its files."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = main(["play", "--quiet", "--seed", seed, "--out", str(out), str(path)])
    (result,) = [found for found in out.rglob("result.json") if "latest" not in found.parts]
    told = json.loads(result.read_text(encoding="utf-8"))
    return {"code": code, "digest": told["digest"], "files": digest_of(result.parent)}


def play_all(seed: str, folder: Path, names: Collection[str]) -> dict[str, object]:
    """Play the scenarios of these names; all that come with linacsim, if there are none."""
    known = {scenario_name(path): path for path in all_scenarios()}
    return {name: play(known[name], seed, folder / name.replace("/", "-")) for name in names or known}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(play_all(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])))
