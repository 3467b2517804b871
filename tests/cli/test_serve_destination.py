"""``linacsim serve archive --destination``: where a C-MOVE may send to, and that a store takes nothing from a personality."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from linacsim.cli import archive, main
from linacsim.cli.destinations import with_destinations
from linacsim.devices.archive.personality import ArchivePersonality, Destination
from linacsim.errors import InputError


def test_destinations_stand_beside_those_of_the_personality() -> None:
    own = ArchivePersonality.named(
        "strict", destinations={"A": Destination(host="a", port=1), "B": Destination(host="b")}
    )
    told = with_destinations(["B=10.0.0.1:104", "C=[::1]:11112"], ["archive"], own)
    assert isinstance(told, ArchivePersonality)
    assert told.require_called
    assert {title: (one.host, one.port) for title, one in told.destinations.items()} == {
        "A": ("a", 1),
        "B": ("10.0.0.1", 104),
        "C": ("::1", 11112),
    }


def test_none_given_changes_nothing() -> None:
    assert with_destinations([], ["printer"], None) is None


@pytest.mark.parametrize("text", ["X", "=h:1", "A=", "A=h", "A=:1", "A=h:0", "A=h:99999", "A=h:x"])
def test_what_is_no_destination(text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["serve", "archive", "--destination", text, "--port", "0", "--out", str(tmp_path)]) == 3
    told = capsys.readouterr()
    assert f"--destination: '{text}'" in told.err
    assert "write AE_TITLE=HOST:PORT" in told.err
    assert "listens on" not in told.out


def test_a_title_that_is_too_long() -> None:
    with pytest.raises(InputError, match="has 17 characters; an AE title has at most 16"):
        with_destinations([f"{'A' * 17}=h:1"], ["archive"], None)


def test_only_an_archive_has_them() -> None:
    with pytest.raises(InputError, match="only an archive has move destinations"):
        with_destinations(["A=h:1"], ["printer"], None)


def test_a_store_leaves_what_a_personality_says_of_keeping() -> None:
    options = argparse.Namespace(store="here", database=None, devices=["archive"])
    told = archive.with_store(options, ArchivePersonality.named("strict"))
    assert told is not None
    assert (told.keeping.store, told.keeping.same_instance) == ("here", "refuse")
