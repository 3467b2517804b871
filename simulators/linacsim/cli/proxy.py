"""``linacsim proxy``: on the wire between two systems, with faults; live, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linacsim import __version__
from linacsim.bench import Bench
from linacsim.cli.options import port_of, seed_of
from linacsim.cli.telling import Teller
from linacsim.cli.terminal import say
from linacsim.errors import InputError
from linacsim.faults import Armed
from linacsim.faults.model import ACTIONS, occasion
from linacsim.faults.proxy import Proxy
from linacsim.faults.relay import SIDES
from linacsim.report.run_folder import PAGE, RunFolder
from linacsim.scenario.loader import load_faults
from linacsim.scenario.model import FaultSpec, Scenario, Vocabulary
from linacsim.scenario.runner import Outcome, result_of
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

_ABOUT = """
Listens, calls somebody else for each connection that comes in, and relays. A file of faults says what goes wrong:
"faults: [{do: status, at: acceptor, on: C-STORE-RQ, nth: 2, code: A700}]"; the sides are requestor and acceptor. Exit code: 2 if a
fault has never fired, else 0.
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("proxy", help="sit on the wire between two products, with faults", description=_ABOUT)
    parser.add_argument("--listen", required=True, metavar="PORT", help="where to listen; 0 takes a free port")
    parser.add_argument("--to", required=True, metavar="HOST:PORT", help="who is called for those who call")
    parser.add_argument("--faults", metavar="FILE", help="what goes wrong (YAML)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--out", metavar="DIR", help="leave a run folder here: log, report, and traffic.pcap")
    parser.add_argument("--seed", default="1", help="the seed of everything that is drawn (default 1)")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Relay until a signal comes."""
    port, target, seed = port_of(options.listen), _target(options.to), seed_of(options.seed)
    words = vocabulary()
    own = Vocabulary(devices=words.devices, faults=ACTIONS, events=words.events, fields=words.fields)
    specs = load_faults(options.faults, own, SIDES) if options.faults else ()
    armed = [_armed(spec, ordinal) for ordinal, spec in enumerate(specs, 1)]
    bench = Bench(clock="live", seed=seed, host=options.host)
    bench.traffic.enabled = options.out is not None
    proxy = Proxy(bench.kernel, target, _by_side(specs, armed))
    folder = RunFolder.create(Path(options.out), "proxy", f"seed-{seed}") if options.out else None
    asyncio.run(_relay(bench, proxy, options.host, port, options.to))
    fired = [fault for side in SIDES for fault in proxy.faults[side]]
    unfired = [fault.text for fault in fired if not fault.fired]
    for text in unfired:
        say(f"never fired: {text}\n")
    if folder is not None:
        _write(folder, bench, options, specs, _in_order(specs, proxy))
        say(f"the run is in {folder.root}\n")
    return 2 if unfired else 0


async def _relay(bench: Bench, proxy: Proxy, host: str, port: int, to: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with bench:
        bench.log.listeners.append(Teller(asyncio.get_running_loop().call_soon, verbose=True))
        try:
            where = await bench.play_async(proxy.listen, host, port)
        except OSError as exc:
            what = f"cannot listen on port {port}: {(exc.strerror or str(exc)).lower()}"
            raise InputError(what, "--listen", "choose another port, or stop what listens there") from exc
        say(f"proxy listens on {where[0]}:{where[1]}, and calls {to}; stop with Ctrl-C\n")
        await stop.wait()


def _target(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) <= 65535:
        raise InputError(f"{text!r} is no address", "--to", "write HOST:PORT, for example 127.0.0.1:4242")
    return host.strip("[]"), int(port)


def _armed(spec: FaultSpec, ordinal: int) -> Armed:
    on = occasion(spec.do, spec.on or "", spec.where, way=spec.conditions.way or "")
    return Armed(
        do=spec.do,
        on=on,
        when=spec.occurrence,
        conditions=spec.conditions,
        parameters=spec.parameters,
        text=spec.text,
        ordinal=ordinal,
    )


def _by_side(specs: Sequence[FaultSpec], armed: Sequence[Armed]) -> dict[str, list[Armed]]:
    pairs = list(zip(specs, armed, strict=True))
    return {side: [fault for spec, fault in pairs if spec.at == side] for side in SIDES}


def _in_order(specs: Sequence[FaultSpec], proxy: Proxy) -> list[Armed]:
    """Return the faults of a proxy in the order of their file."""
    left = {side: iter(proxy.faults[side]) for side in SIDES}
    return [next(left[spec.at]) for spec in specs]


def _write(
    folder: RunFolder, bench: Bench, options: argparse.Namespace, specs: Sequence[FaultSpec], armed: list[Armed]
) -> None:
    verdict = Verdict.INCONCLUSIVE if any(not fault.fired for fault in armed) else Verdict.PASS
    title = f"Proxy to {options.to}"
    scenario = Scenario(title=title, peers={}, faults=tuple(specs), steps=())
    records, identity = bench.log.records, bench.kernel.identity
    more: dict[str, Any] = {
        "peers": dict.fromkeys(SIDES, "line"),
        "name": "", "file": options.faults or "", "clock": "live", "seed": bench.seed, "version": __version__,
        "digest": bench.digest(), "bench-time": records[-1]["t"] if records else 0, "films": [], "pictures": [],
        "run": str(folder.root), "report": str(folder.root / PAGE), "wall-time": 0.0,
        "reproduce": f"linacsim proxy --listen {options.listen} --to {options.to}"
        + (f" --faults {options.faults}" if options.faults else ""),
    }  # fmt: skip
    happened = [
        0 if fault.fired else sum(one["event"] == fault.on and one["at"] == spec.at for one in records)
        for spec, fault in zip(specs, armed, strict=True)
    ]
    result = result_of(scenario, Outcome(verdict=verdict, faults=armed, happened=happened), more)
    header = {"linacsim": __version__, "scenario": title, "clock": "live", "seed": bench.seed}
    header["epoch"] = identity.epoch.isoformat()
    folder.write(header, bench.log, bench.traffic, result, identity.epoch_us)
