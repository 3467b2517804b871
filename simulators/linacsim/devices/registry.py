"""All kinds of devices, by the word that scenarios and the command line use."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from linacsim.devices import (
    archive,
    code,
    imager,
    planning,
    printclient,
    printer,
    program,
    remote,
    storage,
    verification,
)
from linacsim.devices.device import Kind


class Kinds(MutableMapping[str, Kind]):
    """Kinds by name; those of planning systems are made from their tables when they are asked for."""

    def __init__(self, *known: Kind) -> None:
        self._known = {kind.name: kind for kind in known}
        self._names = dict.fromkeys([*self._known, *planning.names()])

    def __getitem__(self, name: str) -> Kind:
        if name not in self._known:
            if name not in self._names:
                raise KeyError(name)
            self._known[name] = planning.kind(name)
        return self._known[name]

    def __setitem__(self, name: str, kind: Kind) -> None:
        self._known[name] = kind
        self._names[name] = None

    def __delitem__(self, name: str) -> None:
        self._known.pop(name, None)
        del self._names[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


KINDS = Kinds(
    archive.KIND,
    imager.KIND,
    storage.KIND,
    verification.KIND,
    printer.KIND,
    printclient.KIND,
    remote.KIND,
    program.KIND,
    code.KIND,
)
