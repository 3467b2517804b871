"""Makes one picture and one small reconstruction and prints their values as JSON; run on processors of several kinds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from linacsim.physics.acquisition import chain
from linacsim.physics.detector import PAXSCAN_4030CB, Lag
from linacsim.physics.fdk import Grid, reconstruct
from linacsim.physics.geometry import Couch, kv_gaze, patient_pose
from linacsim.physics.phantoms import phantom
from linacsim.physics.scatter import Scatter
from linacsim.physics.spectrum import tube


def main(out: Path) -> None:
    """Write counts and Hounsfield units to `out`; print which processor features are in use."""
    rng = np.random.default_rng(np.random.SeedSequence(2024))
    detector = PAXSCAN_4030CB.binned(8)
    using = chain(tube(110), detector, rng, scatter=Scatter(), known_scatter=Scatter())
    gazes = [kv_gaze(6.0 * index, detector.panel) for index in range(60)]
    body, pose, lag = phantom("head"), patient_pose(Couch(x=2.0, rotation=1.0)), Lag()
    counts = [
        using.expose(using.primary(body, pose, gaze), stream, lag=lag)
        for gaze, stream in zip(gazes, rng.spawn(len(gazes)), strict=True)
    ]
    grid = Grid(columns=64, rows=64, slices=12, pitch=3.5, thickness=4.0)
    volume = reconstruct(np.stack([using.water(one) for one in counts]), gazes, grid, window="HANN")
    np.savez(out, counts=np.stack(counts), hu=np.rint(volume).astype(np.int16))
    print(json.dumps(sorted(name for name, on in np._core._multiarray_umath.__cpu_features__.items() if on)))  # type: ignore[attr-defined]  # noqa: T201 - numpy tells it nowhere else


if __name__ == "__main__":
    main(Path(sys.argv[1]))
