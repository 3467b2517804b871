"""The library: scenarios by path and by name, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

import pytest

from linacsim.errors import InputError
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_folder, scenario_name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "scenarios"
    for name in ("print/film-collated", "print/film-jam", "archive/queue-lost", "smoke"):
        path = root / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("scenario: x\n", "utf-8")
    (root / "README.md").write_text("no scenario\n", "utf-8")
    (root / "folder.yaml").mkdir()
    return root


def test_all_scenarios_are_listed_sorted(folder: Path) -> None:
    assert [scenario_name(path, folder) for path in all_scenarios(folder)] == [
        "archive/queue-lost",
        "print/film-collated",
        "print/film-jam",
        "smoke",
    ]


def test_no_folder_is_no_scenarios(tmp_path: Path) -> None:
    assert all_scenarios(tmp_path / "none") == []


@pytest.mark.parametrize("name", ["print/film-jam", "print/film-jam.yaml"])
def test_a_name_is_found(folder: Path, name: str) -> None:
    assert find_scenario(name, folder) == folder / "print" / "film-jam.yaml"


def test_a_path_is_found_wherever_it_is(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("scenario: x\n", "utf-8")
    assert find_scenario(str(mine), folder) == mine
    assert scenario_name(mine, folder) == str(mine)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("print/film-jan", "no scenario 'print/film-jan'; did you mean 'print/film-jam' or 'print/film-collated'?"),
        ("film-jam", "no scenario 'film-jam'; did you mean 'print/film-jam'?"),
        ("film-jan", "no scenario 'film-jan'; did you mean 'print/film-jam'?"),
        ("imaging/film-jam.yaml", "no scenario 'imaging/film-jam.yaml'; did you mean 'print/film-jam'?"),
        ("print", "no scenario 'print'; did you mean 'print/film-collated' or 'print/film-jam'?"),
        ("print/", "no scenario 'print/'; did you mean 'print/film-collated' or 'print/film-jam'?"),
        ("zzz", "no scenario 'zzz'; there are scenarios on archive, print, smoke"),
        ("../scenarios/zzz", "no scenario '../scenarios/zzz'; there are scenarios on archive, print, smoke"),
        ("", "no scenario ''; there are scenarios on archive, print, smoke"),
        ("a\0b", "no scenario 'a\\x00b'; there are scenarios on archive, print, smoke"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(folder: Path, name: str, text: str) -> None:
    with pytest.raises(InputError) as wrong:
        find_scenario(name, folder)
    assert str(wrong.value) == text


def test_a_name_too_long_for_a_file_is_just_unknown(folder: Path) -> None:
    with pytest.raises(InputError, match=r"^no scenario"):
        find_scenario("x" * 5000, folder)


def test_without_scenarios_a_path_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as wrong:
        find_scenario("smoke", tmp_path)
    assert str(wrong.value) == "no scenario 'smoke'; give the path of a scenario file"


class TestFolder:
    def test_of_a_checkout_is_its_own(self, tmp_path: Path) -> None:
        package = tmp_path / "simulators" / "linacsim"
        assert scenario_folder(package) == package / "_scenarios"
        (tmp_path / "scenarios").mkdir()
        assert scenario_folder(package) == tmp_path / "scenarios"

    def test_of_a_wheel_is_inside_the_package(self, tmp_path: Path) -> None:
        (tmp_path / "scenarios").mkdir()
        package = tmp_path / "site-packages" / "linacsim"
        assert scenario_folder(package) == package / "_scenarios"
