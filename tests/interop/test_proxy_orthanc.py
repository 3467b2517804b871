"""``linacsim proxy`` between DCMTK's storescu and Orthanc: what either is told, what is stored, and the proxy's own verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.interop.dcmtk import PATIENCE
from tests.interop.orthanc import HOST, Orthanc, running
from tests.interop.proxied import proxied

pytestmark = pytest.mark.interop
OPTIONS = ("-aec", "ORTHANC")


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running(tmp_path_factory.mktemp("orthanc"), {}, OverwriteInstances=True) as peer:
        yield peer


@pytest.fixture(autouse=True)
def empty(orthanc: Orthanc) -> None:
    body = json.dumps({"Resources": orthanc.get("/patients")})
    with closing(HTTPConnection(HOST, orthanc.http, timeout=PATIENCE)) as connection:
        connection.request("POST", "/tools/bulk-delete", body)
        assert connection.getresponse().status == 200


def test_nothing_is_changed_without_faults(tmp_path: Path, orthanc: Orthanc) -> None:
    with proxied(tmp_path, orthanc.port) as proxy:
        told = proxy.store("CT_small.dcm", "MR_small.dcm", options=OPTIONS)
    assert told.code == 0
    assert len(orthanc.get("/instances")) == 2
    assert (proxy.code, proxy.result["verdict"]) == (0, "pass")


def test_a_status_of_the_proxy_is_no_status_of_orthanc(tmp_path: Path, orthanc: Orthanc) -> None:
    line = "{do: status, at: acceptor, on: C-STORE-RQ, nth: 2, code: A700}"
    with proxied(tmp_path, orthanc.port, f"faults:\n  - {line}\n") as proxy:
        told = proxy.store("CT_small.dcm", "MR_small.dcm", options=OPTIONS)
    assert "Refused: OutOfResources" in told.text
    # both are there: the response says otherwise
    assert len(orthanc.get("/instances")) == 2
    assert (proxy.code, proxy.result["verdict"]) == (0, "pass")
    (fired,) = [one for one in proxy.events if one["event"] == "fault-fired"]
    assert (fired["at"], fired["fault"], fired["ordinal"], fired["role"]) == ("acceptor", "status", 1, "acceptor")
    assert [one["fired"] for one in proxy.result["faults"]] == [1]


def test_what_the_requestor_does_wrong_orthanc_does_not_keep(tmp_path: Path, orthanc: Orthanc) -> None:
    faults = """faults:
  - {do: reset, at: requestor, way: sent, on: C-STORE-RQ, nth: 1, byte: 9000}
  - {do: wrong-value, at: requestor, on: C-STORE-RQ, nth: 2, attribute: PatientID, value: SOMEBODY}
  - {do: abort, at: acceptor, on: C-STORE-RQ, nth: 2, source: service-provider, reason: 2}
"""
    with proxied(tmp_path, orthanc.port, faults) as proxy:
        first = proxy.store("CT_small.dcm", options=OPTIONS)
        assert orthanc.get("/instances") == []
        second = proxy.store("MR_small.dcm", options=OPTIONS)
        third = proxy.store("CT_small.dcm", options=OPTIONS)
    assert first.code != 0
    assert second.code == 0
    assert re.search("Peer aborted Association", third.text)
    patients = {orthanc.get(f"/patients/{one}")["MainDicomTags"]["PatientID"] for one in orthanc.get("/patients")}
    # the third has been carried out, too: only its response is an abort
    assert patients == {"SOMEBODY", "1CT1"}
    assert (proxy.code, proxy.result["verdict"]) == (0, "pass")
    assert [one["ordinal"] for one in proxy.events if one["event"] == "fault-fired"] == [1, 2, 3]


def test_a_fault_that_never_fires_leaves_no_verdict(tmp_path: Path, orthanc: Orthanc) -> None:
    with proxied(tmp_path, orthanc.port, "faults:\n  - {do: abort, at: acceptor, on: C-MOVE-RQ}\n") as proxy:
        proxy.store("CT_small.dcm", options=OPTIONS)
    assert (proxy.code, proxy.result["verdict"]) == (2, "inconclusive")
    assert "never fired: abort at acceptor on C-MOVE-RQ" in proxy.text


def test_an_orthanc_that_is_not_there(tmp_path: Path) -> None:
    with proxied(tmp_path, 1) as proxy:
        told = proxy.store("CT_small.dcm", options=OPTIONS)
    assert told.code != 0
    assert proxy.code == 0
    assert "connection-failed" in [one["event"] for one in proxy.events]
