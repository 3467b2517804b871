"""``linacsim proxy`` between DCMTK's storescu and storescp: neither is ours, and the line between them fails."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.dcmtk import free_port, listening
from tests.interop.proxied import proxied
from tests.live.served import environment

pytestmark = pytest.mark.interop


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    folder, port = tmp_path / "stored", free_port()
    folder.mkdir()
    with listening("storescp", "-od", folder, port, port=port):
        yield port, folder


def test_without_faults_everything_goes_through(tmp_path: Path, store: tuple[int, Path]) -> None:
    with proxied(tmp_path, store[0]) as proxy:
        told = proxy.store("CT_small.dcm", "MR_small.dcm").text
    assert told.count("Received Store Response (Success)") == 2
    assert len(list(store[1].iterdir())) == 2
    assert proxy.code == 0
    run_folder = next((tmp_path / "runs").glob("proxy/*/events.jsonl")).parent
    events = [json.loads(line) for line in (run_folder / "events.jsonl").read_text("utf-8").splitlines()[1:]]
    assert [one["event"] for one in events if one["event"].startswith("C-")] == ["C-STORE-RQ", "C-STORE-RSP"] * 2
    assert (run_folder / "traffic.pcap").stat().st_size > 60_000


FAULTS = {
    "status": ("{do: status, at: acceptor, on: C-STORE-RQ, nth: 2, code: A700}", "Refused: OutOfResources"),
    "reject": ("{do: reject, at: acceptor, result: 2, source: 3, reason: 2}", "Local Limit Exceeded"),
    "abort": (
        "{do: abort, at: acceptor, on: C-STORE-RQ, source: service-provider, reason: 6}",
        "Peer aborted Association",
    ),
    "reset": ("{do: reset, at: acceptor, on: C-STORE-RQ}", "closed by peer|Peer aborted|reset"),
    "garbage": ("{do: garbage, at: acceptor, way: sent, on: C-STORE-RSP}", "[Uu]nrecognized PDU|Illegal"),
    "wrong-message-id": ("{do: wrong-message-id, at: acceptor, on: C-STORE-RSP, id: 99}", "Unexpected Response|MsgId"),
    "refuse-contexts": ("{do: refuse-contexts, at: acceptor, result: 3}", "No presentation context|No Acceptable"),
}


@pytest.mark.parametrize("do", FAULTS)
def test_what_storescu_says(tmp_path: Path, store: tuple[int, Path], do: str) -> None:
    line, said = FAULTS[do]
    with proxied(tmp_path, store[0], f"faults:\n  - {line}\n") as proxy:
        told = proxy.store("CT_small.dcm", "MR_small.dcm").text
    assert re.search(said, told, re.IGNORECASE), told
    assert proxy.code == 0, proxy.text


def test_what_arrives_at_storescp(tmp_path: Path, store: tuple[int, Path]) -> None:
    from pydicom import dcmread  # noqa: PLC0415

    line = "{do: wrong-value, at: requestor, on: C-STORE-RQ, attribute: PatientName, value: NOBODY}"
    with proxied(tmp_path, store[0], f"faults:\n  - {line}\n") as proxy:
        proxy.store("CT_small.dcm")
    (stored,) = store[1].iterdir()
    assert dcmread(stored, force=True).PatientName == "NOBODY"


def test_a_stalled_request_runs_into_storescus_timeout(tmp_path: Path, store: tuple[int, Path]) -> None:
    line = "{do: stall, at: acceptor, on: C-STORE-RSP, way: sent, byte: 0}"
    with proxied(tmp_path, store[0], f"faults:\n  - {line}\n") as proxy:
        told = proxy.store("CT_small.dcm", options=("-td", "2")).text
    assert re.search("timeout|No Data Available", told, re.IGNORECASE), told
    assert len(list(store[1].iterdir())) == 1


def test_a_fault_that_never_fires_is_told(tmp_path: Path, store: tuple[int, Path]) -> None:
    line = "{do: abort, at: acceptor, on: C-MOVE-RQ}"
    with proxied(tmp_path, store[0], f"faults:\n  - {line}\n") as proxy:
        proxy.store("CT_small.dcm")
    assert proxy.code == 2
    assert "never fired: abort at acceptor on C-MOVE-RQ" in proxy.text


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ("faults:\n  - {do: stall, at: archive}\n", "unknown peer 'archive'"),
        ("faults:\n  - {do: jam, at: acceptor, on: C-STORE-RQ}\n", "unknown fault 'jam'"),
        ("faults:\n  - {do: unresolvable, at: requestor}\n", "is not a proxy's to see"),
        ("peers: {}\n", "unknown key 'peers'"),
        ("faults:\n  - {do: abort, at: acceptor, on: C-STORE-RQ, state: NORMAL}\n", "unknown state 'NORMAL'"),
        ("faults:\n  - {do: status, at: acceptor, on: C-STORE-RQ, code: FF00}\n", "is pending, no final status"),
        ("faults:\n  - {do: hang, at: acceptor, on: C-STORE-RQ}\n", "unknown fault 'hang'"),
        ("faults: 3\n", "'faults'"),
        ("faults: [\n", "is not YAML"),
    ],
)
def test_wrong_files(tmp_path: Path, faults: str, said: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(faults, encoding="utf-8")
    words = [sys.executable, "-m", "linacsim", "proxy", "--listen", "0", "--to", "127.0.0.1:1", "--faults", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), check=False, timeout=60)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "127.0.0.1"], "'127.0.0.1' is no address"),
        (["--to", "127.0.0.1:0"], "is no address"),
        (["--to", "127.0.0.1:1", "--faults", "no-such-file.yaml"], "no-such-file.yaml"),
        (["--to", "127.0.0.1:1", "--seed", "x"], "not a whole number"),
        (["--to", "127.0.0.1:1", "--listen", "70000"], "is not a port"),
        (["--to", "127.0.0.1:1", "--host", "203.0.113.1"], "cannot listen"),
    ],
)
def test_wrong_options(words: list[str], said: str) -> None:
    line = [sys.executable, "-m", "linacsim", "proxy", "--listen", "0", *words]
    done = subprocess.run(line, capture_output=True, text=True, env=environment(), check=False, timeout=60)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr
