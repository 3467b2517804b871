"""Acceptance runs against Orthanc: interrupted, gone on with, reported, and printed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.dcmtk import free_port
from tests.interop.orthanc import Orthanc, running

pytestmark = pytest.mark.interop
KNOWN = "acceptance/query-retrieve-scp/it-refuses-an-unknown-destination"


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[tuple[Orthanc, list[str]]]:
    """Orthanc, and the words of a command line that tests it."""
    port = free_port()
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        "product: Orthanc\nversion: Debian's\nconfiguration: ASKER is known as a destination\n"
        f"ports: {{ASKER: {port}}}\nparameters: {{patience: 60 s}}\n",
        encoding="utf-8",
    )
    with running(tmp_path, {"asker": ("ASKER", port)}, DicomScpTimeout=5) as peer:
        yield peer, ["--sut", f"127.0.0.1:{peer.port}@ORTHANC", "--profile", str(profile)]


def accept(*words: str) -> list[str]:
    return [sys.executable, "-m", "linacsim", "accept", *words]


def test_a_run_that_is_interrupted_goes_on_where_it_was(orthanc: tuple[Orthanc, list[str]], tmp_path: Path) -> None:
    _peer, words = orthanc
    out = tmp_path / "out"
    command = accept("storage-scp", *words, "--out", str(out))
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert first.stdout is not None
    said = [first.stdout.readline(), first.stdout.readline()]
    first.send_signal(signal.SIGINT)
    rest, complaint = first.communicate(timeout=60)
    assert "goes on with what is left" in complaint
    assert first.returncode == 130
    held = json.loads((out / "acceptance.json").read_text(encoding="utf-8"))
    done = [entry["name"] for entry in held["entries"]]
    assert 2 <= len(done) < 8, [*said, rest]
    assert not (out / "acceptance.html").exists()

    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stdout.splitlines()[0].split()[:3] == [str(len(done) + 1), "of", "8"]
    held = json.loads((out / "acceptance.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in held["entries"]][: len(done)] == done
    assert len(held["sessions"]) == 2
    assert len({entry["name"] for entry in held["entries"]}) == 8
    page = (out / "acceptance.html").read_text(encoding="utf-8")
    assert "gone on with at" in page
    assert "8 of 8 scenarios passed" in page


def test_what_orthanc_does_otherwise_is_reported_and_the_evidence_is_whole(
    orthanc: tuple[Orthanc, list[str]], tmp_path: Path
) -> None:
    _peer, words = orthanc
    out = tmp_path / "out"
    done = subprocess.run(
        accept("query-retrieve-scp", *words, "--out", str(out)), capture_output=True, text=True, check=False
    )
    held = json.loads((out / "acceptance.json").read_text(encoding="utf-8"))
    failed = [entry["name"] for entry in held["entries"] if entry["verdict"] != "pass"]
    # Orthanc answers C000 to a C-MOVE whose destination it does not know, not A801
    assert failed == [KNOWN], done.stdout
    assert done.returncode == 1
    for entry in held["entries"]:
        assert f"{entry['folder']}/traffic.pcap" in entry["evidence"]
        assert f"{entry['folder']}/report.html" in entry["evidence"]
    [got] = [entry for entry in held["entries"] if entry["name"].endswith("c-get")]
    assert any("/objects/" in path for path in got["evidence"]), "what was received is evidence"
    total = subprocess.run(
        ["sha256sum", "--check", "--quiet"],
        cwd=out,
        input="".join(f"{digest}  {path}\n" for entry in held["entries"] for path, digest in entry["evidence"].items()),
        text=True,
        check=False,
    )
    assert total.returncode == 0


def test_the_report_prints_on_paper(orthanc: tuple[Orthanc, list[str]], tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium on the PATH: install chromium")
    _peer, words = orthanc
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        "suite: Two scenarios\nscenarios: [acceptance/storage-scp/it-answers-c-echo, acceptance/storage-scp/it-takes-a-ct-image]\n"
    )
    out = tmp_path / "out"
    subprocess.run(accept(str(suite), *words, "--out", str(out)), capture_output=True, check=True)
    pdf = tmp_path / "paper.pdf"
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}"]
    subprocess.run(
        [browser, *options, f"--print-to-pdf={pdf}", (out / "acceptance.html").as_uri()],
        capture_output=True,
        check=True,
        timeout=120,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    started = time.monotonic()
    while not pdf.exists() and time.monotonic() - started < 20:
        time.sleep(0.1)
    assert pdf.read_bytes()[:5] == b"%PDF-"
