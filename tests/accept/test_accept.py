"""Acceptance runs: suites, profiles, answers and the protocol, against a storage peer of another bench."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from linacsim import Bench, InputError
from linacsim.accept.answers import Answering, read_answers
from linacsim.accept.page import acceptance_page
from linacsim.accept.profile import Profile, read_profile
from linacsim.accept.protocol import FILE, Entry, Protocol, open_protocol
from linacsim.accept.suite import ROLES, suite_of
from linacsim.cli import main

ECHO = "acceptance/storage-scp/it-answers-c-echo"
SENDS = "acceptance/storage-scu/it-sends-a-ct-image"


@pytest.fixture
def product(unused_tcp_port: int) -> Iterator[int]:
    """A storage peer that plays the product."""
    with Bench(clock="live") as bench:
        bench.add("archive", "REAL", port=unused_tcp_port)
        yield unused_tcp_port


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def words(folder: Path, port: int, suite: str, profile: str = "product: P\nversion: 1\n") -> list[str]:
    suite_file = write(folder, "suite.yaml", suite)
    profile_file = write(folder, "profile.yaml", profile.replace("version: 1", 'version: "1"'))
    sut = f"127.0.0.1:{port}@REAL"
    return ["accept", str(suite_file), "--sut", sut, "--profile", str(profile_file), "--out", str(folder / "out")]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_scenarios_with_a_requirement_and_a_stand_in(role: str) -> None:
    suite = suite_of(role, {})
    assert len(suite.scenarios) >= 2
    for name, scenario in suite.scenarios.items():
        assert scenario.requires, name
        assert all(peer.stand_in for peer in scenario.peers.values() if peer.kind == "sut"), name


def test_a_file_lists_scenarios_and_the_report_says_what_was_left_out(
    product: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = f"suite: My suite\nabout: For <me>\nscenarios: [{ECHO}, acceptance/storage-scp/it-takes-a-ct-image]\n"
    profile = f'product: "<b>P"\nversion: 1\nnot-applicable: {{{ECHO}: no echo in this release}}\n'
    assert main(words(tmp_path, product, suite, profile)) == 0
    assert "  1 of 1  PASS         The product takes a CT image" in capsys.readouterr().out
    page = (tmp_path / "out" / "acceptance.html").read_text(encoding="utf-8")
    assert "no echo in this release" in page
    assert "For &lt;me&gt;" in page
    assert "<b>P" not in page
    assert "1 not applicable" in page


def test_the_same_run_twice_plays_nothing_again(product: int, tmp_path: Path) -> None:
    line = words(tmp_path, product, f"suite: S\nscenarios: [{ECHO}]\n")
    assert (main(line), main(line)) == (0, 0)
    held = json.loads((tmp_path / "out" / FILE).read_text(encoding="utf-8"))
    assert (len(held["entries"]), len(held["sessions"])) == (1, 2)


def test_another_run_does_not_mix_with_what_is_there(
    product: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path, product, f"suite: S\nscenarios: [{ECHO}]\n")) == 0
    assert main(words(tmp_path, product, f"suite: T\nscenarios: [{ECHO}]\n")) == 3
    assert (
        "the run in there has another suite; go on with the same, or choose another folder" in capsys.readouterr().err
    )


SENDING = (
    "import sys; from linacsim import Bench\n"
    "with Bench(clock='live') as bench:\n"
    "    bench.add('storage', 'REAL'); bench.introduce('ARCHIVE', int(sys.argv[1]))\n"
    "    bench.do('REAL', 'store', to='ARCHIVE', images=['pydicom:CT_small.dcm'])\n"
)


def test_answers_come_from_a_file_and_may_be_commands(product: int, tmp_path: Path) -> None:
    command = json.dumps([sys.executable, "-c", SENDING, "{ARCHIVE.port}"])
    answers = write(tmp_path, "answers.yaml", f"answers:\n  - {{to: send one ct image, run: {command}}}\n")
    assert main([*words(tmp_path, product, f"suite: S\nscenarios: [{SENDS}]\n"), "--answers", str(answers)]) == 0
    [entry] = json.loads((tmp_path / "out" / FILE).read_text(encoding="utf-8"))["entries"]
    [asked] = entry["asked"]
    assert (asked["done"], asked["by"], asked["remark"]) == (True, "a command", "exit code 0")


def test_without_anybody_to_ask_it_is_no_pass(product: int, tmp_path: Path) -> None:
    assert main(words(tmp_path, product, f"suite: S\nscenarios: [{SENDS}]\n")) == 1
    page = (tmp_path / "out" / "acceptance.html").read_text(encoding="utf-8")
    assert "nobody was there to be asked" in page


def test_a_person_is_asked_last(tmp_path: Path) -> None:
    known = read_answers(write(tmp_path, "a.yaml", "answers: [{to: upright, done: false, remark: on its side}]\n"))
    answering = Answering(known, lambda question, _fill: (True, question[:3]))
    assert answering("Is it UPRIGHT?", str) == (False, "on its side")
    assert answering("Anything else?", str) == (True, "Any")
    assert [one.by for one in answering.asked] == ["the answers' file", "a person"]


def test_a_command_that_fails_or_lasts_is_no_yes(tmp_path: Path) -> None:
    text = 'answers: [{to: a, run: ["false"]}, {to: b, run: [sleep, "9"], within: 50 ms}, {to: c, run: [no-such-program]}]\n'
    answering = Answering(read_answers(write(tmp_path, "a.yaml", text)))
    assert answering("a", str) == (False, "exit code 1")
    assert answering("b", str) == (False, "sleep took longer than 0.05 s")
    with pytest.raises(InputError, match="no-such-program: cannot be started"):
        answering("c", str)


def test_a_run_that_has_not_ended_is_not_passed() -> None:
    suite = suite_of("storage-scp", {})
    first, *_rest = suite.scenarios
    entry = Entry(
        name=first, title="T", verdict="pass", reason="", requires=["R"], folder="runs/x", seed=1, ended="now", took=5
    )
    about = {"addresses": ["x:1"], "linacsim": "0", "python": "3", "libraries": {}}
    protocol = Protocol(about=about, started="then", sessions=["then"], entries=[entry])
    page = acceptance_page(protocol, suite, Profile(product="P", version="1"))
    assert "INCONCLUSIVE" in page
    assert f"{len(suite.scenarios) - 1} not played yet" in page
    assert "NOT SHOWN" in page


@pytest.mark.parametrize(
    ("suite", "told"),
    [
        ("storage-spc", "no suite 'storage-spc'; choose storage-scp, storage-scu,"),
        ("nowhere.yaml", "nowhere.yaml: no such file"),
    ],
)
def test_a_wrong_suite_is_told(suite: str, told: str) -> None:
    with pytest.raises(InputError) as wrong:
        suite_of(suite, {})
    assert told in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("suite: S\nscenarios: []\n", "scenarios"),
        ("suite: S\nscenarios: [faults/acceptor-aborts]\n", "has no stack under test"),
        (f"suite: S\nscenarios: [{ECHO}x]\n", "suite.yaml:2:13: no scenario"),
        ("suite: S\nscenario: [x]\n", "unknown key 'scenario'; did you mean 'scenarios'?"),
    ],
)
def test_a_wrong_suite_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError) as wrong:
        suite_of(str(write(tmp_path, "suite.yaml", text)), {})
    assert told in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("product: P\n", "'version' is missing"),
        ("product: P\nversion: 2\n", "profile.yaml:2:1: 'version'"),
        ('product: P\nversion: "2"\nports: {A: 99999}\n', "99999"),
        ('product: P\nversion: "2"\nport: {A: 1}\n', "unknown key 'port'; did you mean 'ports'?"),
    ],
)
def test_a_wrong_profile_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError) as wrong:
        read_profile(write(tmp_path, "profile.yaml", text))
    assert told in str(wrong.value)


def test_a_damaged_protocol_is_told(tmp_path: Path) -> None:
    write(tmp_path, FILE, "{}")
    with pytest.raises(InputError, match="is no protocol of an acceptance run"):
        open_protocol(tmp_path, {}, "now")
