"""From what was acquired and found to what is stored: objects as the imager exports them, pictures and truth for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset

from linacsim.conformance import load_system
from linacsim.devices.imager.hardware.buffer import Hold
from linacsim.devices.imager.matched import Matched
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.plan import VARIAN, PlannedBeam
from linacsim.devices.imager.state import Picture, Waiting
from linacsim.objects.export import export
from linacsim.objects.imaging import (
    BeamReference,
    Session,
    ct_slices,
    isocentre_set,
    made_up,
    marker_set,
    registration,
    rt_image,
    subject_of,
)
from linacsim.objects.pictures import png, radiograph_picture, volume_picture
from linacsim.physics.geometry import Couch
from linacsim.physics.room import Scan

if TYPE_CHECKING:
    from linacsim.devices.imager.services import Imager

MANUFACTURER = "Varian Medical Systems"

SUB_TYPES = {"2D": "2D", "2D/2D": "2D2D", "marker": "Marker", "3D/3D": "3D3D"}
"""What Registration Sub Type (3275,xx00) says of each match; the document lists no terms."""


_LABEL = 16
"""Characters of an RT Image Label (VR SH)."""


class Writer:
    """Writes for one imager.

    Parameters
    ----------
    imager : Imager
        Whose session it is.
    """

    def __init__(self, imager: Imager) -> None:
        self._imager = imager
        self._system = load_system(VARIAN)

    def session(self, patient: LoadedPatient | None, ordinal: int) -> Session:
        """Return what the objects of a session have in common; one frame of reference for all of them (2.2.1.4.1.2)."""
        identity, name = self._imager.place.kernel.identity, self._imager.name
        subject = subject_of(patient.plan.dataset) if patient else made_up(identity, name)
        return Session(identity, subject, f"{name} {ordinal}", manufacturer=MANUFACTURER, station=name)

    def _dressed(self, ds: Dataset) -> Dataset:
        return export(ds, self._system, self._imager.place.kernel.identity)

    def image(self, picture: Picture, hold: Hold | None, revision: int = 0) -> Waiting:
        """Return an image, ready to be stored."""
        patient, beam = self._imager.treatment.patient, picture.beam
        label = ((beam.name.strip() if beam else "") or f"{picture.radiograph.axis} {picture.number}")[:_LABEL]
        ds = rt_image(
            self._imager.treatment.session, picture.radiograph, number=picture.number * 10 + revision, label=label,
            beam=_reference(beam, patient), markers=_columns(picture.markers), dose=picture.dose, at=picture.at,
        )  # fmt: skip
        return Waiting(objects=[self._dressed(ds)], hold=hold, picture=picture)

    def volume(self, number: int, at: int, scan: Scan, hold: Hold) -> Waiting:
        """Return the slices of a cone-beam CT and the structure set of its isocentres, ready to be stored (2.2.1.3.1.1)."""
        session = self._imager.treatment.session
        slices = [self._dressed(ds) for ds in ct_slices(session, scan, number=number, at=at)]
        points = isocentre_set(
            session, slices, laser=session.isocentre(Couch()), acquired=session.isocentre(scan.couch),
            matched=session.isocentre(self._imager.hardware.couch), couch_angle=scan.couch.rotation, at=at,
        )  # fmt: skip
        return Waiting(objects=[*slices, self._dressed(points)], hold=hold)

    def match(self, found: Matched, pictures: Sequence[Picture]) -> None:
        """Write the registration of a match, and what else it changes; all of it waits to be stored."""
        treatment, now = self._imager.treatment, self._imager.place.kernel.now
        if found.kind == "marker":
            self._mark(found, pictures)
        acquired = treatment.volume.slices if found.kind == "3D/3D" and treatment.volume else self._images(pictures)
        ds = registration(
            treatment.session, reference=[*found.images, *found.slices], acquired=acquired, matrix=found.matrix,
            sub_type=SUB_TYPES[found.kind], ihe_ro=self._imager.personality.ihe_ro, at=now,
        )  # fmt: skip
        treatment.waiting.append(Waiting(objects=[self._dressed(ds)]))
        if found.kind == "marker":
            treatment.waiting.append(Waiting(objects=[self._markers(found, now)]))

    def _images(self, pictures: Sequence[Picture]) -> list[Dataset]:
        """Return the images of pictures as they are, or are to be, stored."""
        return [self._imager.treatment.images[picture.number] for picture in pictures]

    def _mark(self, found: Matched, pictures: Sequence[Picture]) -> None:
        """Write the images again, with the markers that were matched in them; a stored one becomes another instance."""
        treatment = self._imager.treatment
        for index, picture in enumerate(pictures):
            picture.markers = [one.pixels[index] for one in found.markers]
            waits = next((one for one in treatment.waiting if one.picture is picture), None)
            treatment.revisions[picture.number] = treatment.revisions.get(picture.number, 0) + (waits is None)
            written = self.image(picture, None, treatment.revisions[picture.number])
            treatment.images[picture.number] = written.objects[0]
            if waits is None:
                treatment.waiting.append(written)
            else:
                waits.objects = written.objects

    def _markers(self, found: Matched, at: int) -> Dataset:
        """Return the detected markers as a structure set that adds to the planned one (2.2.1.3.1.4)."""
        treatment = self._imager.treatment
        patient = treatment.patient
        if patient is None or patient.structure_set is None:
            raise AssertionError("markers are matched with those of a structure set")
        ds = marker_set(
            treatment.session, patient.reference_slices, patient.structure_set,
            np.array([one.plan for one in found.markers]), [one.marker.name for one in found.markers],
            at=at,
        )  # fmt: skip
        return self._dressed(ds)

    # for people

    def show_radiograph(self, picture: Picture) -> str:
        """Leave a picture as PNG; return where."""
        position = self._imager.treatment.session.subject.position
        drawn = self._imager.compute(
            lambda: png(radiograph_picture(picture.radiograph, position=position)), "a picture to be drawn"
        )
        return self._imager.shelf.put("pictures", f"{self._name(picture.number)}.png", drawn)

    def show_volume(self, number: int, scan: Scan) -> str:
        """Leave a montage of slices as PNG; return where."""
        drawn = self._imager.compute(lambda: png(volume_picture(scan.volume, scan.grid)), "a montage to be drawn")
        return self._imager.shelf.put("pictures", f"{self._name(number)}.png", drawn)

    def tell_truth(self, number: int, truth: Mapping[str, Any]) -> str:
        """Leave the ground truth of an acquisition as JSON; return where."""
        text = json.dumps(dict(truth), indent=1, sort_keys=True)
        return self._imager.shelf.put("pictures", f"{self._name(number)}.json", text.encode())

    def _name(self, number: int) -> str:
        return f"{self._imager.file_name}-{number:04d}"


def _reference(beam: PlannedBeam | None, patient: LoadedPatient | None) -> BeamReference | None:
    if beam is None or patient is None:
        return None
    return BeamReference(number=beam.number, fraction_group=patient.plan.fraction_group, description=beam.description)


def _columns(markers: Sequence[tuple[float, float]]) -> Any:
    """Return (column, row) of markers that are told as (row, column), shape (n, 2); nothing if there are none."""
    return np.array([(column, row) for row, column in markers]) if markers else None
