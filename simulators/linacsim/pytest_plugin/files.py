"""Scenario files as tests: a YAML file whose top level has the key ``scenario``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from linacsim.pytest_plugin.options import OPTIONS

if TYPE_CHECKING:
    from linacsim.bench import Bench
    from linacsim.scenario.model import Scenario
    from linacsim.scenario.runner import Outcome

_KEY = re.compile(rb"^scenario[ \t]*:", re.MULTILINE)
_HEAD = 1 << 16


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a scenario file; any other YAML file is none of our business."""
    if file_path.suffix not in (".yaml", ".yml") or not parent.config.getini("bench_scenarios"):
        return None
    with file_path.open("rb") as stream:
        if _KEY.search(stream.read(_HEAD)) is None:
            return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield the scenario on each clock of the session; a file that is no scenario is an error of the collection."""
        from linacsim.errors import InputError  # noqa: PLC0415 - with the rest
        from linacsim.scenario.loader import load_scenario  # noqa: PLC0415 - the same
        from linacsim.scenario.vocabulary import vocabulary  # noqa: PLC0415 - takes half a second

        try:
            scenario = load_scenario(self.path, vocabulary())
        except InputError as error:
            raise self.CollectError(str(error)) from error
        for clock in self.config.stash[OPTIONS].clocks:
            yield ScenarioItem.from_parent(self, name=f"{self.path.stem}[{clock}]", scenario=scenario, clock=clock)


class NotPassedError(Exception):
    """The verdict of a scenario is not *pass*."""


class ScenarioItem(pytest.Item):
    """A scenario on one clock."""

    def __init__(self, *, scenario: Scenario, clock: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.scenario = scenario
        self.clock = clock
        self.user_properties += [("bench-clock", clock), ("bench-seed", self._seed)]
        self.user_properties += [("requires", each) for each in scenario.requires]

    @property
    def _seed(self) -> int:
        return self.config.stash[OPTIONS].seed

    def runtest(self) -> None:
        """Play it; on the virtual clock twice, if the session says so."""
        options = self.config.stash[OPTIONS]
        digest = self._play()
        if options.twice and self.clock == "virtual" and self._play() != digest:
            raise NotPassedError("played twice with the same seed, the events differ; see: linacsim play --twice")

    def _play(self) -> str:
        """Play the scenario and return the digest of its events; anything but *pass* is a failure."""
        from linacsim.bench import Bench  # noqa: PLC0415 - takes half a second
        from linacsim.scenario.runner import play  # noqa: PLC0415 - the same
        from linacsim.scenario.verdict import Verdict  # noqa: PLC0415 - the same

        options = self.config.stash[OPTIONS]
        bench = Bench(clock=self.clock, seed=self._seed, host=options.host)  # type: ignore[arg-type]
        bench.search = (self.path.parent, Path())
        with bench:
            outcome = play(bench, self.scenario)
        passed = outcome.verdict is Verdict.PASS
        if options.trace == "on" or (options.trace == "retain-on-failure" and not passed):
            self._keep(bench, outcome)
        if not passed:
            raise NotPassedError(self._told(bench, outcome))
        return bench.digest()

    def _again(self) -> str:
        live = " --clock live" if self.clock == "live" else ""
        return f"linacsim play {self.path} --seed {self._seed}{live}"

    def _result(self, bench: Bench, outcome: Outcome) -> dict[str, Any]:
        from linacsim.pytest_plugin.keeping import result_head  # noqa: PLC0415 - with the rest
        from linacsim.scenario.runner import result_of  # noqa: PLC0415 - the same

        return result_of(self.scenario, outcome, {**result_head(bench), "reproduce": self._again()})

    def _told(self, bench: Bench, outcome: Outcome) -> str:
        from linacsim.report import summary, timeline  # noqa: PLC0415 - only when something has failed

        last = timeline(bench.log.records[-15:], ascii_only=True)
        return summary(self._result(bench, outcome), colour=False) + "\nthe last events:\n" + last

    def _keep(self, bench: Bench, outcome: Outcome) -> None:
        from linacsim.pytest_plugin.keeping import keep  # noqa: PLC0415 - only when a run is kept

        output = self.config.stash[OPTIONS].output
        root = keep(output, self.scenario.title, bench, self._result(bench, outcome))
        self.add_report_section("call", "bench", f"files: {root}\nagain: {self._again()}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the text of a failure: the verdict and why, not the way through our own code."""
        from linacsim.errors import LinacsimError  # noqa: PLC0415 - with the rest

        if isinstance(excinfo.value, NotPassedError | LinacsimError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where it stands, and its title."""
        return self.path, 0, self.scenario.title
