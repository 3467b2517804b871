"""The files that a scenario is made of: its own, those that it includes, and the values of its parameters.

::

    # two-archives.yaml                       # a-slow-archive.yaml
    parameters: {patience: 30 s}              include: [two-archives.yaml]
    peers:                                    scenario: A slow archive
      NEAR: {kind: archive}                   parameters: {patience: 5 min}
      FAR: {kind: archive}                    steps: ...

There is no template language: a value that is nothing but ``$patience`` is the parameter's value, whatever its type. Text
that begins with a dollar is written ``$$...``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linacsim.errors import ScenarioError
from linacsim.settings import KeyPath, did_you_mean, found
from linacsim.yaml_file import YamlFile, read_scalar, read_yaml

INCLUDE, PARAMETERS = "include", "parameters"
FROM_OUTSIDE = "given from outside"
Known = dict[str, tuple[Any, str]]
"""Parameters, and where their values stand."""
_REFERENCE = re.compile(r"\$([A-Za-z][A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the files of a scenario.

    Attributes
    ----------
    file : YamlFile
        Where its values stand.
    data : mapping
        Its content, without includes and parameters, every reference replaced.
    own : bool
        Whether it is the scenario's own file, not one that is included.
    """

    file: YamlFile
    data: Mapping[str, Any]
    own: bool


def gather(file: YamlFile, values: Mapping[str, Any]) -> list[Part]:
    """Return the parts of the scenario in `file`, those that are included first, each once.

    Parameters
    ----------
    file : YamlFile
        The scenario's own file.
    values : mapping of str to value
        Values of parameters that win over those of the files.

    Raises
    ------
    ScenarioError
        If a file is missing, includes itself, or a parameter is unknown, unused or has no value.
    """
    # a file that two others include comes once
    files = list({each.path.resolve(): each for each in reversed([*_with_includes(file, ())])}.values())[::-1]
    known: Known = {}
    for each in files:
        for name, value in _section(each, PARAMETERS, {}).items():
            where = each.locate((PARAMETERS, name))
            known[name] = (_own_value(value, where), where)
    for name, value in values.items():
        if name not in known:
            raise ScenarioError(f"no parameter {name!r}", str(file.path), did_you_mean(name, known, "parameters"))
        known[name] = (value, FROM_OUTSIDE)
    used: set[str] = set()
    parts = [_part(each, known, used, own=each is file) for each in files]
    for name in known:
        if name not in used:
            raise ScenarioError(f"the parameter {name!r} is never used", known[name][1], f"write '${name}' somewhere")
    return parts


def values_of(words: Iterable[str]) -> dict[str, Any]:
    """Return the values of parameters in words of a command line: ``images=5``, ``patience=30 s``.

    Raises
    ------
    ScenarioError
        If a word has no name or no equals sign.
    """
    values = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not name or not equals:
            raise ScenarioError(f"{word!r} sets nothing", "--set", "write for example --set images=5")
        values[name] = read_scalar(text)
    return values


def _with_includes(file: YamlFile, above: tuple[Path, ...]) -> Iterator[YamlFile]:
    """Yield what `file` includes, then `file`."""
    names = _section(file, INCLUDE, [])
    for index, name in enumerate(names):
        where = file.locate((INCLUDE, index))
        if not isinstance(name, str):
            raise ScenarioError(f"the name of a file is wanted, found {found(name)}", where)
        path = file.path.parent / name
        if path.resolve() in (*above, file.path.resolve()):
            raise ScenarioError(f"{name!r} includes itself", where, "leave one of the includes out")
        if why := _no_file(path):
            raise ScenarioError(why.format(found(name)), where, "it is looked for beside this file")
        yield from _with_includes(read_yaml(path, ScenarioError), (*above, file.path.resolve()))
    yield file


def _no_file(path: Path) -> str:
    """Return why `path` cannot be read as a file, with a place for its name; empty if it can."""
    try:
        if path.is_file():
            return ""
        if path.is_dir():
            return "{} is a folder, a file is wanted"
        return "{} is no regular file" if path.exists() else "no such file: {}"
    except (OSError, ValueError):  # a name that is too long for the file system, or impossible
        return "no such file: {}"


def _section(file: YamlFile, name: str, empty: Any) -> Any:
    """Return the value of a key at the top of a file, of the type of `empty`."""
    if not isinstance(file.data, Mapping) or name not in file.data:
        return empty
    value = file.data[name]
    if not isinstance(value, type(empty)):
        wanted = "a list" if isinstance(empty, list) else "a mapping"
        raise ScenarioError(f"{name!r} wants {wanted}, found {found(value)}", file.locate((name,)))
    return value


def _own_value(value: Any, where: str) -> Any:
    """Return the value that a file gives a parameter, which refers to no other one."""
    if isinstance(value, dict):
        return {key: _own_value(inner, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [_own_value(inner, where) for inner in value]
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value.startswith("$$"):
        return value[1:]
    if _REFERENCE.fullmatch(value) is None:
        return value
    raise ScenarioError(
        f"the value of a parameter is no other parameter: {value!r}", where, f"write '${value}' for a text"
    )


def _part(file: YamlFile, known: Known, used: set[str], *, own: bool) -> Part:
    if not isinstance(file.data, Mapping):
        return Part(file, file.data, own)
    filling = _Filling(file, known, used, {})
    rest = {key: value for key, value in file.data.items() if key not in (INCLUDE, PARAMETERS)}
    data = filling.filled(rest, ())
    # an error in a value that comes from somewhere else says from where
    return Part(replace(file, remarks=filling.remarks), data, own)


@dataclass(frozen=True, slots=True)
class _Filling:
    """Replaces the references in a file.

    Attributes
    ----------
    known : mapping of str to (value, str)
        The parameters, and where each has its value from.
    used : set of str
        Those that something refers to.
    remarks : dict of path to str
        What an error at a place has to tell beside it.
    """

    file: YamlFile
    known: Known
    used: set[str]
    remarks: dict[KeyPath, str]

    def filled(self, value: Any, path: KeyPath) -> Any:
        """Return `value` with every reference in it replaced."""
        if isinstance(value, dict):
            return {key: self.filled(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner, (*path, index)) for index, inner in enumerate(value)]
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        if value.startswith("$$"):
            return value[1:]
        reference = _REFERENCE.fullmatch(value)
        return value if reference is None else self._value(reference[1], path)

    def _value(self, name: str, path: KeyPath) -> Any:
        if name not in self.known:
            advice = f"add 'parameters: {{{name}: ...}}'"
            if self.known:
                advice = did_you_mean(name, self.known, "parameters")
            raise ScenarioError(f"no parameter {name!r}", self.file.locate(path), advice)
        self.used.add(name)
        value, where = self.known[name]
        self.remarks[path] = f"${name}, {where.rpartition('/')[2]}"
        return value
