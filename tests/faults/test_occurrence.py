"""At which of its chances a fault fires, and what a rejection may say."""

from __future__ import annotations

import pytest

from linacsim.errors import InputError
from linacsim.faults.model import Occurrence, Reject, When, fault


class TestOccurrence:
    @pytest.mark.parametrize(
        ("occurrence", "fired"),
        [
            (Occurrence(), [1, 2, 3, 4, 5, 6]),
            (Occurrence(When.NTH, 2), [2]),
            (Occurrence(When.FIRST, 2), [1, 2]),
            (Occurrence(When.EVERY, 2), [2, 4, 6]),
            (Occurrence(When.AFTER, 2), [3, 4, 5, 6]),
        ],
    )
    def test_fires_at_its_chances(self, occurrence: Occurrence, fired: list[int]) -> None:
        assert [ordinal for ordinal in range(1, 7) if occurrence.fires(ordinal)] == fired

    def test_counts_from_one(self) -> None:
        with pytest.raises(InputError) as wrong:
            Occurrence(When.NTH, 0)
        assert str(wrong.value) == "0 is not a count; write a whole number, 1 or more"


class TestReject:
    @pytest.mark.parametrize(("source", "reason"), [(1, 1), (1, 2), (1, 3), (1, 7), (2, 1), (2, 2), (3, 1), (3, 2)])
    def test_takes_the_reasons_that_the_standard_defines(self, source: int, reason: int) -> None:
        armed = fault("reject", source=source, reason=reason)
        assert armed.parameters == Reject.model_validate({"source": source, "reason": reason})

    @pytest.mark.parametrize(("source", "reason"), [(2, 3), (2, 7), (3, 3), (3, 7)])
    def test_refuses_the_others_before_the_run(self, source: int, reason: int) -> None:
        with pytest.raises(InputError) as wrong:
            fault("reject", source=source, reason=reason)
        assert str(wrong.value) == f"fault: 'reject': source {source} has the reasons 1 and 2, not {reason}"
