"""The words that the imager's hardware writes into the log."""

from __future__ import annotations

from collections.abc import Mapping

EVENT_FIELDS: Mapping[str, tuple[str, ...]] = {
    # what is the matter; severity and words of the gravest condition
    "imager-status": ("status", "info"),
    # a request that an interlock or a limit forbids: what, which condition (or LIMIT), in words, microseconds to wait
    "imager-refused": ("act", "info", "reason", "ready-in"),
    # a request that was stopped on its way
    "imager-stopped": ("act", "info", "reason"),
    # movements; a gantry in degrees, a couch in mm and degrees
    "arm-moving": ("arm", "to", "takes"),
    "arm-at": ("arm", "position"),
    "gantry-moving": ("gantry", "to", "takes"),
    "gantry-at": ("gantry", "extended"),
    "couch-pause": ("reason", "takes"),
    "couch-moving": ("takes",),
    "couch-at": ("lateral", "longitudinal", "vertical", "rotation", "pitch", "roll"),
    # radiation; heat of the tube in kHU
    "kv-on": ("acquisition", "kvp", "ma", "ms", "gantry"),
    "kv-off": ("acquisition", "ms", "heat", "complete"),
    "mv-on": ("acquisition", "mu", "energy", "gantry"),
    "mv-off": ("acquisition", "mu", "complete"),
    "scan-begin": ("acquisition", "preset", "views", "gantry", "arc"),
    "scan-progress": ("acquisition", "taken", "views", "gantry", "percent"),
    "scan-end": ("acquisition", "taken", "views", "gantry", "heat", "complete"),
    # panels
    "calibration-begin": ("panel", "calibration"),
    "panel-calibrated": ("panel", "calibration", "valid-until"),
    "calibration-lost": ("panel",),
    # reconstruction and image buffer
    "reconstruction-begin": ("acquisition", "slices", "views", "takes"),
    "reconstruction-progress": ("acquisition", "percent"),
    "reconstruction-end": ("acquisition", "slices"),
    "reconstruction-failed": ("acquisition",),
    "reconstructor-restarted": (),
    "buffer-level": ("held", "places"),
    "buffer-jam": (),
    "buffer-jam-cleared": (),
    "buffer-emptied": ("lost",),
    # what breaks, and what an operator does about it
    "collision": ("gantry",),
    "collision-cleared": (),
    "door-opened": (),
    "door-closed": (),
    "generator-fault": (),
    "generator-reset": (),
    "tube-overheat": ("heat",),
    "arm-stuck": ("arm",),
    "arm-freed": ("arm",),
    "beam-off-pressed": (),
}
"""Each event with the fields of its records."""

EVENTS: frozenset[str] = frozenset(EVENT_FIELDS)
"""For `Kind.events`."""
FIELDS: frozenset[str] = frozenset(name for names in EVENT_FIELDS.values() for name in names)
"""For `Kind.fields`."""
