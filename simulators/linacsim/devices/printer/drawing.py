"""Films are drawn: of an order come the picture and perhaps a Secondary Capture, here or in a process of its own.

Drawing keeps a processor busy for longer than a client takes to send the next film. In a process of its own, with less
right to the processors than whoever serves clients, it holds up nobody: `main` takes orders from standard input and puts
drawings to standard output until there are no more.
"""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import IO, NamedTuple

from pydicom.dataset import Dataset

from linacsim.devices.printer.order import Order, Part, unpacked
from linacsim.devices.printer.picture import picture, secondary_capture
from linacsim.errors import InputError

_COURTESY = 19
"""How much less right to a processor the drawing process has; see nice(2)."""
_PATIENCE = 3
"""Processes that may be lost one after the other."""
_HEAD = struct.Struct("<QQ")
_REFUSED = (1 << 64) - 1
"""In place of the length of a picture: what follows is the error's words."""


class Drawn(NamedTuple):
    """What has become of an order: the PNG, and the Secondary Capture as a file, empty if none was wanted."""

    png: bytes
    capture: bytes = b""


Draw = Callable[[Order | bytes], Drawn]
DrawAhead = Callable[[Callable[[], Order | bytes]], Future[Drawn]]
"""Begins to draw what the callable returns, which may have to be read from a disk first."""


def drawn(order: Order | bytes) -> Drawn:
    """Draw a film here and now.

    Raises
    ------
    InputError
        If the sheet cannot be exposed.
    """
    todo = order if isinstance(order, Order) else unpacked(order)
    images = list(todo.images)
    png = picture(todo.sheet, images, todo.medium)
    if todo.capture is None:
        return Drawn(png)
    return Drawn(png, _file(secondary_capture(todo.sheet, images, todo.capture)))


def _file(ds: Dataset) -> bytes:
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@dataclass(slots=True)
class DrawingProcess:
    """Draws films in a process of its own, one after the other.

    The film that a process has died of is drawn here, and the next film has a new process, unless films do not get through
    time and again.
    """

    _process: subprocess.Popen[bytes] | None = None
    _closed: bool = False
    _losses: int = 0

    def start(self) -> None:
        """Start the process, so that it is there when the first film comes."""
        command = [sys.executable, "-c", f"from {__name__} import main; main()"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ourselves

    def close(self) -> None:
        """End the process; what is drawn from now on is drawn here."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                # what had been written for a process that is gone
                pipe.close()  # type: ignore[union-attr]
        process.wait()

    def __call__(self, order: Order | bytes) -> Drawn:
        """Have a film drawn; blocks, and lets other threads run meanwhile.

        Raises
        ------
        InputError
            If the sheet cannot be exposed.
        """
        if self._process is None and not self._closed and self._losses < _PATIENCE:
            self.start()
        if self._process is not None:
            try:
                done = _asked(self._process, order)
            except OSError:
                self._losses += 1
                self._process.kill()
                self._end()
            else:
                self._losses = 0
                return done
        return drawn(order)


class DrawingRoom:
    """Draws several films at once, each in a process of its own.

    Parameters
    ----------
    places : int
        How many at once.
    """

    def __init__(self, places: int) -> None:
        self._processes = [DrawingProcess() for _ in range(places)]
        self._idle: SimpleQueue[DrawingProcess] = SimpleQueue()
        self._pool = ThreadPoolExecutor(places, thread_name_prefix="linacsim-drawing")
        for process in self._processes:
            self._idle.put(process)

    def start(self) -> None:
        """Start the processes, so that they are there when the first films come."""
        for process in self._processes:
            process.start()

    def close(self) -> None:
        """End the processes when they have drawn what they have; what is drawn from now on is drawn here."""
        self._pool.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()

    def __call__(self, order: Order | bytes) -> Drawn:
        """Have a film drawn; blocks, and lets other threads run meanwhile.

        Raises
        ------
        InputError
            If the sheet cannot be exposed.
        """
        process = self._idle.get()
        try:
            return process(order)
        finally:
            self._idle.put(process)

    def ahead(self, order: Callable[[], Order | bytes]) -> Future[Drawn]:
        """Begin to draw a film."""
        return self._pool.submit(lambda: self(order()))


def _asked(process: subprocess.Popen[bytes], order: Order | bytes) -> Drawn:
    to, back = process.stdin, process.stdout
    if to is None or back is None:
        raise BrokenPipeError
    parts: list[Part] = [order] if isinstance(order, bytes) else order.packed()
    to.write(_HEAD.pack(sum(len(part) for part in parts), 0))
    for part in parts:
        to.write(part)
    to.flush()
    first, second = _HEAD.unpack(_read(back, _HEAD.size))
    if first == _REFUSED:
        raise InputError(*json.loads(_read(back, second)))
    return Drawn(_read(back, first), _read(back, second))


def _read(source: IO[bytes], length: int) -> bytes:
    data = source.read(length)
    if len(data) < length:
        raise BrokenPipeError
    return data


def main() -> None:
    """Draw what comes, until nothing more can come."""
    # Ctrl-C is for whoever started this; it ends when that does
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_COURTESY)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    with suppress(BrokenPipeError):
        # whoever wants the drawings may be gone in the middle of one
        while head := source.read(_HEAD.size):
            target.write(_answer(_read(source, _HEAD.unpack(head)[0])))
            target.flush()


def _answer(order: bytes) -> bytes:
    try:
        done = drawn(order)
    except InputError as error:
        told = json.dumps(error.args).encode("ascii")
        return _HEAD.pack(_REFUSED, len(told)) + told
    return _HEAD.pack(len(done.png), len(done.capture)) + done.png + done.capture
