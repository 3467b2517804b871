"""What a person answers: at the terminal, or from a file for runs that nobody watches."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from linacsim.errors import InputError
from linacsim.kernel.units import SECOND, seconds
from linacsim.scenario.keys import Text
from linacsim.settings import Duration, Settings, build
from linacsim.yaml_file import read_yaml

Fill = Callable[[str], str]
"""Puts hosts, ports and titles of peers into a text."""


class Answer(Settings):
    """The answer to a question.

    Attributes
    ----------
    to : str
        A part of the question, in upper or lower case.
    run : list of str
        A command that does what is asked for; its exit code 0 is yes. Placeholders as in a scenario.
    done : bool
        The answer, where there is no command.
    remark : str
        What the report says about it.
    within : Duration
        How long the command may take.
    """

    to: Text
    run: tuple[str, ...] = ()
    done: bool = True
    remark: str = ""
    within: Duration = seconds(60)


class _AnswersKeys(Settings):
    """The keys of an answers' file."""

    answers: Annotated[tuple[Answer, ...], Field(min_length=1)]


@dataclass(slots=True)
class Asked:
    """A question and its answer, for the report.

    Attributes
    ----------
    question : str
        What was to be done.
    done : bool
        Whether it was.
    remark : str
        What the person, or the command, said.
    by : str
        ``a person`` or ``a command``, or nobody.
    """

    question: str
    done: bool
    remark: str
    by: str


@dataclass(slots=True)
class Answering:
    """Answers questions, and remembers them.

    Attributes
    ----------
    known : tuple of Answer
        From the file.
    terminal : callable or None
        Asks a person.
    asked : list of Asked
        What has been asked since it was emptied last.
    """

    known: tuple[Answer, ...] = ()
    terminal: Callable[[str, Fill], tuple[bool, str]] | None = None
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, question: str, fill: Fill) -> tuple[bool, str]:
        """Answer a question; the file is asked first."""
        for answer in self.known:
            if answer.to.casefold() in question.casefold():
                done, remark = _done(answer, fill) if answer.run else (answer.done, answer.remark)
                by = "a command" if answer.run else "the answers' file"
                break
        else:
            if self.terminal is None:
                done, remark, by = False, "nobody was there to be asked", "nobody"
            else:
                (done, remark), by = self.terminal(question, fill), "a person"
        self.asked.append(Asked(question, done, remark, by))
        return done, remark


def read_answers(path: Path) -> tuple[Answer, ...]:
    """Return the answers in a file: a list below the key ``answers``.

    Raises
    ------
    InputError
        If there is no such file, or anything in it is wrong; the text says where.
    """
    file = read_yaml(path)
    return build(_AnswersKeys, file.data, locate=file.locate).answers


def _done(answer: Answer, fill: Fill) -> tuple[bool, str]:
    """Run the command of an answer; return whether it ended well, and its last line."""
    command = [fill(word) for word in answer.run]
    try:
        done = subprocess.run(  # noqa: S603 - the user's own file names it, and no shell is involved
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=answer.within / SECOND,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"{command[0]} took longer than {answer.within / SECOND:g} s"
    except OSError as exc:
        raise InputError(
            f"cannot be started: {exc.strerror or exc}", command[0], "look into the answers' file"
        ) from exc
    last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
    told = f"exit code {done.returncode}" + (f": {last[0]}" if last else "")
    return done.returncode == 0, answer.remark if done.returncode == 0 and answer.remark else told
