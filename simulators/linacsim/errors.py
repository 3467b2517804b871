"""The error tree of linacsim.

::

    LinacsimError
    ├── InputError            the user's file, option or argument is wrong     (exit 3)
    │   └── ScenarioError     a scenario file is wrong
    ├── PlayFailure           a step could not be played; the verdict is *fail* (exit 1)
    └── HarnessError          the bench itself cannot go on                     (exit 3)
        ├── Deadlock          nothing is scheduled while the script still waits
        ├── Livelock          too many steps at one instant
        ├── HorizonReached    the run went past its time limit
        ├── BorderError       a pynetdicom border is not as it was pinned
        └── TaskFailed        a task of the bench raised

Every error is rebuilt from its positional ``args``: simpy re-raises a failed event with ``type(exc)(*exc.args)``.
"""

from __future__ import annotations


class LinacsimError(Exception):
    """Root of all errors that linacsim raises on purpose."""


class InputError(LinacsimError):
    """Something the user gave is wrong.

    Parameters
    ----------
    what : str
        What is wrong, in a few words.
    where : str
        The file, line, option or attribute it was found at; may be empty.
    todo : str
        What the user can do about it; may be empty.
    """

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        super().__init__(what, where, todo)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}; {self.todo}" if self.todo else head


class ScenarioError(InputError):
    """A scenario file is wrong: unknown key, unknown device, value of the wrong shape."""


class PlayFailure(LinacsimError):
    """A step of a scenario could not be played to its end; the run has failed, the bench has not."""


class HarnessError(LinacsimError):
    """The bench itself cannot go on."""


class Deadlock(HarnessError):
    """Nothing is scheduled while the script still waits; the message names who waits for what."""


class Livelock(HarnessError):
    """Too many steps at one instant of virtual time; the message names the busiest tasks."""


class HorizonReached(HarnessError):
    """The run went past its time limit without coming to its end."""


class BorderError(HarnessError):
    """A name that linacsim touches inside pynetdicom is not as it was pinned."""


class TaskFailed(HarnessError):
    """A task of the bench raised an exception that nobody waited for."""
