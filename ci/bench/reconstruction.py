"""Cone-beam reconstruction, and projection through voxels: how long, how much memory, how near to the truth.

That is beside itk-rtk, where `ci/oracles.sh` made it. Both read the same arrays from a file and run one after the other, in
processes of their own, as many rounds as asked. Loading and compiling of libraries is not measured. The time that processors
were at it is told too: other programs on the machine change it less.
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
from linacsim.physics.projection import Voxels, water_path
from linacsim.physics.solids import Body, Solid

Images = NDArray[np.float32]
ROOT = Path(__file__).parents[2]

_SMALL = (360, Panel(rows=192, columns=256, pitch=1.552), Grid(columns=256, rows=256, slices=64, pitch=0.977,
          thickness=1.6, averaged=False))  # fmt: skip

SETTINGS = {
    "small": _SMALL,
    "clinical": (656, Panel(rows=384, columns=512, pitch=0.776), Grid(columns=384, rows=384, slices=64, pitch=0.65,
                 thickness=2.5, averaged=False)),
    "projection": _SMALL,
}  # fmt: skip

WANTED = {"small": 3.0, "clinical": 5.0, "projection": 1.8}
"""How many times as fast as itk-rtk."""

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
    """Write the projections, or the voxels to project, and the scan."""
    views, panel, grid = SETTINGS[setting]
    gazes = _gazes(views, panel)
    if setting == "projection":
        np.save(folder / "volume.npy", HEAD.voxels(*grid.axes, fine=2))
    else:
        np.save(folder / "projections.npy", _projections(gazes))
    scan = {"setting": setting, "angles": [one.angle for one in gazes], "sad": gazes[0].sad, "sid": gazes[0].sid,
            "panel_pitch": panel.pitch, "panel_rows": panel.rows, "panel_columns": panel.columns, "columns": grid.columns, "rows": grid.rows, "slices": grid.slices,
            "pitch": grid.pitch, "thickness": grid.thickness}  # fmt: skip
    (folder / "scan.json").write_text(json.dumps(scan), "utf-8")


def _gazes(views: int, panel: Panel) -> list[Gaze]:
    return [Gaze(angle=index * 360.0 / views, panel=panel) for index in range(views)]


def _projections(gazes: list[Gaze]) -> Images:
    return np.stack([water_path(HEAD, patient_pose(), one) for one in gazes]).astype(np.float32)


def load() -> None:
    """Use everything that is measured once: loops are compiled, or what was compiled is loaded."""
    gazes = _gazes(24, Panel(rows=8, columns=8, pitch=50.0))
    reconstruct(np.zeros((24, 8, 8), dtype=np.float32), gazes, Grid(columns=2, rows=2, slices=2))
    water_path(
        Voxels(np.zeros((2, 2, 2), dtype=np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), patient_pose(), gazes[0]
    )


def ours(folder: Path) -> None:
    """Do with linacsim what is in the folder."""
    setting = json.loads((folder / "scan.json").read_text("utf-8"))["setting"]
    views, panel, grid = SETTINGS[setting]
    given: Images = np.load(folder / ("volume.npy" if setting == "projection" else "projections.npy"))
    load()
    started, used = time.perf_counter(), time.process_time()
    if setting == "projection":
        x, y, z = grid.axes
        voxels = Voxels(given, (grid.pitch, grid.pitch, grid.thickness), (float(x[0]), float(y[0]), float(z[0])))
        made = np.empty((views, panel.rows, panel.columns), dtype=np.float32)
        for image, gaze in zip(made, _gazes(views, panel), strict=True):
            image[...] = water_path(voxels, patient_pose(), gaze)
    else:
        made = reconstruct(given, _gazes(views, panel), grid)
    taken, used = time.perf_counter() - started, time.process_time() - used
    np.save(folder / "ours.npy", made)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": taken, "processor": used, "megabytes": memory}
    (folder / "ours.json").write_text(json.dumps(told), "utf-8")


def error(volume: Images, setting: str) -> float:
    """Return the root mean square error: in Hounsfield units within the head, away from the cone's ends, or in mm of water."""
    views, panel, grid = SETTINGS[setting]
    if setting == "projection":
        # The head is longer than the voxels: the rows whose rays stay inside.
        rows = np.abs(panel.row_centres) < 65.0
        exact = _projections(_gazes(views, panel)[::12])
        return float(np.sqrt(np.mean(np.square((volume[::12] - exact)[:, rows]))))
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
    program = "rtk_joseph.py" if setting == "projection" else "rtk_fdk.py"
    if rtk:
        commands["rtk"] = [str(rtk), str(ROOT / "ci" / "bench" / program), str(folder)]
    told: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            subprocess.run(command, check=True)
            told[name].append(json.loads((folder / f"{name}.json").read_text("utf-8")))
    return {
        name: {key: statistics.median(each[key] for each in runs) for key in ("seconds", "processor", "megabytes")}
        | {"error": error(np.load(folder / f"{name}.npy"), setting)}
        for name, runs in told.items()
    }


def show(setting: str, figures: dict[str, dict[str, float]]) -> list[str]:
    """Print the figures of a setting; return what is not met."""
    views, panel, grid = SETTINGS[setting]
    view, volume = f"({panel.columns}x{panel.rows})", f"{grid.columns}x{grid.rows}x{grid.slices}"
    backwards = setting != "projection"
    done, unit = views * panel.rows * panel.columns, "M rays/s"
    if backwards:
        done, unit = views * grid.columns * grid.rows * grid.slices, "M voxel updates/s"
    print(f"{setting}: {views} x {view} -> {volume}" if backwards else f"{setting}: {volume} -> {views} x {view}")
    for name, each in figures.items():
        print(f"  {name:4}  {each['seconds']:6.2f} s  {each['processor']:6.2f} s of processors"
              f"  {done / each['seconds'] / 1e6:6.1f} {unit}  {each['megabytes']:5.0f} MB"
              f"  RMSE {each['error']:.3f} {'HU' if backwards else 'mm'}")  # fmt: skip
    if "rtk" not in figures:
        print("  itk-rtk is not there: run sh ci/oracles.sh rtk")
        return []
    mine, theirs, wanted = figures["ours"], figures["rtk"], WANTED[setting]
    times, memory, error = theirs["seconds"] / mine["seconds"], mine["megabytes"] / theirs["megabytes"], (
        mine["error"] / theirs["error"])  # fmt: skip
    print(f"  {times:.1f} x as fast as itk-rtk (wanted {wanted:g}; by time of processors"
          f" {theirs['processor'] / mine['processor']:.1f} x), {memory:.2f} of its memory, error {error:.4f} of its")  # fmt: skip
    return [f"{setting}: {what}" for what, bad in (
        ("speed", times < wanted), ("memory", memory >= 1), ("error", abs(error - 1) > 0.01)
    ) if bad]  # fmt: skip


def main() -> None:
    """Measure, print, and fail if a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setting", choices=[*SETTINGS, "all"], default="all")
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
    for setting in SETTINGS if options.setting == "all" else [options.setting]:
        with tempfile.TemporaryDirectory() as folder:
            missed += show(setting, measure(Path(folder), setting, options.rounds, rtk if rtk.exists() else None))
    if missed:
        raise SystemExit(f"not met: {', '.join(missed)}")


if __name__ == "__main__":
    main()
