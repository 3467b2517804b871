"""One system of a conformance statement: its head, its entities and its tables, read when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from linacsim.conformance.kinds import KINDS
from linacsim.conformance.model import Entity, Name
from linacsim.conformance.tables import (
    ContextRow,
    Direction,
    Erratum,
    InterfaceNode,
    IodHead,
    Module,
    Precondition,
    PrivateAttribute,
    Reading,
    Row,
    ServiceRow,
    rows_of,
)
from linacsim.errors import InputError
from linacsim.settings import Settings, build, did_you_mean
from linacsim.toml_file import read_toml

Way = Literal["export", "import"]
"""A direction that is asked for."""


class Document(Settings):
    """The document that the tables were drawn from."""

    id: str = ""
    version: str = ""
    date: str = ""
    note: str = ""


class Consequence(Settings):
    """What a system documents to do with an object that breaks a kind of rule."""

    effect: Literal["rejected", "ignored", "coerced", "warning", "not documented"]
    words: str = ""
    section: str = ""


NOT_DOCUMENTED = Consequence(effect="not documented")


class Head(Settings):
    """``system.toml``: who the system is and what its document says beside the tables."""

    product: Name
    vendor: Name
    version: Name
    title: Name
    """What a report calls the system."""
    document: Document = Document()
    uid_root: str = ""
    """The root of the UIDs that the system makes, where the document names one."""
    conventions: tuple[str, ...] = ()
    """How the tables read the document."""
    notes: dict[str, str] = Field(default_factory=dict)
    """What the document says that no table has a column for, a subject each."""
    ambiguities: dict[str, str] = Field(default_factory=dict)
    """Where a reading had to be chosen: section, then what."""
    consequences: dict[str, Consequence] = Field(default_factory=dict)
    """By kind of rule: ``presence``, ``value``, ``sop-class``, ``transfer-syntax``; ``import.presence`` before
    ``presence``."""


@dataclass(frozen=True)
class Iod:
    """An object that a system writes or reads."""

    head: IodHead
    folder: Path

    @property
    def id(self) -> str:
        """Kind and direction, as ``ct.import``."""
        return self.head.id

    @property
    def kind(self) -> str:
        """The short word of the SOP class, as ``ct``."""
        return self.head.kind

    @property
    def name(self) -> str:
        """The document's name of the object."""
        return self.head.name

    @property
    def direction(self) -> Direction:
        """Which way it goes."""
        return self.head.direction

    @property
    def sop_class(self) -> str | None:
        """Its SOP Class UID; none where the document names a modality alone."""
        return self.head.sop_class

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Its attribute rows, in the order of the document."""
        return rows_of(self.folder / "attributes" / f"{self.head.id}.tsv", Row)

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """Its modules."""
        return tuple(one for one in rows_of(self.folder / "modules.tsv", Module) if one.iod == self.head.id)

    def goes(self, way: Way) -> bool:
        """Whether the object goes that way."""
        return self.direction in (Direction.BOTH, Direction(way))

    def section_of(self, row: Row) -> str:
        """Return the section of the document that a row stands in."""
        if row.section:
            return row.section
        module = next((one for one in self.modules if one.module == row.module), None)
        return (module.section if module else None) or self.head.section


@dataclass(frozen=True)
class System:
    """A system and everything that is known of it.

    Attributes
    ----------
    id : str
        The name of its folder, as ``raystation``.
    folder : Path
        Where its tables are.
    """

    id: str
    folder: Path

    @cached_property
    def head(self) -> Head:
        """Who it is."""
        data, locate = read_toml(self.folder / "system.toml")
        return build(Head, data, locate=locate)

    @cached_property
    def entities(self) -> Mapping[str, Entity]:
        """Its application entities, by id, in the order of the document."""
        contexts = rows_of(self.folder / "contexts.tsv", ContextRow)
        found = {path.stem: self._entity(path, contexts) for path in sorted((self.folder / "entities").glob("*.toml"))}
        unknown = next((row for row in contexts if row.entity not in found), None)
        if unknown:
            advice = did_you_mean(unknown.entity, found, "entities")
            raise InputError(f"unknown entity {unknown.entity!r}", f"{self.id}/contexts.tsv:{unknown.line}", advice)
        return dict(sorted(found.items(), key=lambda item: item[1].order))

    def _entity(self, path: Path, contexts: tuple[ContextRow, ...]) -> Entity:
        data, locate = read_toml(path)
        data["presentation-contexts"] = [_context(row) for row in contexts if row.entity == path.stem]
        entity = build(Entity, data, locate=locate)
        if entity.id != path.stem:
            raise InputError(f"the table is of {entity.id!r}", locate(("id",)), f"name the file {entity.id}.toml")
        return entity

    @cached_property
    def iods(self) -> tuple[Iod, ...]:
        """The objects that it writes and reads; their rows are read when they are asked for."""
        return tuple(Iod(head, self.folder) for head in rows_of(self.folder / "objects.tsv", IodHead))

    def iod(self, kind: str, way: Way) -> Iod | None:
        """Return the object of `kind` that goes `way`, if the system has one."""
        return next((one for one in self.iods if one.kind == kind and one.goes(way)), None)

    def iod_of(self, sop_class: str, modality: str, way: Way) -> Iod | None:
        """Return the object that an instance is to the system.

        It is found by its SOP class, or by its modality where the document names no SOP class.
        """
        kind = KINDS.get(sop_class, "")
        found = self.iod(kind, way) if kind else None
        if found:
            return found
        others = (one for one in self.iods if one.goes(way) and one.sop_class is None)
        return next((one for one in others if one.head.modality == modality), None)

    @cached_property
    def preconditions(self) -> tuple[Precondition, ...]:
        """Its rules beyond one attribute."""
        return rows_of(self.folder / "preconditions.tsv", Precondition)

    @cached_property
    def private(self) -> tuple[PrivateAttribute, ...]:
        """Its private attributes."""
        return rows_of(self.folder / "private.tsv", PrivateAttribute)

    @cached_property
    def errata(self) -> tuple[Erratum, ...]:
        """The misprints of its document."""
        return rows_of(self.folder / "errata.tsv", Erratum)

    @cached_property
    def services(self) -> tuple[ServiceRow, ...]:
        """The document's overview of SOP classes and roles."""
        return rows_of(self.folder / "services.tsv", ServiceRow)

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """How its sentences are decided."""
        return rows_of(self.folder / "readings.tsv", Reading)

    @cached_property
    def interface(self) -> tuple[InterfaceNode, ...]:
        """The XML that it puts into a private attribute, if it does."""
        return rows_of(self.folder / "interface.tsv", InterfaceNode)

    def consequence(self, way: Way, what: str) -> Consequence:
        """Return what the system documents to do when an object breaks a rule of the kind `what`."""
        known = self.head.consequences
        return known.get(f"{way}.{what}") or known.get(what) or NOT_DOCUMENTED


def _context(row: ContextRow) -> dict[str, object]:
    """Return the mapping that a context of an entity is built from."""
    return {
        "name": row.name,
        "abstract-syntax": row.abstract_syntax,
        "transfer-syntaxes": list(row.transfer_syntaxes),
        "role": row.role,
        "extended-negotiation": row.extended_negotiation,
        "contained-sop-classes": list(row.contained_sop_classes),
        "as-printed": row.as_printed,
        "section": row.section,
        "note": row.note,
    }
