"""Archive personalities as data: one TOML file for each, in ``personalities/`` beside this module, or anywhere by path."""

from __future__ import annotations

from pathlib import Path

from linacsim.devices.personalities import Shipped

SHIPPED = Shipped(Path(__file__).parent / "personalities", "archive")
