"""The frozen shape of a conformance statement: one application entity of one system.

The shape is wide enough for the five documents that linacsim is built from. What a document leaves out is ``None`` or
empty, never guessed; texts are facts in own words. Keys of a table are the names here with hyphens.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from linacsim.settings import AETitle, Count, Settings, did_you_mean, to_key

_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")
_TAG = re.compile(r"[0-9A-F]{4},[0-9A-Fx]{4}")


def _uid(text: str) -> str:
    if len(text) > 64 or not _UID.fullmatch(text):
        raise ValueError(f"{text!r} is not a UID")
    return text


def _tag(text: str) -> str:
    if not _TAG.fullmatch(text):
        raise ValueError(f"{text!r} is not a tag of the form 0010,0020")
    return text


UID = Annotated[str, AfterValidator(_uid)]
"""A unique identifier (PS3.5 9.1): up to 64 digits and dots, no component with a leading zero."""
Tag = Annotated[str, AfterValidator(_tag)]
"""A data element tag as ``0010,0020``."""
Name = Annotated[str, Field(min_length=1)]
"""A text that is not empty."""
Size = Annotated[int, Field(ge=0)]
"""A number of bytes or of associations; 0 associations means never."""


class Role(StrEnum):
    """What an entity is in a service."""

    SCU = "SCU"
    """Service class user: it invokes operations (PS3.7 6.4)."""
    SCP = "SCP"
    """Service class provider: it performs them."""
    FILE_EXPORT = "file-export"
    """It writes files, without a network."""
    FILE_IMPORT = "file-import"
    """It reads files, without a network."""


class Pdu(Settings):
    """Sizes of a P-DATA-TF PDU in bytes (PS3.8 D.1)."""

    min: Size | None = None
    max: Size | None = None
    default: Size | None = None
    send_max: Size | None = None
    """The largest PDU that is sent, where the document tells it from the received."""
    receive_unlimited: bool = False
    configurable: bool | None = None
    note: str = ""


class AssociationLimits(Settings):
    """How many associations are open at one time; 0 is never, ``None`` is not documented."""

    initiate: Size | None = None
    accept: Size | None = None
    note: str = ""


class Limits(StrEnum):
    """What a time limit is for."""

    ASSOCIATION = "association"
    """The answer to an association or release request."""
    DIMSE = "dimse"
    """The response to a DIMSE request."""


class Timeout(Settings):
    """One documented time limit."""

    name: Name
    seconds: Count | None = None
    limits: Limits | None = None
    configurable: bool | None = None
    note: str = ""


class Context(Settings):
    """A presentation context that the entity proposes or accepts."""

    abstract_syntax: UID
    name: Name
    transfer_syntaxes: tuple[UID, ...] = ()
    """In the order of the document."""
    role: Role
    extended_negotiation: str | None = None
    contained_sop_classes: tuple[UID, ...] = ()
    """What a meta SOP class consists of (PS3.4 H.3.2)."""
    as_printed: str | None = None
    """The UID that the document prints, if it is a misprint."""
    section: str | None = None
    note: str = ""


class Per(StrEnum):
    """What a step of an activity is repeated for."""

    JOB = "job"
    """Once."""
    FILM = "film"
    """For each film."""
    IMAGE_BOX = "image-box"
    """For each image box of a film."""


class ActivityStep(Settings):
    """One operation of an activity."""

    op: Name
    """A DIMSE operation, ``RELEASE``, ``ASSOCIATE``, or a local word such as ``READ``."""
    sop_class: str | None = None
    """The name of the SOP class; alternatives are separated by `` | ``."""
    kinds: tuple[str, ...] = ()
    """The kinds of objects that it is done for, in order of preference; empty: any, or none."""
    per: Per = Per.JOB
    """How often the step is done."""
    note: str = ""


class Activity(Settings):
    """A real-world activity: what starts it and the operations that follow."""

    id: Name
    section: Name
    trigger: str
    steps: tuple[ActivityStep, ...] = ()
    association_policy: str | None = None


class QueryKey(Settings):
    """A key that the entity sends or answers in C-FIND."""

    level: Name
    tag: Tag
    keyword: Name
    vr: Name
    matching: tuple[str, ...] = ()
    note: str = ""


class Does(StrEnum):
    """What an entity does with a status: the words of a row, as a peer can act on them.

    The first are of statuses that it receives, the last three of those that it returns.
    """

    CONTINUE = "continue"
    """The operation has succeeded; what follows, follows."""
    LOG = "log"
    """The same, and the status is logged."""
    IGNORE = "ignore"
    """The message is passed over."""
    SHOW = "show"
    """Code and text are shown to the user; the operation has failed, the others follow."""
    FAIL_OBJECT = "fail-object"
    """The operation has failed, the others follow, the user is told."""
    ABANDON_JOB = "abandon-job"
    """The association ends, no other is opened, the user is told."""
    NOT_FOUND = "not-found"
    """What was asked for counts as not there, the user is told."""
    NOT_RETRIEVED = "not-retrieved"
    """Nothing has come, the user is told."""
    PARTLY_RETRIEVED = "partly-retrieved"
    """Some or all is missing, the user is told."""
    BY_CATEGORY = "by-category"
    """As a warning or as a failure, by the kind of code."""
    STORE = "store"
    """The object has been taken."""
    REFUSE = "refuse"
    """The object has not been taken."""
    REFUSE_AND_ABORT = "refuse-and-abort"
    """The object has not been taken, and the association is aborted after the response."""


class StatusRow(Settings):
    """A row on statuses: what the entity does when it receives one, or when it returns it."""

    service: Name
    status: Name
    """As documented: ``A700``, a range such as ``A7xx``, or words."""
    meaning: str | None = None
    behaviour: str
    """What the entity does with a status it received; for one it returns: when it does."""
    does: Does | None = None
    """The same as a peer acts on it; none: as an entity does that documents nothing."""


class Failing(StrEnum):
    """How an association, or the work on it, can fail."""

    TIMEOUT = "timeout"
    """A response does not come in time."""
    ABORT = "abort"
    """The other side or the network aborts the association."""
    NOT_SAVED = "not-saved"
    """An incoming object cannot be saved."""


class Gives(StrEnum):
    """What an entity does when an association fails."""

    RELEASE = "release"
    """It releases the association and gives the whole task up; the user is told."""
    GIVE_UP = "give-up"
    """It gives the whole task up."""
    TELL = "tell"
    """The user is told."""
    ABORT = "abort"
    """It aborts the association."""


class CommunicationFailure(Settings):
    """What the entity does when the association fails."""

    exception: Name
    behaviour: str
    when: Failing | None = None
    """The exception as a peer can tell it."""
    does: Gives | None = None
    """The behaviour as a peer acts on it."""


class Parameter(Settings):
    """Something that a site can configure."""

    name: Name
    default: str | None = None
    configurable: bool | None = None


class ServiceRole(Settings):
    """A SOP class that the entity lists as its own, and in which role."""

    name: Name
    sop_class: UID
    scu: bool
    scp: bool


class MediaClass(Settings):
    """An object that the entity writes to or reads from files, for one of the products of the document."""

    name: Name
    sop_class: UID
    product: str = ""
    export: bool
    import_: bool


class Operation(Settings):
    """An operation that the entity does for one kind of object."""

    op: Name
    object: Name
    key: Name


class Category(Settings):
    """What the entity's user interface calls a SOP class."""

    category: Name
    sop_class: UID
    as_printed: str | None = None
    note: str = ""


class QueryHierarchy(Settings):
    """How a user walks down the query levels."""

    levels: tuple[Name, ...]
    expansion: str = ""
    patient_selection: str = ""
    universal_match_patient: bool | None = None
    forbidden_terms: tuple[str, ...] = ()
    """Search texts that the entity refuses to send."""
    note: str = ""


class Inbox(Settings):
    """Where an acceptor keeps what it receives."""

    location: str
    session_folder_keys: tuple[str, ...] = ()
    """What makes a folder of its own."""
    retention_days: int | None = None
    retention_configurable: bool | None = None
    on_save_failure: str = ""
    database_import: str = ""


class Entity(Settings):
    """One application entity of a conformance statement."""

    id: Name
    title: Name
    section: Name
    order: int = 0
    """The place in the order of the document."""
    sections: dict[str, str] = Field(default_factory=dict)
    """The section of a part, where it is not the entity's own: ``{"pdu": "2.3.2.4.1"}``; keys are keys of the table."""
    roles: tuple[Role, ...] = ()
    ae_title_default: AETitle | None = None
    ae_title_configurable: bool | None = None
    port_default: Annotated[int, Field(ge=1, le=65535)] | None = None
    port_configurable: bool | None = None
    application_context: UID | None = None
    implementation_class_uid: tuple[UID, ...] = ()
    implementation_class_uid_names: dict[str, str] = Field(default_factory=dict)
    """What a document calls each UID, where it has several."""
    implementation_version_name: tuple[Annotated[str, Field(min_length=1, max_length=16)], ...] = ()
    pdu: Pdu = Pdu()
    max_associations: AssociationLimits = AssociationLimits()
    asynchronous: bool | None = None
    timeouts: tuple[Timeout, ...] = ()
    presentation_contexts: tuple[Context, ...] = ()
    transfer_syntax_preference: tuple[UID, ...] | None = None
    """The acceptor's documented order of choice."""
    transfer_syntax_selection: Literal["first-proposed"] | None = None
    """The acceptor's documented choice, where it is no order of its own."""
    acceptance_policy: str | None = None
    activities: tuple[Activity, ...] = ()
    query_keys: tuple[QueryKey, ...] = ()
    status_handling: tuple[StatusRow, ...] = ()
    status_returned: tuple[StatusRow, ...] = ()
    communication_failures: tuple[CommunicationFailure, ...] = ()
    character_sets: tuple[str, ...] = ()
    security: str | None = None
    file_output: str | None = None
    configuration: tuple[Parameter, ...] = ()
    notes: dict[str, str] = Field(default_factory=dict)
    """What only this entity documents, a subject each: ``{"move-destination": ...}``."""
    services: tuple[ServiceRole, ...] = ()
    media: tuple[MediaClass, ...] = ()
    operations: tuple[Operation, ...] = ()
    categories: tuple[Category, ...] = ()
    query_levels: tuple[str, ...] = ()
    query_hierarchy: QueryHierarchy | None = None
    inbox: Inbox | None = None

    @model_validator(mode="after")
    def _sections_name_parts(self) -> Self:
        parts = [to_key(name) for name in type(self).model_fields]
        for part in self.sections:
            if part not in parts:
                raise ValueError(f"'sections' names {part!r}; {did_you_mean(part, parts)}")
        return self

    def section_of(self, part: str) -> str:
        """Return the section of the document that `part`, a key of the table, comes from."""
        return self.sections.get(part, self.section)

    def activity(self, activity_id: str) -> Activity:
        """Return the activity `activity_id`.

        Raises
        ------
        KeyError
            If the entity has no such activity.
        """
        return {activity.id: activity for activity in self.activities}[activity_id]

    def context(self, abstract_syntax: str) -> Context | None:
        """Return the presentation context of `abstract_syntax`, if the entity has one."""
        return next((one for one in self.presentation_contexts if one.abstract_syntax == abstract_syntax), None)
