"""What one association builds up: a film session, its film boxes, their image and annotation boxes (PS3.4 H.2.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset

from linacsim.devices.printer.statuses import CLASS_INSTANCE_CONFLICT, NO_SUCH_SOP_INSTANCE, RefusedError


@dataclass(slots=True, kw_only=True)
class LutInstance:
    """A Presentation LUT (PS3.3 C.11.4); it lives until N-DELETE or the end of the association.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    attributes : Dataset
        Presentation LUT Shape, or Presentation LUT Sequence with one item.
    """

    uid: str
    attributes: Dataset


@dataclass(slots=True, kw_only=True)
class OverlayInstance:
    """A Basic Print Image Overlay Box, which the standard has retired (PS3.3-1999 C.13.8)."""

    uid: str
    attributes: Dataset


@dataclass(slots=True, kw_only=True)
class ImageBox:
    """A Basic Grayscale or Color Image Box (PS3.3 C.13.5), made by the printer.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    position : int
        Image Box Position, from 1.
    colour : bool
        Whether it is a Basic Color Image Box.
    attributes : Dataset
        What has been set; its image is in `BasicGrayscaleImageSequence` or `BasicColorImageSequence`.
    lut : LutInstance or None
        The Presentation LUT that the image box itself names.
    overlay : OverlayInstance or None
        The overlay that is combined with the image.
    reserved : object or None
        The part of the printer's memory that the image is in.
    """

    uid: str
    position: int
    colour: bool = False
    attributes: Dataset = field(default_factory=Dataset)
    lut: LutInstance | None = None
    overlay: OverlayInstance | None = None
    reserved: Any = None

    @property
    def keyword(self) -> str:
        """The sequence that the image is in."""
        return "BasicColorImageSequence" if self.colour else "BasicGrayscaleImageSequence"

    @property
    def image(self) -> Dataset | None:
        """The image that has been set, as the item of its sequence."""
        sequence = self.attributes.get(self.keyword)
        return sequence[0] if sequence else None


@dataclass(slots=True, kw_only=True)
class AnnotationBox:
    """A Basic Annotation Box (PS3.3 C.13.7), made by the printer.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    position : int
        Annotation Position, from 1.
    text : str
        Text String; empty until it has been set.
    """

    uid: str
    position: int
    text: str = ""


@dataclass(slots=True, kw_only=True)
class FilmBox:
    """A Basic Film Box (PS3.3 C.13.3).

    Attributes
    ----------
    lut : LutInstance or None
        The Presentation LUT that it names, or else its film session; that of an image box comes first.
    """

    uid: str
    attributes: Dataset
    boxes: list[ImageBox]
    annotations: list[AnnotationBox] = field(default_factory=list)
    lut: LutInstance | None = None
    printed: bool = False

    @property
    def empty(self) -> bool:
        """Whether none of its image boxes has an image."""
        return all(box.image is None for box in self.boxes)


@dataclass(slots=True, kw_only=True)
class FilmSession:
    """A Basic Film Session (PS3.3 C.13.1); one for each association.

    Attributes
    ----------
    allocated : int
        Bytes that its Memory Allocation asks for.
    reserved : object or None
        As much of them as its images do not take yet.
    """

    uid: str
    attributes: Dataset
    films: list[FilmBox] = field(default_factory=list)
    lut: LutInstance | None = None
    allocated: int = 0
    reserved: Any = None

    @property
    def stored(self) -> int:
        """Bytes of all its images."""
        return sum(box.reserved.size for film in self.films for box in film.boxes if box.reserved is not None)

    def film(self, uid: str) -> FilmBox | None:
        """Return the film box with this SOP Instance UID."""
        return next((film for film in self.films if film.uid == uid), None)

    def box(self, uid: str) -> ImageBox | None:
        """Return the image box with this SOP Instance UID."""
        return next((box for film in self.films for box in film.boxes if box.uid == uid), None)

    def annotation(self, uid: str) -> AnnotationBox | None:
        """Return the annotation box with this SOP Instance UID."""
        return next((box for film in self.films for box in film.annotations if box.uid == uid), None)

    def film_with(self, box: AnnotationBox) -> FilmBox:
        """Return the film box that an annotation box is part of."""
        return next(film for film in self.films if any(one is box for one in film.annotations))

    def film_of(self, box: ImageBox) -> FilmBox:
        """Return the film box that an image box is part of."""
        return next(film for film in self.films if any(one is box for one in film.boxes))


@dataclass(slots=True, kw_only=True)
class Work:
    """Everything that lives and ends with one association.

    Attributes
    ----------
    session : FilmSession or None
        Its film session.
    luts, overlays : dict
        By SOP Instance UID.
    """

    session: FilmSession | None = None
    luts: dict[str, LutInstance] = field(default_factory=dict)
    overlays: dict[str, OverlayInstance] = field(default_factory=dict)

    def knows(self, uid: str) -> bool:
        """Whether any instance of this association has this SOP Instance UID."""
        session = self.session
        inside = session is not None and (
            uid == session.uid
            or session.film(uid) is not None
            or session.box(uid) is not None
            or session.annotation(uid) is not None
        )
        return inside or uid in self.luts or uid in self.overlays

    def refusal(self, uid: str) -> RefusedError:
        """Return why `uid` is not what it should be: another class's instance (0119), or none (0112)."""
        if self.knows(uid):
            return RefusedError(CLASS_INSTANCE_CONFLICT, "the instance is of another class")
        return RefusedError(NO_SUCH_SOP_INSTANCE, "there is no such instance")

    def any_session(self) -> FilmSession:
        """Return the film session, or raise `RefusedError` with 0112."""
        if self.session is None:
            raise RefusedError(NO_SUCH_SOP_INSTANCE, "there is no film session")
        return self.session

    def named_session(self, uid: str) -> FilmSession:
        """Return the film session if it has this SOP Instance UID, or raise `RefusedError` with 0112 or 0119."""
        session = self.any_session()
        if uid != session.uid:
            raise self.refusal(uid)
        return session

    def named_film(self, uid: str) -> FilmBox:
        """Return the film box with this SOP Instance UID, or raise `RefusedError` with 0112 or 0119."""
        film = self.any_session().film(uid)
        if film is None:
            raise self.refusal(uid)
        return film

    def named_box(self, uid: str, *, colour: bool) -> ImageBox:
        """Return the image box with this SOP Instance UID, or raise `RefusedError` with 0112 or 0119."""
        box = self.any_session().box(uid)
        if box is None or box.colour is not colour:
            raise self.refusal(uid)
        return box

    def named_annotation(self, uid: str) -> AnnotationBox:
        """Return the annotation box with this SOP Instance UID, or raise `RefusedError` with 0112 or 0119."""
        box = self.any_session().annotation(uid)
        if box is None:
            raise self.refusal(uid)
        return box
