"""Runs in pylinac's environment: ``python pylinac_script.py WHAT PATH`` prints what it found as one line of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pylinac
from pylinac.picketfence import MLC


def catphan(kind: str) -> Callable[[Path], dict[str, Any]]:
    """Return the analysis of one model."""

    def analyse(path: Path) -> dict[str, Any]:
        phantom = getattr(pylinac, kind)(path)
        phantom.analyze()
        module = phantom.ctp404
        return {
            "inserts": {name: float(roi.pixel_value) for name, roi in module.rois.items()},
            "nominal": {name: float(roi.nominal_val) for name, roi in module.rois.items()},
            "lines": [float(line.length_mm) for line in module.lines.values()],
            "thickness": float(module.meas_slice_thickness),
            "roll": float(phantom.catphan_roll),
            "uniformity": {name: float(roi.pixel_value) for name, roi in phantom.ctp486.rois.items()},
            "mtf50": float(phantom.ctp528.mtf.relative_resolution(50)),
        }

    return analyse


def winston_lutz(path: Path) -> dict[str, Any]:
    """Find the ball."""
    test = pylinac.WinstonLutz(path)
    test.analyze(bb_size_mm=5)
    shift = test.bb_shift_vector
    return {
        "shift": [float(shift.x), float(shift.y), float(shift.z)],
        "images": [[image.gantry_angle, image.collimator_angle, image.couch_angle, image.cax2bb_distance]
                   for image in test.images],
    }  # fmt: skip


def picket_fence(path: Path) -> dict[str, Any]:
    """Find the pickets."""
    test = pylinac.PicketFence(path, mlc=MLC.MILLENNIUM)
    test.analyze(tolerance=0.5)
    data = test.results_data()
    return {"pickets": data.number_of_pickets, "spacing": data.mean_picket_spacing_mm, "error": data.max_error_mm,
            "passed": data.percent_leaves_passing}  # fmt: skip


def las_vegas(path: Path) -> dict[str, Any]:
    """Count the holes."""
    test = pylinac.LasVegas(path)
    test.analyze(ssd=1000 - 10)
    data = test.results_data()
    return {"seen": data.num_contrast_rois_seen, "contrasts": [float(roi.contrast) for roi in test.low_contrast_rois]}


SAYS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "catphan504": catphan("CatPhan504"),
    "catphan604": catphan("CatPhan604"),
    "winston-lutz": winston_lutz,
    "picket-fence": picket_fence,
    "las-vegas": las_vegas,
}

if __name__ == "__main__":
    print(json.dumps(SAYS[sys.argv[1]](Path(sys.argv[2]))))  # noqa: T201 - this is the answer
