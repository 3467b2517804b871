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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linacsim.errors import ScenarioError
from linacsim.settings import KeyPath, did_you_mean, found
from linacsim.yaml_file import YamlFile, read_scalar, read_yaml

INCLUDE, PARAMETERS = "include", "parameters"
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
    known: dict[str, tuple[Any, str]] = {}
    for each in files:
        for name, value in _section(each, PARAMETERS, {}).items():
            known[name] = (value, each.locate((PARAMETERS, name)))
    for name, value in values.items():
        if name not in known:
            raise ScenarioError(f"no parameter {name!r}", str(file.path), did_you_mean(name, known, "parameters"))
        known[name] = (value, str(file.path))
    used: set[str] = set()
    parts = [Part(each, _replaced(each, known, used), each is file) for each in files]
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
        if not path.is_file():
            raise ScenarioError(f"no such file: {name!r}", where, "it is looked for beside this file")
        yield from _with_includes(read_yaml(path, ScenarioError), (*above, file.path.resolve()))
    yield file


def _section(file: YamlFile, name: str, empty: Any) -> Any:
    """Return the value of a key at the top of a file, of the type of `empty`."""
    if not isinstance(file.data, Mapping) or name not in file.data:
        return empty
    value = file.data[name]
    if not isinstance(value, type(empty)):
        wanted = "a list" if isinstance(empty, list) else "a mapping"
        raise ScenarioError(f"{name!r} wants {wanted}, found {found(value)}", file.locate((name,)))
    return value


def _replaced(file: YamlFile, known: Mapping[str, tuple[Any, str]], used: set[str]) -> Any:
    if not isinstance(file.data, Mapping):
        return file.data
    rest = {key: value for key, value in file.data.items() if key not in (INCLUDE, PARAMETERS)}
    return _filled(rest, (), file, known, used)


def _filled(value: Any, path: KeyPath, file: YamlFile, known: Mapping[str, tuple[Any, str]], used: set[str]) -> Any:
    """Return `value` with every reference in it replaced."""
    if isinstance(value, dict):
        return {key: _filled(inner, (*path, key), file, known, used) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, (*path, index), file, known, used) for index, inner in enumerate(value)]
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value.startswith("$$"):
        return value[1:]
    reference = _REFERENCE.fullmatch(value)
    if reference is None:
        return value
    name = reference[1]
    if name not in known:
        advice = did_you_mean(name, known, "parameters") if known else f"add 'parameters: {{{name}: ...}}'"
        raise ScenarioError(f"no parameter {name!r}", file.locate(path), advice)
    used.add(name)
    return known[name][0]
