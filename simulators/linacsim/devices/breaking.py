"""What every device can suffer: it hangs, it crashes and starts again, its TLS goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from linacsim.faults import chain_at
from linacsim.kernel.border.links import link_of
from linacsim.kernel.places import server_context
from linacsim.kernel.units import seconds
from linacsim.settings import Duration, Settings

if TYPE_CHECKING:
    from linacsim.devices.device import Device

NORMAL, HANGING, RESTARTING = "NORMAL", "HANGING", "RESTARTING"
STATES = frozenset({NORMAL, HANGING, RESTARTING})
"""What can be said of every device; the hardware of each has words of its own."""
EVENTS = frozenset(
    {"device-hangs", "device-goes-on", "device-restarting", "device-restarted", "tls-broken", "tls-mended"}
)
FIELDS = frozenset({"down", "how"})


class Hang(Settings):
    """The program that speaks DICOM hangs: connections stay open, new ones too, nothing is read and nothing answered.

    Afterwards it goes on where it stopped: what has arrived meanwhile is answered. Its timers go on meanwhile, and what moves by itself.

    Attributes
    ----------
    during : Duration or None
        How long; ``None`` is for good.
    """

    during: Duration | None = None


class Restart(Settings):
    """The device crashes and starts again: connections are reset, what was in memory alone is lost, and nobody listens meanwhile.

    Attributes
    ----------
    down : Duration
        How long it takes to start.
    """

    down: Duration = seconds(5)


class BreakTls(Settings):
    """TLS goes wrong where the device is called; live, and at a device that serves it.

    Attributes
    ----------
    how : str
        ``handshake-failure``: callers get the alert handshake_failure (RFC 8446 6.2); ``plain-text``: the device answers in the
        clear; ``another-certificate``: it shows another one, such as one that has expired.
    certificate, key : str
        PEM files of the other certificate and its key.
    during : Duration or None
        How long; ``None`` is for good.
    """

    how: Literal["handshake-failure", "plain-text", "another-certificate"]
    certificate: str = ""
    key: str | None = None
    during: Duration | None = None

    @model_validator(mode="after")
    def _has_another(self) -> Self:
        """Ask for the other certificate, where one is shown: only a CA that the callers trust can make one."""
        if (self.how == "another-certificate") != bool(self.certificate):
            raise ValueError("'certificate' goes with 'how: another-certificate', and with nothing else")
        return self


HANDSHAKE_FAILURE = bytes((21, 3, 3, 0, 2, 2, 40))
"""A TLS record with the fatal alert handshake_failure (RFC 8446 5.1, 6.2)."""


class Breaking:
    """Whether a device works, hangs, or is down.

    Parameters
    ----------
    device : Device
        Whose.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self.state = NORMAL

    def hang(self, what: Hang) -> None:
        """Hang from now on."""
        self._soon(self._hang, what, "hanging")

    def restart(self, what: Restart) -> None:
        """Crash, and start again."""
        self._soon(self._restart, what, "restarting")

    def check_tls(self) -> None:
        """Check that there is TLS that can go wrong.

        Raises
        ------
        InputError
            If there is not.
        """
        self._device.place.expect_tls("break-tls")

    def break_tls(self, what: BreakTls) -> None:
        """Let TLS go wrong from now on; connections that are open stay."""
        self.check_tls()
        if what.certificate:
            # what cannot be used is told to whoever has asked for it
            server_context(what.certificate, what.key)
        self._soon(self._break_tls, what, "breaking its TLS")

    def _break_tls(self, what: BreakTls) -> None:
        place = self._device.place
        place.serve_otherwise(what.certificate, what.key, HANDSHAKE_FAILURE if what.how == "handshake-failure" else b"")
        place.log("tls-broken", how=what.how)
        if what.during is not None:
            place.kernel.sleep(what.during)
            for listener in [*place.listeners]:
                listener.reopen()
            place.log("tls-mended")

    def _soon(self, what: Callable[[Any], None], parameters: Settings, name: str) -> None:
        """Break in a task of its own: whoever has brought it about is not done yet."""
        place = self._device.place
        place.kernel.spawn(what, parameters, name=f"{place.name} {name}", place=place)

    def _hang(self, what: Hang) -> None:
        place = self._device.place
        if self.state != NORMAL:
            return
        self.state = HANGING
        place.log("device-hangs")
        chain_at(place).hold(place)
        if what.during is None:
            return
        place.kernel.sleep(what.during)
        if self.state == HANGING:
            self.state = NORMAL
            place.log("device-goes-on")
            chain_at(place).release()

    def _restart(self, what: Restart) -> None:
        place = self._device.place
        if self.state == RESTARTING:
            return
        if self.state == HANGING:
            chain_at(place).release()
        self.state = RESTARTING
        place.log("device-restarting", down=what.down)
        for listener in [*place.listeners]:
            listener.shut(silently=False)
        for assoc in [*place.associations]:
            link_of(assoc).reset()
        self._device.lose_memory()
        place.kernel.sleep(what.down)
        self.state = NORMAL
        for listener in [*place.listeners]:
            listener.reopen()
        place.log("device-restarted")
