"""Finds the scenario files that come with linacsim, by name: ``print/film-collated``."""

from __future__ import annotations

import difflib
from pathlib import Path

from linacsim.errors import InputError

_PACKAGE = Path(__file__).resolve().parent.parent


def scenario_folder(package: Path = _PACKAGE) -> Path:
    """Return the folder of the scenarios: ``scenarios/`` of the checkout, else the one inside the installed package."""
    checkout = package.parent.parent / "scenarios"
    # In a checkout the package lives in simulators/; a folder "scenarios" beside site-packages is somebody else's.
    return checkout if package.parent.name == "simulators" and checkout.is_dir() else package / "_scenarios"


def all_scenarios(folder: Path | None = None) -> list[Path]:
    """Return the files of all scenarios in `folder`, sorted by name; without one, those that come with linacsim."""
    root = folder or scenario_folder()
    return sorted((path for path in root.rglob("*.yaml") if path.is_file()), key=lambda path: path.parts)


def scenario_name(path: Path, folder: Path | None = None) -> str:
    """Return the name of the scenario in `path`: ``print/film-collated``; outside the folder, the path itself."""
    root = folder or scenario_folder()
    return path.relative_to(root).with_suffix("").as_posix() if path.is_relative_to(root) else str(path)


def find_scenario(name: str, folder: Path | None = None) -> Path:
    """Return the scenario file called `name`: the path of a file, or a name from the scenarios of linacsim.

    Raises
    ------
    InputError
        If there is none; the text names those that are called nearly so.
    """
    if _is_file(Path(name)):
        return Path(name)
    known = {scenario_name(path, folder): path for path in all_scenarios(folder)}
    plain = name.removesuffix(".yaml")
    if plain in known:
        return known[plain]
    raise InputError(f"no scenario {name!r}", "", _advice(plain, list(known)))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for the file system
        return False


def _advice(name: str, known: list[str]) -> str:
    """Return what the user may have meant by `name`."""
    inside = [other for other in known if other.startswith(f"{name.rstrip('/')}/")]
    last = name.rpartition("/")[2]
    same = [other for other in known if other.rpartition("/")[2] == last]
    near = inside or same or difflib.get_close_matches(name, known, n=3)
    if not near:
        ends = {other.rpartition("/")[2]: other for other in known}
        near = [ends[end] for end in difflib.get_close_matches(last, list(ends), n=3)]
    if near:
        return f"did you mean {' or '.join(repr(other) for other in near[:3])}?"
    subjects = sorted({other.partition("/")[0] for other in known})
    return f"there are scenarios on {', '.join(subjects)}" if subjects else "give the path of a scenario file"
