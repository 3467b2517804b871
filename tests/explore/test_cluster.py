"""Seeds on a Dask cluster that is there already; a clear word where there is none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from linacsim.cli import main
from tests.explore.conftest import SCENARIO, STACK, Explore, findings

CLUSTER = """
from distributed import LocalCluster
with LocalCluster(n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None, host="127.0.0.1") as cluster:
    print(cluster.scheduler_address, flush=True)
    input()
"""
"""A site's cluster, in processes of its own: nothing of it gets into the test's."""


@pytest.fixture(name="address")
def cluster(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("distributed", reason="the extra linacsim[cluster] is not installed")
    script = tmp_path / "cluster.py"
    script.write_text(
        'if __name__ == "__main__":\n' + "".join(f"    {line}\n" for line in CLUSTER.strip().splitlines())
    )
    running = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    yield running.stdout.readline().strip()
    running.communicate("\n", timeout=30)


def explore(*words: str) -> tuple[int, str]:
    """Run the command in a process of its own: a client leaves threads behind."""
    line = [sys.executable, "-m", "linacsim", "explore", str(SCENARIO), *words]
    done = subprocess.run(
        line, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(STACK)}
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def comparable(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(("  time", "  run", "  play", "  explore"))]


def test_a_cluster_finds_what_this_machine_finds(address: str, told: Explore) -> None:
    words = ("--set", "send=acmestore.twice:send", "--seeds", "10", "--seed", "3")
    code, text = explore(*words, "--cluster", address)
    assert findings(text)
    assert (code, comparable(text)) == (1, comparable(told("explore", SCENARIO, *words, "--jobs", "1")[1]))


def test_a_worker_that_dies_is_a_finding(address: str) -> None:
    code, text = explore("--set", "send=acmestore.odd:dies", "--seeds", "1", "--cluster", address)
    assert code == 1
    assert "FAIL  a run: the process that played it has died" in text


def test_a_cluster_that_does_not_answer_is_told() -> None:
    pytest.importorskip("distributed", reason="the extra linacsim[cluster] is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    line = [sys.executable, "-m", "linacsim", "explore", str(SCENARIO), "--cluster", f"tcp://127.0.0.1:{port}"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "no cluster answers" in done.stderr
    assert "give the address of a Dask scheduler" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    # that is how Python remembers that there is no such module
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["explore", str(SCENARIO), "--cluster", "tcp://127.0.0.1:1"]) == 3
    assert "--cluster: needs the package distributed; pip install 'linacsim[cluster]'" in capsys.readouterr().err
