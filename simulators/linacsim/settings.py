"""Settings: the base of every frozen set of parameters, and how one is built from a file.

Python writes ``Printer(warm_up=minutes(5))``, a file writes ``warm-up: 5 min``. Nothing is converted silently: ``"3"`` is
no number, ``1`` is no truth value, and a bare number in a file is no duration.

`build` is the door for everything that comes from a file: it turns what is wrong into one `InputError` that says what was
found, what is wanted and where.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from linacsim.errors import InputError
from linacsim.kernel.units import parse_duration

STATUS_MAX = 0xFFFF
"""A DIMSE status is one US value (PS3.7 C)."""
AE_TITLE_MAX = 16
"""An AE title has at most 16 characters (PS3.5 6.2)."""
KeyPath = tuple[str | int, ...]
"""The way into nested mappings and lists: ``("peers", "PRINTER", "films", 0)``."""
Locate = Callable[[KeyPath], str]
"""Tells where in a file the value at a path of keys stands: ``("peers", "PRINTER")`` -> ``"jam.yaml:4:3"``."""

_TEXT_MAX = 40
_LISTED = 24
"""Words that are listed where none is near."""
_STATUS_TEXT = re.compile(r"0[xX][0-9A-Fa-f]{1,4}|[0-9A-Fa-f]{4}")
_OUTSIDE_AE = re.compile(r"[^ -\[\]-~]")
_WANTED = {
    **dict.fromkeys(("int_type", "int_from_float"), "a whole number"),
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), "a list"),
    **dict.fromkeys(("dict_type", "model_type"), "a mapping of keys"),
    "none_required": "nothing",
    **dict.fromkeys(("literal_error", "enum"), "{expected}"),
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} or fewer entries",
    "string_too_short": "{min_length} or more characters",
    "string_too_long": "{max_length} or fewer characters",
    "string_pattern_mismatch": "text of the form {pattern}",
}
"""What is wanted, by pydantic's word for what is wrong."""


def to_key(name: str) -> str:
    """Return the key that a file uses for the Python name `name`: ``warm_up`` is written ``warm-up``."""
    return name.rstrip("_").replace("_", "-")


class Settings(BaseModel):
    """Base of every frozen parameter set: unknown keys and silent conversions are errors.

    In a file the underscores of a field's name are hyphens; a trailing underscore (``from_``) is left out.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True, alias_generator=to_key
    )


def _wrong(what: str, todo: str = "") -> PydanticCustomError:
    """Return an error that `build` shows as it is, after the name of the key."""
    return PydanticCustomError("linacsim", "{what}", {"what": what, "todo": todo})


def _duration(value: object, info: ValidationInfo) -> int:
    """Return `value` in microseconds; Python may give whole microseconds, a file has to name the unit."""
    if info.mode == "python" and isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise _wrong(f"{value} is not a duration", "a duration is not negative")
        return value
    try:
        return parse_duration(value)
    except InputError as error:
        raise _wrong(f"{found(value)} is not a duration", error.todo) from None
    except OverflowError:
        raise _wrong(f"{found(value)} is too long for a duration") from None


def _ae_title(value: object) -> str:
    """Return `value` without the spaces around it, which PS3.5 6.2 calls non-significant."""
    if not isinstance(value, str):
        raise _wrong(f"{found(value)} is not an AE title", "put it in quotes if it is meant as text")
    title = value.strip(" ")
    if not title:
        raise _wrong(f"{value!r} is not an AE title", "an AE title has 1 to 16 characters that are not all spaces")
    if len(title) > AE_TITLE_MAX:
        raise _wrong(f"{found(title)} has {len(title)} characters", f"an AE title has at most {AE_TITLE_MAX}")
    if outside := _OUTSIDE_AE.search(title):
        odd = f"{title!r} has the character {outside.group()!r}"
        raise _wrong(odd, "an AE title is ASCII text without backslash and control characters")
    return title


def _status(value: object) -> int:
    """Return the status code written as ``0xA700``, ``'0xA700'`` or ``A700``."""
    if isinstance(value, str) and _STATUS_TEXT.fullmatch(value):
        return int(value, 16)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= STATUS_MAX:
        return value
    raise _wrong(f"{found(value)} is not a status code", "write 0x0000 to 0xFFFF, for example 0xA700")


def _count(value: object) -> int:
    """Return `value` if it is a whole number from 1."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise _wrong(f"{found(value)} is not a count", "write a whole number, 1 or more")


Duration = Annotated[int, BeforeValidator(_duration)]
"""Microseconds. A file writes ``30 s``; only Python may give a number."""
AETitle = Annotated[str, BeforeValidator(_ae_title)]
"""The title of an application entity (PS3.5 6.2, VR AE), without the spaces around it."""
StatusCode = Annotated[int, BeforeValidator(_status)]
"""A DIMSE status, 0x0000 to 0xFFFF; a file writes ``0xA700`` or ``A700``."""
Count = Annotated[int, BeforeValidator(_count)]
"""A whole number, 1 or more."""

S = TypeVar("S", bound=BaseModel)


def build(
    cls: type[S],
    mapping: object,
    where: str = "",
    locate: Locate | None = None,
    error: type[InputError] = InputError,
) -> S:
    """Return the `cls` that `mapping`, which came from a file, describes.

    Parameters
    ----------
    cls : type of Settings
        What to build.
    mapping : object
        The keys and values as a file writes them: hyphens in keys, durations as text.
    where : str
        Where the mapping stands: file, option or argument.
    locate : callable, optional
        Tells where the value at a path of keys stands; used instead of `where`.
    error : type of InputError
        What to raise.

    Raises
    ------
    InputError
        (or `error`) if anything about the mapping is wrong; the text names one thing, unknown keys first.
    """
    path, what, todo = next(_not_plain(mapping, ()), ((), "", ""))
    if not what and not isinstance(mapping, Mapping):
        what = f"a mapping of keys is wanted, found {found(mapping)}"
    if not what:
        try:
            # pydantic tells files from Python by the JSON: strict on JSON takes a list for a tuple and text for an
            # enumeration, as a file has to write them, and nothing else.
            return cls.model_validate_json(json.dumps(mapping, default=dict), by_alias=True, by_name=False)
        except ValidationError as wrong:
            path, what, todo = _explain(cls, mapping, wrong)
        except InputError as wrong:
            what, todo = wrong.what, wrong.todo
    raise error(what, locate(path) if locate is not None else where, todo)


def _not_plain(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield everything in `value` that no file of keys, texts, numbers and lists holds, as path, what and what to do."""
    quotes = "put it in quotes if it is meant as text"
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                yield path, f"the key {found(key)} is no text", quotes
            yield from _not_plain(inner, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _not_plain(inner, (*path, index))
    elif not isinstance(value, str | int | float | None):
        yield path, f"{dotted(path)!r}: {found(value)} is no text, number, list or mapping", quotes


def keys_of(cls: type[BaseModel]) -> list[str]:
    """Return the keys that a file may use for a `cls`."""
    return list(_keys_at(cls, ()))


def durations_of(cls: type[BaseModel]) -> set[str]:
    """Return the keys of a `cls` whose values are durations."""
    return {
        field.alias or name
        for name, field in cls.model_fields.items()
        if any(getattr(one, "func", None) is _duration for one in field.metadata)
    }


def did_you_mean(word: str, known: Iterable[str], noun: str = "keys") -> str:
    """Return advice on the unknown `word`: the nearest known one, or all of them."""
    names = {_folded(name): name for name in sorted(set(known))}
    if near := difflib.get_close_matches(_folded(word), list(names), n=1):
        return f"did you mean {names[near[0]]!r}?"
    shown = [*names.values()][:_LISTED]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"known {noun}: {', '.join(shown)}{more}" if names else f"there are no {noun} here"


def _folded(word: str) -> str:
    return word.lower().replace("_", "-")


def found(value: object) -> str:
    """Return `value` in a few words for a person."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(str(value)) if len(value) <= _TEXT_MAX else repr(value[:_TEXT_MAX]) + "..."
    if isinstance(value, int):
        return str(int(value)) if abs(value) < 10**_TEXT_MAX else "a very long number"
    if isinstance(value, Mapping | list | tuple):
        return ("a " if value else "an empty ") + ("mapping" if isinstance(value, Mapping) else "list")
    return repr(float(value)) if isinstance(value, float) else f"a value of type {type(value).__name__}"


def dotted(path: KeyPath) -> str:
    """Return `path` as a person writes it: ``tray.films[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _explain(cls: type[BaseModel], mapping: object, wrong: ValidationError) -> tuple[KeyPath, str, str]:
    """Return the path, what is wrong there and what to do, for the first thing wrong; unknown keys come first."""
    errors = wrong.errors(include_url=False)
    # A misspelt key is usually reported twice, as unknown and as missing; the unknown one carries the suggestion.
    first = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    path = _inside(mapping, first["loc"])
    if first["type"] == "extra_forbidden":
        return path, f"unknown key {dotted(path)!r}", did_you_mean(str(path[-1]), _keys_at(cls, path[:-1]))
    if first["type"] == "missing":
        return path, f"the key {dotted((*path, first['loc'][-1]))!r} is missing", ""
    # The branches of a union are reported one by one, at the same place.
    same = [one for one in errors if _inside(mapping, one["loc"]) == path]
    return path, *_describe(dotted(path), first, same)


def _describe(name: str, first: ErrorDetails, same: Sequence[ErrorDetails]) -> tuple[str, str]:
    """Return what is wrong with the value of the key `name` and what to do."""
    context = first.get("ctx", {})
    if first["type"] == "linacsim":
        return f"{name!r}: {context['what']}", context["todo"]
    if first["type"] in ("value_error", "assertion_error"):
        return (f"{name!r}: {context['error']}" if name else str(context["error"])), ""
    if first["type"] == "json_invalid":
        return "there are characters that are no Unicode text", ""
    wanted = " or ".join(dict.fromkeys(_wanted(one) for one in same))
    return f"{name!r} wants {wanted}, found {found(first['input'])}", ""


def _wanted(error: ErrorDetails) -> str:
    """Return what is wanted where `error` was found."""
    context = error.get("ctx", {})
    if error["type"] == "linacsim":
        return str(context["todo"] or context["what"])
    if template := _WANTED.get(error["type"]):
        return template.format(**context)
    return error["msg"].removeprefix("Input should be ").lower()


def _inside(mapping: object, loc: KeyPath) -> KeyPath:
    """Return the part of `loc` that is really in `mapping`; pydantic adds names of types and validators."""
    here: Any = mapping
    path: list[str | int] = []
    for part in loc:
        in_list = isinstance(here, list | tuple) and isinstance(part, int) and part < len(here)
        if in_list or (isinstance(here, Mapping) and part in here):
            here = here[part]
            path.append(part)
    return tuple(path)


def _keys_at(cls: type[BaseModel], path: KeyPath) -> Iterator[str]:
    """Yield the keys that `cls` knows at `path`."""
    models = [cls]
    for part in path:
        fields = [field for model in models for field in model.model_fields.values() if field.alias == part]
        if fields:
            models = [model for field in fields for model in _models_in(field.annotation)]
    for model in models:
        yield from (field.alias or name for name, field in model.model_fields.items())


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that `annotation` names, however deep: ``tuple[Film, ...] | None`` names ``Film``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
