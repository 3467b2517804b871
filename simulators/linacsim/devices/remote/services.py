"""What the bench does about a real application entity: it knows where it is."""

from __future__ import annotations

from functools import partial
from typing import Any

from linacsim.devices.device import Action, Device, Kind
from linacsim.devices.placeholders import filled
from linacsim.devices.remote.personality import Ask, RemotePersonality
from linacsim.errors import InputError, PlayFailure


class RemotePeer(Device):
    """A real product."""

    personality: RemotePersonality

    def start(self, port: int) -> None:
        """Remember where it listens."""
        kernel = self.place.kernel
        if kernel.clock == "virtual":
            advice = "play this live (--clock live), or give it a stand-in"
            raise InputError("a real product is not on the virtual network", self.name, advice)
        self.place.address = (self.personality.host, self.personality.port)
        self.place.title = self.personality.title or self.name

    def ask(self, what: Ask) -> None:
        """Ask a person, and wait for the answer."""
        kernel = self.place.kernel
        person = kernel.person
        if person is None:
            raise PlayFailure(f"nobody is there to be asked: {what.ask}")
        question = filled(what.ask, kernel.places)
        fill = partial(filled, places=kernel.places)
        self.place.log("person-asked", text=question)
        answered = kernel.beside(lambda: person(question, fill), "a person", self.place)
        kernel.wait(answered, "a person's answer")
        if not answered.ok:
            raise PlayFailure(f"the question could not be asked: {answered.value}")
        answer: Any = answered.value
        done, remark = answer
        self.place.log("person-answered", done=done, remark=remark or None)
        if not done:
            raise PlayFailure(f"not done: {what.ask}" + (f" ({remark})" if remark else ""))


KIND = Kind(
    name="remote",
    build=RemotePeer,
    settings=RemotePersonality,
    about="a real product on the network: its AE title, host and port",
    actions={"ask": Action(Ask, "ask")},
    events=frozenset({"person-asked", "person-answered"}),
    fields=frozenset({"text", "done", "remark"}),
    serves=False,
    breaks=False,
)
RemotePeer.kind = KIND
