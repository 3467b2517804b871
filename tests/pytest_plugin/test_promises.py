"""What the plugin promises, each promise in a project of its own: seeds, lines to run again, workers, JUnit, faults for a while."""

from __future__ import annotations

import shlex
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.filterwarnings("default")

HEAD = """
import os, sys, threading, time
import pytest
from pynetdicom import AE
from linacsim import fault

def ask(host, port, release=True):
    ae = AE("MY_STACK")
    ae.add_requested_context("1.2.840.10008.1.1")
    assoc = ae.associate(host, port)
    answered = bool(assoc.is_established)
    if answered:
        answered = assoc.send_c_echo().Status == 0
    if answered and release:
        assoc.release()
    return answered
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\naddopts = --strict-markers")
    return pytester


def drawn(result: pytest.RunResult) -> dict[str, str]:
    """Return the seeds that the tests of a run have printed, by their names."""
    lines = [line.split() for line in result.stdout.lines if line.startswith("drawn ")]
    return {line[1]: line[2] for line in lines}


SEEDS = """
import pytest

@pytest.fixture(autouse=True)
def tell(bench, request):
    name = request.node.name.replace(" ", "_")
    with open("seeds-" + name.replace("/", "_") + ".txt", "w") as out:
        out.write(f"drawn {name} {bench.seed}")

@pytest.mark.parametrize("what", ["a", "b", "run", "virtual"])
def test_one(bench, what):
    pass

def test_two(bench):
    pass
"""


def seeds(project: pytest.Pytester, *options: str) -> dict[str, str]:
    """Return the seeds of all tests after a run with `options`; they come by files, as workers print nowhere."""
    for old in project.path.glob("seeds-*.txt"):
        old.unlink()
    project.runpytest_subprocess(*options).assert_outcomes(passed=5)
    words = [path.read_text(encoding="utf-8").split() for path in project.path.glob("seeds-*.txt")]
    return {name: seed for _drawn, name, seed in words}


def test_seeds_follow_from_the_base_seed_and_the_name_alone(project: pytest.Pytester) -> None:
    project.makepyfile(test_seeds=SEEDS)
    first = seeds(project)
    assert len(set(first.values())) == 5, "each test draws its own"
    assert seeds(project, "-n", "2") == first, "workers draw the same"
    other = seeds(project, "--bench-seed", "2")
    assert not set(other.values()) & set(first.values())
    live = seeds(project, "--bench-clock", "live")
    assert sorted(live.values()) == sorted(first.values()), "the clock draws nothing"


def test_the_line_to_run_it_again_runs_it_again(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_it=HEAD
        + """
@pytest.mark.parametrize("odd", ["a b", "c'd"])
def test_wrong(bench, odd):
    bench.add("storage", "ARCHIVE")
    assert ask(*bench.address_of("ARCHIVE")) is bench.digest()
"""
    )
    first = project.runpytest_subprocess("--bench-seed", "11", "--bench-clock", "both", "-k", "virtual and b")
    [again] = [line for line in first.stdout.lines if line.startswith("again: ")]
    words = shlex.split(again.removeprefix("again: "))
    assert words[0] == "pytest"
    second = project.runpytest_subprocess(*words[1:])
    told = [
        [line for line in run.stdout.lines if " is '" in line or line.startswith("seed ")] for run in (first, second)
    ]
    assert told[0] == told[1], "the same digest, from the same seed"


def test_tests_with_a_bench_run_side_by_side(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_many=HEAD
        + """
@pytest.mark.parametrize("number", range(8))
def test_ask(bench, number):
    bench.add("storage", "ARCHIVE")
    assert ask(*bench.address_of("ARCHIVE"))
    assert number != 5
"""
    )
    result = project.runpytest_subprocess("-n", "2", "--bench-clock", "both", "--bench-seed", "random")
    result.assert_outcomes(passed=14, failed=2)
    again = [line.split("--bench-seed ")[1].split()[0] for line in result.stdout.lines if line.startswith("again: ")]
    assert len(again) == 2
    assert len(set(again)) == 1, "one draw for all workers"
    kept = {line.removeprefix("files: ") for line in result.stdout.lines if line.startswith("files: ")}
    assert len(kept) == 2


def test_the_junit_file_has_what_identifies_a_test(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_it="""
import pytest

@pytest.mark.bench(requires=["REQ-1", "REQ-2"], seed=4711)
def test_it(bench):
    pass
"""
    )
    project.runpytest_subprocess("--junitxml", "out.xml", "-o", "junit_family=xunit1").assert_outcomes(passed=1)
    found = ET.parse(project.path / "out.xml").getroot().iter("property")  # noqa: S314 - written a moment ago
    pairs = [(one.get("name"), one.get("value")) for one in found]
    assert pairs == [("bench-seed", "4711"), ("bench-clock", "virtual"), ("requires", "REQ-1"), ("requires", "REQ-2")]


def test_a_fault_for_a_while_that_never_fires_is_told_too(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_it=HEAD
        + """
def test_never(bench):
    bench.add("storage", "ARCHIVE")
    with bench.inject("ARCHIVE", fault("abort", "C-ECHO-RQ", nth=3)):
        assert ask(*bench.address_of("ARCHIVE"))
    assert ask(*bench.address_of("ARCHIVE"))

def test_guard(bench):
    bench.add("storage", "ARCHIVE")
    with bench.inject("ARCHIVE", fault("abort", "C-ECHO-RQ", with_="SOMEBODY")):
        assert ask(*bench.address_of("ARCHIVE"))

def test_fires(bench):
    bench.add("storage", "ARCHIVE")
    with bench.inject("ARCHIVE", fault("reject")):
        assert not ask(*bench.address_of("ARCHIVE"))
    assert ask(*bench.address_of("ARCHIVE"))
"""
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(
        [
            (
                "armed and never fired: abort on C-ECHO-RQ at ARCHIVE: it waits for C-ECHO-RQ at ARCHIVE, which happened "
                "2 times, 1 time as its conditions want it; it fires at: nth 3; healed since"
            ),
            (
                "armed and never fired: abort on C-ECHO-RQ at ARCHIVE: it waits for C-ECHO-RQ at ARCHIVE, which happened "
                "1 time, never as its conditions want it; healed since"
            ),
        ]
    )


def test_what_was_expected_names_what_came_nearest(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_it=HEAD
        + """
def test_near(bench):
    bench.add("storage", "ARCHIVE")
    bench.expect("C-ECHO-RSP", at="ARCHIVE", status=0x0122)
    assert ask(*bench.address_of("ARCHIVE"))

def test_nobody(bench):
    bench.add("storage", "ARCHIVE")
    bench.expect("C-ECHO-RSP", at="ARCHIVE")
"""
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            (
                "expected and not met: C-ECHO-RSP at ARCHIVE with status 0x0122, at least once: the nearest C-ECHO-RSP at ARCHIVE, "
                "#* at 0:00:00.00*, has status 0x0000 instead of 0x0122"
            ),
            "expected and not met: C-ECHO-RSP at ARCHIVE, at least once: C-ECHO-RSP never happened at ARCHIVE, nothing did",
            "Nobody has asked ARCHIVE (198.18.0.*:104) for an association",
        ]
    )


MISBEHAVING = """
def good(bench):
    bench.add("storage", "ARCHIVE")
    assert ask(*bench.address_of("ARCHIVE"))

@pytest.mark.bench(allow="open-associations")
def test_leaves(bench):
    bench.add("storage", "ARCHIVE")
    assert ask(*bench.address_of("ARCHIVE"), release=False)

def test_after_leaving(bench):
    good(bench)

def test_raises(bench):
    bench.add("storage", "ARCHIVE")
    assert ask(*bench.address_of("ARCHIVE"), release=False)
    raise RuntimeError("no luck")

def test_after_raising(bench):
    good(bench)

def test_exits(bench):
    bench.add("storage", "ARCHIVE")
    sys.exit(3)

def test_after_exiting(bench):
    good(bench)

@pytest.mark.bench(limit="1 min")
def test_sleeps(bench):
    if bench.clock == "live":
        pytest.skip("sleeps for real there")
    while True:
        time.sleep(1)

def test_after_sleeping(bench):
    good(bench)

def test_floods(bench):
    bench.log.most = 300
    bench.add("storage", "ARCHIVE")
    for _ in range(100 if bench.clock == "live" else 10**9):
        ask(*bench.address_of("ARCHIVE"))
    assert len(bench.log.records) == 300

def test_after_flooding(bench):
    good(bench)
"""


def test_a_test_that_misbehaves_leaves_the_next_one_alone(project: pytest.Pytester) -> None:
    project.makepyfile(test_it=HEAD + MISBEHAVING)
    result = project.runpytest_subprocess("--bench-clock", "both", "-v")
    for name in ("leaving", "raising", "exiting", "sleeping", "flooding"):
        for clock in ("virtual", "live"):
            result.stdout.fnmatch_lines([f"*::test_after_{name}[[]{clock}] PASSED*"])
    result.stdout.fnmatch_lines(
        [
            "*::test_leaves[[]virtual] PASSED*",
            "*::test_raises[[]virtual] FAILED*",
            "*::test_exits[[]virtual] FAILED*",
            "*::test_sleeps[[]virtual] FAILED*",
            "*::test_floods[[]virtual] FAILED*",
            "*::test_floods[[]live] ERROR*",
        ]
    )
    # the summary says it again, in full where CI is set
    text = result.stdout.str().partition("short test summary info")[0]
    assert "HorizonReached: not over at 1 min" in text
    assert text.count("Flooded: 300 events until 0:00:0") == 3, "the test, its teardown, and the one of the live clock"
