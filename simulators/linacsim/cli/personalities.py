"""``linacsim personalities``: what devices can be like; and the option of ``serve`` that chooses one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from linacsim.bench import kind_of
from linacsim.cli.terminal import say
from linacsim.devices.personalities import Named
from linacsim.devices.registry import KINDS
from linacsim.errors import InputError
from linacsim.settings import did_you_mean

_OPTION = "--personality"
_WITH = ("archive", "printer")
"""Kinds that have personalities; listed here so that a command that needs none does not import every device."""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("personalities", help="tell what an archive or a printer can be like")
    parser.add_argument("kind", nargs="?", metavar="DEVICE", help=f"one of: {', '.join(_WITH)}")
    parser.add_argument("name", nargs="?", metavar="NAME", help="one personality in full: its file")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """List the personalities of all kinds or of one, or tell one in full; always 0."""
    if options.kind is not None and options.kind not in _WITH:
        raise InputError(f"{options.kind} has no personalities", "DEVICE", did_you_mean(options.kind, _WITH, "kinds"))
    if options.name is not None:
        settings = named(options.kind)
        settings.named(options.name)
        say(settings.shipped.text(options.name))
        return 0
    for kind in (options.kind,) if options.kind else _WITH:
        say(listed(kind))
    return 0


def listed(kind: str) -> str:
    """Return the personalities of a kind of device, a line for each."""
    shipped = named(kind).shipped
    names = shipped.names()
    width = max(map(len, names))
    lines = [f"  {name:<{width}}  {shipped.values(name).get('about', '')}\n" for name in names]
    return f"{kind}\n{''.join(lines)}"


def named(kind: str) -> type[Named]:
    """Return the settings of a kind of device that has personalities.

    Raises
    ------
    InputError
        If it has none.
    """
    settings = KINDS[kind].settings
    if not issubclass(settings, Named):
        raise InputError(f"{kind} has no personalities", "DEVICE", f"those that have: {', '.join(_WITH)}")
    return settings


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses personalities."""
    parser.add_argument(
        _OPTION,
        action="append",
        default=[],
        metavar="[DEVICE=]NAME",
        help="what an archive or a printer is like: a name that `linacsim personalities` lists, or a .toml file",
    )


def chosen(given: Sequence[str], devices: Sequence[str]) -> dict[str, Named]:
    """Return the settings of the kinds of devices for which a personality was chosen.

    Parameters
    ----------
    given : sequence of str
        What the option says: ``NAME`` for the one kind that has personalities, or ``DEVICE=NAME``.
    devices : sequence of str
        The kinds that are served.

    Raises
    ------
    InputError
        If it is not clear for which kind, that kind has none, or there is no such personality.
    """
    able = [kind for kind in dict.fromkeys(devices) if kind_of(kind).name in _WITH]
    settings: dict[str, Named] = {}
    for one in given:
        kind, equals, name = one.rpartition("=")
        if not equals:
            kind = _the_one(able, one)
        elif kind not in able:
            todo = f"serve {kind}" if kind in _WITH else f"those that have are {' and '.join(_WITH)}"
            raise InputError(f"no {kind} with a personality is served", _OPTION, todo)
        if kind in settings:
            raise InputError(f"two personalities for {kind}", _OPTION, "give one for each kind of device")
        settings[kind] = named(kind).named(name)
    return settings


def _the_one(able: Sequence[str], name: str) -> str:
    if not able:
        raise InputError("nothing that is served has a personality", _OPTION, f"serve {' or '.join(_WITH)}")
    if len(able) > 1:
        raise InputError(f"{name!r} is for which of {', '.join(able)}?", _OPTION, f"say {_OPTION} {able[0]}={name}")
    return able[0]
