"""Whatever is done to a valid scenario file, the loader answers with a scenario or with one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linacsim.errors import ScenarioError
from tests.scenario.test_loader import VALID, load

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    10**40,
    1.5,
    float("inf"),
    "",
    "x" * 100,
    "\u00e4\u0007\n",
    [],
    [None],
    {},
    {"x": 1},
]
PLAIN: dict[str, Any] = {
    "scenario": "a jam",
    "about": "words",
    "requires": ["R1"],
    "tags": ["print"],
    "limit": "1 h",
    "peers": {
        "PRINTER": {"kind": "printer", "warm-up": "5 min"},
        "OTP_SCU": {"kind": "oncentra", "prints-to": "PRINTER"},
    },
    "faults": [
        {"do": "status", "at": "PRINTER", "on": "N-ACTION-RQ", "nth": 1, "code": "0xC600"},
        {"do": "reject", "at": "PRINTER", "result": "transient"},
    ],
    "steps": [
        {"OTP_SCU": {"print": {"films": 3}}, "fails": "jam"},
        {"PRINTER": "open-door"},
        {"wait": "1 s"},
        {"together": [{"OTP_SCU": "print"}, {"wait": "1 s"}]},
    ],
    "expect": [
        {"event": "jam", "at": "PRINTER", "count": 1, "within": "1 h", "after": "1 s", "status": "0xB602"},
        {"event": "jam", "never": True},
    ],
}


def manglings(value: Any) -> list[Any]:
    """Return all versions of `value` with one key or entry removed, renamed, doubled or replaced by something odd."""
    found: list[Any] = [odd for odd in ODD if type(odd) is not type(value) or odd != value]
    if isinstance(value, dict):
        for key, inner in value.items():
            rest = {other: value[other] for other in value if other != key}
            found += [rest, {**rest, f"{key}x": inner}, {**rest, key.swapcase(): inner}, {**rest, "": inner}]
            found += [{**value, key: mangled} for mangled in manglings(inner)]
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += [value[:index] + value[index + 1 :], [*value, inner]]
            found += [[*value[:index], mangled, *value[index + 1 :]] for mangled in manglings(inner)]
    return found


def as_yaml(value: Any) -> str:
    """Return `value` in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_yaml(key)}: {as_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_yaml(inner) for inner in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(one):04x}" if one < " " else one for one in value) + '"'
    return (
        {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else repr(value)
    )


def said(file: Path, text: str) -> str:
    """Return the error that `text` is refused with, empty if it is read; any other exception goes through."""
    try:
        load(file, text)
    except ScenarioError as wrong:
        return str(wrong)
    return ""


def test_a_mangled_scenario_is_refused_or_read_but_never_breaks_the_loader(file: Path) -> None:
    assert said(file, as_yaml(PLAIN)) == ""
    answers = [said(file, as_yaml(mangled)) for mangled in manglings(PLAIN)]
    refused = [answer for answer in answers if answer]
    assert len(refused) > 800
    assert len(refused) > 0.8 * len(answers)
    for answer in refused:
        assert answer.startswith("jam.yaml:")
        assert "\n" not in answer
        assert "pydantic" not in answer


def test_a_cut_file_is_refused_or_read_but_never_breaks_the_loader(file: Path) -> None:
    for end in range(0, len(VALID), 3):
        assert "\n" not in said(file, VALID[:end])


def test_a_file_with_odd_characters_is_refused_or_read_but_never_breaks_the_loader(file: Path) -> None:
    for place in range(0, len(VALID), 23):
        for odd in (
            "\t",
            ":",
            "{",
            "]",
            "- ",
            "'",
            '"',
            "#",
            "&",
            "*",
            "!",
            "|",
            "\u2028",
            "\n",
            "?",
            "%",
            "@",
            "\x07",
        ):
            assert "\n" not in said(file, VALID[:place] + odd + VALID[place + 1 :])
