"""The same reconstruction by itk-rtk, in an environment of its own: ``python rtk_fdk.py FOLDER``.

Reads ``projections.npy`` (views, rows, columns) and ``scan.json`` from the folder, writes ``rtk.npy`` and ``rtk.json``.
Its libraries load when they are first used, which takes many seconds: `load` does that before the clock runs.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import itk
import numpy as np
from itk import RTK as rtk  # noqa: N811 - its own name

IMAGE = itk.Image[itk.F, 3]


def load() -> None:
    """Use everything that is measured once."""
    itk.array_from_image(itk.image_from_array(np.zeros((2, 2, 2), dtype=np.float32)))
    rtk.ThreeDCircularProjectionGeometry.New()
    rtk.ConstantImageSource[IMAGE].New()
    rtk.FDKConeBeamReconstructionFilter[IMAGE].New()


def circle(scan: dict[str, Any]) -> Any:
    """Return the geometry of a scan."""
    geometry = rtk.ThreeDCircularProjectionGeometry.New()
    for angle in scan["angles"]:
        geometry.AddProjection(scan["sad"], scan["sid"], angle)
    return geometry


def grid(scan: dict[str, Any]) -> tuple[list[int], list[float], list[float]]:
    """Return size, spacing and origin of the volume along its axes Xf, Yf, Zf."""
    size = [int(scan[name]) for name in ("columns", "slices", "rows")]
    spacing = [float(scan[name]) for name in ("pitch", "thickness", "pitch")]
    return size, spacing, [-(n - 1) / 2 * d for n, d in zip(size, spacing, strict=True)]


def volume_image(volume: Any, scan: dict[str, Any]) -> Any:
    """Return a volume of slices towards the head, rows towards the back."""
    image = itk.image_from_array(np.ascontiguousarray(volume.transpose(1, 0, 2)[::-1]))
    _, spacing, origin = grid(scan)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    return image


def tell(folder: Path, taken: float, used: float) -> None:
    """Write what it took: seconds, seconds of processors, and memory."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": taken, "processor": used, "megabytes": memory}
    (folder / "rtk.json").write_text(json.dumps(told), "utf-8")


def main(folder: Path) -> None:
    """Reconstruct, and write what came out and what it took."""
    load()
    scan = json.loads((folder / "scan.json").read_text("utf-8"))
    projections = np.load(folder / "projections.npy")
    _, rows, columns = projections.shape
    started, used = time.perf_counter(), time.process_time()
    pitch = scan["panel_pitch"]
    # Its images count rows upwards along Yr.
    stack = itk.image_from_array(np.ascontiguousarray(projections[:, ::-1, :]))
    stack.SetSpacing([pitch, pitch, 1.0])
    stack.SetOrigin([-(columns - 1) / 2 * pitch, -(rows - 1) / 2 * pitch, 0.0])
    empty = rtk.ConstantImageSource[IMAGE].New()
    size, spacing, origin = grid(scan)
    empty.SetSize(size)
    empty.SetSpacing(spacing)
    empty.SetOrigin(origin)
    empty.SetConstant(0.0)
    fdk = rtk.FDKConeBeamReconstructionFilter[IMAGE].New()
    fdk.SetInput(0, empty.GetOutput())
    fdk.SetInput(1, stack)
    fdk.SetGeometry(circle(scan))
    fdk.GetRampFilter().SetTruncationCorrection(0.0)
    fdk.GetRampFilter().SetHannCutFrequency(0.0)
    fdk.Update()
    # Its axes are Xf, Yf, Zf; ours are slices towards the head, rows towards the back.
    volume = itk.array_from_image(fdk.GetOutput())[::-1].transpose(1, 0, 2)
    taken, used = time.perf_counter() - started, time.process_time() - used
    np.save(folder / "rtk.npy", np.ascontiguousarray(volume * 1000.0 - 1000.0, dtype=np.float32))
    tell(folder, taken, used)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
