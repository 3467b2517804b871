"""What one association builds up: a film session, its film boxes, their image boxes (PS3.4 H.2.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from linacsim.devices.printer.statuses import CLASS_INSTANCE_CONFLICT, NO_SUCH_SOP_INSTANCE, RefusedError


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
    printed: bool = False

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

    def check_own(self, uid: str) -> None:
        """Raise `RefusedError` unless `uid` is that of the session itself."""
        if uid != self.uid:
            raise self._refusal(uid)

    def named_film(self, uid: str) -> FilmBox:
        """Return the film box with this SOP Instance UID, or raise `RefusedError` with 0112 or 0119."""
        film = self.film(uid)
        if film is None:
            raise self._refusal(uid)
        return film

    def named_box(self, uid: str) -> ImageBox:
        """Return the image box with this SOP Instance UID, or raise `RefusedError` with 0112 or 0119."""
        box = self.box(uid)
        if box is None:
            raise self._refusal(uid)
        return box

    def _refusal(self, uid: str) -> RefusedError:
        if uid == self.uid or self.film(uid) is not None or self.box(uid) is not None:
            return RefusedError(CLASS_INSTANCE_CONFLICT, "the instance is of another class")
        return RefusedError(NO_SUCH_SOP_INSTANCE, "there is no such instance")

    def box(self, uid: str) -> ImageBox | None:
        """Return the image box with this SOP Instance UID."""
        return next((box for film in self.films for box in film.boxes if box.uid == uid), None)

    @property
    def memory(self) -> int:
        """Bytes of all images of the session."""
        images = (box.image for film in self.films for box in film.boxes)
        return sum(len(image.PixelData) for image in images if image is not None)
