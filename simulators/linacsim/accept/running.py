"""Plays a suite against a product, one scenario after the other, and goes on where it was interrupted."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from linacsim import __version__
from linacsim.accept.answers import Answering
from linacsim.accept.profile import Profile
from linacsim.accept.protocol import Entry, Protocol, evidence, open_protocol
from linacsim.accept.suite import Suite
from linacsim.errors import InputError
from linacsim.kernel.stopwatch import now_in_words
from linacsim.playing import Played, Setting, play_scenario
from linacsim.report.reason import reason, unfired
from linacsim.scenario.sut import Address

RUNS = "runs"
_WITH = ("pydicom", "pynetdicom", "simpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """An acceptance run.

    Attributes
    ----------
    suite : Suite
        What is played.
    profile : Profile
        The product.
    suts : tuple of Address
        Where it is.
    folder : Path
        Where everything goes.
    answering : Answering
        Who answers questions.
    told : callable
        Told of each scenario that has been played: the entry, how many of how many.
    """

    suite: Suite
    profile: Profile
    suts: tuple[Address, ...]
    folder: Path
    answering: Answering
    told: Callable[[Entry, int, int], None]

    def run(self) -> Protocol:
        """Play what has not been played yet; after every scenario the protocol is on the disk.

        Raises
        ------
        InputError
            If the folder belongs to another run, or a scenario cannot be set up.
        """
        self._look_over()
        protocol = open_protocol(self.folder, self._about(), now_in_words())
        protocol.save(self.folder)
        wanted = [name for name in self.suite.scenarios if name not in self.profile.not_applicable]
        for name in wanted:
            if name in protocol.played:
                continue
            self.answering.asked.clear()
            played = play_scenario(self.suite.scenarios[name], self._setting(), self.folder / RUNS)
            entry = self._entry(name, played)
            protocol.entries.append(entry)
            protocol.save(self.folder)
            self.told(entry, len(protocol.entries), len(wanted))
        return protocol

    def _look_over(self) -> None:
        for name in self.profile.not_applicable:
            if name not in self.suite.scenarios:
                raise InputError(f"{name!r} is not in the suite", "not-applicable", "look at the suite's scenarios")

    def _setting(self) -> Setting:
        return Setting(
            clock="live",
            seed=self.profile.seed,
            host=self.profile.host,
            ports=self.profile.ports,
            suts=self.suts,
            words=tuple(word for sut in self.suts for word in ("--sut", _written(sut))),
            person=self.answering,
        )

    def _about(self) -> dict[str, Any]:
        return {
            "suite": self.suite.name,
            "scenarios": list(self.suite.scenarios),
            "profile": self.profile.model_dump(mode="json"),
            "addresses": [_written(sut) for sut in self.suts],
            "linacsim": __version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "libraries": {name: version(name) for name in _WITH},
        }

    def _entry(self, name: str, played: Played) -> Entry:
        root = played.folder.root
        failed = str(played.result["verdict"]) != "pass"
        return Entry(
            name=name,
            title=str(played.result["scenario"]),
            verdict=str(played.result["verdict"]),
            reason=reason(played.result) if failed else "",
            requires=list(played.result["requires"]),
            folder=root.relative_to(self.folder).as_posix(),
            seed=int(played.result["seed"]),
            ended=now_in_words(),
            took=int(played.result["wall-time"]),
            asked=[asdict(each) for each in self.answering.asked],
            evidence=evidence(self.folder, root.rglob("*")),
            checked=_checked(played.result),
            missed=_missed(played.result),
        )


def _checked(result: dict[str, Any]) -> list[str]:
    met = [str(row["text"]) for row in result["expectations"] if row["met"]]
    return met + [f"fault: {row['text']}" for row in result["faults"] if row["fired"]]


def _missed(result: dict[str, Any]) -> list[str]:
    found = [str(failure) for failure in result["failures"]]
    found += [f"{row['text']}: {row['reason']}" for row in result["expectations"] if not row["met"]]
    unfired_ones = [row for row in result["faults"] if not row["fired"]]
    return found + [f"fault that never fired: {row['text']}; {unfired(row, ())}" for row in unfired_ones]


def _written(sut: Address) -> str:
    where = f"{sut.personality.host}:{sut.personality.port}"
    name = f"{sut.name}=" if sut.name else ""
    return f"{name}{where}@{sut.personality.title}" if sut.personality.title else f"{name}{where}"
