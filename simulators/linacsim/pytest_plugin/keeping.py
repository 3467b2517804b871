"""The run folder of a test: what waited in memory is written when the test is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linacsim import __version__
from linacsim.bench import Bench
from linacsim.report import RunFolder


def result_head(bench: Bench) -> dict[str, Any]:
    """Return what a result says of any bench."""
    return {
        "clock": bench.clock,
        "seed": bench.seed,
        "version": __version__,
        "digest": bench.digest(),
        "bench-time": bench.log.records[-1]["t"] if bench.log.records else 0,
    }


def keep(output: Path, title: str, bench: Bench, result: Mapping[str, Any]) -> Path:
    """Write the run folder of `bench` below `output`, films and objects too; return it.

    Nothing that is there already is touched: a name that is taken gets a number.
    """
    folder = RunFolder.create(output, title, f"{bench.clock}-seed-{bench.seed}")
    for where, data in bench.shelf.memory.items():
        folder.path(*where.split("/")).write_bytes(data)
    films = [str(folder.root / where) for where in bench.shelf.names("films")]
    identity = bench.kernel.identity
    header = {"linacsim": __version__, "scenario": title, "clock": bench.clock, "seed": bench.seed}
    header["epoch"] = identity.epoch.isoformat()
    told = {**result, "films": films, "run": str(folder.root)}
    folder.write(header, bench.log, bench.traffic, told, identity.epoch_us)
    return folder.root
