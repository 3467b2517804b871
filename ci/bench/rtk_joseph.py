"""Line integrals through voxels by itk-rtk, in an environment of its own: ``python rtk_joseph.py FOLDER``.

Reads ``volume.npy`` (slices, rows, columns) and ``scan.json`` from the folder, writes ``rtk.npy`` and ``rtk.json``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import itk
import numpy as np
from itk import RTK as rtk  # noqa: N811 - its own name
from rtk_fdk import IMAGE, circle, load, tell, volume_image  # type: ignore[import-not-found]  # beside this file


def main(folder: Path) -> None:
    """Project, and write what came out and what it took."""
    load()
    rtk.JosephForwardProjectionImageFilter[IMAGE, IMAGE].New()
    scan = json.loads((folder / "scan.json").read_text("utf-8"))
    volume = np.load(folder / "volume.npy")
    started, used = time.perf_counter(), time.process_time()
    water = np.maximum(volume, -1000.0) * np.float32(0.001) + np.float32(1.0)
    rows, columns, pitch = scan["panel_rows"], scan["panel_columns"], scan["panel_pitch"]
    empty = rtk.ConstantImageSource[IMAGE].New()
    empty.SetSize([columns, rows, len(scan["angles"])])
    empty.SetSpacing([pitch, pitch, 1.0])
    empty.SetOrigin([-(columns - 1) / 2 * pitch, -(rows - 1) / 2 * pitch, 0.0])
    empty.SetConstant(0.0)
    joseph = rtk.JosephForwardProjectionImageFilter[IMAGE, IMAGE].New()
    joseph.SetInput(0, empty.GetOutput())
    joseph.SetInput(1, volume_image(water, scan))
    joseph.SetGeometry(circle(scan))
    joseph.Update()
    # Its rows count upwards.
    projections = np.ascontiguousarray(itk.array_from_image(joseph.GetOutput())[:, ::-1])
    taken, used = time.perf_counter() - started, time.process_time() - used
    np.save(folder / "rtk.npy", projections)
    tell(folder, taken, used)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
