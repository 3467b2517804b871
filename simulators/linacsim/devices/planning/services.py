"""Which services an application entity has: from its table to a kind of device.

Every entity of every system is a kind, ``<system>-<entity>``. What it does follows from its roles and activities; what
is special about one stands in the small file of its system.
"""

from __future__ import annotations

from functools import cache
from typing import cast

from linacsim.conformance.loader import load_entity, load_system
from linacsim.conformance.model import Entity, Role
from linacsim.devices.device import Kind
from linacsim.devices.planning import monaco, oncentra, preciseplan, raystation, varian
from linacsim.devices.planning.entities import names
from linacsim.devices.planning.filing import FileExporting, FileImporting
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.printing import PrintSCU
from linacsim.devices.planning.querying import QuerySCU
from linacsim.devices.planning.receiving import BREAKAGES, StorageSCP
from linacsim.devices.planning.retrieving import RetrieveSCU
from linacsim.devices.planning.sending import StorageSCU


class Client(StorageSCU, QuerySCU, RetrieveSCU, PrintSCU):
    """A system that calls, in any of the services."""


class Files(FileImporting, FileExporting):
    """A system that reads and writes files."""


SPECIAL: dict[tuple[str, str], type[Peer]] = {
    ("monaco", "cms-scu"): monaco.CmsSCU,
    ("monaco", "monaco-scp"): monaco.MonacoSCP,
    ("monaco", "print-scu"): monaco.PrintDRR,
    ("oncentra", "cm-query-retrieve-scu"): oncentra.CmQueryRetrieve,
    ("oncentra", "fr-scu"): oncentra.FileRestore,
    ("oncentra", "fr-scp"): oncentra.FrSCP,
    ("oncentra", "winscp32-scp"): oncentra.WinSCP32,
    ("preciseplan", "precplan-export"): preciseplan.PrecisePlanExport,
    ("raystation", "raystation-internal-storage-scp"): raystation.InternalStorageSCP,
    ("raystation", "raystation-qr-scu"): raystation.PacsSource,
    ("raystation", "raystation-raygateway-import"): raystation.GatewaySource,
    ("raystation", "raystation-storage-scp-service"): raystation.StorageService,
    ("raystation", "raystation-storage-scp-source"): raystation.InboxSource,
    ("varian-obi", "find-scu"): varian.FindSCU,
    ("varian-obi", "media-file-mode"): varian.MediaFiles,
    ("varian-obi", "move-scu"): varian.MoveSCU,
    ("varian-obi", "storage-scp"): varian.ObiStorageSCP,
}
"""Entities that do more than their tables can say."""

EVENTS = frozenset(
    {
        "case-failed", "case-filed", "case-queued", "case-restored", "disk-cleared", "disk-full", "export-done",
        "file-left-out", "files-deleted", "files-shown", "import-done", "listening", "listening-ended", "object-failed",
        "object-imported", "object-refused", "object-rejected", "object-sent", "object-stored", "object-written",
        "objects-sent", "print-sent", "printer-told", "query-done", "retrieval-done", "user-told",
    }
)  # fmt: skip
"""The words that planning systems write into the log."""
FIELDS = frozenset(
    {
        "bytes", "case", "category", "comment", "films", "images", "info", "level", "matches", "object", "objects", "of",
        "patients", "port", "rejected", "series", "sessions", "studies", "text",
    }
)  # fmt: skip
"""The fields of those records."""


@cache
def kind(name: str) -> Kind:
    """Return the kind of device that plays an application entity; its table is read now.

    Raises
    ------
    KeyError
        If there is no such entity.
    """
    system, entity_id = names()[name]
    entity = load_entity(system, entity_id)
    base = SPECIAL.get((system, entity_id)) or role_of(entity)
    words = {"system_id": system, "entity_id": entity_id, "__doc__": base.__doc__}
    device = cast("type[Peer]", type(base.__name__, (base,), words))
    head = load_system(system).head
    listens = issubclass(base, StorageSCP)
    made = Kind(
        name=name,
        build=device,
        settings=base.site,
        about=f"{head.title}: {entity.title}",
        actions=dict(base.actions(entity)),
        breakages=BREAKAGES if listens else {},
        events=EVENTS,
        fields=FIELDS,
        serves=listens,
    )
    device.kind = made
    return made


def role_of(entity: Entity) -> type[Peer]:
    """Return what an entity is by its roles alone."""
    if Role.SCP in entity.roles:
        return StorageSCP
    return Client if Role.SCU in entity.roles else Files
