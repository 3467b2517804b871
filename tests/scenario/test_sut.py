"""The stack under test in a scenario: a stand-in, or a real product and a person who works it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from linacsim import Bench
from linacsim.errors import InputError, ScenarioError
from linacsim.playing import Played, Setting, play_scenario
from linacsim.scenario.loader import scenario_of
from linacsim.scenario.model import Scenario
from linacsim.scenario.sut import addresses, with_suts
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

KEYS = {
    "scenario": "An image arrives",
    "peers": {"ARCHIVE": {"kind": "storage"}, "SENDER": {"kind": "sut", "stand-in": {"kind": "storage"}}},
    "steps": [
        {
            "SENDER": "Send an image to {ARCHIVE.title} on port {ARCHIVE.port}.",
            "instead": {"store": {"to": "ARCHIVE", "images": ["pydicom:CT_small.dcm"]}},
        }
    ],
    "expect": [{"event": "object-stored", "at": "ARCHIVE", "with": "SENDER", "count": 1}],
}


def scenario(**changes: object) -> Scenario:
    return scenario_of({**KEYS, **changes}, vocabulary())


@pytest.mark.parametrize("clock", ["virtual", "live"])
def test_a_stand_in_plays(clock: str, tmp_path: Path) -> None:
    played = play_scenario(scenario(), Setting(clock=clock), tmp_path)  # type: ignore[arg-type]
    assert played.outcome.verdict is Verdict.PASS


def sending(port: int, tmp_path: Path, answer: tuple[bool, str]) -> tuple[Played, list[str]]:
    """Play with a product; the person who is asked lets another bench send the image, and answers."""
    asked: list[str] = []

    def person(question: str, _fill: Callable[[str], str]) -> tuple[bool, str]:
        asked.append(question)
        with Bench(clock="live") as product:
            product.add("storage", "PRODUCT")
            product.introduce("ARCHIVE", port)
            product.do("PRODUCT", "store", to="ARCHIVE", images=["pydicom:CT_small.dcm"])
        return answer

    suts = tuple(addresses(["127.0.0.1:4242@PRODUCT"]))
    setting = Setting(clock="live", suts=suts, ports={"ARCHIVE": port}, person=person)
    return play_scenario(scenario(), setting, tmp_path), asked


def test_a_person_works_the_product(tmp_path: Path, unused_tcp_port: int) -> None:
    played, asked = sending(unused_tcp_port, tmp_path, (True, ""))
    assert asked == [f"Send an image to ARCHIVE on port {unused_tcp_port}."]
    assert played.outcome.verdict is Verdict.PASS
    [stored] = [record for record in played.records if record["event"] == "object-stored"]
    assert stored["with"] == "PRODUCT"


def test_what_a_person_could_not_do_fails_the_step(tmp_path: Path, unused_tcp_port: int) -> None:
    played, _asked = sending(unused_tcp_port, tmp_path, (False, "the button is grey"))
    assert played.outcome.verdict is Verdict.FAIL
    assert "not done: Send an image" in played.outcome.failures[0]
    assert "the button is grey" in played.outcome.failures[0]


def test_nobody_to_ask_is_told(tmp_path: Path) -> None:
    suts = tuple(addresses(["SENDER=127.0.0.1:4242"]))
    played = play_scenario(scenario(), Setting(clock="live", suts=suts), tmp_path)
    assert "nobody is there to be asked" in played.outcome.failures[0]


def test_a_product_is_called_by_its_title_and_where_it_is(tmp_path: Path, unused_tcp_port: int) -> None:
    keys = {
        "scenario": "An image is taken",
        "peers": {"PACS": {"kind": "sut"}, "SCU": {"kind": "storage"}},
        "steps": [{"SCU": {"store": {"to": "PACS", "images": ["pydicom:CT_small.dcm"]}}}],
        "expect": [{"event": "C-STORE-RSP", "at": "SCU", "with": "PACS", "status": "0x0000"}],
    }
    with Bench(clock="live") as product:
        product.add("storage", "REAL_PACS", port=unused_tcp_port)
        suts = tuple(addresses([f"127.0.0.1:{unused_tcp_port}@REAL_PACS"]))
        played = play_scenario(scenario_of(keys, vocabulary()), Setting(clock="live", suts=suts), tmp_path)
        called = [record["called"] for record in product.log.records if record["event"] == "A-ASSOCIATE-RQ"]
    assert played.outcome.verdict is Verdict.PASS
    assert called == ["REAL_PACS"]
    assert "--sut" not in played.result["reproduce"], "only a command line has words"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"steps": [{"SENDER": "Send."}]}, "what does the stand-in of SENDER do?; add 'instead:'"),
        (
            {"steps": [{"ARCHIVE": {"store": {"to": "SENDER", "images": []}}, "instead": "x"}]},
            "'instead' is for the stack under test; ARCHIVE is a peer of the bench",
        ),
        ({"expect": [{"event": "A-ABORT", "at": "SENDER"}]}, "SENDER is the stack under test: it writes nothing"),
        (
            {"faults": [{"do": "abort", "at": "SENDER", "on": "C-STORE-RQ"}]},
            "SENDER is the stack under test: nothing of",
        ),
        (
            {"peers": {**KEYS["peers"], "SENDER": {"kind": "sut", "stand-in": {"kind": "sut"}}}},  # type: ignore[dict-item]
            "nobody stands in for a stand-in",
        ),
        (
            {"peers": {**KEYS["peers"], "SENDER": {"kind": "sut", "standin": {"kind": "sut"}}}},  # type: ignore[dict-item]
            "unknown key 'standin'; did you mean 'stand-in'?",
        ),
    ],
)
def test_wrong_words_are_told(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ScenarioError) as wrong:
        scenario(**changes)
    assert told in str(wrong.value)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("localhost", "'localhost' is no address; write HOST:PORT@AETITLE"),
        ("localhost:99999@X", "'port' wants at most 65535, found 99999"),
        ("localhost:104@" + "X" * 17, "has 17 characters"),
        ("OTHER=localhost:104", "no stack under test 'OTHER'; "),
    ],
)
def test_wrong_addresses_are_told(word: str, told: str) -> None:
    with pytest.raises(InputError) as wrong:
        with_suts(scenario(), addresses([word]))
    assert told in str(wrong.value)


def test_without_product_and_stand_in_nothing_is_played() -> None:
    lonely = scenario(
        peers={"ARCHIVE": {"kind": "storage"}, "SENDER": {"kind": "sut"}},
        steps=[{"SENDER": "Send."}],
    )
    with pytest.raises(
        InputError, match="SENDER is the stack under test, and nobody stands in for it; name it with --sut"
    ):
        with_suts(lonely, [])
    plain = scenario(
        peers={"ARCHIVE": {"kind": "storage"}}, steps=[{"wait": "1 s"}], expect=[{"event": "verdict", "never": True}]
    )
    with pytest.raises(InputError, match="has no stack under test; leave out --sut"):
        with_suts(plain, addresses(["localhost:104"]))
