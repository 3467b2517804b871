"""A program as a peer: started, read and stopped."""

from __future__ import annotations

from collections.abc import Sequence

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


class ProgramPeer(Device):
    """A program of this machine."""

    personality: ProgramPersonality

    def __init__(self, place: Place, personality: ProgramPersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self._running: Program | None = None
        self._printed: list[str] = []

    def start(self, port: int) -> None:
        """Remember where it will listen."""
        self.place.title = self.personality.title or self.name
        if self.personality.port is not None:
            self.place.address = (self.place.host, self.personality.port)

    def run(self, what: Run) -> None:
        """Run a command to its end."""
        program = self._begin(what.command)
        kernel = self.place.kernel
        if not kernel.wait(program.ended, f"{what.command[0]} to end", what.within):
            program.kill()
            raise PlayFailure(f"{what.command[0]} has not ended within {format_duration(what.within)}")
        code = program.ended.value
        if code != what.exits:
            last = f": {self._printed[-1]}" if self._printed else ""
            raise PlayFailure(f"{what.command[0]} ended with exit code {code} instead of {what.exits}{last}")

    def launch(self, what: Start) -> None:
        """Start a command and wait until it is ready."""
        if self._running is not None and not self._running.ended.triggered:
            raise PlayFailure(f"{self.name} is running already")
        program = self._running = self._begin(what.command)
        kernel = self.place.kernel
        end = kernel.now + what.within
        while not self._is_ready(what):
            if program.ended.triggered:
                last = f": {self._printed[-1]}" if self._printed else ""
                raise PlayFailure(f"{what.command[0]} ended at once with exit code {program.ended.value}{last}")
            if kernel.now >= end:
                program.kill()
                raise PlayFailure(f"{what.command[0]} was not ready within {format_duration(what.within)}")
            kernel.sleep(_GLANCE)

    def stop(self, what: Stop) -> None:
        """Stop what was started."""
        program = self._running
        if program is None:
            raise PlayFailure(f"{self.name} was not started")
        if not program.ended.triggered:
            program.terminate()
            if not self.place.kernel.wait(program.ended, f"{self.name} to end", what.within):
                program.kill()
                raise PlayFailure(f"{self.name} did not end within {format_duration(what.within)}, and was killed")

    def _begin(self, command: Sequence[str]) -> Program:
        words = [filled(word, self.place.kernel.places) for word in command]
        self._printed = []
        try:
            program = self.place.kernel.start_program(
                words, self.find_file(self.personality.folder), self.personality.environment, self._took
            )
        except OSError as exc:
            raise PlayFailure(f"{words[0]} cannot be started: {exc.strerror or exc}") from exc
        self.place.log("program-started", command=" ".join(words))
        program.ended.callbacks.append(lambda event: self.place.log("program-ended", **{"exit-code": event.value}))
        return program

    def _took(self, line: str) -> None:
        """Take a line that the program has printed."""
        self._printed.append(line)
        self.place.log("printed", text=line[:_LINE])

    def _is_ready(self, what: Start) -> bool:
        if what.ready:
            return any(what.ready in line for line in self._printed)
        address = self.place.address
        if address is None:
            return True
        try:
            self.place.kernel.network.connect(self.place, address, SECOND, None).close()
        except OSError:
            return False
        return True


KIND = Kind(
    name="program",
    build=ProgramPeer,
    settings=ProgramPersonality,
    about="a program of this machine: started, read and stopped by the bench",
    actions={"run": Action(Run, "run"), "start": Action(Start, "launch"), "stop": Action(Stop, "stop")},
    events=frozenset({"program-started", "program-ended", "printed"}),
    fields=frozenset({"command", "text", "exit-code"}),
    serves=False,
)
ProgramPeer.kind = KIND
