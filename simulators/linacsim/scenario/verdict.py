"""The verdict of a run and the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from linacsim.scenario.expectation import Met, Unmet


class Verdict(StrEnum):
    """What a run has shown."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    """Every step was played and every expectation met."""
    FAIL = "fail"
    """A step failed, or an expectation was not met."""
    INCONCLUSIVE = "inconclusive"
    """Nothing failed, but an armed fault never fired: what it should have shown was not shown."""
    ERROR = "error"
    """The bench itself could not go on; nothing is said about the stack under test."""

    @property
    def exit_code(self) -> int:
        """The exit code of the command that ran the scenario: 0, 1, 2 or 3."""
        return _EXIT_CODES[self]


_EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 2, Verdict.ERROR: 3}


def judge(
    expectations: Iterable[Met | Unmet] = (),
    step_failures: Collection[object] = (),
    unfired_faults: Collection[object] = (),
    harness_error: BaseException | None = None,
) -> Verdict:
    """Return the verdict of a run.

    Parameters
    ----------
    expectations : iterable of Met or Unmet
        The results of all expectations.
    step_failures : collection
        The failures of steps that were not expected to fail, and the steps that should have failed and did not.
    unfired_faults : collection
        The armed faults that never fired.
    harness_error : exception, optional
        Why the bench could not go on; it beats all others.
    """
    if harness_error is not None:
        return Verdict.ERROR
    if step_failures or any(isinstance(result, Unmet) for result in expectations):
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if unfired_faults else Verdict.PASS
