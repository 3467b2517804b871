"""Identifiers that no decent client would send, on both clocks: each gets an answer, and the archive goes on."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import encode

from linacsim.bench import Bench
from linacsim.devices.queryretrieve import StudyRootFind, StudyRootMove, find
from tests.contract.archived import Asker, build_archive, everything, identifier


@pytest.fixture
def asker(bench_clock: Bench, tmp_path: Path) -> Asker:
    return build_archive(bench_clock, tmp_path / "in", everything())


def encoded(ds: Dataset) -> bytes:
    data = encode(ds, is_implicit_vr=True, is_little_endian=True)
    assert data is not None
    return data


def send_raw(asker: Asker, data: bytes, model: str = StudyRootFind) -> list[int]:
    """Send `data` as the identifier of a request; return the statuses of its responses and of a good query after it."""

    def ask(ae: Any, assoc: Any) -> list[int]:
        send = assoc.dimse.send_msg

        def swap(primitive: Any, context_id: int) -> None:
            primitive.Identifier = BytesIO(data)
            send(primitive, context_id)

        assoc.dimse.send_msg = swap
        if model == StudyRootFind:
            responses = list(assoc.send_c_find(identifier("STUDY"), model))
        else:
            responses = list(assoc.send_c_move(identifier("STUDY"), "DEST", model))
        assoc.dimse.send_msg = send
        good = find(asker.device, ae, assoc, StudyRootFind, identifier("STUDY", StudyInstanceUID="2.1"))
        return [*(int(status.Status) for status, _ in responses), int(good.status.Status), len(good.identifiers)]

    answers: list[int] = asker.ask(ask, syntax=ImplicitVRLittleEndian)
    return answers


GOOD = encoded(identifier("STUDY", StudyInstanceUID="1.1", PatientName="Doe*"))
BAD = {
    "noise": np.random.default_rng(1).bytes(2000),
    "broken off": GOOD[:-3],
    "a length beyond the end": GOOD[:4] + b"\xff\xff\xff\x7f" + GOOD[8:],
    "one byte": b"\x08",
    "a number that is none": encoded(identifier("STUDY", StudyInstanceUID="1.1")) + b"\x20\0\x08\x12\x04\0\0\0abcd",
}


@pytest.mark.parametrize("model", [StudyRootFind, StudyRootMove])
@pytest.mark.parametrize("name", BAD)
def test_what_is_no_identifier_is_refused(asker: Asker, name: str, model: str) -> None:
    assert send_raw(asker, BAD[name], model) == [0xA900, 0, 1]


@pytest.mark.parametrize(
    ("keys", "matches"),
    [
        ({"PatientName": "*" * 2000}, 3),
        ({"PatientName": "*a" * 1000}, 0),
        ({"StudyInstanceUID": [f"1.2.{number}" for number in range(3000)]}, 1),
        ({"SpecificCharacterSet": "NO SUCH SET", "PatientName": "Doe*"}, 2),
        ({"SpecificCharacterSet": ["ISO 2022 IR 6", "ISO 2022 IR 87"], "PatientName": "Doe*"}, 2),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_odd_values_match_what_they_match(asker: Asker, keys: dict[str, Any], matches: int) -> None:
    if isinstance(keys.get("StudyInstanceUID"), list):
        keys = {"StudyInstanceUID": [*keys["StudyInstanceUID"], "1.1"]}
    data = encoded(identifier("STUDY", **{"StudyInstanceUID": "", **keys}))
    assert send_raw(asker, data) == [*[0xFF00] * matches, 0, 0, 1]


@pytest.mark.parametrize("uid", ["../../../etc/passwd", "1" * 4000, "1.2.*"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_no_uid_is_refused(asker: Asker, uid: str) -> None:
    assert send_raw(asker, encoded(identifier("STUDY", StudyInstanceUID=uid))) == [0xA900, 0, 1]


def test_group_lengths_and_private_elements_do_no_harm(asker: Asker) -> None:
    wanted = identifier("STUDY", StudyInstanceUID="")
    wanted.add(DataElement(0x00091001, "LO", "private"))
    group_length = b"\x20\0\0\0\x04\0\0\0\x0a\0\0\0"
    data = encoded(wanted)
    at = data.index(b"\x20\0\x0d\0")
    assert send_raw(asker, data[:at] + group_length + data[at:]) == [0xFF01] * 3 + [0, 0, 1]


@pytest.mark.parametrize("depth", [3, 150])
def test_a_deep_sequence_is_no_abyss(asker: Asker, depth: int) -> None:
    item = Dataset()
    item.RequestedProcedureID = "R"
    for _ in range(depth):
        outer = Dataset()
        outer.RequestAttributesSequence = Sequence([item])
        item = outer
    wanted = identifier("SERIES", StudyInstanceUID="1.1")
    wanted.RequestAttributesSequence = item.RequestAttributesSequence
    status, *rest = send_raw(asker, encoded(wanted))
    assert (status, rest) in [(0, [0, 1]), (0xA900, [0, 1])]


def test_an_identifier_in_implicit_vr_where_explicit_vr_is_agreed_on(asker: Asker) -> None:
    def ask(_ae: Any, assoc: Any) -> tuple[int, str]:
        send = assoc.dimse.send_msg

        def swap(primitive: Any, context_id: int) -> None:
            primitive.Identifier = BytesIO(GOOD)
            send(primitive, context_id)

        assoc.dimse.send_msg = swap
        ((status, _),) = assoc.send_c_find(identifier("STUDY"), StudyRootFind)
        return int(status.Status), str(status.ErrorComment)

    status, comment = asker.ask(ask, syntax=ExplicitVRLittleEndian)
    assert status == 0xA900
    assert comment.startswith("unreadable at its beginning: no value representation")
