"""The borders to pynetdicom are as they were when they were built; each is a test of its own, named after it."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from linacsim.errors import BorderError
from linacsim.kernel import border
from linacsim.kernel.border import patches, pins


def test_pynetdicom_is_of_the_pinned_series() -> None:
    installed = version("pynetdicom")
    assert installed.startswith(f"{pins.SERIES}."), (
        f"pynetdicom {installed} is installed, the borders were built against {pins.SERIES}.x: "
        "read the code behind every border in kernel/border/pins.py before you move the pin"
    )


@pytest.mark.parametrize("name", sorted(pins.PINNED))
def test_border(name: str) -> None:
    """The source behind a border has not moved."""
    wanted, reliance = pins.PINNED[name]
    found = pins.digest(name)
    assert found == wanted, (
        f"the border {name} has moved in pynetdicom {version('pynetdicom')}. The bench relies on this: {reliance}. "
        f"Read it again, mend linacsim.kernel.border if it needs it, and pin the new digest {found!r}."
    )


@pytest.mark.parametrize("name", sorted({**patches.MODULES, **patches.FUNCTIONS}))
def test_a_stand_in_is_in_place(name: str) -> None:
    border.install()
    owner, attribute = border.resolve(name)
    stand_in = {**patches.MODULES, **patches.FUNCTIONS}[name][0]
    assert getattr(owner, attribute) is stand_in


def test_a_name_that_is_gone_is_told_by_name() -> None:
    with pytest.raises(BorderError, match=r"has no pynetdicom\.dul\.DULServiceProvider\.run_no_more"):
        pins.look_up("pynetdicom.dul.DULServiceProvider.run_no_more")


def test_a_border_that_has_moved_fails_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself can fail: a changed function gives another digest."""
    import pynetdicom.fsm  # noqa: PLC0415 - patched for this test only

    def moved(dul: object) -> str:
        return str(dul)

    monkeypatch.setattr(pynetdicom.fsm, "DT_2", moved)
    assert pins.digest("pynetdicom.fsm.DT_2") != pins.PINNED["pynetdicom.fsm.DT_2"][0]


def test_a_table_that_has_changed_fails_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import pynetdicom.dimse_messages as messages  # noqa: PLC0415 - patched for this test only

    monkeypatch.setitem(messages._DATASET_KEYWORDS, "C_ECHO_RQ", "DataSet")
    name = "pynetdicom.dimse_messages._DATASET_KEYWORDS"
    assert pins.digest(name) != pins.PINNED[name][0]
