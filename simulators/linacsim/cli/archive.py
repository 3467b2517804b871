"""``linacsim archive load``: files into the store of an archive, while it does not run; and the store's options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from linacsim.cli.bars import bars
from linacsim.cli.terminal import say
from linacsim.devices.archive.deposit import Deposit
from linacsim.devices.archive.hardware import DatabaseDownError
from linacsim.devices.archive.index import Index
from linacsim.devices.archive.intake import Sources, Summary, take
from linacsim.devices.archive.keeping import KeepingSettings
from linacsim.devices.archive.opening import opened
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.errors import InputError

_ABOUT = """\
Puts DICOM files into the store of an archive: files, folders with everything below them, ZIP archives. Each is kept as it is,
byte for byte; what is in the store already is left alone. The archive that serves the store is stopped meanwhile.
Exit code: 0 everything was taken, 1 a file could not be, 3 the store or the database cannot be used.
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("archive", help="look after the store of an archive")
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=type(parser))
    load = actions.add_parser("load", help="put files into it", description=_ABOUT)
    load.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or a ZIP archive")
    add_options(load, required=True)
    load.set_defaults(command=command)


def add_options(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add what an archive's store is described with."""
    parser.add_argument(
        "--store", metavar="DIR", required=required, help="the folder of the archive's objects and index"
    )
    parser.add_argument("--database", metavar="URL", help="the index in this database, and not in a file in the store")


def keeping(options: argparse.Namespace) -> KeepingSettings | None:
    """Return how an archive keeps its objects; ``None`` if nothing tells."""
    if options.store is None and options.database is None:
        return None
    if options.store is None:
        raise InputError("the objects of a database need a folder", "--database", "give --store DIR, too")
    return KeepingSettings(store=options.store, database=options.database)


def with_store(options: argparse.Namespace, settings: Any) -> ArchivePersonality | None:
    """Return the settings of an archive that serves a store; ``None`` if there is neither a store nor settings."""
    told = keeping(options)
    if told is None:
        return None if settings is None else ArchivePersonality.model_validate(settings)
    if options.devices.count("archive") != 1:
        raise InputError(
            "a store is for one archive", "--store", "serve one archive: linacsim serve archive --store DIR"
        )
    own = ArchivePersonality() if settings is None else ArchivePersonality.model_validate(settings)
    # a personality may say more of keeping than where
    kept = own.keeping.model_copy(update={name: getattr(told, name) for name in told.model_fields_set})
    return own.model_copy(update={"keeping": kept})


def command(options: argparse.Namespace) -> int:
    """Load files."""
    told = keeping(options) or KeepingSettings()
    with bars() as progress:
        sources = Sources(options.paths)
        try:
            with opened(told, _tell, progress) as (deposit, index):
                done = _load(sources, deposit, progress)
                held = _held(index)
        finally:
            sources.close()
    say(_summary(done) + held)
    return 1 if done.failed else 0


def _load(sources: Sources, deposit: Deposit, progress: Callable[[str, int, int], None] | None) -> Summary:
    done = Summary()
    for number, source in enumerate(sources, 1):
        before = len(done.failed)
        take(source, deposit, done)
        for name, why in done.failed[before:]:
            sys.stderr.write(f"linacsim: {name}: {why}\n")
        if progress is not None:
            progress("loading", number, len(sources))
    return done


_WORDS = {
    "instance-differs": "{sop_instance} is in the store with other contents: {policy}",
    "patient-differs": "{sop_instance} tells of its patient otherwise than the store does ({attributes}): {policy}",
    "object-unreadable": "{object}: {complaint}",
    "object-recovered": "{object}: was stored when an earlier run ended, and is whole",
    "object-unfinished": "{object}: was being stored when an earlier run ended, and is removed",
    "index-rebuilt": "the index has been made anew from {objects} objects",
}


def _tell(event: str, **fields: Any) -> None:
    """Tell what is out of the ordinary in one line."""
    told = {name: ", ".join(value) if isinstance(value, list) else value for name, value in fields.items()}
    sys.stderr.write(f"linacsim: {_WORDS[event].format(**told)}\n")


def _summary(done: Summary) -> str:
    parts = [f"{done.taken} objects loaded ({done.bytes / 1e6:.1f} MB)"]
    if done.known:
        parts.append(f"{done.known} were there already")
    if done.left_out:
        parts.append(f"{done.left_out} files are no objects")
    if done.failed:
        parts.append(f"{len(done.failed)} could not be loaded")
    return "; ".join(parts) + "\n"


def _held(index: Index) -> str:
    try:
        return f"the store holds {index.count()} objects\n"
    except DatabaseDownError as exc:
        return f"the index does not answer: {exc}\n"
