"""What one association builds up: a film session, its film boxes, their image boxes (PS3.4 H.2.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydicom.dataset import Dataset


@dataclass(slots=True, kw_only=True)
class ImageBox:
    """A Basic Grayscale Image Box (PS3.3 C.13.5), made by the printer.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    position : int
        Image Box Position, from 1.
    attributes : Dataset
        What has been set; its image is in `BasicGrayscaleImageSequence`.
    """

    uid: str
    position: int
    attributes: Dataset = field(default_factory=Dataset)

    @property
    def image(self) -> Dataset | None:
        """The item of the Basic Grayscale Image Sequence, if an image has been set."""
        sequence = self.attributes.get("BasicGrayscaleImageSequence")
        return sequence[0] if sequence else None


@dataclass(slots=True, kw_only=True)
class FilmBox:
    """A Basic Film Box (PS3.3 C.13.3)."""

    uid: str
    attributes: Dataset
    boxes: list[ImageBox]

    @property
    def empty(self) -> bool:
        """Whether none of its image boxes has an image."""
        return all(box.image is None for box in self.boxes)


@dataclass(slots=True, kw_only=True)
class FilmSession:
    """A Basic Film Session (PS3.3 C.13.1); one for each association."""

    uid: str
    attributes: Dataset
    films: list[FilmBox] = field(default_factory=list)

    def film(self, uid: str) -> FilmBox | None:
        """Return the film box with this SOP Instance UID."""
        return next((film for film in self.films if film.uid == uid), None)

    def box(self, uid: str) -> ImageBox | None:
        """Return the image box with this SOP Instance UID."""
        return next((box for film in self.films for box in film.boxes if box.uid == uid), None)

    @property
    def memory(self) -> int:
        """Bytes of all images of the session."""
        images = (box.image for film in self.films for box in film.boxes)
        return sum(len(image.PixelData) for image in images if image is not None)
