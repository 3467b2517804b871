"""docs/imaging.md says what the command prints, which presets there are, and every key of a ground truth."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from linacsim.cli import main
from linacsim.physics.presets import CBCT_PRESETS, CbctPreset

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "imaging.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def told() -> set[str]:
    """Return the keys in the table of the ground truth, those of points among them."""
    table = PAGE.split("## Ground truth")[1].split("## ")[0]
    return set(re.findall(r"`(\w+)`", table))


def test_the_example_is_a_file() -> None:
    (shown,) = blocks("python")
    assert shown == (ROOT / "tests" / "examples" / "test_a_shift_comes_back.py").read_text("utf-8")


def test_the_output_is_what_the_command_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (command,) = re.findall(r"^    linacsim image mv (.*)$", PAGE, flags=re.MULTILINE)
    assert main(["image", "mv", *command.split()]) == 0
    assert capsys.readouterr().out.startswith(blocks("")[0])
    for picture in Path("images").glob("*.truth.json"):
        truth = json.loads(picture.read_text("utf-8"))
        assert set(truth) | set(truth["points"]["BB"]) <= told()


def test_every_key_of_a_scans_truth_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = CbctPreset(name="tiny", kvp=100.0, ma=40.0, ms=20.0, projections=30)
    monkeypatch.setitem(CBCT_PRESETS, "tiny", tiny)
    arguments = ["--phantom", "water", "--preset", "tiny", "--columns", "16", "--slices", "2", "--out", str(tmp_path)]
    assert main(["image", "cbct", *arguments]) == 0
    truth = json.loads((tmp_path / "cbct-water.truth.json").read_text("utf-8"))
    assert set(truth) | set(truth["points"]["water"]) <= told()


def test_the_presets_are_those_of_the_program() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if re.match(r"\| (obi|truebeam)-", line)]
    shown = {
        name: (float(kv), float(ma), float(ms), int(frames), int(mas), float(arc), fan, int(seen))
        for name, kv, ma, ms, frames, mas, arc, fan, seen in rows
    }
    assert shown == {
        name: (
            one.kvp, one.ma, one.ms, one.projections, round(one.mas), one.arc, one.fan.lower(), round(one.field_of_view),
        )
        for name, one in CBCT_PRESETS.items()
    }  # fmt: skip
