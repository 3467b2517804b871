"""The network side of the imager: the application entities of its conformance statement, all at one place.

Each is played by its own table (`linacsim.devices.planning.varian`). What they share is the AE title, the Storage SCP, and
how many associations there may be at one time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.presentation import PresentationContext

from linacsim.devices import planning
from linacsim.devices.planning.activities import Verify
from linacsim.devices.planning.opened import stored_at
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.sending import StorageSCU
from linacsim.devices.planning.varian import FindSCU, MoveSCU, Reference, ReferenceCt, ScpPersonality
from linacsim.errors import InputError
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf
from linacsim.kernel.sync import TaskQueue

ASSOCIATIONS = 3
"""Varian OBI 1.5, 2.2.1.2.2: by default; can be configured."""


class Remote:
    """What the imager says to a treatment management system.

    Parameters
    ----------
    place : Place
        Where it runs.
    personality : ScpPersonality
        What a site has set.
    shelf : Shelf
        Where received objects go.
    associations : int
        How many it opens at one time.
    """

    def __init__(self, place: Place, personality: ScpPersonality, shelf: Shelf, associations: int) -> None:
        def peer(entity: str) -> Peer:
            return cast("Peer", planning.kind(f"varian-obi-{entity}").build(place, personality, shelf))

        self._echo = peer("echo-scu")
        self._find = cast("FindSCU", peer("find-scu"))
        self._move = cast("MoveSCU", peer("move-scu"))
        self._store = cast("StorageSCU", peer("storage-scu"))
        self._free: TaskQueue[None] = TaskQueue()
        for _ in range(associations):
            self._free.put(None)

    def start(self, port: int) -> None:
        """Listen for what is asked for with C-MOVE, from now on."""
        self._move.start(port)
        self._move.meanwhile.begin()

    def support(self, ae: AE) -> None:
        """Add the presentation contexts that it accepts."""
        self._move.receiver.support(ae)

    def calls(self) -> Iterator[tuple[AE, list[PresentationContext]]]:
        """Yield each kind of association that it opens."""
        for peer in (self._echo, self._find, self._move, self._store):
            yield from peer.calls()

    @contextmanager
    def _one_of_a_few(self) -> Iterator[None]:
        self._free.get()
        try:
            yield
        finally:
            self._free.put(None)

    def verify(self, to: str, called: str | None) -> None:
        """Ask with C-ECHO whether the remote is there, as before every transfer (2.1.3).

        Raises
        ------
        PlayFailure
            If it is not.
        """
        with self._one_of_a_few():
            self._echo.verify(Verify(to=to, called=called), None)

    def load_ct(self, to: str, called: str | None, plan: str) -> list[Dataset]:
        """Load a plan, its structure set and the CT slices that this refers to (2.2.1.3.2.1).

        Parameters
        ----------
        to, called : str
            The remote, and the AE title to call.
        plan : str
            SOP Instance UID; empty for the last plan that the remote was sent in this run.

        Returns
        -------
        list of Dataset
            The plan first.

        Raises
        ------
        PlayFailure
            If anything has not come.
        """
        with self._one_of_a_few():
            asked = self._move.load_ct(ReferenceCt(to=to, called=called, plan=plan), None)
        return self._come(asked)

    def load_plan(self, to: str, called: str | None, plan: str) -> list[Dataset]:
        """Load a plan alone; parameters and errors are those of `load_ct`."""
        wanted = (plan or stored_at(self._move, to, "rtplan")[-1],)
        with self._one_of_a_few():
            self._move.load_images(Reference(to=to, called=called, instances=wanted), None)
        return self._come(wanted)

    def load_images(self, to: str, called: str | None, instances: Sequence[str]) -> list[Dataset]:
        """Look for reference and historical images, and load those that are found (2.2.1.3.2.1).

        Raises
        ------
        PlayFailure
            If one is not found, or has not come.
        """
        wanted = Reference(to=to, called=called, instances=tuple(instances))
        with self._one_of_a_few():
            self._find.look_for(wanted, self._find.entity.activities[0])
        with self._one_of_a_few():
            self._move.load_images(wanted, None)
        return self._come(instances)

    def images_at(self, to: str) -> tuple[str, ...]:
        """Return the RT Images that the remote was sent in this run, or was given: those of the patient who is opened."""
        try:
            return stored_at(self._move, to, "rtimage")
        except InputError:
            return ()

    def _come(self, asked: Iterable[str]) -> list[Dataset]:
        found = (self._move.receiver.instance(uid) for uid in asked)
        return [ds for ds in found if ds is not None]

    def send(self, objects: Sequence[Dataset], to: str, called: str | None) -> None:
        """Store objects on one association (2.2.1.3.1).

        Raises
        ------
        PlayFailure
            If one was not stored.
        """
        with self._one_of_a_few():
            self._store.send(list(objects), to, called)
