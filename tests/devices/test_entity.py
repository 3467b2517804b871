"""What all devices share: their words for the log, their Error Comments, their kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

import linacsim.devices
from linacsim.bench import Bench
from linacsim.devices.entity import error_comment
from linacsim.devices.registry import KINDS
from linacsim.devices.uids import is_uid
from linacsim.settings import Settings


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("disk full", "disk full"),
        (r"STANDARD\2,2", "STANDARD/2,2"),
        ("a\nb\x00c", "a b c"),
        ("Müller", "M?ller"),
        ("x" * 100, "x" * 64),
    ],
)
def test_an_error_comment_is_one_value_of_its_representation(text: str, comment: str) -> None:
    assert error_comment(text) == comment


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("1.2.840.10008.1.1", True),
        ("1", True),
        ("01.2", True),
        ("1." * 31 + "12", True),
        ("1." * 31 + "123", False),
        ("", False),
        ("1..2", False),
        (".1", False),
        ("1.", False),
        ("1.a", False),
        ("../1", False),
        ("1.2\n", False),
        ("١.٢", False),
    ],
)
def test_what_is_a_uid(text: str, good: bool) -> None:
    assert is_uid(text) is good


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_says_what_it_is(name: str) -> None:
    kind = KINDS[name]
    assert kind.name == name
    assert kind.about
    assert issubclass(kind.settings, Settings)
    for action in [*kind.actions.values(), *kind.breakages.values()]:
        assert issubclass(action.settings, Settings)


# a remote one is a real product, and not on the virtual network: tests/scenario/test_sut.py
@pytest.mark.parametrize("name", [name for name in KINDS if name != "remote"])
def test_every_kind_can_be_added_to_a_bench_and_does_what_it_promises(name: str) -> None:
    with Bench() as bench:
        device = bench.add(name)
        kind = type(device).kind
        assert kind is KINDS[name]
        methods = [action.method for action in [*kind.actions.values(), *kind.breakages.values()]]
        assert all(callable(getattr(device, method)) for method in methods)
        assert (device.place.address is not None) is kind.serves
        assert len(device.name) <= 16


def test_every_folder_of_devices_has_the_same_inner_names() -> None:
    root = Path(linacsim.devices.__file__).parent
    folders = [path for path in root.iterdir() if (path / "__init__.py").is_file()]
    assert len(folders) >= 4
    lacking = [
        f"{folder.name}/{name}"
        for folder in folders
        for name in ("services.py", "personality.py")
        if not (folder / name).is_file()
    ]
    assert lacking == []
