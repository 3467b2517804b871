"""What costs memory and half a second is imported when it is needed, not with the package."""

from __future__ import annotations

import subprocess
import sys

MODULES = ("acquisition", "detector", "fdk", "flexmap", "geometry", "motion", "mvbeam", "phantoms", "presets", "projection",
           "registration", "room", "scanning", "scatter", "solids", "spectrum")  # fmt: skip


def test_importing_the_physics_imports_neither_numba_nor_scipy() -> None:
    lines = [*(f"import linacsim.physics.{name}" for name in MODULES),
             "import sys", "print([name for name in ('numba', 'scipy') if name in sys.modules])"]  # fmt: skip
    told = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
