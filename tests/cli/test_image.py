"""``linacsim image``: files with their truth, the same again for the same seed, and one clear line for what cannot be made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread, dcmwrite

import linacsim
from linacsim.cli import main
from linacsim.kernel.identity import Identity
from linacsim.objects.case import CaseSettings, build_case
from linacsim.physics.phantoms import PHANTOMS
from linacsim.physics.presets import CBCT_PRESETS, KV_TECHNIQUES, MV_TECHNIQUES, CbctPreset


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tiny = CbctPreset(name="tiny", kvp=100.0, ma=40.0, ms=20.0, projections=40)
    monkeypatch.setitem(CBCT_PRESETS, "tiny", tiny)
    return tmp_path


def made(*arguments: str) -> None:
    assert main(["image", *arguments]) == 0


def truth_of(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path("images", f"{name}.truth.json").read_text("utf-8"))
    return told


def pixels_of(name: str) -> NDArray[np.uint8]:
    with Image.open(Path("images", f"{name}.png")) as picture:
        return np.array(picture)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that the command is refused with."""
    try:
        code = main(["image", *arguments])
    except SystemExit as left:
        code = int(str(left.code))
    printed = capsys.readouterr()
    assert code == 3
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err.removeprefix("linacsim: ").rstrip("\n")


def test_without_arguments_there_is_a_picture_its_truth_and_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    made("kv")
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "kV picture of pelvis, gantry 270, pelvis-ap"
    assert lines[1].split() == ["images/kv-pelvis-1.dcm", "RT", "Image,", "1024x768"]
    assert lines[-1].endswith(" s, seed 1")
    assert len(lines) == 5
    assert printed.err == ""  # no bar where nobody watches
    ds = dcmread("images/kv-pelvis-1.dcm")
    truth = truth_of("kv-pelvis-1")
    assert truth["instances"] == [ds.SOPInstanceUID]
    assert (truth["seed"], truth["body"], truth["gantry"], truth["position"]) == (1, "pelvis", 270.0, "HFS")
    assert set(truth["points"]) >= {"isocentre", "marker 1", "marker 2", "marker 3"}
    picture = pixels_of("kv-pelvis-1")
    assert picture.shape == ds.pixel_array.shape == (768, 1024)
    # bone is bright on the picture for people, less beam is a lower value in DICOM
    row, column = (round(value) for value in truth["points"]["marker 1"]["pixel"])
    assert picture[row, column] > 240
    assert ds.pixel_array[row, column] < np.median(ds.pixel_array)


def test_a_shift_that_is_put_in_is_in_the_truth_and_in_the_picture() -> None:
    shift = "-4,-3,2,1,0,0"
    made(
        "mv",
        "--phantom",
        "winston-lutz",
        "--shift",
        shift,
        "--gantry",
        "0,90",
        "--field",
        "40",
        "--format",
        "npy,dicom",
    )
    for number, gantry in ((1, 0.0), (2, 90.0)):
        truth = truth_of(f"mv-winston-lutz-{number}")
        assert truth["shift"] == {"x": -4.0, "y": -3.0, "z": 2.0, "rotation": 1.0, "pitch": 0.0, "roll": 0.0}
        assert truth["gantry"] == gantry
        ball = truth["points"]["BB"]
        turned = [-4.0 * np.cos(np.radians(1)) + 3.0 * np.sin(np.radians(1)),
                  -4.0 * np.sin(np.radians(1)) - 3.0 * np.cos(np.radians(1)), 2.0]  # fmt: skip
        assert ball["fixed"] == pytest.approx(turned, abs=1e-5)
        water = np.load(f"images/mv-winston-lutz-{number}.npy")
        row, column = (round(value) for value in ball["pixel"])
        assert water[row - 2 : row + 3, column - 2 : column + 3].mean() > np.median(water[water > 0]) + 40
    assert sorted(path.suffix for path in Path("images").iterdir()) == [
        ".dcm",
        ".dcm",
        ".json",
        ".json",
        ".npy",
        ".npy",
    ]


def test_a_scan_is_a_series_in_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("images", "cbct-head").mkdir(parents=True)
    Path("images", "cbct-head", "ct-009.dcm").write_bytes(b"of another scan")
    made("cbct", "--phantom", "head", "--preset", "tiny", "--columns", "48", "--slices", "5", "--thickness", "6")
    printed = capsys.readouterr().out
    assert "cone-beam CT of head, tiny, 40 views of 40 frames" in printed
    assert "5 slices of 48x48" in printed
    files = sorted(Path("images", "cbct-head").iterdir())
    assert [file.name for file in files] == [f"ct-{number:03d}.dcm" for number in range(1, 6)]
    slices = [dcmread(file) for file in files]
    assert truth_of("cbct-head")["instances"] == [ds.SOPInstanceUID for ds in slices]
    assert truth_of("cbct-head")["grid"]["thickness"] == 6.0
    middle = slices[2].pixel_array * float(slices[2].RescaleSlope) + float(slices[2].RescaleIntercept)
    assert abs(float(middle[20:28, 20:28].mean()) - 35.0) < 120.0
    with Image.open("images/cbct-head.png") as picture:
        assert picture.size[1] > 48


def test_the_same_command_makes_the_same_files_and_another_seed_others() -> None:
    for folder, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        made("mv", "--phantom", "markers", "--out", folder, "--seed", seed)
    a, b, c = ({file.name: file.read_bytes() for file in Path(folder).iterdir()} for folder in "abc")
    assert a == b
    assert all(a[name] != c[name] for name in a)


def test_a_ct_series_of_the_users_own() -> None:
    folder = Path("series")
    folder.mkdir()
    for number, ds in enumerate(build_case(Identity(3), CaseSettings(slices=9, matrix=64)).ct):
        dcmwrite(folder / f"{number}.dcm", ds, enforce_file_format=True)
    made("kv", "--ct", "series", "--isocentre", "80,-10,0", "--format", "png", "--without", "noise,scatter")
    truth = truth_of("kv-ct-1")
    assert truth["isocentre"] == [80.0, -10.0, 0.0]
    assert truth["points"]["isocentre"]["patient"] == pytest.approx([80.0, -10.0, 0.0], abs=1e-4)
    assert truth["effects"]["noise"] is False
    assert truth["effects"]["hardening"] is True
    picture = pixels_of("kv-ct-1")
    assert picture[300:460, 300:700].std() > 20


def test_the_list_has_every_phantom_and_preset_in_a_few_words(capsys: pytest.CaptureFixture[str]) -> None:
    made("--list")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    said = {words[0]: words[1:] for words in lines if len(words) > 1}
    for name in (*PHANTOMS, *KV_TECHNIQUES, *MV_TECHNIQUES, *CBCT_PRESETS):
        assert said[name], name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "linacsim image: nothing to make; say kv, mv, cbct or --list"),
        ("kv --phantom knee", "phantom: there is no phantom 'knee'; use one of catphan504"),
        ("kv --phantom head --ct here", "--phantom, --ct: a phantom and a CT series; name one of them"),
        ("kv --ct nowhere", "nowhere: there is no such file; check the name"),
        ("kv --preset knee", "kV technique: there is no kV technique 'knee'; use one of head-ap"),
        ("mv --preset obi-pelvis", "MV technique: there is no MV technique 'obi-pelvis'; use one of 1-mu"),
        ("cbct --preset 2-mu", "CBCT preset: there is no CBCT preset '2-mu'; use one of obi-low-dose-head"),
        ("kv --shift 1,2", "--shift: '1,2' are not 3 or 6 numbers; give for example 3,-2,1"),
        ("kv --shift a,b,c", "--shift: 'a,b,c' are no numbers; give for example"),
        ("kv --shift 1,2,nan", "--shift: '1,2,nan' are not 3 or 6 numbers"),
        ("kv --gantry up", "--gantry: 'up' are no numbers; give for example 0 or 0,90"),
        (
            "kv --isocentre 1,2,3",
            "--isocentre: a phantom has its origin at the isocentre; use it with --ct, or --shift",
        ),
        ("kv --position HFDR", "--position: 'HFDR' is no position; use HFS, HFP, FFS, FFP"),
        ("kv --without gravity", "--without: there is no effect 'gravity'; use all, or noise, scatter"),
        ("kv --format gif", "--format: there is no format 'gif'; use dicom, png, npy"),
        ("kv --seed one", "--seed: 'one' is not a whole number; give for example --seed 7"),
        ("kv --out file", "file: something else of that name is in the way; move it away or choose another"),
        ("mv --field 1,2,3", "--field: '1,2,3' are not 1 or 4 numbers; give for example 100 or -40,60,-50,50"),
        ("mv --field 50,-50,-50,50", "aperture: jaws at X 50..-50, Y -50..50 mm leave no opening; give X1 < X2"),
        (
            "mv --field 150,180,-10,10",
            "MV picture: a field of X 150..180, Y -10..10 mm beside the panel; open the jaws",
        ),
        ("cbct --columns 2000", "reconstruction: 2000x2000x64 voxels; give up to 1024x1024x512"),
        ("cbct --columns many", "--columns: 'many' is not a whole number above 0; give for example --columns 64"),
        ("cbct --slices 200", "preset obi-pelvis: 500 mm of slices where the panel sees 199 mm; give fewer or thinner"),
        ("cbct --gantry 90", "--gantry: cbct has none; use it with kv or mv"),
        ("kv --field 100", "--field: kv has none; use it with mv"),
        ("mv --slices 10", "--slices: mv has none; use it with cbct"),
        ("xray", "argument kind: invalid choice: 'xray'"),
    ],
)
def test_what_cannot_be_made_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: str, message: str
) -> None:
    Path("file").write_text("in the way", "utf-8")
    assert refused(capsys, *arguments.split()).startswith(message)
    assert not list(Path().glob("images/*"))


BAR = [sys.executable, "-m", "linacsim", "image", "kv", "--gantry", "0,90", "--format", "png"]


def surroundings() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(linacsim.__file__).parents[1]), "TERM": "xterm"}


def test_a_terminal_gets_a_bar() -> None:
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    terminal, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen(BAR, stdout=subprocess.DEVNULL, stderr=theirs, env=surroundings())
    os.close(theirs)
    written = b""
    try:
        while part := os.read(terminal, 4096):
            written += part
    except OSError:
        pass  # Linux says EIO where others say end of file
    os.close(terminal)
    assert process.wait() == 0
    assert b"kv:" in written
    assert b"2/2" in written


def test_a_file_gets_no_bar() -> None:
    done = subprocess.run(BAR, env=surroundings(), capture_output=True, check=True)
    assert done.stderr == b""
