"""A project that is not ours installs linacsim from its wheel, uses the fixture and finds its bug."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "project"
BUG = "test_an_image_without_an_answer_is_not_counted"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with linacsim as its wheel installs it: what a wheel holds is what pip would unpack."""
    dist, folder = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECT, tmp_path / "acmesend"))


def run(project: Path, site: Path, *options: str) -> tuple[str, ET.Element]:
    """Run the project's tests as its own people would; return what was printed, and the JUnit file."""
    path = os.pathsep.join((str(site), str(project)))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--junit-xml", "junit.xml", *options],
        cwd=project,
        env={**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (project / "junit.xml").exists(), done.stdout + done.stderr
    return done.stdout, ET.parse(project / "junit.xml").getroot()  # noqa: S314 - our own file


def test_the_installed_package_is_the_one_that_is_used(site: Path) -> None:
    code = (
        "import linacsim, linacsim.scenario.library as lib; print(linacsim.__file__); print(len(lib.all_scenarios()))"
    )
    path = {**os.environ, "PYTHONPATH": str(site)}
    told = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True).stdout
    where, scenarios = told.split()
    assert where.startswith(str(site))
    assert int(scenarios) > 50


def test_the_bug_is_found_with_timeouts_of_five_minutes(project: Path, site: Path) -> None:
    told, junit = run(project, site)
    assert re.search(r"1 failed, 5 passed in \d", told), told
    assert f"FAILED tests/test_sender.py::{BUG}[virtual]" in told
    assert "--- bench ---" in told
    assert "DIMSE-timeout" in told
    again = next(line for line in told.splitlines() if line.startswith("again: "))
    assert again == f"again: pytest 'tests/test_sender.py::{BUG}[virtual]' --bench-seed 1 --bench-clock virtual"
    case = next(case for case in junit.iter("testcase") if case.get("name") == f"{BUG}[virtual]")
    assert {each.get("name") for each in case.iter("property")} == {"bench-seed", "bench-clock"}
    kept = next(line for line in told.splitlines() if line.startswith("files: ")).removeprefix("files: ")
    assert (Path(kept) / "events.jsonl").is_file()
    assert (Path(kept) / "traffic.pcap").is_file()
    assert [path.name for path in (project / "bench-runs").iterdir() if not path.is_symlink()] == [
        Path(kept).parent.name
    ], "runs of tests that passed are not kept"


def test_the_same_tests_find_it_on_real_sockets(project: Path, site: Path) -> None:
    told, _junit = run(project, site, "--bench-clock", "live")
    assert re.search(r"1 failed, 5 passed in \d", told), told
    assert f"FAILED tests/test_sender.py::{BUG}[live]" in told


def test_without_the_bug_everything_passes(project: Path, site: Path) -> None:
    sender = project / "acmesend" / "sender.py"
    wrong = "if status and status.Status != 0:"
    assert wrong in sender.read_text()
    sender.write_text(sender.read_text().replace(wrong, 'if "Status" not in status or status.Status != 0:'))
    told, _junit = run(project, site, "--bench-clock", "both")
    assert re.search(r"12 passed in \d", told), told


def test_workers_of_xdist_draw_the_same(project: Path, site: Path) -> None:
    alone, _ = run(project, site, "--bench-seed", "7", "--junit-xml", "alone.xml", "--junit-xml", "junit.xml")
    shared, junit = run(project, site, "--bench-seed", "7", "-n", "2")
    assert re.search(r"1 failed, 5 passed", alone), alone
    assert re.search(r"1 failed, 5 passed", shared), shared
    assert "bench: seed 7, clock virtual" in alone
    seeds = {case.get("name"): case.find(".//property[@name='bench-seed']") for case in junit.iter("testcase")}
    told = re.search(r"seed (\d+), clock virtual", alone.partition("--- bench ---")[2])
    found = seeds[f"{BUG}[virtual]"]
    assert told is not None
    assert found is not None
    assert found.get("value") == told.group(1)
