"""Cone-beam reconstruction: how long, how much memory, how near to the truth; beside itk-rtk where `ci/oracles.sh` made it.

Both read the same projections from a file and run one after the other, in processes of their own, as many rounds as asked.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linacsim.physics.fdk import Grid, reconstruct
from linacsim.physics.geometry import Gaze, Panel, patient_pose
from linacsim.physics.projection import water_path
from linacsim.physics.solids import Body, Solid

Images = NDArray[np.float32]
ROOT = Path(__file__).parents[2]

SETTINGS = {
    "small": (360, Panel(rows=192, columns=256, pitch=1.552), Grid(columns=256, rows=256, slices=64, pitch=0.977,
              thickness=1.6, averaged=False)),
    "clinical": (656, Panel(rows=384, columns=512, pitch=0.776), Grid(columns=384, rows=384, slices=64, pitch=0.65,
                 thickness=2.5, averaged=False)),
}  # fmt: skip

HEAD = Body(
    "head",
    (
        Solid(name="skin", kind="ellipsoid", centre=(0, 0, 0), half=(69, 92, 90), hu=0.0),
        Solid(name="left", kind="ellipsoid", centre=(22, 0, 0), half=(11, 31, 22), hu=-200.0, parent="skin"),
        Solid(name="right", kind="ellipsoid", centre=(-22, 0, 0), half=(16, 41, 28), hu=-200.0, parent="skin"),
        Solid(name="front", kind="ellipsoid", centre=(0, -60, 5), half=(21, 20, 25), hu=200.0, parent="skin"),
        Solid(name="back", kind="ellipsoid", centre=(0, 65, 0), half=(6, 6, 6), hu=500.0, parent="skin"),
    ),
)
"""After Shepp and Logan, with contrasts that the eye sees."""


def make(folder: Path, setting: str) -> None:
    """Write the projections and the scan."""
    views, panel, grid = SETTINGS[setting]
    gazes = _gazes(views, panel)
    np.save(folder / "projections.npy", np.stack([water_path(HEAD, patient_pose(), one) for one in gazes]).astype("f4"))
    scan = {"setting": setting, "angles": [one.angle for one in gazes], "sad": gazes[0].sad, "sid": gazes[0].sid,
            "panel_pitch": panel.pitch, "columns": grid.columns, "rows": grid.rows, "slices": grid.slices,
            "pitch": grid.pitch, "thickness": grid.thickness}  # fmt: skip
    (folder / "scan.json").write_text(json.dumps(scan), "utf-8")


def _gazes(views: int, panel: Panel) -> list[Gaze]:
    return [Gaze(angle=index * 360.0 / views, panel=panel) for index in range(views)]


def ours(folder: Path) -> None:
    """Reconstruct what is in the folder with linacsim; the second start finds the loops compiled."""
    views, panel, grid = SETTINGS[json.loads((folder / "scan.json").read_text("utf-8"))["setting"]]
    projections: Images = np.load(folder / "projections.npy")
    started = time.perf_counter()
    volume = reconstruct(projections, _gazes(views, panel), grid)
    taken = time.perf_counter() - started
    np.save(folder / "ours.npy", volume)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (folder / "ours.json").write_text(json.dumps({"seconds": taken, "megabytes": memory}), "utf-8")


def error(volume: Images, setting: str) -> float:
    """Return the root mean square error in Hounsfield units within the head, away from the cone's ends."""
    _, _, grid = SETTINGS[setting]
    x, y, z = grid.axes
    keep = np.abs(z) <= 30.0
    truth = HEAD.voxels(x, y, z[keep])
    inside = truth > -1000
    return float(np.sqrt(np.mean(np.square(volume[keep][inside] - truth[inside]))))


def measure(folder: Path, setting: str, rounds: int, rtk: Path | None) -> dict[str, dict[str, float]]:
    """Return the medians of both, and their errors."""
    # In a process of its own: a child's peak of memory counts from that of the parent that started it.
    subprocess.run([sys.executable, __file__, "--setting", setting, "--make", str(folder)], check=True)
    commands = {"ours": [sys.executable, __file__, "--child", str(folder)]}
    if rtk:
        commands["rtk"] = [str(rtk), str(ROOT / "ci" / "bench" / "rtk_fdk.py"), str(folder)]
    told: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            subprocess.run(command, check=True)
            told[name].append(json.loads((folder / f"{name}.json").read_text("utf-8")))
    return {
        name: {key: statistics.median(each[key] for each in runs) for key in ("seconds", "megabytes")}
        | {"error": error(np.load(folder / f"{name}.npy"), setting)}
        for name, runs in told.items()
    }


def show(setting: str, figures: dict[str, dict[str, float]]) -> list[str]:
    """Print the figures of a setting; return what is not met."""
    views, panel, grid = SETTINGS[setting]
    updates = views * grid.columns * grid.rows * grid.slices
    print(f"{setting}: {views} x ({panel.columns}x{panel.rows}) -> {grid.columns}x{grid.rows}x{grid.slices}")
    for name, each in figures.items():
        rate = updates / each["seconds"] / 1e9
        print(f"  {name:4}  {each['seconds']:6.2f} s  {rate:.2f} G voxel updates/s  {each['megabytes']:5.0f} MB"
              f"  RMSE {each['error']:.2f} HU")  # fmt: skip
    if "rtk" not in figures:
        print("  itk-rtk is not there: run sh ci/oracles.sh rtk")
        return []
    mine, theirs, wanted = figures["ours"], figures["rtk"], {"small": 3.0, "clinical": 5.0}[setting]
    ratio = theirs["seconds"] / mine["seconds"]
    print(f"  {ratio:.1f} x as fast as itk-rtk (wanted {wanted:g}), {mine['megabytes'] / theirs['megabytes']:.2f} of its"
          f" memory, error {mine['error'] / theirs['error']:.4f} of its")  # fmt: skip
    return [text for text, bad in (
        (f"{setting}: speed", ratio < wanted),
        (f"{setting}: memory", mine["megabytes"] >= theirs["megabytes"]),
        (f"{setting}: error", abs(mine["error"] / theirs["error"] - 1) > 0.01),
    ) if bad]  # fmt: skip


def main() -> None:
    """Measure, print, and fail if a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setting", choices=[*SETTINGS, "both"], default="both")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.make, options.setting)
        return
    if options.child:
        ours(options.child)
        return
    rtk = Path(os.environ.get("LINACSIM_ORACLES", ROOT / ".oracles")) / "rtk" / "bin" / "python"
    missed = []
    for setting in SETTINGS if options.setting == "both" else [options.setting]:
        with tempfile.TemporaryDirectory() as folder:
            missed += show(setting, measure(Path(folder), setting, options.rounds, rtk if rtk.exists() else None))
    if missed:
        raise SystemExit(f"not met: {', '.join(missed)}")


if __name__ == "__main__":
    main()
