"""The same reconstruction by itk-rtk, in an environment of its own: ``python rtk_fdk.py FOLDER``.

Reads ``projections.npy`` (views, rows, columns) and ``scan.json`` from the folder, writes ``rtk.npy`` and ``rtk.json``.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import itk
import numpy as np
from itk import RTK as rtk  # noqa: N811 - its own name


def main(folder: Path) -> None:
    """Reconstruct, and write what came out and what it took."""
    scan = json.loads((folder / "scan.json").read_text("utf-8"))
    projections = np.load(folder / "projections.npy")
    _, rows, columns = projections.shape
    started = time.perf_counter()
    pitch = scan["panel_pitch"]
    # Its images count rows upwards along Yr.
    stack = itk.image_from_array(np.ascontiguousarray(projections[:, ::-1, :]))
    stack.SetSpacing([pitch, pitch, 1.0])
    stack.SetOrigin([-(columns - 1) / 2 * pitch, -(rows - 1) / 2 * pitch, 0.0])
    geometry = rtk.ThreeDCircularProjectionGeometry.New()
    for angle in scan["angles"]:
        geometry.AddProjection(scan["sad"], scan["sid"], angle)
    image_type = itk.Image[itk.F, 3]
    empty = rtk.ConstantImageSource[image_type].New()
    size = scan["columns"], scan["slices"], scan["rows"]
    spacing = scan["pitch"], scan["thickness"], scan["pitch"]
    empty.SetSize([int(n) for n in size])
    empty.SetSpacing(list(spacing))
    empty.SetOrigin([-(n - 1) / 2 * d for n, d in zip(size, spacing, strict=True)])
    empty.SetConstant(0.0)
    fdk = rtk.FDKConeBeamReconstructionFilter[image_type].New()
    fdk.SetInput(0, empty.GetOutput())
    fdk.SetInput(1, stack)
    fdk.SetGeometry(geometry)
    fdk.GetRampFilter().SetTruncationCorrection(0.0)
    fdk.GetRampFilter().SetHannCutFrequency(0.0)
    fdk.Update()
    # Its axes are Xf, Yf, Zf; ours are slices towards the head, rows towards the back.
    volume = itk.array_from_image(fdk.GetOutput())[::-1].transpose(1, 0, 2)
    taken = time.perf_counter() - started
    np.save(folder / "rtk.npy", np.ascontiguousarray(volume * 1000.0 - 1000.0, dtype=np.float32))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (folder / "rtk.json").write_text(json.dumps({"seconds": taken, "megabytes": memory}), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
