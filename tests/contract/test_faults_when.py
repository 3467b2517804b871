"""When faults of the network strike, until when, and what comes after them; on both clocks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.storage.personality import StoragePersonality, Store
from linacsim.errors import InputError, PlayFailure, ScenarioError
from linacsim.faults import Armed, Occurrence, When, fault
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND, milliseconds
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.runner import play
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

Records = Callable[..., list[Record]]
CT, MR = "pydicom:CT_small.dcm", "pydicom:MR_small.dcm"
CT_CLASS, MR_CLASS = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
QUICK = StoragePersonality(acse_timeout=milliseconds(600), dimse_timeout=milliseconds(600))


@pytest.fixture
def statuses(bench_clock: Bench, act: Callable[..., Any], records: Records) -> Callable[..., list[int]]:
    """Store images from one or two SCUs, once each; return the statuses that they got."""
    bench_clock.add("storage", "STORE")
    for name in ("SCU", "OTHER"):
        bench_clock.add("storage", name, settings=QUICK)

    def body(armed: Armed, *calls: tuple[str, str]) -> list[int]:
        bench_clock.arm("STORE", [armed])
        for name, image in calls:
            with contextlib.suppress(PlayFailure):
                act(name, "store", Store(to="STORE", images=(image,)))
        return [one["status"] for one in records("C-STORE-RSP") if one["way"] == "received"]

    return body


@pytest.mark.parametrize(
    "where", [{"on": "C-STORE-RQ"}, {"on": "C-STORE-RSP", "way": "sent"}], ids=["of the peer", "of the line"]
)
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"with_": "OTHER"}, [0, 0xA700]),
        ({"sop_class": MR_CLASS}, [0, 0xA700]),
        ({"chance": 0.0}, [0, 0]),
        ({"chance": 1.0}, [0xA700, 0xA700]),
        ({"times": 1}, [0xA700, 0]),
        ({"until": "object-stored", "times": 5}, [0, 0]),
        ({"until": 24 * 3600 * SECOND}, [0xA700, 0xA700]),
        ({"not_before": 24 * 3600 * SECOND}, [0, 0]),
        ({"not_after": 1}, [0, 0]),
    ],
    ids=str,
)
def test_conditions(
    statuses: Callable[..., list[int]], where: dict[str, Any], given: dict[str, Any], expected: list[int]
) -> None:
    armed = fault("status", code=0xA700, **where, **given)
    assert statuses(armed, ("SCU", CT), ("OTHER", MR)) == expected
    assert armed.fired == expected.count(0xA700)


def test_a_guard_counts_only_what_meets_it(statuses: Callable[..., list[int]]) -> None:
    armed = fault("status", "C-STORE-RQ", code=0xA700, sop_class=CT_CLASS, when=Occurrence(When.NTH, 2))
    assert statuses(armed, ("SCU", CT), ("SCU", MR), ("OTHER", CT), ("SCU", CT)) == [0, 0, 0xA700, 0]


def test_chances_are_the_same_on_both_clocks() -> None:
    fallen = {}
    for clock in ("virtual", "live"):
        with Bench(clock=clock, seed=11) as bench:
            bench.add("storage", "STORE")
            bench.add("storage", "SCU")
            bench.arm("STORE", [fault("status", "C-STORE-RSP", way="sent", code=0xB000, chance=0.5)])
            for _ in range(12):
                with contextlib.suppress(PlayFailure):
                    bench.do("SCU", "store", to="STORE", images=[CT])
            found = [one["status"] for one in bench.log.records if one["event"] == "C-STORE-RSP" and one["at"] == "SCU"]
            fallen[clock] = found
    assert fallen["virtual"] == fallen["live"]
    assert set(fallen["virtual"]) == {0, 0xB000}


def test_the_same_seed_gives_the_same_run() -> None:
    def run(seed: int) -> str:
        with Bench(seed=seed) as bench:
            bench.add("storage", "STORE", settings=QUICK)
            bench.add("storage", "SCU", settings=QUICK)
            bench.arm(
                "SCU",
                [fault("latency", delay=MILLISECOND, jitter=MILLISECOND), fault("garbage", "C-STORE-RQ", chance=0.4)],
            )
            for _ in range(5):
                with contextlib.suppress(PlayFailure):
                    bench.do("SCU", "store", to="STORE", images=[CT])
            return bench.digest()

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_what_is_drawn_is_told(bench_clock: Bench, act: Callable[..., Any], records: Records) -> None:
    bench_clock.add("storage", "STORE", settings=QUICK)
    bench_clock.add("storage", "SCU", settings=QUICK)
    bench_clock.arm("STORE", [fault("refuse-contexts")])
    with pytest.raises(PlayFailure):
        act("SCU", "store", Store(to="STORE", images=(CT,)))
    (fired,) = records("fault-fired", "STORE")
    assert fired["drawn"] in {f"result {number}" for number in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    "armed",
    [
        lambda: fault("stall", "C-STORE-RQ", way="sent", byte=10),
        lambda: fault("no-response", "C-STORE-RQ"),
        lambda: fault("refuse"),
        lambda: fault("unresolvable"),
    ],
)
def test_a_fault_lasts_as_long_as_its_block(
    bench_clock: Bench, act: Callable[..., Any], records: Records, armed: Callable[[], Armed]
) -> None:
    bench_clock.add("storage", "STORE")
    bench_clock.add("storage", "SCU", settings=QUICK)
    one = armed()
    with (
        bench_clock.inject("SCU" if one.way == "sent" and one.do != "no-response" else "STORE", one),
        pytest.raises(PlayFailure),
    ):
        act("SCU", "store", Store(to="STORE", images=(CT,)))
    bench_clock.play(bench_clock.kernel.sleep, 20 * MILLISECOND)
    act("SCU", "store", Store(to="STORE", images=(MR,)))
    assert records("C-STORE-RSP", "SCU", way="received", status=0)
    assert one.fired == 1


def test_a_bench_without_faults_has_no_lines(bench_clock: Bench, act: Callable[..., Any]) -> None:
    bench_clock.add("storage", "STORE")
    bench_clock.add("storage", "SCU")
    act("SCU", "store", Store(to="STORE", images=(CT,)))
    assert all(place.interceptor is None for place in bench_clock.kernel.places.values())


SCENARIO = """
scenario: A slow line, and then a sound one
peers:
  STORE: {kind: storage}
  SCU: {kind: storage, dimse-timeout: 600 ms}
faults:
  - %s
steps:
  - SCU: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
    fails: timeout
  - heal: %s
  - SCU: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}
expect:
  - {event: C-STORE-RSP, at: SCU, way: received, status: "0x0000", count: 1}
"""


@pytest.mark.parametrize(
    "line",
    [
        "{do: stall, at: SCU, way: sent, on: C-STORE-RQ, byte: 2000}",
        "{do: no-response, at: STORE, on: C-STORE-RQ}",
        "{do: no-response, at: STORE, on: C-STORE-RSP, way: sent, with: SCU}",
    ],
)
@pytest.mark.parametrize("whose", ["all", "one"])
def test_the_healed_phase(bench_clock: Bench, tmp_path: Path, line: str, whose: str) -> None:
    peer = "all" if whose == "all" else line.split("at: ")[1].split(",", maxsplit=1)[0]
    file = tmp_path / "healed.yaml"
    file.write_text(SCENARIO % (line, peer), encoding="utf-8")
    outcome = play(bench_clock, load_scenario(file, vocabulary()))
    assert outcome.verdict is Verdict.PASS, outcome
    assert [one.fired for one in outcome.faults] == [1]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("{do: stal, at: SCU}", "7:6: unknown fault 'stal'; did you mean 'stall'?"),
        ("{do: stall, at: SCU, way: out}", "7:26: 'way' wants 'sent' or 'received', found 'out'"),
        ("{do: stall, at: SCU, chance: 2}", "7:26: 'chance' wants at most 1.0, found 2"),
        ("{do: stall, at: SCU, chanse: 1}", "7:26: unknown key 'chanse'; did you mean 'chance'?"),
        ("{do: stall, at: SCU, until: C-STOR-RQ}", "7:26: unknown event 'C-STOR-RQ'; did you mean 'C-STORE-RQ'?"),
        (
            "{do: wrong-message-id, at: SCU, on: C-STORE-RQ, way: sent}",
            "7:5: 'wrong-message-id' cannot strike on 'C-STORE-RQ'; it strikes on a response such as C-STORE-RSP",
        ),
        (
            "{do: reject, at: STORE}\n  - {do: late-accept, at: STORE, delay: 1 s}",
            "8:5: 'late-accept' never fires: 'reject'",
        ),
    ],
)
def test_what_cannot_be_armed(tmp_path: Path, lines: str, said: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(SCENARIO % (lines, "all"), encoding="utf-8")
    with pytest.raises((ScenarioError, InputError)) as wrong:
        load_scenario(file, vocabulary())
    assert said.partition(": ")[2] in str(wrong.value)
    assert said.split(":", maxsplit=1)[0] in str(wrong.value)
