"""Personalities of an archive: every setting has an effect that a client can see; each shipped one is as it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RTPlanStorage
from pynetdicom import AE
from pynetdicom.association import Association

from linacsim.bench import Bench
from linacsim.devices.archive.codes import Codes
from linacsim.devices.archive.leniency import Leniency
from linacsim.devices.archive.personality import ArchivePersonality, Destination
from linacsim.devices.archive.serves import SERVICES, Serves
from linacsim.devices.queryretrieve import PatientRootFind, StudyRootFind, StudyRootGet, StudyRootMove, find
from linacsim.errors import InputError
from linacsim.settings import build
from tests.contract.archived import Asker, build_archive, everything, identifier

NAMES = ArchivePersonality.shipped.names()
CT, JPEG = str(CTImageStorage), "1.2.840.10008.1.2.4.70"
NOBODY = {"NOBODY": Destination(host="127.0.0.1", port=1)}


def asker(bench: Bench, folder: Path, **settings: Any) -> Asker:
    """Return a client of an archive with these settings, which has the objects of the tree."""
    return build_archive(bench, folder, everything(), ArchivePersonality(**settings))


def status(asker: Asker, level: str, root: str = "study", **keys: Any) -> tuple[int, int]:
    """Return how many matches a C-FIND has, and its final status."""
    found = asker.find(level, root, **keys)
    return len(found.identifiers), int(found.status.Status)


def moved(asker: Asker, level: str, to: str = "DEST", **keys: Any) -> tuple[int, int | None]:
    """Return the final status of a C-MOVE, and how many objects it has brought."""
    told = asker.move(level, to, **keys)
    return int(told.status.Status), told.counters.completed


# what is accepted


def accepted(
    bench: Bench, settings: ArchivePersonality, *wanted: tuple[str, str], called: str = "ARCHIVE"
) -> set[tuple[str, str]]:
    """Return SOP classes and transfer syntaxes that an archive takes of those that are proposed, a context for each pair."""
    bench.add("archive", "ARCHIVE", settings=settings)

    def propose() -> set[tuple[str, str]]:
        ae = AE("CLIENT")
        for sop_class, syntax in wanted:
            ae.add_requested_context(sop_class, syntax)
        assoc: Association = ae.associate(*bench.address_of("ARCHIVE"), ae_title=called)
        taken = {(str(one.abstract_syntax), str(one.transfer_syntax[0])) for one in assoc.accepted_contexts}
        if assoc.is_established:
            assoc.release()
        return taken

    found: set[tuple[str, str]] = bench.play(propose)
    return found


IMPLICIT, EXPLICIT = str(ImplicitVRLittleEndian), str(ExplicitVRLittleEndian)
PAIRS = (
    (CT, IMPLICIT), (CT, EXPLICIT), (CT, JPEG), (str(RTPlanStorage), EXPLICIT), (str(StudyRootFind), IMPLICIT),
    (str(StudyRootFind), EXPLICIT), (str(StudyRootGet), EXPLICIT), (str(PatientRootFind), EXPLICIT),
)  # fmt: skip


@pytest.mark.parametrize(
    ("serves", "refused"),
    [
        (Serves(), set()),
        (Serves(services=("study-root-find",)), {PAIRS[6], PAIRS[7]}),
        (Serves(services=()), {PAIRS[4], PAIRS[5], PAIRS[6], PAIRS[7]}),
        (Serves(storage=("ct",)), {PAIRS[3]}),
        (Serves(transfer_syntaxes=("implicit-little",)), {pair for pair in PAIRS if pair[1] != IMPLICIT}),
        (Serves(transfer_syntaxes=("explicit-little", JPEG)), {PAIRS[0], PAIRS[4]}),
    ],
)
def test_what_is_served(bench_clock: Bench, serves: Serves, refused: set[tuple[str, str]]) -> None:
    assert accepted(bench_clock, ArchivePersonality(serves=serves), *PAIRS) == set(PAIRS) - refused


def test_the_preferred_transfer_syntax_comes_first(bench_clock: Bench) -> None:
    serves = Serves(transfer_syntaxes=("explicit-little", "implicit-little"))
    bench_clock.add("archive", "ARCHIVE", settings=ArchivePersonality(serves=serves))

    def propose() -> UID:
        ae = AE("CLIENT")
        ae.add_requested_context(CT, [IMPLICIT, EXPLICIT])
        assoc = ae.associate(*bench_clock.address_of("ARCHIVE"))
        syntax = assoc.accepted_contexts[0].transfer_syntax[0]
        assoc.release()
        return syntax

    assert bench_clock.play(propose) == ExplicitVRLittleEndian


@pytest.mark.parametrize(
    ("serves", "text"),
    [
        (Serves(storage=("cat",)), "unknown kind of object 'cat'; did you mean 'ct'"),
        (
            Serves(transfer_syntaxes=("implicit",)),
            "unknown transfer syntax 'implicit'; did you mean 'implicit-little'",
        ),
        (Serves(transfer_syntaxes=("1.2.3",)), "unknown transfer syntax '1.2.3'"),
    ],
)
def test_what_cannot_be_served(bench_clock: Bench, serves: Serves, text: str) -> None:
    with pytest.raises(InputError, match=text):
        bench_clock.add("archive", "ARCHIVE", settings=ArchivePersonality(serves=serves))


def test_every_service_has_a_sop_class_of_its_own() -> None:
    assert len(set(SERVICES.values())) == len(SERVICES)
    assert all(UID(uid).is_valid and UID(uid).name != uid for uid in SERVICES.values())


# identifiers that break the rules

SOP = "1.1.1.2"
EMPTY_ABOVE = {"StudyInstanceUID": "", "SeriesInstanceUID": ""}


def as_moved(answer: tuple[int, int]) -> tuple[int, int | None]:
    """Return what a C-MOVE gets where a C-FIND gets `answer`."""
    return (0, 1) if answer[1] == 0 else (0xA900, None)


@pytest.mark.parametrize(
    ("above", "empty", "missing"),
    [("wanted", (0, 0xA900), (0, 0xA900)), ("may-be-empty", (1, 0), (0, 0xA900)), ("may-be-missing", (1, 0), (1, 0))],
)
def test_keys_above_the_level(
    bench_clock: Bench, tmp_path: Path, above: Any, empty: tuple[int, int], missing: tuple[int, int]
) -> None:
    client = asker(bench_clock, tmp_path, leniency=Leniency(above=above))
    assert status(client, "IMAGE", SOPInstanceUID=SOP, **EMPTY_ABOVE) == empty
    assert status(client, "IMAGE", SOPInstanceUID=SOP) == missing
    assert moved(client, "IMAGE", SOPInstanceUID=SOP, **EMPTY_ABOVE) == as_moved(empty)
    assert moved(client, "IMAGE", SOPInstanceUID=SOP) == as_moved(missing)
    # and what keeps the rules is as it was
    full = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}
    assert status(client, "IMAGE", SOPInstanceUID="", **full) == (3, 0)


@pytest.mark.parametrize(("beside", "answer"), [("refused", (0, 0xA900)), ("passed-over", (2, 0)), ("matched", (0, 0))])
def test_other_keys_above_the_level(bench_clock: Bench, tmp_path: Path, beside: Any, answer: tuple[int, int]) -> None:
    client = asker(bench_clock, tmp_path, leniency=Leniency(beside=beside))
    assert status(client, "SERIES", StudyInstanceUID="1.1", PatientName="Nobody^At^All", SeriesInstanceUID="") == answer


@pytest.mark.parametrize(
    ("below", "with_value", "empty"),
    [
        ("refused", (0, 0xA900), (0, 0xA900)),
        ("passed-over", (3, 0), (3, 0)),
        ("matched", (1, 0), (3, 0)),
        ("unmatched", (0, 0), (3, 0)),
    ],
)
def test_keys_below_the_level(
    bench_clock: Bench, tmp_path: Path, below: Any, with_value: tuple[int, int], empty: tuple[int, int]
) -> None:
    client = asker(bench_clock, tmp_path, leniency=Leniency(below=below))
    assert status(client, "STUDY", StudyInstanceUID="", Modality="RTPLAN") == with_value
    assert status(client, "STUDY", StudyInstanceUID="", Modality="") == empty


def test_a_lenient_archive_still_wants_a_level_and_a_key(bench_clock: Bench, tmp_path: Path) -> None:
    lenient = Leniency(above="may-be-missing", beside="matched", below="unmatched")
    client = asker(bench_clock, tmp_path, leniency=lenient)
    assert status(client, "PATIENT", PatientID="A1") == (0, 0xA900)
    assert moved(client, "IMAGE", StudyInstanceUID="1.1") == (0xA900, None)
    # what a retrieval is not concerned with is passed over
    assert moved(client, "STUDY", StudyInstanceUID="1.1", PatientName="nobody") == (0, 4)


# status codes


def test_codes_of_a_query(bench_clock: Bench, tmp_path: Path) -> None:
    client = asker(bench_clock, tmp_path, codes=Codes(bad_query=0xC123, unsupported_keys=0xFF00))
    assert status(client, "SERIES", SeriesInstanceUID="") == (0, 0xC123)
    found = client.find("STUDY", StudyInstanceUID="1.1", ReasonForStudy="")
    assert len(found.identifiers) == 1
    said = [record["status"] for record in bench_clock.log.records if record["event"] == "C-FIND-RSP"]
    assert 0xFF01 not in said
    assert 0xFF00 in said


def test_codes_of_a_retrieval(bench_clock: Bench, tmp_path: Path) -> None:
    codes = Codes(bad_retrieval=0xC001, unknown_destination=0xC002, unreached_destination=0xC003, nothing_found=0xC004)
    client = asker(bench_clock, tmp_path, codes=codes, destinations=NOBODY, connection_timeout=1_000_000)
    assert moved(client, "SERIES", SeriesInstanceUID="1.1.1") == (0xC001, None)
    assert moved(client, "STUDY", to="STRANGER", StudyInstanceUID="1.1") == (0xC002, None)
    assert moved(client, "STUDY", to="NOBODY", StudyInstanceUID="1.1") == (0xC003, None)
    assert moved(client, "STUDY", StudyInstanceUID="9.9") == (0xC004, None)
    assert moved(client, "STUDY", StudyInstanceUID="1.1") == (0, 4)


def test_a_bad_retrieval_may_look_like_a_success(bench_clock: Bench, tmp_path: Path) -> None:
    client = asker(bench_clock, tmp_path, codes=Codes(bad_retrieval=0))
    assert moved(client, "SERIES", SeriesInstanceUID="1.1.1") == (0, 0)


# the shipped ones


def test_these_personalities_are_shipped() -> None:
    assert NAMES == [
        "dcmqrscp", "legacy", "mosaiq-2.50", "mosaiq-pre-2.50", "obi-treatment-management", "orthanc", "plain", "strict",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_personality_is_queried_and_sends(bench_clock: Bench, tmp_path: Path, name: str) -> None:
    settings = ArchivePersonality.named(name, destinations={}, knows_peers=True)
    assert (settings.personality, bool(settings.about)) == (name, True)
    client = build_archive(bench_clock, tmp_path, everything(), settings)
    models = [StudyRootFind, StudyRootMove]
    assert client.ask(lambda _ae, assoc: len(assoc.accepted_contexts), models) == 2
    found = client.ask(lambda ae, assoc: _find_all(client, ae, assoc), models)
    assert found == {"1.1", "1.2", "2.1"}


def _find_all(client: Asker, ae: AE, assoc: Association) -> set[str]:
    told = find(client.device, ae, assoc, StudyRootFind, identifier("STUDY", StudyInstanceUID=""))
    return {str(one.StudyInstanceUID) for one in told.identifiers}


def test_single_values_stand_over_those_of_the_personality() -> None:
    about = build(ArchivePersonality, {"personality": "orthanc", "codes": {"bad-query": "A900"}, "relational": True})
    assert (about.codes.bad_query, about.codes.bad_retrieval, about.relational) == (0xA900, 0xC000, True)


def test_an_unknown_personality_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"^here: unknown personality 'mosaic-2.50'; did you mean 'mosaiq-2.50'\?"):
        build(ArchivePersonality, {"personality": "mosaic-2.50"}, "here")


def test_a_personality_of_ones_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('about = "mine"\n[codes]\nbad-query = "C000"\n', "utf-8")
    assert ArchivePersonality.named(str(mine)).codes.bad_query == 0xC000
    mine.write_text('[codes]\nbad-quary = "C000"\n', "utf-8")
    with pytest.raises(InputError, match=r"unknown key 'codes.bad-quary'; did you mean 'bad-query'\?"):
        ArchivePersonality.named(str(mine))
