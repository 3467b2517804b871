"""``linacsim serve``: peers on real TCP until Ctrl-C, one line for each happening."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path
from typing import Any

from linacsim import Tls
from linacsim.bench import Bench, kind_of
from linacsim.cli import archive, destinations
from linacsim.cli.bars import bars
from linacsim.cli.crashing import AnyPanel
from linacsim.cli.operating import Console, read_lines
from linacsim.cli.options import port_of, seed_of, server_context
from linacsim.cli.personalities import add_option, chosen
from linacsim.cli.printing import drawing_beside
from linacsim.cli.telling import Teller
from linacsim.cli.terminal import say
from linacsim.devices.printer.hardware.console import Panel
from linacsim.devices.printer.services import Printer
from linacsim.devices.registry import KINDS
from linacsim.errors import InputError
from linacsim.kernel.allocator import keep_large_blocks
from linacsim.kernel.core import Kernel
from linacsim.kernel.live import LiveKernel
from linacsim.settings import Settings

DEFAULT_PORT = 11112
_KEEP = 1000
"""Records kept in memory by a bench that may run for days."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    kinds = ", ".join(sorted(name for name, kind in KINDS.items() if kind.serves))
    parser = commands.add_parser("serve", help="serve peers on real TCP until Ctrl-C")
    parser.add_argument("devices", nargs="+", metavar="DEVICE", help=f"one or more of: {kinds}")
    parser.add_argument(
        "--port", default=str(DEFAULT_PORT), help="port of the first device; the next get the next ones"
    )
    parser.add_argument("--ae-title", action="append", default=[], metavar="T", help="AE title; once for each device")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--out", default="served", metavar="DIR", help="where films and objects go (default served)")
    parser.add_argument("--tls-cert", metavar="FILE", help="serve TLS with this certificate (PEM)")
    parser.add_argument("--tls-key", metavar="FILE", help="its private key (PEM), if it is not in the same file")
    parser.add_argument("--tls-ca", metavar="FILE", help="want certificates of clients, signed by one of these (PEM)")
    add_option(parser)
    archive.add_options(parser)
    destinations.add_option(parser)
    parser.add_argument("--seed", default="1", help="the seed of UIDs that peers make")
    parser.add_argument("-v", "--verbose", action="store_true", help="also a line for each message that goes well")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    port, seed = port_of(options.port), seed_of(options.seed)
    if len(options.ae_title) > len(options.devices):
        raise InputError(f"{len(options.ae_title)} AE titles for {len(options.devices)} devices", "--ae-title")
    for name in options.devices:
        if not kind_of(name).serves:
            raise InputError(f"{name} only calls, it does not serve", "device", "play a scenario with it")
    _settings(options)
    keep_large_blocks()
    asyncio.run(_serve(options, port, seed))
    say("stopped\n")
    return 0


async def _serve(options: argparse.Namespace, port: int, seed: int) -> None:
    tls = Tls(serves=server_context(options.tls_cert, options.tls_key, options.tls_ca))
    bench = Bench(clock="live", seed=seed, host=options.host, out=Path(options.out))
    bench.traffic.enabled = False
    bench.log.keep = _KEEP
    stop, settings = _on_signals(), _settings(options)
    async with bench:
        bench.log.listeners.append(Teller(asyncio.get_running_loop().call_soon, verbose=options.verbose))
        for ordinal, name in enumerate(options.devices):
            title = options.ae_title[ordinal] if ordinal < len(options.ae_title) else _free_title(bench, name)
            with bars() as bench.kernel.progress:
                device = bench.add(
                    name, title, port=port + ordinal if port else 0, tls=tls, settings=settings.get(name)
                )
            bench.kernel.progress = None
            host, where = bench.address_of(device.name)
            say(f"{name} {device.name} listens on {host}:{where}\n")
        kept = (
            f"{options.out}/" if options.store is None else f"{options.out}/, those of the archive to {options.store}/"
        )
        say(f"films and objects go to {kept}; stop with Ctrl-C\n")
        printers = [device for device in bench.devices.values() if isinstance(device, Printer)]
        with drawing_beside(printers):
            own = {one.name: Panel(one.hardware) for one in printers}
            _operate({name: AnyPanel(one, own.get(name)) for name, one in bench.devices.items()}, bench.kernel)
            await stop.wait()


def _settings(options: argparse.Namespace) -> dict[str, Settings]:
    """Return the settings of kinds that have others than their defaults."""
    settings: dict[str, Settings] = dict(chosen(options.personality, options.devices))
    known = destinations.with_destinations(options.destination, options.devices, settings.get("archive"))
    stored = archive.with_store(options, known)
    return settings if stored is None else {**settings, "archive": stored}


def _operate(panels: dict[str, AnyPanel], kernel: Kernel) -> None:
    """Let an operator stand beside the devices that have something to operate."""
    if not panels:
        return
    console, loop = Console(panels, say), asyncio.get_running_loop()
    say(console.hint)

    def take(line: str) -> None:
        if isinstance(kernel, LiveKernel):
            loop.call_soon_threadsafe(kernel.enter, console.take, line)

    read_lines(take)


def _free_title(bench: Bench, kind: str) -> str:
    title, ordinal = kind.upper()[:16], 1
    while title in bench.devices:
        ordinal += 1
        title = f"{kind.upper()[:14]}_{ordinal}"
    return title


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
