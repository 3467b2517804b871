"""The parameters of a verification peer."""

from __future__ import annotations

from typing import Literal

from linacsim.devices.entity import NetworkSettings
from linacsim.kernel.units import seconds
from linacsim.settings import AETitle, Count, Duration, Settings


class VerificationPersonality(NetworkSettings):
    """A verification peer has nothing but its network settings."""


class Echo(Settings):
    """Send C-ECHO to a peer.

    Attributes
    ----------
    to : str
        The peer.
    called : str
        The AE title to call, if not the peer's own.
    times, interval : int, Duration
        How many C-ECHOs on one association, and the pause between them.
    ends : str
        How the association ends: ``release``, ``abort``, or ``never`` (it is left open, and idle).
    """

    to: AETitle
    called: AETitle | None = None
    times: Count = 1
    interval: Duration = seconds(1)
    ends: Literal["release", "abort", "never"] = "release"


class Connect(Settings):
    """Open a transport connection and send only some bytes, to see how the peer's ARTIM takes it.

    Attributes
    ----------
    to : str
        The peer.
    send : str
        Hexadecimal bytes to send after the connection has opened.
    hold : Duration
        How long to wait for the peer to close before giving up.
    """

    to: AETitle
    send: str = ""
    hold: Duration = seconds(120)
