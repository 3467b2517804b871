"""Settings: frozen parameter sets, and the one clear line when a file describes one wrongly."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import Field, ValidationError, field_validator, model_validator

from linacsim.errors import InputError, ScenarioError
from linacsim.kernel.units import SECOND, minutes
from linacsim.settings import (
    AETitle,
    Count,
    Duration,
    KeyPath,
    Settings,
    StatusCode,
    build,
    did_you_mean,
    dotted,
    found,
    keys_of,
    to_key,
)

UNITS = 'write a number and a unit (us, ms, s, min, h), for example "30 s"'
STATUS = "write 0x0000 to 0xFFFF, for example 0xA700"
COUNT = "write a whole number, 1 or more"
QUOTES = "put it in quotes if it is meant as text"


class Medium(StrEnum):
    PAPER = "paper"
    BLUE_FILM = "blue-film"


class Film(Settings):
    size: str
    copies: Count = 1


class Printer(Settings):
    warm_up: Duration = 30 * SECOND
    collated: bool = False
    films: tuple[Film, ...] = ()
    trays: dict[str, Film] = Field(default_factory=dict)
    polarity: Literal["normal", "reverse"] = "normal"
    medium: Medium = Medium.PAPER
    called: AETitle = "PRINTER"
    answers: StatusCode = 0
    jams_at: int | None = None
    density: float = 1.0
    label: int | str = ""
    low: Annotated[int, Field(ge=1, le=9)] = 1
    name: Annotated[str, Field(min_length=1, max_length=3, pattern="^[a-z]+$")] = "abc"
    pauses: tuple[Duration, ...] = ()
    from_: str = ""


class TestPython:
    def test_a_duration_is_microseconds(self) -> None:
        assert Printer(warm_up=minutes(5)).warm_up == 300 * SECOND

    def test_a_duration_may_be_text_too(self) -> None:
        assert Printer.model_validate({"warm_up": "5 min"}).warm_up == 300 * SECOND

    def test_a_negative_duration_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="-1 is not a duration"):
            Printer(warm_up=-1)

    @pytest.mark.parametrize("wrong", [True, 1.5, None])
    def test_nothing_else_is_a_duration(self, wrong: Any) -> None:
        with pytest.raises(ValidationError, match="is not a duration"):
            Printer(warm_up=wrong)

    def test_settings_are_frozen(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            Printer().collated = True  # type: ignore[misc]

    def test_unknown_keys_are_refused(self) -> None:
        with pytest.raises(ValidationError, match="colated"):
            Printer.model_validate({"colated": True})

    def test_equal_settings_are_equal_and_hash_alike(self) -> None:
        assert hash(Film(size="A4")) == hash(Film(size="A4"))


class TestBuild:
    def test_a_file_writes_hyphens_and_text(self) -> None:
        printer = build(
            Printer,
            {
                "warm-up": "5 min",
                "films": [{"size": "14INX17IN", "copies": 3}],
                "trays": {"upper": {"size": "A4"}},
                "medium": "blue-film",
                "called": " FILM ",
                "answers": "A700",
                "jams-at": None,
                "density": 2,
                "pauses": ["1 ms"],
                "from": "x",
            },
        )
        assert printer == Printer(
            warm_up=minutes(5),
            films=(Film(size="14INX17IN", copies=3),),
            trays={"upper": Film(size="A4")},
            medium=Medium.BLUE_FILM,
            called="FILM",
            answers=0xA700,
            density=2.0,
            pauses=(1000,),
            from_="x",
        )

    @pytest.mark.parametrize(
        ("text", "code"), [("0xA700", 0xA700), ("A700", 0xA700), ("0000", 0), ("0x0", 0), (0xB602, 0xB602)]
    )
    def test_a_status_may_be_a_number_or_text(self, text: object, code: int) -> None:
        assert build(Printer, {"answers": text}).answers == code

    @pytest.mark.parametrize(
        ("mapping", "text"),
        [
            ({"colated": True}, "unknown key 'colated'; did you mean 'collated'?"),
            ({"warm_up": "5 s"}, "unknown key 'warm_up'; did you mean 'warm-up'?"),
            ({"Collated": True}, "unknown key 'Collated'; did you mean 'collated'?"),
            ({"films": [{"sise": "A4"}]}, "unknown key 'films[0].sise'; did you mean 'size'?"),
            ({"films": [{"xyz": "A4"}]}, "unknown key 'films[0].xyz'; known keys: copies, size"),
            ({"trays": {"upper": {"sise": "A4"}}}, "unknown key 'trays.upper.sise'; did you mean 'size'?"),
            ({"films": [{"copies": 2}]}, "the key 'films[0].size' is missing"),
            ({"warm-up": 30}, f"'warm-up': 30 is not a duration; {UNITS}"),
            ({"warm-up": "30"}, f"'warm-up': '30' is not a duration; {UNITS}"),
            ({"warm-up": True}, f"'warm-up': true is not a duration; {UNITS}"),
            ({"warm-up": None}, f"'warm-up': nothing is not a duration; {UNITS}"),
            ({"pauses": ["1 s", 2]}, f"'pauses[1]': 2 is not a duration; {UNITS}"),
            ({"warm-up": "9" * 400 + " h"}, f"'warm-up': '{'9' * 40}'... is too long for a duration"),
            ({"collated": 1}, "'collated' wants true or false, found 1"),
            ({"collated": "yes"}, "'collated' wants true or false, found 'yes'"),
            ({"films": {}}, "'films' wants a list, found an empty mapping"),
            ({"films": ["A4"]}, "'films[0]' wants a mapping of keys, found 'A4'"),
            ({"films": [{"size": 4}]}, "'films[0].size' wants text, found 4"),
            ({"trays": []}, "'trays' wants a mapping of keys, found an empty list"),
            ({"films": [{"size": "A4", "copies": 0}]}, f"'films[0].copies': 0 is not a count; {COUNT}"),
            ({"films": [{"size": "A4", "copies": True}]}, f"'films[0].copies': true is not a count; {COUNT}"),
            ({"polarity": "revers"}, "'polarity' wants 'normal' or 'reverse', found 'revers'"),
            ({"medium": "glass"}, "'medium' wants 'paper' or 'blue-film', found 'glass'"),
            ({"medium": 1}, "'medium' wants 'paper' or 'blue-film', found 1"),
            ({"called": "A" * 17}, f"'called': '{'A' * 17}' has 17 characters; an AE title has at most 16"),
            (
                {"called": "  "},
                "'called': '  ' is not an AE title; an AE title has 1 to 16 characters that are not all spaces",
            ),
            (
                {"called": "A\\B"},
                (
                    "'called': 'A\\\\B' has the character '\\\\'; "
                    "an AE title is ASCII text without backslash and control characters"
                ),
            ),
            (
                {"called": "K\u00d6LN"},
                (
                    "'called': 'K\u00d6LN' has the character '\u00d6'; "
                    "an AE title is ASCII text without backslash and control characters"
                ),
            ),
            ({"called": 1}, f"'called': 1 is not an AE title; {QUOTES}"),
            ({"answers": "A7xx"}, f"'answers': 'A7xx' is not a status code; {STATUS}"),
            ({"answers": "12"}, f"'answers': '12' is not a status code; {STATUS}"),
            ({"answers": 65536}, f"'answers': 65536 is not a status code; {STATUS}"),
            ({"answers": -1}, f"'answers': -1 is not a status code; {STATUS}"),
            ({"answers": True}, f"'answers': true is not a status code; {STATUS}"),
            ({"jams-at": "2"}, "'jams-at' wants a whole number, found '2'"),
            ({"jams-at": 2.0}, "'jams-at' wants a whole number, found 2.0"),
            ({"jams-at": 2.5}, "'jams-at' wants a whole number, found 2.5"),
            ({"density": "1"}, "'density' wants a number, found '1'"),
            ({"density": True}, "'density' wants a number, found true"),
            ({"density": None}, "'density' wants a number, found nothing"),
            ({"density": float("nan")}, "'density' wants a finite number, found nan"),
            ({"label": []}, "'label' wants a whole number or text, found an empty list"),
            ({"low": 0}, "'low' wants at least 1, found 0"),
            ({"low": 10}, "'low' wants at most 9, found 10"),
            ({"name": ""}, "'name' wants 1 or more characters, found ''"),
            ({"name": "abcd"}, "'name' wants 3 or fewer characters, found 'abcd'"),
            ({"name": "A"}, "'name' wants text of the form ^[a-z]+$, found 'A'"),
            ({"name": "\ud800"}, "there are characters that are no Unicode text"),
            ({"jams-at": b"2"}, f"'jams-at': a value of type bytes is no text, number, list or mapping; {QUOTES}"),
            ({1: 2}, f"the key 1 is no text; {QUOTES}"),
            ([], "a mapping of keys is wanted, found an empty list"),
            ("text", "a mapping of keys is wanted, found 'text'"),
            (None, "a mapping of keys is wanted, found nothing"),
        ],
    )
    def test_a_wrong_mapping_is_one_clear_line(self, mapping: object, text: str) -> None:
        with pytest.raises(InputError) as wrong:
            build(Printer, mapping, "printer.yaml")
        assert str(wrong.value) == f"printer.yaml: {text}"

    def test_an_unknown_key_comes_before_the_key_it_should_have_been(self) -> None:
        with pytest.raises(InputError) as wrong:
            build(Film, {"sizes": "A4"})
        assert str(wrong.value) == "unknown key 'sizes'; did you mean 'size'?"

    def test_the_callable_tells_where(self) -> None:
        def locate(path: KeyPath) -> str:
            return "/".join(str(part) for part in path)

        with pytest.raises(ScenarioError) as wrong:
            build(Printer, {"films": [{"size": "A4", "copies": -1}]}, "unused", locate, ScenarioError)
        assert str(wrong.value) == f"films/0/copies: 'films[0].copies': -1 is not a count; {COUNT}"

    def test_a_missing_key_is_located_at_the_mapping_that_lacks_it(self) -> None:
        with pytest.raises(InputError, match=r"^\('films', 0\): the key"):
            build(Printer, {"films": [{}]}, locate=str)


class TestOwnChecks:
    class Window(Settings):
        opens: Duration = 0
        closes: Duration = 0

        @field_validator("opens")
        @classmethod
        def _not_one(cls, value: int) -> int:
            if value == 1:
                raise ValueError("one is an odd time")
            if value == 2:
                raise InputError("two is a strange time", todo="take three")
            return value

        @model_validator(mode="after")
        def _in_order(self) -> Self:
            if self.closes < self.opens:
                raise ValueError("it closes before it opens")
            return self

    def test_of_a_field_carry_its_key(self) -> None:
        with pytest.raises(InputError) as wrong:
            build(self.Window, {"opens": "1 us"}, "w.yaml")
        assert str(wrong.value) == "w.yaml: 'opens': one is an odd time"

    def test_of_the_whole_carry_none(self) -> None:
        with pytest.raises(InputError) as wrong:
            build(self.Window, {"opens": "1 s"}, "w.yaml")
        assert str(wrong.value) == "w.yaml: it closes before it opens"

    def test_may_raise_input_errors_themselves(self) -> None:
        with pytest.raises(ScenarioError) as wrong:
            build(self.Window, {"opens": "2 us"}, "w.yaml", error=ScenarioError)
        assert str(wrong.value) == "w.yaml: two is a strange time; take three"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (1.5, "1.5"),
        ("a", "'a'"),
        ("a" * 41, "'" + "a" * 40 + "'..."),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
        (10**41, "a very long number"),
        (b"", "a value of type bytes"),
    ],
)
def test_a_value_is_named_in_a_few_words(value: object, words: str) -> None:
    assert found(value) == words


def test_the_advice_names_the_nearest_word_or_all() -> None:
    assert did_you_mean("prnter", ["printer", "archive"], "kinds") == "did you mean 'printer'?"
    assert did_you_mean("KV-Imager", ["kv_imager"], "kinds") == "did you mean 'kv_imager'?"
    assert did_you_mean("xyz", ["printer", "archive"], "kinds") == "known kinds: archive, printer"
    assert did_you_mean("xyz", [], "kinds") == "there are no kinds here"


def test_keys_are_names_with_hyphens() -> None:
    assert to_key("warm_up") == "warm-up"
    assert to_key("from_") == "from"
    assert keys_of(Film) == ["size", "copies"]


def test_a_path_is_written_as_a_person_would() -> None:
    assert dotted(("trays", "upper", "films", 0, "size")) == "trays.upper.films[0].size"
    assert dotted(()) == ""
