"""The parameters of an archive."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from linacsim.devices.archive.codes import Codes
from linacsim.devices.archive.commitment import CommitmentSettings
from linacsim.devices.archive.keeping import KeepingSettings
from linacsim.devices.archive.leniency import Leniency
from linacsim.devices.archive.limits import RetrievalSettings
from linacsim.devices.archive.misbehaviour import Quirks
from linacsim.devices.archive.negotiation import Wish
from linacsim.devices.archive.querying import QueryingSettings
from linacsim.devices.archive.serves import Serves
from linacsim.devices.archive.shipped import SHIPPED
from linacsim.devices.archive.tape import TapeSettings
from linacsim.devices.archive.treatment import Treatment
from linacsim.devices.archive.worklist import ScheduledStep
from linacsim.devices.caseof import CaseOf
from linacsim.devices.personalities import Named, Shipped
from linacsim.devices.storage.personality import StoragePersonality
from linacsim.settings import AETitle, Count, Duration, Settings, StatusCode


class DatabaseSettings(Settings):
    """The database behind the archive.

    Attributes
    ----------
    query_time : Duration
        How much longer a query takes before its first match, or a retrieval before its first sub-operation, than the index
        does by itself.
    match_time : Duration
        How long each further match takes.
    """

    query_time: Duration = 0
    match_time: Duration = 0


class Destination(Settings):
    """Where a move destination listens.

    Attributes
    ----------
    host : str
        Its address.
    port : int
        Its port.
    """

    host: str
    port: Count = 104


class ArchivePersonality(Named, StoragePersonality):
    """An archive.

    Attributes
    ----------
    serves : Serves
        What it accepts when an association is negotiated.
    leniency : Leniency
        How far it takes identifiers that break the rules.
    codes : Codes
        The status codes that it answers with.
    treatment : Treatment
        What it does with plans and images, if it manages treatments.
    keeping : KeepingSettings
        Where and how it keeps what it takes.
    database : DatabaseSettings
        The database behind it.
    tape : TapeSettings
        The tape library that objects are read from.
    querying : QueryingSettings
        What is negotiated for C-FIND, C-MOVE and C-GET, and what C-FIND is limited to.
    retrieval : RetrievalSettings
        What C-MOVE and C-GET are limited to.
    quirks : Quirks
        What is wrong with how it answers.
    commitment : CommitmentSettings
        How it commits to keep what it is sent.
    schedule : list of ScheduledStep
        What its worklist has from the beginning.
    destinations : mapping of str to Destination
        Move destinations by AE title, beside the peers of the bench; an entry here wins over a peer of that name.
    knows_peers : bool
        Whether the peers of the bench are move destinations, too.
    relational : bool
        Whether queries and retrievals may have keys of any level without negotiating that; if not, the rules of
        hierarchical ones hold (PS3.4 C.4.1.2.2.1).
    """

    shipped: ClassVar[Shipped] = SHIPPED

    serves: Serves = Serves()
    leniency: Leniency = Leniency()
    codes: Codes = Codes()
    treatment: Treatment = Treatment()
    keeping: KeepingSettings = KeepingSettings()
    database: DatabaseSettings = DatabaseSettings()
    tape: TapeSettings = TapeSettings()
    querying: QueryingSettings = QueryingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    quirks: Quirks = Quirks()
    commitment: CommitmentSettings = CommitmentSettings()
    schedule: tuple[ScheduledStep, ...] = ()
    destinations: dict[AETitle, Destination] = Field(default_factory=dict)
    knows_peers: bool = True
    relational: bool = False


class Change(Settings):
    """One attribute of loaded objects is another, so that somebody has something to refuse.

    Attributes
    ----------
    of : str
        The kind of object.
    nth : int or str
        The first, second... of the kind that is loaded, or ``all``.
    path : str
        As the checker writes it: ``BeamSequence[1].ControlPointSequence[0].GantryAngle``.
    value : str, number or list
        What it is instead; without one, the attribute or the item of a sequence is taken away.
    """

    of: str
    nth: Count | Literal["all"] = "all"
    path: str
    value: str | float | tuple[str | float, ...] | None = None


class Load(Settings):
    """Put objects into the archive, as if they had always been there: files, or a synthetic patient.

    Attributes
    ----------
    files : list of str
        Paths of files, of folders (with everything below them that is DICOM), or ``pydicom:NAME``.
    case : CaseOf or None
        The patient, as no particular system has exported it.
    what : list of str
        The kinds of the patient's objects.
    change : list of Change
        What is different about them.
    """

    files: tuple[str, ...] = ()
    case: CaseOf | None = None
    change: tuple[Change, ...] = ()
    what: tuple[str, ...] = ("ct", "rtstruct", "rtplan", "rtimage")


class Query(Settings):
    """Query a peer with C-FIND; anything but the wanted status is a failure.

    Attributes
    ----------
    to : str
        The peer.
    called : str
        The AE title to call, if not the peer's own.
    root : str
        The information model: ``study``, ``patient``, ``patient-study-only``, or ``repository`` (Repository Query).
    level : str
        Query/Retrieve Level.
    keys : mapping of str to str or list of str
        The keys by keyword.
    negotiate : list of str
        What is asked for in SOP Class Extended Negotiation: ``relational``, ``combined-datetime``,
        ``fuzzy-names``, ``timezone``, ``empty-value``, ``multiple-value``; what is granted stands in the log.
    matches : int
        How many matches there have to be; any number if left out.
    cancel_after : int
        Send a C-CANCEL after this many matches; 0 sends none.
    status : int
        The final status that is wanted.
    """

    to: AETitle
    called: AETitle | None = None
    root: Literal["patient", "study", "patient-study-only", "repository"] = "study"
    level: Literal["PATIENT", "STUDY", "SERIES", "IMAGE"]
    keys: dict[str, str | tuple[str, ...]]
    negotiate: tuple[Wish, ...] = ()
    matches: Annotated[int, Field(ge=0)] | None = None
    cancel_after: Annotated[int, Field(ge=0)] = 0
    status: StatusCode = 0x0000


class Retrieve(Settings):
    """Let a peer send objects with C-MOVE or C-GET; anything but the wanted status is a failure, and wrong counters are one.

    Attributes
    ----------
    to, called, keys
        As for `Query`.
    root : str
        The information model: ``study``, ``patient``, ``patient-study-only``, ``composite`` (instances and frames by SOP
        Instance UID), ``without-bulk-data`` (C-GET only).
    level : str
        Query/Retrieve Level.
    negotiate : list of str
        What is asked for in SOP Class Extended Negotiation: ``relational``.
    by : str
        ``move``, or ``get`` over the same association.
    destination : str
        Who gets the objects of a C-MOVE; this archive if left out.
    kinds : list of str
        Of a C-GET: the kinds of objects that are taken; all that conformance statements speak of if left out.
    priority : str
        ``low``, ``medium``, or ``high``.
    cancel_after : int
        Send a C-CANCEL after this many Pending responses; 0 sends none.
    status : int
        The final status that is wanted.
    believing : bool
        Whether counters that do not add up and responses that nobody asked for are let pass.
    """

    to: AETitle
    called: AETitle | None = None
    root: Literal["patient", "study", "patient-study-only", "composite", "without-bulk-data"] = "study"
    level: Literal["PATIENT", "STUDY", "SERIES", "IMAGE", "FRAME"]
    keys: dict[str, str | tuple[str, ...]]
    negotiate: tuple[Literal["relational"], ...] = ()
    by: Literal["move", "get"] = "move"
    destination: AETitle | None = None
    kinds: tuple[str, ...] = ()
    priority: Literal["low", "medium", "high"] = "low"
    cancel_after: Annotated[int, Field(ge=0)] = 0
    status: StatusCode = 0x0000
    believing: bool = False


class Forget(Settings):
    """The archive loses one object; also a breakage.

    Attributes
    ----------
    sop_instance : str
        Its SOP Instance UID; or else `nth`.
    nth : int or str
        The first, second... that came, or the ``last``.
    still_listed : bool
        Whether the database still knows of it: queries find it, and retrieving it fails.
    """

    sop_instance: str | None = None
    nth: Count | Literal["last"] = "last"
    still_listed: bool = True


class DatabaseDown(Settings):
    """Breakage: the database does not answer; lasts until `cleared_after`, or for good.

    Attributes
    ----------
    answer : str
        What is said meanwhile: ``out-of-resources`` (C-FIND A700; C-MOVE and C-GET A701) or ``unable-to-process`` (C001).
    cleared_after : Duration
        When it answers again.
    """

    answer: Literal["out-of-resources", "unable-to-process"] = "out-of-resources"
    cleared_after: Duration | None = None
