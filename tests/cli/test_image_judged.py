"""pylinac reads the files of ``linacsim image`` and finds what was put in (`sh ci/oracles.sh pylinac`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from linacsim.cli import main
from tests.physics.oracles import oracle, pylinac_says


@pytest.fixture(autouse=True)
def judge() -> None:
    """Nothing is pictured for a judge who is not there."""
    oracle("pylinac")


pytestmark = [pytest.mark.interop, pytest.mark.slow]

MIDDLE = {"catphan504": 18, "catphan604": 20}
"""mm along the couch that bring all modules into the cone."""


@pytest.mark.parametrize(
    ("name", "preset"),
    [("catphan604", "obi-pelvis-spotlight"), ("catphan504", "obi-pelvis-spotlight"), ("catphan604", "obi-pelvis")],
)
def test_a_catphan_is_analysed_with_everything_on(tmp_path: Path, name: str, preset: str) -> None:
    arguments = ["--phantom", name, "--preset", preset, "--shift", f"0,{MIDDLE[name]},0", "--format", "dicom"]
    assert main(["image", "cbct", *arguments, "--out", str(tmp_path)]) == 0
    told = pylinac_says(name, tmp_path / f"cbct-{name}")
    off = {insert: value - told["nominal"][insert] for insert, value in told["inserts"].items()}
    print(name, preset, off, told["lines"], told["thickness"], told["roll"])  # noqa: T201 - the figures of the docs
    assert max(abs(value) for value in off.values()) < 40
    assert np.abs(np.array(told["lines"]) - 50).max() < 0.3
    assert told["thickness"] == pytest.approx(2.5, abs=0.2)
    assert abs(told["roll"]) < 0.1


def test_the_ball_of_winston_lutz_is_found_again(tmp_path: Path) -> None:
    arguments = ["--phantom", "winston-lutz", "--shift", "1,0.5,-0.3", "--gantry", "0,90,180,270", "--field", "20"]
    assert main(["image", "mv", *arguments, "--format", "dicom", "--out", str(tmp_path)]) == 0
    for truth in tmp_path.glob("*.json"):
        truth.unlink()
    found = np.array(pylinac_says("winston-lutz", tmp_path)["shift"])
    print(found)  # noqa: T201
    # what pylinac tells is how to move the ball back
    assert np.abs(np.array([1.0, 0.5, -0.3]) + found).max() < 0.1
