"""Each quirk of an archive on the wire, as a parameter of the personality and as a breakage, on both clocks; and what our client says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from linacsim.bench import Bench
from linacsim.devices.archive.misbehaviour import Misbehave, Quirks
from linacsim.devices.archive.personality import ArchivePersonality, Forget, Query, Retrieve
from linacsim.devices.archive.tape import SlowTape
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.archived import build_archive, everything, identifier
from tests.contract.retrieved import STUDY, Client

Records = Callable[..., list[Record]]
SERIES: dict[str, Any] = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}
WHOLE: dict[str, Any] = {"StudyInstanceUID": "1.1"}
HOW = ("personality", "breakage")
P = 0xFF00


@pytest.fixture(params=HOW)
def odd(request: pytest.FixtureRequest, bench_clock: Bench, tmp_path: Path) -> Callable[..., Client]:
    """Return a client of an archive with these quirks: it has always had them, or it has just begun."""

    def build(**quirks: Any) -> Client:
        always = request.param == "personality"
        settings = ArchivePersonality(quirks=Quirks(**quirks)) if always else None
        build_archive(bench_clock, tmp_path / "in", everything(), settings)
        if not always:
            archive = bench_clock.devices["ARCHIVE"]
            bench_clock.play(archive.strike, "misbehave", Misbehave(**quirks), place=archive.place)
        return Client(bench_clock)

    return build


def lose(bench: Bench, *uids: str) -> None:
    archive = bench.devices["ARCHIVE"]
    for uid in uids:
        bench.play(archive.strike, "forget", Forget(sop_instance=uid), place=archive.place)


def ask_as_clinic(act: Callable[..., Any], service: str) -> None:
    """Let our own client ask for the series."""
    if service == "find":
        act("CLINIC", "query", Query(to="ARCHIVE", level="SERIES", keys=SERIES))
    else:
        by: Any = service
        act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="SERIES", keys=SERIES, by=by))


COUNTERS = [
    ({"counters": "zero"}, [(P, 0, 0, 0, 0), (P, 0, 0, 0, 0), (0, None, 0, 0, 0)], "0 objects .* 3 have arrived"),
    ({"counters": "stuck"}, [(P, 2, 1, 0, 0), (P, 2, 1, 0, 0), (0, None, 1, 0, 0)], "the counters do not move"),
    ({"counters": "ahead"}, [(P, 2, 2, 0, 0), (P, 1, 3, 0, 0), (0, None, 4, 0, 0)], "4 objects .* 3 have arrived"),
    ({"counters": "absent"}, [(P, *[None] * 4)] * 2 + [(0, *[None] * 4)], "Pending without counters"),
    ({"remaining": "absent"}, [(P, None, 1, 0, 0), (P, None, 2, 0, 0), (0, None, 3, 0, 0)], "without Number of Remain"),
    ({"remaining": "in-final"}, [(P, 2, 1, 0, 0), (P, 1, 2, 0, 0), (0, 0, 3, 0, 0)], "Remaining .* in a final"),
    ({"pending": "none"}, [(0, None, 3, 0, 0)], ""),
    ({"repeats": "pending"}, [(P, 2, 1, 0, 0)] * 2 + [(P, 1, 2, 0, 0)] * 2 + [(0, None, 3, 0, 0)], "do not move"),
    ({"leaves_out_after": 2}, [(P, 1, 1, 0, 0), (0, None, 2, 0, 0)], ""),
    ({"leaves_out": ("ct",)}, [(0, None, 0, 0, 0)], ""),
    ({"fails": ("ct",)}, [(P, 2, 0, 1, 0), (P, 1, 0, 2, 0), (0xA702, None, 0, 3, 0)], "0xA702, 0 completed, 3 failed"),
]


@pytest.mark.parametrize("service", ["move", "get"])
@pytest.mark.parametrize(("quirks", "wire", "_text"), COUNTERS, ids=[str(one[0]) for one in COUNTERS])
def test_counters_and_what_is_left_out(
    odd: Callable[..., Client], service: str, quirks: Any, wire: Any, _text: str
) -> None:
    assert [one.numbers for one in odd(**quirks).ask(service, "SERIES", **SERIES)] == wire


@pytest.mark.parametrize("by", ["move", "get"])
@pytest.mark.parametrize(("quirks", "_wire", "text"), COUNTERS, ids=[str(one[0]) for one in COUNTERS])
def test_our_client_says_what_is_wrong_with_them(
    bench_clock: Bench, tmp_path: Path, act: Callable[..., Any], by: Any, quirks: Any, _wire: Any, text: str
) -> None:
    settings = ArchivePersonality(quirks=Quirks(**quirks))
    build_archive(bench_clock, tmp_path / "in", everything(), settings)
    bench_clock.add("archive", "CLINIC")
    what = Retrieve(to="ARCHIVE", level="SERIES", keys=SERIES, by=by)
    if not text:
        act("CLINIC", "retrieve", what)
        return
    with pytest.raises(PlayFailure, match=rf"^C-{by.upper()} to ARCHIVE: .*{text}"):
        act("CLINIC", "retrieve", what)
    if quirks != {"fails": ("ct",)}:
        act("CLINIC", "retrieve", what.model_copy(update={"believing": True}))


@pytest.mark.parametrize(
    ("quirks", "final", "listed"),
    [
        ({}, (0xB000, None, 1, 2, 0), ("1.1.1.1", "1.1.1.2")),
        ({"failures_as": "success"}, (0x0000, None, 3, 0, 0), None),
        ({"failures_as": "success", "counters": "absent"}, (0x0000, None, None, None, None), None),
        ({"failed_list": "absent"}, (0xB000, None, 1, 2, 0), None),
    ],
)
def test_what_failed_sub_operations_lead_to(
    bench_clock: Bench, odd: Callable[..., Client], quirks: Any, final: Any, listed: Any
) -> None:
    client = odd(**quirks)
    lose(bench_clock, "1.1.1.1", "1.1.1.2")
    last = client.ask("move", "SERIES", **SERIES)[-1]
    assert (last.numbers, last.listed) == (final, listed)


def test_b000_though_all_have_failed(bench_clock: Bench, odd: Callable[..., Client], act: Callable[..., Any]) -> None:
    client = odd(failures_as="warning")
    lose(bench_clock, "1.1.1.1", "1.1.1.2", "1.1.1.3")
    assert client.ask("move", "SERIES", **SERIES)[-1].numbers == (0xB000, None, 0, 3, 0)
    bench_clock.add("archive", "CLINIC")
    what = Retrieve(to="ARCHIVE", level="SERIES", keys=SERIES, status=0xB000)
    with pytest.raises(PlayFailure, match="0xB000 though all 3 sub-operations have failed"):
        act("CLINIC", "retrieve", what)


def test_success_though_objects_have_not_come_is_noticed(
    bench_clock: Bench, odd: Callable[..., Client], act: Callable[..., Any]
) -> None:
    odd(failures_as="success")
    lose(bench_clock, "1.1.1.1")
    bench_clock.add("archive", "CLINIC")
    with pytest.raises(PlayFailure, match="3 objects have been sent by its counters, 2 have arrived"):
        act("CLINIC", "retrieve", Retrieve(to="ARCHIVE", level="SERIES", keys=SERIES))


@pytest.mark.parametrize("service", ["move", "get"])
def test_images_fail_but_plans_pass(odd: Callable[..., Client], service: str) -> None:
    last = odd(fails=("ct",)).ask(service, "STUDY", **WHOLE)[-1]
    assert (last.numbers, last.listed) == ((0xB000, None, 1, 3, 0), ("1.1.1.1", "1.1.1.2", "1.1.1.3"))


def test_plans_are_missing_in_silence(odd: Callable[..., Client], records: Records) -> None:
    assert odd(leaves_out=("rtplan",)).ask("move", "STUDY", **WHOLE)[-1].numbers == (0, None, 3, 0, 0)
    assert len(records("object-stored", "DEST")) == 3


@pytest.mark.parametrize(
    ("told", "statuses"), [("refused", [0xA801]), ("unable", [0xA702]), ("success", [0x0000]), ("silence", [])]
)
def test_an_unknown_destination(odd: Callable[..., Client], told: Any, statuses: list[int]) -> None:
    client = odd(unknown_destination=told)
    wanted = identifier("SERIES", **SERIES)
    said = client.converse(lambda: client.send("move", wanted, to="NOBODY"), patience=SECOND)
    assert [one.status for one in said] == statuses


def test_an_abort_instead_of_a801(
    bench_clock: Bench, odd: Callable[..., Client], records: Records, act: Callable[..., Any]
) -> None:
    assert odd(unknown_destination="abort").ask("move", "SERIES", to="NOBODY", **SERIES) == []
    assert records("A-ABORT", "CLIENT", way="received")
    bench_clock.add("archive", "CLINIC")
    what = Retrieve(to="ARCHIVE", level="SERIES", keys=SERIES, destination="NOBODY")
    with pytest.raises(PlayFailure, match=r"^C-MOVE to ARCHIVE: association aborted by the peer"):
        act("CLINIC", "retrieve", what)


@pytest.mark.parametrize("service", ["find", "move", "get"])
@pytest.mark.parametrize(
    ("quirks", "last", "text"),
    [
        ({"repeats": "final"}, [0x0000, 0x0000], r"another C-\w+ response \(0x0000\) after the final one"),
        ({"after_final": "pending"}, [0x0000, 0xFF00], r"another C-\w+ response \(0xFF00\) after the final one"),
        ({"after_final": "failure"}, [0x0000, 0xA702], r"another C-\w+ response \(0xA702\) after the final one"),
    ],
)
def test_responses_after_the_final_one(
    bench_clock: Bench,
    odd: Callable[..., Client],
    act: Callable[..., Any],
    service: str,
    quirks: Any,
    last: Any,
    text: str,
) -> None:
    client = odd(**quirks)

    def twice() -> int:
        client.send(service, identifier("SERIES", **SERIES))
        bench_clock.kernel.sleep(300 * MILLISECOND)
        return 1

    told = client.converse(twice)
    assert [one.status for one in told][-2:] == last
    bench_clock.add("archive", "CLINIC")
    with pytest.raises(PlayFailure, match=text):
        ask_as_clinic(act, service)


@pytest.mark.parametrize("service", ["find", "move", "get"])
def test_a_wrong_message_id(
    bench_clock: Bench, odd: Callable[..., Client], act: Callable[..., Any], service: str
) -> None:
    assert {one.message_id for one in odd(message_id="wrong").ask(service, "SERIES", **SERIES)} == {8}
    bench_clock.add("archive", "CLINIC")
    with pytest.raises(PlayFailure, match=r"response to message 2, while 1 waits"):
        ask_as_clinic(act, service)


@pytest.mark.parametrize(
    ("quirks", "status"), [({}, 0xFE00), ({"ignores_cancel": True}, 0x0000), ({"cancelled_as": 0xB000}, 0xB000)]
)
@pytest.mark.parametrize("service", ["move", "get"])
def test_a_cancel(bench_clock: Bench, odd: Callable[..., Client], service: str, quirks: Any, status: int) -> None:
    client = odd(**quirks)
    archive = bench_clock.devices["ARCHIVE"]
    slow = SlowTape(read_time=100 * MILLISECOND)
    bench_clock.play(archive.strike, "slow-tape", slow, place=archive.place)

    def cancel() -> None:
        client.send(service, identifier("SERIES", **SERIES))
        bench_clock.kernel.sleep(150 * MILLISECOND)
        client.cancel(service)

    final = client.converse(cancel)[-1]
    assert final.status == status
    if status == 0:
        assert (final.remaining, final.completed) == (None, 3)
    else:
        # on the live clock one more or less may be done by then
        assert (final.remaining, final.completed) in ((2, 1), (1, 2))


def test_a_destination_is_called_for_nothing(odd: Callable[..., Client], records: Records) -> None:
    client = odd(calls_for_nothing=True)
    assert client.ask("move", "STUDY", StudyInstanceUID="9.9")[-1].numbers == (0, None, 0, 0, 0)
    assert len(records("A-ASSOCIATE-RQ", "DEST", way="received")) == 1


@pytest.mark.parametrize("service", ["find", "move", "get"])
def test_minutes_of_silence_outlast_our_client(
    bench_clock: Bench, odd: Callable[..., Client], act: Callable[..., Any], service: str
) -> None:
    silence = 150 * SECOND if bench_clock.clock == "virtual" else SECOND
    began = bench_clock.now
    assert odd(silence=silence).ask(service, "SERIES", **SERIES) == [] or bench_clock.now - began >= silence
    patience = silence // 2
    bench_clock.add("archive", "CLINIC", settings=ArchivePersonality(dimse_timeout=patience))
    with pytest.raises(PlayFailure, match=rf"DIMSE timeout: no response within {patience / SECOND:g} s"):
        ask_as_clinic(act, service)


def test_manners_come_back(bench_clock: Bench, tmp_path: Path, records: Records) -> None:
    build_archive(bench_clock, tmp_path / "in", everything())
    archive = bench_clock.devices["ARCHIVE"]
    what = Misbehave(counters="zero", cleared_after=SECOND)
    bench_clock.play(archive.strike, "misbehave", what, place=archive.place)
    client = Client(bench_clock)
    assert client.ask("move", "SERIES", **SERIES)[-1].completed == 0
    bench_clock.play(lambda: bench_clock.kernel.sleep(SECOND))
    assert client.ask("move", "SERIES", **SERIES)[-1].completed == 3
    assert len(records("manners-lost")) == len(records("manners-found")) == 1


def test_a_word_that_is_no_kind_of_object_is_refused() -> None:
    with pytest.raises(ValueError, match="'plan' is no kind of object and no UID: did you mean 'rtplan'"):
        Quirks(fails=("plan",))


def test_relational_retrieval_is_for_who_has_negotiated_it(bench_clock: Bench, tmp_path: Path) -> None:
    build_archive(bench_clock, tmp_path / "in", everything())
    client = Client(bench_clock)
    assert client.ask("move", "SERIES", SeriesInstanceUID="1.1.1")[-1].status == 0xA900
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = STUDY + "2"
    item.service_class_application_information = b"\x01"
    client.negotiates = [item]
    assert client.ask("move", "SERIES", SeriesInstanceUID="1.1.1")[-1].numbers == (0, None, 3, 0, 0)
    assert client.ask("get", "SERIES", SeriesInstanceUID="1.1.1")[-1].status == 0xA900
