"""The option of ``linacsim serve archive`` that tells where move destinations listen."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from linacsim.devices.archive.personality import ArchivePersonality, Destination
from linacsim.errors import InputError
from linacsim.settings import Settings, build

_OPTION = "--destination"
_PORT_MAX = 65535
_FORM = "write AE_TITLE=HOST:PORT, for example MOVESCU=127.0.0.1:11113"


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        _OPTION,
        action="append",
        default=[],
        metavar="TITLE=HOST:PORT",
        help="where a C-MOVE of the archive may send to; once for each AE title, beside those of its personality",
    )


def with_destinations(given: Sequence[str], devices: Sequence[str], settings: Settings | None) -> Settings | None:
    """Return the settings of an archive with these destinations beside its own.

    Parameters
    ----------
    given : sequence of str
        What the option says.
    devices : sequence of str
        The kinds that are served.
    settings : Settings or None
        Those of the archive so far.

    Raises
    ------
    InputError
        If no archive is served, or one of `given` is no destination.
    """
    if not given:
        return settings
    if "archive" not in devices:
        raise InputError("only an archive has move destinations", _OPTION, "serve an archive, or leave it out")
    own = settings if isinstance(settings, ArchivePersonality) else ArchivePersonality()
    named = dict(_parsed(one) for one in given)
    # the whole is looked at again: an AE title has its rules
    told = build(
        ArchivePersonality, {"destinations": {title: one.model_dump() for title, one in named.items()}}, _OPTION
    )
    return own.model_copy(update={"destinations": {**own.destinations, **told.destinations}})


def _parsed(text: str) -> tuple[str, Destination]:
    title, equals, address = text.partition("=")
    host, colon, port = address.rpartition(":")
    if not (title and equals and colon and host):
        raise InputError(f"{text!r} is no destination", _OPTION, _FORM)
    if not port.isdecimal() or not 0 < int(port) <= _PORT_MAX:
        raise InputError(f"{text!r}: {port!r} is not a port", _OPTION, _FORM)
    return title, Destination(host=host.strip("[]"), port=int(port))
