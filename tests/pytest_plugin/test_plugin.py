"""The pytest plugin, as a project that has linacsim installed meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.filterwarnings("default")
ROOT = Path(__file__).parents[2]

ASK = """
import time
from pynetdicom import AE
from linacsim import fault

def ask(host, port, release=True):
    ae = AE("MY_STACK")
    ae.add_requested_context("1.2.840.10008.1.1")
    assoc = ae.associate(host, port)
    answered = bool(assoc.is_established)
    if answered and release:
        assoc.release()
    return answered
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\naddopts = --strict-markers")
    return pytester


def test_a_test_runs_on_bench_time(project: pytest.Pytester) -> None:
    project.makepyfile(
        ASK
        + """
def test_silence(bench):
    bench.add("storage", "ARCHIVE")
    bench.arm("ARCHIVE", [fault("accept-then-silent")])
    started = time.monotonic()
    assert not ask(*bench.address_of("ARCHIVE"))
    time.sleep(3600)
    assert 3630 <= time.monotonic() - started < 3631
    assert bench.now // 1_000_000 == 3630
"""
    )
    result = project.runpytest_subprocess("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["bench: seed 1, clock virtual", "*::test_silence[[]virtual] PASSED*"])
    assert not (project.path / "bench-runs").exists()


def test_both_clocks_with_the_same_seed(project: pytest.Pytester) -> None:
    project.makepyfile(
        ASK
        + """
SEEDS = set()

def test_ask(bench, bench_clock):
    bench.add("storage", "ARCHIVE")
    assert bench.clock == bench_clock
    assert ask(*bench.address_of("ARCHIVE"))
    SEEDS.add(bench.seed)

def test_seeds():
    assert len(SEEDS) == 1
"""
    )
    project.runpytest_subprocess("--bench-clock", "both").assert_outcomes(passed=3)


def test_runs_draw_other_seeds(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
SEEDS = set()

def test_draw(bench):
    SEEDS.add(bench.seed)

def test_seeds():
    assert len(SEEDS) == 3
"""
    )
    project.runpytest_subprocess("--bench-runs", "3").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            'bench.arm("ARCHIVE", [fault("accept-then-silent")])',
            "armed and never fired: accept-then-silent on connection at ARCHIVE: it waits for connection at ARCHIVE, which never happened",
        ),
        (
            'ask(*bench.address_of("ARCHIVE"), release=False)',
            "left open: association 1 of ARCHIVE from MY_STACK; release or abort it",
        ),
        (
            'bench.expect("A-RELEASE-RQ", at="ARCHIVE", count=2); ask(*bench.address_of("ARCHIVE"))',
            "expected and not met: A-RELEASE-RQ at ARCHIVE, exactly 2 times: A-RELEASE-RQ at ARCHIVE happened once*",
        ),
    ],
    ids=["unfired-faults", "open-associations", "unmet-expectations"],
)
def test_what_is_left_is_told_and_can_be_allowed(
    project: pytest.Pytester, request: pytest.FixtureRequest, body: str, told: str
) -> None:
    check = request.node.callspec.id
    project.makepyfile(
        ASK
        + f"""
import pytest

def test_it(bench):
    bench.add("storage", "ARCHIVE")
    {body}

@pytest.mark.bench(allow="{check}")
def test_allowed(bench):
    bench.add("storage", "ARCHIVE")
    {body}
"""
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines([told])
    project.runpytest_subprocess("--bench-allow", check).assert_outcomes(passed=2)


def test_a_failure_tells_the_last_events_and_how_to_run_it_again(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_it=ASK
        + """
def test_wrong(bench):
    bench.add("storage", "ARCHIVE")
    assert ask(*bench.address_of("ARCHIVE")) is None
"""
    )
    result = project.runpytest_subprocess("--bench-seed", "5", "--bench-output", "kept")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*assert True is None*",
            "*--- bench ---*",
            "seed *, clock virtual, * events",
            "again: pytest '*::test_wrong[[]virtual]' --bench-seed 5 --bench-clock virtual",
            "files: *kept*test-wrong-virtual*",
            "*SUT*ARCHIVE*A-RELEASE-RQ*",
        ]
    )
    [kept] = (project.path / "kept").glob("*test-wrong*/virtual-seed-*")
    assert {"events.jsonl", "timeline.txt", "traffic.pcap", "result.json"} <= {path.name for path in kept.iterdir()}
    # our own way to the test is nobody's business
    assert "pytest_plugin/running.py" not in result.stdout.str()


def test_traces_are_kept_as_told(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(bench):\n    assert bench.now\n\ndef test_ok(bench):\n    pass\n")
    project.runpytest_subprocess("--bench-trace", "off", "--bench-output", "off").assert_outcomes(failed=1, passed=1)
    assert not (project.path / "off").exists()
    project.runpytest_subprocess("--bench-trace", "on", "--bench-output", "on").assert_outcomes(failed=1, passed=1)
    assert len([path for path in (project.path / "on").iterdir() if not path.is_symlink()]) == 2


def test_a_coroutine_runs_live(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_echo="""
import pytest

@pytest.mark.asyncio
async def test_echo(bench):
    bench.add("storage", "ARCHIVE")
    bench.add("verification", "PROBE")
    await bench.do_async("PROBE", "echo", to="ARCHIVE")
    bench.expect("C-ECHO-RSP", at="PROBE", status="0x0000", count=1)
""",
        test_never="""
import pytest

@pytest.mark.asyncio
@pytest.mark.bench(clock="virtual")
async def test_never(bench):
    pass
""",
    )
    project.runpytest_subprocess("test_echo.py").assert_outcomes(passed=1)
    result = project.runpytest_subprocess("test_never.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a coroutine cannot run on the virtual clock*"])


def test_the_marker_sets_up_the_bench(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
import time
import pytest

@pytest.mark.bench(seed=77, clock="live", requires=["REQ-1", "REQ-2"])
def test_told(bench, request):
    assert (bench.seed, bench.clock) == (77, "live")
    assert ("requires", "REQ-2") in request.node.user_properties

@pytest.mark.bench(outside=True)
def test_outside(bench):
    started = time.monotonic()
    assert bench.run(lambda: time.sleep(100)) is None
    assert time.monotonic() - started < 50
    assert bench.now == 100_000_000

@pytest.mark.bench(limit="10 s")
def test_limit(bench):
    time.sleep(60)
"""
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*HorizonReached: not over at 10 s*"])


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--bench-seed", "x"], "", "*--bench-seed: 'x' is no seed; give a whole number, 'random' or 'last'"),
        (["--bench-seed", "last"], "", "*--bench-seed last: no session before this one has left its seed"),
        (["--bench-runs", "0"], "", "*bench_runs: '0' is no number of runs; give 1 or more"),
        (["--bench-allow", "all"], "", "*--bench-allow: 'all' is no check; there are unfired-faults*"),
        ([], "@pytest.mark.bench(clock='real')", "*unknown clock 'real'; there are virtual and live"),
        ([], "@pytest.mark.bench(sed=3)", "*the marker 'bench' has no 'sed'; it has clock, seed*"),
    ],
)
def test_wrong_options_are_told(project: pytest.Pytester, options: list[str], code: str, told: str) -> None:
    project.makepyfile(f"import pytest\n{code}\ndef test_it(bench):\n    pass\n")
    result = project.runpytest_subprocess(*options)
    assert result.ret != 0
    lines = result.stdout.lines + result.stderr.lines
    assert any(Path(line).match(told) or _fits(line, told) for line in lines), "\n".join(lines)


def _fits(line: str, pattern: str) -> bool:
    import fnmatch  # noqa: PLC0415 - only here

    return fnmatch.fnmatchcase(line, pattern)


def test_a_random_seed_is_told_and_is_the_last(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(bench):\n    print('drawn', bench.seed)\n")
    first = project.runpytest_subprocess("--bench-seed", "random", "-s", "-p", "cacheprovider")
    second = project.runpytest_subprocess("--bench-seed", "last", "-s", "-p", "cacheprovider")
    drawn = [next(line for line in each.stdout.lines if "drawn" in line) for each in (first, second)]
    assert drawn[0].partition("drawn")[2] == drawn[1].partition("drawn")[2]


def test_scenario_files_are_tests(project: pytest.Pytester) -> None:
    good = (ROOT / "scenarios" / "faults" / "acceptor-aborts.yaml").read_text(encoding="utf-8")
    (project.path / "good.yaml").write_text(good, encoding="utf-8")
    (project.path / "inconclusive.yaml").write_text(
        good.replace("nth: 2,", "nth: 20,").replace("    fails: aborted by the peer\n", "").partition("expect:")[0],
        encoding="utf-8",
    )
    (project.path / "typo.yaml").write_text(good.replace("steps:", "stpes:"), encoding="utf-8")
    (project.path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    result = project.runpytest_subprocess("-v", "--continue-on-collection-errors", "--bench-check-determinism")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*good.yaml::good[[]virtual] PASSED*",
            "*typo.yaml:*: unknown key 'stpes'; did you mean 'steps'?",
            "INCONCLUSIVE  The acceptor aborts in the middle of a transfer",
            "*NOT FIRED*abort at STORE on C-STORE-RQ, nth 20*",
        ]
    )
    project.runpytest_subprocess("-o", "bench_scenarios=false").assert_outcomes()


def test_a_session_without_a_bench_imports_none(project: pytest.Pytester) -> None:
    project.makepyfile(
        "import sys\n\ndef test_it():\n    assert not {'pynetdicom', 'pydicom', 'simpy', 'numpy'} & set(sys.modules)\n"
    )
    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_projects_own_fixtures_of_these_names_are_its_own(project: pytest.Pytester) -> None:
    project.makeconftest(
        "import pytest\n\n"
        "@pytest.fixture(params=['a', 'b'])\ndef bench_clock(request):\n    return request.param\n\n"
        "@pytest.fixture\ndef bench(bench_clock):\n    return 'wooden ' + bench_clock\n"
    )
    project.makepyfile("def test_it(bench):\n    assert bench in ('wooden a', 'wooden b')\n")
    project.runpytest_subprocess().assert_outcomes(passed=2)


def test_a_projects_fixture_may_build_on_ours(project: pytest.Pytester) -> None:
    project.makeconftest(
        "import pytest\n\n@pytest.fixture\ndef bench(bench):\n    bench.add('storage', 'ARCHIVE')\n    return bench\n"
    )
    project.makepyfile("def test_it(bench):\n    assert bench.address_of('ARCHIVE')\n")
    project.runpytest_subprocess("--bench-clock", "both").assert_outcomes(passed=2)
