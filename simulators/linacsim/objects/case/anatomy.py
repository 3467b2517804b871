"""The structures of the phantom: what is contoured, how it is called, what it is (PS3.3 C.8.8.8)."""

from __future__ import annotations

from dataclasses import dataclass

from linacsim.physics.phantom import THORAX, Point, Shape

ISOCENTRE: Point = THORAX.by_name["tumour"].centre
"""Where every beam aims at, in patient coordinates, mm."""

PTV_MARGIN = 8.0
"""mm around the tumour."""

PTV = THORAX.by_name["tumour"].grown(PTV_MARGIN, "ptv")


@dataclass(frozen=True, slots=True)
class Roi:
    """A region of interest: a shape that is outlined, or a point."""

    number: int
    name: str
    interpreted_type: str
    """RT ROI Interpreted Type."""
    colour: tuple[int, int, int]
    shape: Shape | None = None
    point: Point | None = None
    corners: int = 48
    """Points of an outline."""


def _shape(number: int, name: str, kind: str, colour: tuple[int, int, int], shape: str, corners: int = 48) -> Roi:
    return Roi(number, name, kind, colour, shape=THORAX.by_name[shape], corners=corners)


ROIS = (
    _shape(1, "BODY", "EXTERNAL", (0, 255, 0), "body", 72),
    _shape(2, "Lung_L", "ORGAN", (0, 128, 255), "lung left"),
    _shape(3, "Lung_R", "ORGAN", (0, 64, 255), "lung right"),
    _shape(4, "Heart", "ORGAN", (255, 128, 192), "heart"),
    _shape(5, "SpinalCord", "ORGAN", (255, 255, 0), "spinal cord", 24),
    _shape(6, "GTV", "GTV", (255, 128, 0), "tumour", 36),
    Roi(7, "PTV", "PTV", (255, 0, 0), shape=PTV, corners=36),
    Roi(8, "ISO", "ISOCENTER", (0, 255, 255), point=ISOCENTRE),
    *(Roi(8 + n, f"Marker{n}", "MARKER", (255, 0, 255), point=THORAX.by_name[f"marker {n}"].centre) for n in (1, 2, 3)),
)
"""All structures; markers and the isocentre are points, which may lie between slices."""

VOLUMES = tuple(roi for roi in ROIS if roi.shape is not None)
"""Those that are outlined."""


def roi_of(interpreted_type: str) -> Roi:
    """Return the first structure of a type."""
    return next(roi for roi in ROIS if roi.interpreted_type == interpreted_type)
