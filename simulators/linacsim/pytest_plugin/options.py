"""Options of the session: clock, seed, how often, where traces go. Each is an ini key as well."""

from __future__ import annotations

import hashlib
import secrets  # noqa: TID251 - the one draw that nobody can repeat: it is told, and then it can
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CLOCKS = ("virtual", "live")
TRACES = ("off", "on", "retain-on-failure")
_CACHE = "linacsim/seed"
_MARKER = (
    "bench(clock=None, seed=None, limit=None, allow=(), requires=(), outside=False): the bench of a test: the only clock that it "
    "runs on, its own seed, the bench time that it may take ('10 min'), checks after it that are left out (see --bench-allow), the "
    "requirements that it shows to be met, and whether the test itself stays off bench time on the virtual clock"
)
_CHOICES = {"bench_clock": (*CLOCKS, "both"), "bench_trace": TRACES}
_INI = (
    ("bench_clock", "virtual", "the clock of a bench: virtual, live or both"),
    ("bench_seed", "1", "what everything that is drawn follows from: a number, 'random', or 'last' (the one before)"),
    ("bench_runs", "1", "how often each test with a bench is run, each time with another seed"),
    ("bench_trace", "retain-on-failure", "keep a run folder for each test with a bench: off, on or retain-on-failure"),
    ("bench_output", "bench-runs", "the folder that run folders go to; nothing in it is ever deleted"),
    ("bench_host", "127.0.0.1", "the address that peers listen on, live"),
)


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """The options of the session.

    Attributes
    ----------
    clocks : tuple of str
        ``"virtual"``, ``"live"`` or both.
    seed : int
        The seed that the seeds of all tests follow from.
    runs : int
        How often each test is run.
    trace : str
        ``"off"``, ``"on"`` or ``"retain-on-failure"``.
    output : Path
        Where run folders go.
    host : str
        Where live peers listen.
    allow : frozenset of str
        Checks that are left out after every test.
    twice : bool
        Whether scenario files are played twice on the virtual clock and compared.
    """

    clocks: tuple[str, ...]
    seed: int
    runs: int
    trace: str
    output: Path
    host: str
    allow: frozenset[str]
    twice: bool

    def seed_of(self, nodeid: str) -> int:
        """Return the seed of a test: the same in every session with this seed, whatever else is run."""
        digest = hashlib.blake2b(f"{self.seed}\x1f{nodeid}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big")


OPTIONS: pytest.StashKey[BenchOptions] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and their ini keys."""
    group = parser.getgroup("bench", "linacsim: simulated DICOM peers")
    for name, default, told in _INI:
        flag = f"--{name.replace('_', '-')}"
        group.addoption(flag, dest=name, default=None, choices=_CHOICES.get(name), help=f"{told} (default: {default})")
        parser.addini(name, told, default=default)
    group.addoption(
        "--bench-allow",
        action="append",
        default=[],
        metavar="CHECK",
        help="leave out a check after each test: unfired-faults, open-associations or unmet-expectations; may be repeated",
    )
    group.addoption(
        "--bench-check-determinism",
        action="store_true",
        help="play each scenario file twice on the virtual clock; another event in the second run is a failure",
    )
    parser.addini("bench_scenarios", "collect scenario files (YAML with a key 'scenario')", type="bool", default=True)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options and register the marker."""
    config.addinivalue_line("markers", _MARKER)
    told = {name: _told(config, name) for name, _default, _help in _INI}
    for name, choices in _CHOICES.items():
        if told[name] not in choices:
            raise pytest.UsageError(f"{name}: {told[name]!r} is none of {', '.join(choices)}")
    clock = told["bench_clock"]
    config.stash[OPTIONS] = BenchOptions(
        clocks=CLOCKS if clock == "both" else (clock,),
        seed=_seed(config, told["bench_seed"]),
        runs=_count("bench_runs", told["bench_runs"]),
        trace=told["bench_trace"],
        output=config.invocation_params.dir / told["bench_output"],
        host=told["bench_host"],
        allow=checks_named(config.getoption("bench_allow"), "--bench-allow"),
        twice=config.getoption("bench_check_determinism"),
    )


def checks_named(names: Any, where: str) -> frozenset[str]:
    """Return the checks that `names` leaves out; a word that names none is an error."""
    known = ("unfired-faults", "open-associations", "unmet-expectations")
    words = [names] if isinstance(names, str) else list(names)
    for word in words:
        if word not in known:
            raise pytest.UsageError(f"{where}: {word!r} is no check; there are {', '.join(known)}")
    return frozenset(words)


def pytest_report_header(config: pytest.Config) -> str:
    """Tell what a failure is repeated with."""
    options = config.stash[OPTIONS]
    return f"bench: seed {options.seed}, clock {' and '.join(options.clocks)}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remember the seed for ``--bench-seed last``."""
    # there is no cache with -p no:cacheprovider
    cache = getattr(session.config, "cache", None)
    if cache is not None and not hasattr(session.config, "workerinput"):
        cache.set(_CACHE, session.config.stash[OPTIONS].seed)


class _Workers:
    """Hands the seed of the session to the workers of pytest-xdist: one draw for all of them."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["linacsim_seed"] = node.config.stash[OPTIONS].seed


def _told(config: pytest.Config, name: str) -> str:
    told = config.getoption(name)
    return str(config.getini(name) if told is None else told)


def _count(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise pytest.UsageError(f"{name}: {text!r} is no number of runs; give 1 or more")
    return int(text)


def _seed(config: pytest.Config, text: str) -> int:
    handed = getattr(config, "workerinput", {}).get("linacsim_seed")
    if handed is not None:
        return int(handed)
    # pytest-xdist says only later whether there are workers; without it nobody calls this
    config.pluginmanager.register(_Workers(), "linacsim-workers")
    if text == "random":
        return secrets.randbelow(1 << 31)
    if text == "last":
        cache = getattr(config, "cache", None)
        last = None if cache is None else cache.get(_CACHE, None)
        if last is None:
            raise pytest.UsageError("--bench-seed last: no session before this one has left its seed")
        return int(last)
    try:
        return int(text)
    except ValueError:
        raise pytest.UsageError(f"--bench-seed: {text!r} is no seed; give a whole number, 'random' or 'last'") from None
