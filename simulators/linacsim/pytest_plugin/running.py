"""The fixture `bench`, its clock as a parameter, and the test on bench time."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from linacsim.pytest_plugin.options import CLOCKS, OPTIONS, BenchOptions, checks_named

if TYPE_CHECKING:
    from linacsim.bench import Bench

_CLOCK, _RUN = "bench_clock", "bench_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchConfig:
    """What a project says about all of its benches, by a fixture `bench_config` of its own.

    Attributes
    ----------
    limit : str
        The bench time that a test may take on the virtual clock.
    allow : tuple of str
        Checks after each test that are left out.
    """

    limit: str = "24 h"
    allow: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Case:
    """A test with its bench.

    Attributes
    ----------
    bench : Bench
        The bench.
    seed : int
        Its seed.
    outside : bool
        Whether the test function itself stays off bench time.
    limit : int
        The bench time that it may take, in microseconds.
    allow : frozenset of str
        Checks that are left out.
    requires : tuple of str
        Requirements that it shows to be met.
    complaints : list of str
        What the checks have found.
    """

    bench: Bench
    seed: int
    outside: bool
    limit: int
    allow: frozenset[str]
    requires: tuple[str, ...]
    complaints: list[str] = field(default_factory=list)


CASE: pytest.StashKey[Case] = pytest.StashKey()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with a bench on each clock of the session, as often as the session says."""
    options = metafunc.config.stash[OPTIONS]
    if _is_ours(metafunc, _CLOCK):
        metafunc.parametrize(_CLOCK, _clocks(metafunc, options), scope="function")
    if _is_ours(metafunc, _RUN) and options.runs > 1:
        ids = [f"run{number}" for number in range(1, options.runs + 1)]
        metafunc.parametrize(_RUN, range(1, options.runs + 1), ids=ids, scope="function")


def _is_ours(metafunc: pytest.Metafunc, name: str) -> bool:
    """Whether a test uses our fixture `name`: a project may have one of that name for something else."""
    known = metafunc._arg2fixturedefs.get(name, ())  # noqa: SLF001 - pytest tells nobody else
    return name in metafunc.fixturenames and bool(known) and known[-1].func.__module__ == __name__


def _clocks(metafunc: pytest.Metafunc, options: BenchOptions) -> tuple[str, ...]:
    """Return the clocks of a test: its marker's, else the session's; a coroutine is at home on the live one."""
    marker = metafunc.definition.get_closest_marker("bench")
    named = None if marker is None else marker.kwargs.get("clock")
    coroutine = inspect.iscoroutinefunction(metafunc.function)
    if named is not None:
        if named not in CLOCKS:
            raise pytest.UsageError(
                f"{metafunc.definition.nodeid}: unknown clock {named!r}; there are virtual and live"
            )
        if named == "virtual" and coroutine:
            advice = "leave out clock='virtual', or write a plain function"
            raise pytest.UsageError(
                f"{metafunc.definition.nodeid}: a coroutine cannot run on the virtual clock; {advice}"
            )
        return (named,)
    return ("live",) if coroutine else options.clocks


@pytest.fixture
def bench_clock() -> str:
    """The clock of this test: ``"virtual"`` or ``"live"``; a parameter of every test with a bench."""
    return "virtual"


@pytest.fixture
def bench_run() -> int:
    """Which run of this test it is, from 1; more than one with ``--bench-runs``."""
    return 1


@pytest.fixture(scope="session")
def bench_config() -> BenchConfig:
    """What a project says about all of its benches; override it in a ``conftest.py``."""
    return BenchConfig()


@pytest.fixture
def bench(
    request: pytest.FixtureRequest, bench_clock: str, bench_run: int, bench_config: BenchConfig
) -> Iterator[Bench]:
    """An open bench of simulated DICOM peers; see `linacsim.Bench`.

    On the virtual clock the test function runs on bench time: ``time.sleep(300)`` takes milliseconds, and so does a DIMSE
    timeout. Live it is simply called. Afterwards it is looked whether an armed fault never fired, an association was left
    open, or something expected did not come.
    """
    from linacsim.bench import Bench  # noqa: PLC0415 - takes half a second; most sessions on a machine need no bench
    from linacsim.pytest_plugin.checking import check  # noqa: PLC0415 - the same

    case = _case(request, bench_clock, bench_run, bench_config, Bench)
    request.node.stash[CASE] = case
    for name, value in (("bench-seed", case.seed), ("bench-clock", bench_clock)):
        request.node.user_properties.append((name, value))
    request.node.user_properties.extend(("requires", each) for each in case.requires)
    _bound(case.bench)
    with case.bench:
        yield case.bench
        case.complaints = check(case)
    if case.complaints:
        pytest.fail("\n".join(case.complaints), pytrace=False)


def _bound(bench: Bench) -> None:
    """Give a test up that makes events without an end; live, where its function is simply called, they are left out."""
    from linacsim.errors import HarnessError  # noqa: PLC0415 - with the rest
    from linacsim.scenario.account import flood  # noqa: PLC0415 - the same
    from linacsim.scenario.runner import FLOOD  # noqa: PLC0415 - the same

    def flooded() -> None:
        if bench.clock == "virtual":
            bench.kernel.failures.append(HarnessError(flood(bench.log.records)))

    bench.log.most, bench.log.on_flood = FLOOD, flooded


def _case(request: pytest.FixtureRequest, clock: str, run: int, config: BenchConfig, make: type[Bench]) -> Case:
    from linacsim.kernel.units import parse_duration  # noqa: PLC0415 - with the rest of the kernel

    options = request.config.stash[OPTIONS]
    marker = request.node.get_closest_marker("bench")
    told: dict[str, Any] = {} if marker is None else dict(marker.kwargs)
    _look_over(told, request.node.nodeid)
    seed = told.get("seed")
    if seed is None:
        seed = options.seed_of(_without_clock(request.node, clock, run) + (f"#{run}" if run > 1 else ""))
    requires = told.get("requires", ())
    return Case(
        bench=make(clock=clock, seed=seed, host=options.host),  # type: ignore[arg-type]
        seed=seed,
        outside=bool(told.get("outside", False)),
        limit=parse_duration(told.get("limit") or config.limit, "limit"),
        allow=options.allow
        | checks_named(config.allow, "bench_config")
        | checks_named(told.get("allow", ()), request.node.nodeid),
        requires=(requires,) if isinstance(requires, str) else tuple(requires),
    )


def _look_over(told: dict[str, Any], nodeid: str) -> None:
    known = ("clock", "seed", "limit", "allow", "requires", "outside")
    for name in told:
        if name not in known:
            raise pytest.UsageError(f"{nodeid}: the marker 'bench' has no {name!r}; it has {', '.join(known)}")


def _without_clock(item: pytest.Item, clock: str, run: int) -> str:
    """Return the node ID without the clock and the run: a test draws the same on either clock.

    Each is left out once: a project may have parameters that are called so.
    """
    name, _, parameters = item.nodeid.partition("[")
    words = parameters.removesuffix("]").split("-")
    known = getattr(getattr(item, "callspec", None), "params", {})
    for parameter, word in ((_CLOCK, clock), (_RUN, f"run{run}")):
        if parameter in known and word in words:
            words.remove(word)
    return f"{name}[{'-'.join(words)}]"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test with a virtual bench on bench time."""
    case = pyfuncitem.stash.get(CASE, None)
    if case is None or case.outside or case.bench.clock != "virtual":
        return None
    names = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001 - as pytest's own implementation of this hook
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    case.bench.run(functools.partial(pyfuncitem.obj, **arguments), limit=case.limit)
    return True
