"""What is found in real files and in the exports of each system is what somebody has read and understood."""

from __future__ import annotations

import pytest

from tests.conformance.check.pinned import HERE, TABLES


@pytest.mark.parametrize("name", TABLES)
def test_what_is_found_is_what_was_read(name: str) -> None:
    known = (HERE / name).read_text("utf-8").splitlines()
    found = TABLES[name]()
    assert sorted(set(found) - set(known)) == [], "new; see tests/conformance/check/pinned.py"
    assert sorted(set(known) - set(found)) == [], "not found any more; see tests/conformance/check/pinned.py"
    assert len(known) == len(set(known)) > 50
