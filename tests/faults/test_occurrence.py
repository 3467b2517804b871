"""At which of its chances a fault fires."""

from __future__ import annotations

import pytest

from linacsim.errors import InputError
from linacsim.faults.model import Occurrence, When


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
