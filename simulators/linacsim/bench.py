"""`Bench`: the public face. Peers are added to it, code is run on it, and it leaves a log.

::

    with Bench(seed=7) as bench:                      # virtual clock: milliseconds for a 300 s timeout
        bench.add("printer", "PRINTER")
        bench.run(my_blocking_function, *bench.address_of("PRINTER"))

    async with Bench(clock="live") as bench: ...      # real TCP, at home in asyncio
    with Bench(clock="live") as bench: ...            # real TCP, from plain threads
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from linacsim.devices.device import Device, Kind
from linacsim.devices.registry import KINDS
from linacsim.errors import HarnessError, InputError, PlayFailure
from linacsim.faults import Armed, Chain, chain_at
from linacsim.faults.model import ARMED as AT_ONCE
from linacsim.kernel import border, usertime
from linacsim.kernel.core import value_of
from linacsim.kernel.identity import Identity
from linacsim.kernel.live import LiveKernel
from linacsim.kernel.log import EventLog
from linacsim.kernel.loopthread import LoopThread
from linacsim.kernel.places import Place, Tls
from linacsim.kernel.shelf import Shelf
from linacsim.kernel.tasks import current_task
from linacsim.kernel.traffic import Traffic
from linacsim.kernel.units import MILLISECOND, SECOND, parse_duration
from linacsim.kernel.virtual import HORIZON, VirtualKernel
from linacsim.scenario.expectation import Expectation, Unmet, expectation_of
from linacsim.scenario.vocabulary import vocabulary
from linacsim.settings import AETitle, Settings, build, did_you_mean, to_key

T = TypeVar("T")
Clock = Literal["virtual", "live"]

DICOM_PORT = 104
"""Where peers listen on the virtual network, each on a machine of its own (PS3.8 9.1.1)."""
SUT = "SUT"
"""The place of a user's own code: the stack under test."""
_GLANCE = 10 * MILLISECOND


class _Title(Settings):
    ae_title: AETitle


class Bench:
    """A bench of simulated peers on one clock.

    Parameters
    ----------
    clock : str
        ``"virtual"`` or ``"live"``.
    seed : int
        Everything that is drawn, every UID and date follows from it.
    host : str
        Where live peers listen; loopback unless told otherwise.
    out : Path or None
        The folder that films and stored objects go to; ``None`` keeps them in memory.
    ports : mapping of str to int, optional
        Where live peers listen, by AE title; the others get free ports.
    """

    def __init__(
        self,
        *,
        clock: Clock = "virtual",
        seed: int = 0,
        host: str = "127.0.0.1",
        out: Path | None = None,
        ports: Mapping[str, int] | None = None,
    ) -> None:
        if clock not in ("virtual", "live"):
            raise InputError(f"unknown clock {clock!r}", "Bench", 'the clocks are "virtual" and "live"')
        border.install()
        identity = Identity(seed)
        self.clock = clock
        self.seed = seed
        # a virtual run that was cut short is played again; a live one may have taken responsibility for objects
        self.shelf = Shelf(out, lasting=clock == "live")
        self.devices: dict[str, Device] = {}
        self.ports = dict(ports or {})
        self.armed: list[tuple[str, Armed]] = []
        self.expected: list[Expectation] = []
        self.search: tuple[Path, ...] = (Path(),)
        self._kernel: VirtualKernel | LiveKernel
        self._kernel = VirtualKernel(identity) if clock == "virtual" else LiveKernel(identity, host)
        self._thread: LoopThread | None = None
        self._open = False

    # opening and closing

    def __enter__(self) -> Self:
        if self._open:
            raise HarnessError("the bench is open already")
        self._open = True
        if isinstance(self._kernel, LiveKernel):
            self._thread = LoopThread()
            self._thread.call(self._kernel.attach, self._thread.loop)
        else:
            usertime.install()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        if self._thread is not None:
            self._thread.call(self._kernel.close)
            self._thread.stop()
            self._thread = None
        else:
            self._kernel.close()
            usertime.uninstall()
        if error is None:
            self._kernel.raise_failures()

    async def __aenter__(self) -> Self:
        if not isinstance(self._kernel, LiveKernel):
            raise HarnessError('the virtual clock needs no event loop: say "with Bench(...)"')
        self._kernel.attach(asyncio.get_running_loop())
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._kernel.close()
        # transports tell of their end in a later turn of the loop
        await asyncio.sleep(0.01)
        if error is None:
            self._kernel.raise_failures()

    def _check_open(self) -> None:
        if not self._open:
            raise HarnessError('the bench is not open; say "with Bench(...) as bench:"')

    # what the bench is made of

    @property
    def log(self) -> EventLog:
        """The event log."""
        return self._kernel.log

    @property
    def traffic(self) -> Traffic:
        """The bytes that went over the network."""
        return self._kernel.traffic

    @property
    def now(self) -> int:
        """Microseconds since the start of the run."""
        return self._kernel.now

    @property
    def kernel(self) -> VirtualKernel | LiveKernel:
        """The kernel underneath."""
        return self._kernel

    def digest(self) -> str:
        """Return the digest of the event log."""
        return self.log.digest()

    def add(
        self,
        kind: str,
        name: str = "",
        *,
        port: int | None = None,
        settings: Settings | None = None,
        tls: Tls | None = None,
    ) -> Device:
        """Add a peer and let it listen.

        Parameters
        ----------
        kind : str
            The kind of device, for example ``"printer"``.
        name : str
            Its AE title; the kind in capitals if left out.
        port : int, optional
            Where it listens. Default: 104 on the virtual network, a free port live.
        settings : Settings, optional
            Its personality.
        tls : Tls, optional
            With what it serves and calls, live; in the clear if left out.

        Raises
        ------
        InputError
            If the kind is unknown, the AE title is none, it is taken, or the port is in use.
        """
        entry = kind_of(kind)
        title = build(_Title, {"ae-title": name or kind.upper()[:16]}, "peer").ae_title
        if title in self.devices:
            raise InputError(f"there is a peer {title!r} already", "peer", "give each peer its own AE title")
        place = self._kernel.place(title)
        place.tls = tls or Tls()
        device = entry.build(place, settings or entry.settings(), self.shelf)
        device.search = self.search
        place.states = device.states
        free = DICOM_PORT if self.clock == "virtual" else self.ports.get(title, 0)
        where = free if port is None else port
        try:
            self.play(device.start, where, place=place)
        except OSError as exc:
            raise _cannot_listen(title, place.host, where, exc) from exc
        self.devices[title] = device
        return device

    def address_of(self, name: str) -> tuple[str, int]:
        """Return host and port of a peer."""
        place = self._kernel.places.get(name)
        if place is None or place.address is None:
            raise InputError(f"no peer {name!r} listens", "bench", did_you_mean(name, self.devices, "peers"))
        return place.address

    def introduce(self, name: str, port: int, host: str = "127.0.0.1") -> None:
        """Tell the peers where the AE `name` listens that is no peer of the bench: the stack under test.

        Parameters
        ----------
        name : str
            Its AE title, as ``to:`` of an action names it.
        port : int
            Where it listens.
        host : str
            Its address; on the virtual network this machine is the place of the user's own code.
        """
        title = build(_Title, {"ae-title": name}, "peer").ae_title
        if title in self.devices:
            raise InputError(f"{title!r} is a peer of the bench", "introduce", "it is known already")
        where = self._kernel.place(SUT).host if self.clock == "virtual" and _is_this_machine(host) else host
        self._kernel.place(title).address = (where, port)

    def arm(self, name: str, faults: list[Armed]) -> None:
        """Arm `faults` of the network at the peer `name`, beside those that are armed there already."""
        place = self._kernel.place(name)
        chain = chain_at(place)
        for each in faults:
            self._check_state(name, each.conditions.state)
        for ordinal, each in enumerate(faults, len(self.armed) + 1):
            each.ordinal = each.ordinal or ordinal
        if any(each.on == AT_ONCE for each in faults):
            # listeners are shut where they live: on the bench's own time
            self.play(chain.arm, place, faults, place=place)
        else:
            chain.arm(place, faults)
        self.armed += [(name, each) for each in faults]

    def _check_state(self, name: str, state: str) -> None:
        known = self.devices[name].kind.states if name in self.devices else frozenset()
        if state and state not in known:
            raise InputError(f"{name} has no state {state!r}", "fault", did_you_mean(state, sorted(known), "states"))

    @contextlib.contextmanager
    def inject(self, name: str, *faults: Armed) -> Iterator[None]:
        """Arm faults at the peer `name` for as long as the block lasts; then they are healed."""
        self.arm(name, list(faults))
        try:
            yield
        finally:
            self.play(self._heal, name, list(faults))

    def heal(self, name: str = "") -> None:
        """Call off all faults of the network, or those at the peer `name`: what follows has to recover."""
        names = [name] if name else dict.fromkeys(at for at, _ in self.armed)
        for each in names:
            self.play(self._heal, each, [fault for at, fault in self.armed if at == each])

    def _heal(self, name: str, faults: list[Armed]) -> None:
        place = self._kernel.place(name)
        if isinstance(place.interceptor, Chain):
            place.interceptor.heal(place, faults)

    # what is to happen

    def expect(self, event: str, **wanted: Any) -> Expectation:
        """Expect something of the event log; `unmet` tells at the end what did not come.

        Parameters
        ----------
        event : str
            The word of the log, such as ``"C-STORE-RSP"`` or ``"object-stored"``.
        **wanted
            ``at`` (the peer), ``count``, ``at_least``, ``at_most``, ``never``, ``after`` and ``within`` (``"30 s"`` since the
            start of the run); anything else is a field of the record, such as ``status=0xA700``.
        """
        expectation = expectation_of(_known(event), wanted)
        self.expected.append(expectation)
        return expectation

    def unmet(self) -> list[tuple[str, Unmet]]:
        """Return what was expected and has not come: the expectation in words, and why, with what came nearest."""
        results = [(one.describe(), one.evaluate(self.log.records)) for one in self.expected]
        return [(text, result) for text, result in results if isinstance(result, Unmet)]

    def wait_for(self, event: str, *, within: str | int = "30 s", **wanted: Any) -> None:
        """Let the bench go on until something has happened, for at most `within` from now; `expect` has the words.

        Raises
        ------
        PlayFailure
            If it has not; the text names what came nearest.
        """
        limit = within if isinstance(within, int) else parse_duration(within, "within")
        self.play(self._wait_for, expectation_of(_known(event), wanted), self.now + limit)

    def _wait_for(self, expectation: Expectation, end: int) -> None:
        seen, result = -1, expectation.evaluate(())
        while True:
            if len(self.log.records) != seen:
                seen, result = len(self.log.records), expectation.evaluate(self.log.records)
            if not isinstance(result, Unmet):
                return
            if self.now >= end:
                raise PlayFailure(result.reason)
            self._kernel.sleep(_GLANCE)

    # running

    def run(self, fn: Callable[..., T], *args: Any, limit: int = HORIZON) -> T:
        """Run a user's own blocking function.

        On the virtual clock it runs as a task at the place ``SUT``: its ``time.sleep``, ``time.time``,
        ``time.monotonic`` and pynetdicom calls are on bench time. Live it is simply called: its time is the wall's.

        Raises
        ------
        Deadlock, Livelock, HorizonReached
            If it cannot come to its end on the virtual clock.
        """
        self._check_open()
        if isinstance(self._kernel, LiveKernel) or self._is_inside():
            return fn(*args)
        with usertime.names_of(fn):
            return self._kernel.run(fn, *args, place=self._kernel.place(SUT), limit=limit)

    def play(self, fn: Callable[..., T], *args: Any, place: Place | None = None, limit: int = HORIZON) -> T:
        """Run `fn` as a task of the bench, on either clock, and wait for its end."""
        self._check_open()
        where = place or self._kernel.place(SUT)
        if self._is_inside():
            return self._play_inside(fn, args, where)
        if isinstance(self._kernel, VirtualKernel):
            return self._kernel.run(fn, *args, place=where, limit=limit)
        value = self._play_live(self._kernel, fn, args, where, limit)
        self._kernel.raise_failures()
        return value

    def _is_inside(self) -> bool:
        """Whether the caller is a task of this bench."""
        task = current_task()
        return task is not None and task.kernel is self._kernel

    def _play_inside(self, fn: Callable[..., T], args: tuple[Any, ...], place: Place) -> T:
        """Run `fn` as a task of its own, for another task that waits for it."""
        task = self._kernel.spawn(fn, *args, name=getattr(fn, "__name__", "play"), place=place)
        self._kernel.heed(task)
        self._kernel.join(task)
        value: T = value_of(task)
        return value

    def do(self, name: str, action: str, **parameters: Any) -> Any:
        """Let the peer `name` do one of its actions, as a step of a scenario does; wait for its end.

        Parameters
        ----------
        name : str
            The peer.
        action : str
            What it does, such as ``"store"``.
        **parameters
            The action's parameters; durations as text (``"30 s"``).

        Raises
        ------
        PlayFailure
            If it comes to nothing; the text says why.
        InputError
            If there is no such peer, action or parameter.
        """
        device, settings = self._told(name, action, parameters)
        return self.play(device.act, action, settings, place=device.place)

    async def do_async(self, name: str, action: str, **parameters: Any) -> Any:
        """Let a peer of a live bench do one of its actions, from code on a running event loop; see `do`."""
        device, settings = self._told(name, action, parameters)
        return await self.play_async(device.act, action, settings, place=device.place)

    def _told(self, name: str, action: str, parameters: dict[str, Any]) -> tuple[Device, Settings]:
        device = self.devices.get(name)
        if device is None:
            raise InputError(f"no peer {name!r}", "bench", did_you_mean(name, self.devices, "peers"))
        known = device.kind.actions
        if action not in known:
            raise InputError(f"no action {action!r}", name, did_you_mean(action, known, "actions"))
        given = {to_key(key): value for key, value in parameters.items()}
        return device, build(known[action].settings, given, f"{name}: {action}")

    def _play_live(
        self, kernel: LiveKernel, fn: Callable[..., T], args: tuple[Any, ...], place: Place, limit: int
    ) -> T:
        if self._thread is not None:
            return self._thread.wait_for(kernel, fn, args, place, limit)
        future = kernel.start(fn, *args, place=place)
        kernel.catch_up(future)
        if not future.done():
            raise HarnessError("this takes time; on a running event loop say: await bench.play_async(...)")
        return future.result()

    async def play_async(self, fn: Callable[..., T], *args: Any, place: Place | None = None) -> T:
        """Run `fn` as a task of a live bench; for code on a running event loop."""
        if not isinstance(self._kernel, LiveKernel):
            raise HarnessError("play_async is for the live clock")
        self._check_open()
        where = place or self._kernel.place(SUT)
        if self._thread is not None:
            waiting = asyncio.to_thread(self._thread.wait_for, self._kernel, fn, args, where, HORIZON)
        else:
            waiting = self._kernel.start(fn, *args, place=where)  # type: ignore[assignment]
        value = await waiting
        self._kernel.raise_failures()
        return value

    def settle(self, quiet: int = 50 * MILLISECOND, limit: int = 5 * SECOND) -> None:
        """Let associations that are ending come to their end: wait until none is left, for at most `limit`."""
        self.play(self._settle, quiet, limit)

    def _settle(self, quiet: int, limit: int) -> None:
        end = self.now + limit
        while self.now < end and any(place.associations for place in self._kernel.places.values()):
            self._kernel.sleep(quiet)
        self._kernel.sleep(quiet)


def _known(event: str) -> str:
    """Return `event` if anything on a bench can be called so; what is misspelt would be waited for in vain."""
    if event not in vocabulary().events:
        raise InputError(f"unknown event {event!r}", "expect", did_you_mean(event, vocabulary().events, "events"))
    return event


def _is_this_machine(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in ("localhost", "")
    return address.is_loopback or address.is_unspecified


def kind_of(name: str) -> Kind:
    """Return the kind of device called `name`.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in KINDS:
        raise InputError(f"unknown device {name!r}", "device", did_you_mean(name, KINDS, "devices"))
    return KINDS[name]


def _cannot_listen(title: str, host: str, port: int, exc: OSError) -> InputError:
    why = (exc.strerror or str(exc)).lower()
    if exc.errno in (errno.EADDRINUSE, errno.EACCES):
        return InputError(
            f"cannot listen on port {port}: {why}", title, "choose another port, or stop what listens there"
        )
    return InputError(f"cannot listen on {host}: {why}", title, "give an address of this machine")
