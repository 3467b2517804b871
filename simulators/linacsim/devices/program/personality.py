"""How a program is run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from linacsim.devices.remote.personality import Port
from linacsim.kernel.units import seconds
from linacsim.settings import AETitle, Duration, Settings

Words = Annotated[tuple[str, ...], Field(min_length=1)]


class ProgramPersonality(Settings):
    """A program that is the stack under test.

    Attributes
    ----------
    port : int or None
        Where it listens, if it does.
    title : str or None
        Its AE title, if peers know it by another name.
    environment : mapping of str to str
        What is added to the environment that the bench runs in.
    folder : str
        The folder that it is run in.
    """

    port: Port | None = None
    title: AETitle | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    folder: str = "."


class Run(Settings):
    """Run the program to its end.

    Attributes
    ----------
    command : list of str
        The program and its arguments.
    exits : int
        The exit code that it must have.
    within : Duration
        How long it may take; then it is ended.
    """

    command: Words
    exits: int = 0
    within: Duration = seconds(60)


class Start(Settings):
    """Start the program and go on.

    Attributes
    ----------
    command : list of str
        The program and its arguments.
    ready : str
        It is ready when it prints a line with this text; without one, when its port answers.
    within : Duration
        How long that may take.
    """

    command: Words
    ready: str = ""
    within: Duration = seconds(20)


class Stop(Settings):
    """Stop a program that was started.

    Attributes
    ----------
    within : Duration
        How long it may take to end when it is asked to; then it is killed.
    """

    within: Duration = seconds(10)
