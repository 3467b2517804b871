"""Query/Retrieve as SCP (PS3.4 Annex C), on top of a storage peer."""

from __future__ import annotations

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from linacsim.devices.archive import asking, committing, keeping, loading, managing, scheduling
from linacsim.devices.archive.attributes import FIND_MODELS
from linacsim.devices.archive.breakages import STATES, Breakable
from linacsim.devices.archive.commitment import Misreport
from linacsim.devices.archive.committing import Committing
from linacsim.devices.archive.finding import Finding
from linacsim.devices.archive.managing import Managing
from linacsim.devices.archive.misasking import AskWrongly, ask_wrongly
from linacsim.devices.archive.misbehaviour import Misbehave
from linacsim.devices.archive.moving import MODELS, Retrieving
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, Forget, Load, Query, Retrieve
from linacsim.devices.archive.related import Related
from linacsim.devices.archive.scheduling import Scheduling
from linacsim.devices.archive.serves import narrow
from linacsim.devices.archive.tape import Busy, SlowTape, TapeJam
from linacsim.devices.archive.worklist import Schedule
from linacsim.devices.commitmentclient import Commit
from linacsim.devices.device import Action, Kind
from linacsim.devices.entity import Handlers, application_entity, associate
from linacsim.devices.sopclasses import STORAGE
from linacsim.devices.storage.personality import FillDisk, Store
from linacsim.devices.worklist import Worklist
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf


class Archive(Managing, Breakable):
    """An archive: keeps what it is sent, is queried, and sends it on."""

    personality: ArchivePersonality

    def __init__(self, place: Place, personality: ArchivePersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.finding = Finding(self)
        self.retrieving = Retrieving(self)
        self.committing = Committing(self)
        self.scheduling = Scheduling(self)

    # what it serves

    def start(self, port: int) -> None:
        """Listen, and go on with what an earlier run has left to do."""
        super().start(port)
        self.committing.resume()

    def support(self, ae: AE) -> None:
        """Add the information models, and the storage SOP classes in both roles: a C-GET turns them round."""
        super().support(ae)
        for sop_class in STORAGE:
            ae.add_supported_context(sop_class, scu_role=True, scp_role=True)
        for model in (*FIND_MODELS, *MODELS):
            ae.add_supported_context(model)
        self.committing.support(ae)
        self.scheduling.support(ae)
        narrow(ae, self.personality.serves)

    def handlers(self) -> Handlers:
        """Return who answers which message."""
        handlers = [
            *super().handlers(),
            *self.finding.handlers(),
            *self.retrieving.handlers(),
        ]
        return self.scheduling.in_front_of(self.committing.beside(handlers))

    def address_of(self, peer: str) -> tuple[str, int]:
        """Return where `peer` listens: by the table of destinations, else by the bench."""
        known = self.personality.destinations.get(peer)
        return (known.host, known.port) if known is not None else super().address_of(peer)

    # retrieving

    def call(self, destination: str, contexts: list[PresentationContext]) -> Association:
        """Return an association with a move destination."""
        return associate(self, application_entity(self, self.personality), destination, contexts)

    # what scenarios ask for

    def query(self, what: Query) -> None:
        """Query another archive."""
        matches = asking.query(self, what)
        self.place.log("matches-found", level=what.level, matches=matches, **{"with": what.to})

    def retrieve(self, what: Retrieve) -> None:
        """Let another archive send objects, here or elsewhere."""
        asking.retrieve(self, what)

    def ask_wrongly(self, what: AskWrongly) -> None:
        """Send another archive a request that is wrong in itself."""
        ask_wrongly(self, what)

    def load(self, what: Load) -> None:
        """Put files or a patient into the archive."""
        loading.load(self, what)

    def schedule(self, what: Schedule) -> None:
        """Put steps on the worklist."""
        self.scheduling.schedule(what)

    def misreport(self, what: Misreport) -> None:
        """The next result of a storage commitment is told wrongly."""
        self.committing.misreport(what)


KIND = Kind(
    name="archive",
    build=Archive,
    settings=ArchivePersonality,
    about="a Query/Retrieve archive: keeps objects, is queried (C-FIND) and sends them on (C-MOVE, C-GET)",
    actions={
        "load": Action(Load, "load"),
        "store": Action(Store, "store"),
        "commit": Action(Commit, "commit"),
        "schedule": Action(Schedule, "schedule"),
        "worklist": Action(Worklist, "worklist"),
        "query": Action(Query, "query"),
        "retrieve": Action(Retrieve, "retrieve"),
        "ask-wrongly": Action(AskWrongly, "ask_wrongly"),
        "forget": Action(Forget, "forget"),
        "related": Action(Related, "related"),
    },
    breakages={
        "fill-disk": Action(FillDisk, "fill_disk"),
        "database-down": Action(DatabaseDown, "database_down"),
        "forget": Action(Forget, "lose"),
        "slow-tape": Action(SlowTape, "slow_tape"),
        "tape-jam": Action(TapeJam, "jam_tape"),
        "busy": Action(Busy, "become_busy"),
        "misbehave": Action(Misbehave, "misbehave"),
        "misreport": Action(Misreport, "misreport"),
    },
    events=frozenset(
        {
            "object-stored",
            "object-loaded",
            "object-lost",
            "nothing-lost",
            "object-unreadable",
            "file-left-out",
            "disk-full",
            "disk-cleared",
            "database-down",
            "database-up",
            "query-answered",
            "matches-found",
            "negotiated",
            "retrieval-started",
            "not-sent",
            "tape-slow",
            "tape-jammed",
            "tape-mended",
            "archive-busy",
            "archive-free",
            "manners-lost",
            "manners-found",
        }
    )
    | committing.EVENTS
    | scheduling.EVENTS
    | managing.EVENTS
    | keeping.EVENTS,
    fields=frozenset({"object", "bytes", "listed", "level", "matches", "granted"})
    | managing.FIELDS
    | committing.FIELDS
    | scheduling.FIELDS
    | keeping.FIELDS,
    states=STATES,
)
Archive.kind = KIND
