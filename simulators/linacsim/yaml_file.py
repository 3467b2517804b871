"""One YAML 1.2 file, read strictly: the values as plain Python, and the line and column of each.

Only the part of YAML that a person reads without surprise is taken: mappings with text keys, lists, text, numbers,
``true``, ``false`` and ``null``. Duplicate keys, anchors, aliases, tags and a second document are errors; ``on``, ``yes``,
dates and numbers with leading zeros are text.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Never

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from linacsim.errors import InputError
from linacsim.settings import KeyPath, found

SIZE_MAX = 1_000_000
"""The largest file that is read, in bytes; a larger one was hardly written by a person."""
DEPTH_MAX = 40
"""The deepest nesting that is read."""

_NUMBERS = 30  # digits; a longer number is text, for nothing here counts that far
_INT = re.compile(rf"[-+]?(?:0|[1-9][0-9]{{0,{_NUMBERS}}})|0x[0-9A-Fa-f]{{1,{_NUMBERS}}}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTENT = (NodeEvent, MappingEndEvent, SequenceEndEvent)  # the parser's other events frame streams and documents
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, eq=False)
class YamlFile:
    """The content of a file and the places of its values."""

    path: Path
    data: Any
    places: dict[KeyPath, tuple[int, int]] = field(repr=False)
    """Line and column, from 1, of the key or the list entry at each path."""
    remarks: Mapping[KeyPath, str] = field(default_factory=dict, repr=False)
    """What is told beside some places: where a value stands that is used there."""

    def locate(self, path: KeyPath = ()) -> str:
        """Return where the value at `path` stands, or the nearest value around it: ``jam.yaml:4:3``."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        remark = self.remarks.get(path)
        return f"{self.path}:{line}:{column}" + (f" ({remark})" if remark else "")


def read_yaml(path: Path, error: type[InputError] = InputError) -> YamlFile:
    """Return the content of the file at `path`.

    Raises
    ------
    InputError
        (or `error`) if there is no such file, or it is not the YAML described above; the text is one line.
    """
    return _Reader(path, error).read()


def read_scalar(text: str) -> Any:
    """Return the value of `text` as a file would have it, unquoted: a number, a word such as ``true``, or text."""
    return _plain(text.strip())


def read_text(path: Path, error: type[InputError] = InputError) -> str:
    """Return the UTF-8 text of the file at `path`, or raise `error` with one clear line."""
    name = str(path)
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise error("is a folder, a file is wanted", name)
        if not stat.S_ISREG(about.st_mode):
            raise error("is no regular file", name)
        if about.st_size > SIZE_MAX:
            raise error(f"has {about.st_size} bytes, more than {SIZE_MAX}", name)
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise error("no such file", name) from None
    except UnicodeDecodeError as wrong:
        raise error(f"is not UTF-8 text: byte {wrong.start + 1} does not fit", name, "save it as UTF-8") from None
    except (OSError, ValueError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        raise error(f"cannot be read: {why}", ascii(name)[1:-1]) from None
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise error(f"holds the control character {control.group()!r}, it is no text file", f"{name}:{line}")
    return text


class _Reader:
    """Builds a `YamlFile` from the events of the parser."""

    def __init__(self, path: Path, error: type[InputError]) -> None:
        self.path = path
        self.error = error
        self.places: dict[KeyPath, tuple[int, int]] = {}
        self.events: Iterator[Event] = iter(())

    def read(self) -> YamlFile:
        """Read the whole file."""
        text = read_text(self.path, self.error)
        try:
            self.events = iter([event for event in YAML(typ="rt").parse(text) if isinstance(event, _CONTENT)])
            first = next(self.events, None)
            if first is None or (isinstance(first, ScalarEvent) and not first.value and first.style is None):
                raise self.error("the file is empty", str(self.path))
            data = self._value(first, ())
            if (second := next(self.events, None)) is not None:
                self._refuse(second, "a second document starts here", "write one document per file")
        except MarkedYAMLError as wrong:
            raise self._syntax(wrong, text) from None
        except (YAMLError, RecursionError) as wrong:
            raise self.error(f"is not YAML: {type(wrong).__name__}", str(self.path)) from None
        return YamlFile(self.path, data, self.places)

    def _syntax(self, wrong: MarkedYAMLError, text: str) -> InputError:
        """Return the error for text that is no YAML; tabs get their own words, for they cannot be seen."""
        mark = wrong.problem_mark or wrong.context_mark
        if mark is None:
            return self.error(f"is not YAML: {wrong.problem or wrong.context}", str(self.path))
        place = f"{self.path}:{mark.line + 1}:{mark.column + 1}"
        lines = text.splitlines()
        line = lines[mark.line] if mark.line < len(lines) else ""
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return self.error("a tab in the indentation", place, "indent with spaces")
        problem = " ".join(str(wrong.problem or wrong.context).split())
        return self.error(f"is not YAML: {problem}", place, 'text with ": ", "#" or brackets may need quotes')

    def _value(self, event: Event, path: KeyPath) -> Any:
        """Return the value that starts with `event`."""
        if len(path) > DEPTH_MAX:
            self._refuse(event, f"more than {DEPTH_MAX} levels of nesting")
        self.places.setdefault(path, _place(event))
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            self._refuse(event, f"the anchor or alias {anchor!r}", "write the value out")
        if tag is not None:
            self._refuse(event, f"the tag {str(tag)!r}", "write the value without a tag")
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        return self._mapping(path) if isinstance(event, MappingStartEvent) else self._list(path)

    def _scalar(self, event: ScalarEvent) -> Any:
        """Return the text, number or word of `event`; whatever is quoted is text."""
        text = str(event.value)
        if event.style == ">":
            # the round-trip parser marks the folds with a bell, which no file may hold
            text = text.replace("\a", "")
        if _SURROGATE.search(text):
            self._refuse(event, f"{text!r} is no Unicode text")
        return _plain(text) if event.style is None else text

    def _list(self, path: KeyPath) -> list[Any]:
        """Return the list whose start has been read."""
        entries: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            entries.append(self._value(event, (*path, len(entries))))
        return entries

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        """Return the mapping whose start has been read."""
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._key(event, path)
            if key == "<<":
                self._refuse(event, "the merge key '<<'", "write the keys out, or include a file")
            if key in entries:
                first = self.places[*path, key][0]
                self._refuse(event, f"the key {key!r} stands twice", f"it is in line {first} already")
            self.places[*path, key] = _place(event)
            entries[key] = self._value(next(self.events), (*path, key))
        return entries

    def _key(self, event: Event, path: KeyPath) -> str:
        """Return the key that `event` starts; only text can be one."""
        if not isinstance(event, ScalarEvent):
            self._refuse(event, "a list, mapping or alias as a key")
        key = self._value(event, path)
        if not isinstance(key, str):
            self._refuse(event, f"the key {found(key)} is no text", "put it in quotes if it is meant as text")
        return key

    def _refuse(self, event: Event, what: str, todo: str = "") -> Never:
        """Raise the error that `what` is wrong at `event`."""
        line, column = _place(event)
        raise self.error(what, f"{self.path}:{line}:{column}", todo)


def _place(event: Event) -> tuple[int, int]:
    """Return the line and column of `event`, from 1."""
    return event.start_mark.line + 1, event.start_mark.column + 1


def _plain(text: str) -> Any:
    """Return the value of the unquoted `text` (YAML 1.2 core schema, numbers with leading zeros stay text)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) and len(text) <= _NUMBERS and not text.isdigit() else text
