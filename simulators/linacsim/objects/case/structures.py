"""RT Structure Set of the phantom (PS3.3 A.19)."""

from __future__ import annotations

import numpy as np
from pydicom import Dataset

from linacsim.objects.case.anatomy import ROIS, Roi
from linacsim.objects.case.modules import (
    approval,
    begin,
    date,
    finish,
    frame_of_reference,
    item,
    put,
    raw,
    reference,
    time,
)
from linacsim.objects.case.scene import Scene
from linacsim.physics.phantom import Point

MARKER = "MARKER"
MARKER_CREATOR = "Varian Medical Systems VISION 3271"
"""Of Marker Subtype; the document lists the group without it."""

DETACHED_STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"
"""The retired SOP class that RT Referenced Study Sequence names (C.8.8.5)."""


def rtstruct(scene: Scene) -> list[Dataset]:
    """Return the structure set, contoured on the CT."""
    ds = begin(scene, "rtstruct")
    frame_of_reference(ds, scene)
    put(ds, StructureSetLabel="THORAX", StructureSetName="Thorax", StructureSetDescription="Outlines of the phantom")
    put(ds, StructureSetDate=date(scene.moment), StructureSetTime=time(scene.moment))
    ds.ReferencedFrameOfReferenceSequence = [_referenced_images(scene)]
    ds.StructureSetROISequence = [_roi(scene, roi) for roi in ROIS]
    ds.ROIContourSequence = [_contours(scene, roi) for roi in ROIS]
    ds.RTROIObservationsSequence = [_observation(scene, roi) for roi in ROIS]
    approval(ds)
    return [finish(ds)]


def _referenced_images(scene: Scene) -> Dataset:
    images = [reference("ct", scene.instance("ct", n)) for n in range(1, len(scene.planes) + 1)]
    series = item(SeriesInstanceUID=scene.series("ct"), ContourImageSequence=images)
    study = item(
        ReferencedSOPClassUID=DETACHED_STUDY_MANAGEMENT,
        ReferencedSOPInstanceUID=scene.study,
        RTReferencedSeriesSequence=[series],
    )
    return item(FrameOfReferenceUID=scene.frame_of_reference(), RTReferencedStudySequence=[study])


def _roi(scene: Scene, roi: Roi) -> Dataset:
    return item(
        ROINumber=roi.number,
        ReferencedFrameOfReferenceUID=scene.frame_of_reference(),
        ROIName=roi.name,
        ROIGenerationAlgorithm="SEMIAUTOMATIC" if roi.shape else "MANUAL",
    )


def _contours(scene: Scene, roi: Roi) -> Dataset:
    contours = [_point(scene, roi.point)] if roi.point else _outlines(scene, roi)
    for index, contour in enumerate(contours, start=1):
        contour.ContourNumber = index
    ds = item(ROIDisplayColor=list(roi.colour), ReferencedROINumber=roi.number)
    if contours:  # Contour Sequence is type 3: a structure that no slice crosses has none
        ds.ContourSequence = contours
    return ds


def _point(scene: Scene, point: Point) -> Dataset:
    """Return the contour of a point, which refers to an image only if one is at its height."""
    contour = item(ContourGeometricType="POINT", NumberOfContourPoints=1)
    near = np.flatnonzero(np.abs(scene.planes - point[2]) < 1e-3)
    if near.size:
        contour.ContourImageSequence = [reference("ct", scene.instance("ct", int(near[0]) + 1))]
    raw(contour, "ContourData", "DS", "\\".join(f"{value:.2f}" for value in point))
    return contour


def _outlines(scene: Scene, roi: Roi) -> list[Dataset]:
    found = []
    for index, z in enumerate(scene.planes, start=1):
        outline = roi.shape.outline(float(z), roi.corners) if roi.shape else None
        if outline is None:
            continue
        contour = item(ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=len(outline))
        contour.ContourImageSequence = [reference("ct", scene.instance("ct", index))]
        height = f"{float(z):.4f}".rstrip("0").rstrip(".")
        text = "\\".join(f"{x:.2f}\\{y:.2f}\\{height}" for x, y in np.asarray(outline).tolist())
        raw(contour, "ContourData", "DS", text)
        found.append(contour)
    return found


def _observation(scene: Scene, roi: Roi) -> Dataset:
    observation = item(
        ObservationNumber=roi.number,
        ReferencedROINumber=roi.number,
        ROIObservationLabel=roi.name,
        RTROIInterpretedType=roi.interpreted_type,
        ROIInterpreter="",
    )
    if scene.settings.marker_subtype and roi.interpreted_type == MARKER:
        observation.private_block(0x3271, MARKER_CREATOR, create=True).add_new(0x00, "CS", MARKER)
    return observation
