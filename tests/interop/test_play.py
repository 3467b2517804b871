"""``linacsim play --clock live`` as a process, and its capture as tshark reads it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.served import environment

pytestmark = pytest.mark.interop

SCENARIO = """\
scenario: An echo and two images, and a peer that aborts once
peers:
  ARCHIVE: {kind: storage}
  SENDER: {kind: storage}
  CALLER: {kind: verification}
faults:
  - {at: ARCHIVE, do: abort, on: A-ASSOCIATE-RQ, nth: 3}
steps:
  - CALLER: {echo: {to: ARCHIVE, times: 2, interval: 50 ms}}
  - SENDER: {store: {to: ARCHIVE, images: ["pydicom:CT_small.dcm", "pydicom:rtplan.dcm"]}}
  - CALLER: {echo: {to: ARCHIVE}}
    fails: aborted
expect:
  - {event: object-stored, at: ARCHIVE, count: 2}
  - {event: fault-fired, at: ARCHIVE, count: 1}
"""


def _tshark(*arguments: object) -> str:
    program = shutil.which("tshark")
    assert program is not None, 'no tshark: install it, or leave these tests out with -m "not interop"'
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("clock", ["live", "virtual"])
def test_play_passes_and_its_capture_can_be_read(tmp_path: Path, clock: str) -> None:
    (tmp_path / "short.yaml").write_text(SCENARIO, "utf-8")
    command = [sys.executable, "-m", "linacsim", "play", "short.yaml", "--clock", clock, "--out", "runs"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = (tmp_path / "runs").rglob("result.json")
    assert json.loads(result.read_text("utf-8"))["verdict"] == "pass"
    assert len(list(result.parent.rglob("*.dcm"))) == 2
    _assert_readable(result.parent / "traffic.pcap")


def _assert_readable(capture: Path) -> None:
    ports = {port for line in _ports(capture) for port in line.split()}
    decode = [word for port in sorted(ports) for word in ("-d", f"tcp.port=={port},dicom")]
    seen = _tshark("-r", capture, *decode, "-Y", "dicom", "-T", "fields", "-e", "dicom.pdu.type")
    # requests, accepts, P-DATA-TF, both messages of a release, and the abort
    assert {int(number, 0) for line in seen.split() for number in line.split(",")} == {1, 2, 4, 5, 6, 7}
    assert _tshark("-r", capture, *decode, "-Y", "_ws.malformed") == ""


def _ports(capture: Path) -> list[str]:
    return _tshark("-r", capture, "-Y", "tcp.flags.syn==1", "-T", "fields", "-e", "tcp.dstport").splitlines()
