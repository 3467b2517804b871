"""A program as a peer: started, read and stopped."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Sequence
from typing import Any

from simpy.events import Event

from linacsim.devices.device import Action, Device, Kind
from linacsim.devices.placeholders import filled
from linacsim.devices.program.personality import ProgramPersonality, Run, Start, Stop
from linacsim.errors import PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.programs import Program
from linacsim.kernel.shelf import Shelf
from linacsim.kernel.units import MILLISECOND, SECOND, format_duration

_GLANCE = 20 * MILLISECOND
_LINE = 500
"""Characters of a printed line that are kept in the log."""
_FIRST, _LAST = 5_000, 100
"""Lines that are kept of a program that prints more."""
_GONE = 5 * SECOND
"""How long a killed program may take until its end is known."""


class ProgramPeer(Device):
    """A program of this machine."""

    personality: ProgramPersonality

    def __init__(self, place: Place, personality: ProgramPersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self._running: Program | None = None
        self._started: Sequence[str] = ()
        self._output = _Output(place, "")

    def start(self, port: int) -> None:
        """Remember where it will listen."""
        self.place.title = self.personality.title or self.name
        if self.personality.port is not None:
            self.place.address = (self.place.host, self.personality.port)

    def run(self, what: Run) -> None:
        """Run a command to its end."""
        program = self._begin(what.command)
        name = what.command[0]
        if not self.place.kernel.wait(program.ended, f"{name} to end", what.within):
            self._kill(program)
            late = f"{name} has not ended within {format_duration(what.within)}, and was killed"
            raise PlayFailure(late + self._output.told())
        code = program.ended.value
        if code != what.exits:
            raise PlayFailure(f"{name} {_ended(code)} instead of {what.exits}{self._output.told()}")

    def launch(self, what: Start) -> None:
        """Start a command and wait until it is ready."""
        if self._running is not None and not self._running.ended.triggered:
            raise PlayFailure(f"{self.name} is running already")
        program = self._running = self._begin(what.command, what.ready)
        self._started = what.command
        kernel, name = self.place.kernel, what.command[0]
        end = kernel.now + what.within
        while not self._is_ready(what):
            if program.ended.triggered:
                self._running = None
                raise PlayFailure(f"{name} {_ended(program.ended.value)} before it was ready{self._output.told()}")
            if kernel.now >= end:
                self._running = None
                self._kill(program)
                late = f"{name} was not ready within {format_duration(what.within)}, and was killed"
                raise PlayFailure(late + self._output.told())
            kernel.sleep(_GLANCE)

    def stop(self, what: Stop) -> None:
        """Stop what was started."""
        program = self._running
        if program is None:
            raise PlayFailure(f"{self.name} was not started")
        if program.ended.triggered:
            return
        self._running = None
        program.terminate()
        if not self.place.kernel.wait(program.ended, f"{self.name} to end", what.within):
            self._kill(program)
            late = f"{self.name} did not end within {format_duration(what.within)} when it was asked to"
            raise PlayFailure(f"{late} (SIGTERM), and was killed{self._output.told()}")

    def complaint(self) -> str:
        """Return how a program that was started has ended by itself, if that was no good end."""
        if self._running is None or not self._running.ended.triggered or self._running.ended.value == 0:
            return ""
        return f"{self._started[0]} {_ended(self._running.ended.value)} before it was stopped{self._output.told()}"

    def _begin(self, command: Sequence[str], ready: str = "") -> Program:
        words = [filled(word, self.place.kernel.places) for word in command]
        output = self._output = _Output(self.place, ready)
        try:
            program = self.place.kernel.start_program(
                words, self.find_file(self.personality.folder), self.personality.environment, output.take
            )
        except OSError as exc:
            raise PlayFailure(f"{words[0]} cannot be started: {exc.strerror or exc}") from exc
        self.place.log("program-started", command=" ".join(words))

        def ended(event: Event) -> None:
            output.end()
            fields = {"exit-code": event.value, "signal": _signal(event.value) or None}
            self.place.log("program-ended", **fields, left_behind=program.left_behind or None)

        program.ended.callbacks.append(ended)
        return program

    def _kill(self, program: Program) -> None:
        program.kill()
        self.place.kernel.wait(program.ended, "a killed program to end", _GONE)

    def _is_ready(self, what: Start) -> bool:
        if what.ready:
            return self._output.is_ready
        address = self.place.address
        if address is None:
            return True
        try:
            self.place.kernel.network.connect(self.place, address, SECOND, None).close()
        except OSError:
            return False
        return True


class _Output:
    """What a program prints: the first lines go into the log as they come, the last ones at its end, others are counted."""

    def __init__(self, place: Place, ready: str) -> None:
        self._place = place
        self._ready = ready
        self._count = 0
        self._last: deque[str] = deque(maxlen=_LAST)
        self.is_ready = False

    def take(self, lines: Sequence[str]) -> None:
        """Take lines that have been printed."""
        if self._ready and not self.is_ready:
            self.is_ready = any(self._ready in line for line in lines)
        kept = max(0, _FIRST - self._count)
        for line in lines[:kept]:
            self._place.log("printed", text=line[:_LINE])
        self._count += len(lines)
        self._last.extend(lines[-_LAST:])

    def end(self) -> None:
        """Log what has been kept back."""
        kept = min(len(self._last), max(0, self._count - _FIRST))
        if self._count > _FIRST + kept:
            self._place.log("output-left-out", lines=self._count - _FIRST - kept)
        for line in [*self._last][len(self._last) - kept :]:
            self._place.log("printed", text=line[:_LINE])

    def told(self) -> str:
        """Return the last line, for the end of a sentence; nothing if there is none."""
        if not self._last:
            return "; it printed nothing"
        said = next((line for line in reversed(self._last) if line.strip()), "")[:_LINE]
        many = f"; it printed {self._count} lines, the last: " if self._count > _FIRST else ": "
        return many + said


def _ended(code: Any) -> str:
    name = _signal(code)
    return f"was ended by {name} (exit code {code})" if name else f"ended with exit code {code}"


def _signal(code: Any) -> str:
    if code >= 0:
        return ""
    try:
        return signal.Signals(-code).name
    except ValueError:  # one without a name, such as a real-time signal
        return f"signal {-code}"


KIND = Kind(
    name="program",
    build=ProgramPeer,
    settings=ProgramPersonality,
    about="a program of this machine: started, read and stopped by the bench",
    actions={"run": Action(Run, "run"), "start": Action(Start, "launch"), "stop": Action(Stop, "stop")},
    events=frozenset({"program-started", "program-ended", "printed", "output-left-out"}),
    fields=frozenset({"command", "text", "exit-code", "signal", "left-behind", "lines"}),
    serves=False,
    breaks=False,
)
ProgramPeer.kind = KIND
