"""The parameters of a storage peer."""

from __future__ import annotations

from typing import Literal

from linacsim.devices.entity import NetworkSettings
from linacsim.settings import AETitle, Duration, Settings


class DiskSettings(Settings):
    """The disk behind the peer.

    Attributes
    ----------
    capacity : int
        Bytes it takes; 0 is no limit of its own.
    write_time : Duration
        How long one object takes to be written.
    """

    capacity: int = 0
    write_time: Duration = 0


class StoragePersonality(NetworkSettings):
    """A storage peer.

    Attributes
    ----------
    disk : DiskSettings
        The disk behind it.
    """

    disk: DiskSettings = DiskSettings()


class Store(Settings):
    """Send files to a peer with C-STORE.

    Attributes
    ----------
    to : str
        The peer.
    called : str
        The AE title to call, if not the peer's own.
    images : list of str
        Paths, or ``pydicom:NAME`` for a file that comes with pydicom.
    interval : Duration
        The pause between two of them.
    linger : Duration
        How long the association stays open after the last answer.
    ends : str
        How the association ends: ``release``, ``abort``, or ``never``.
    """

    to: AETitle
    called: AETitle | None = None
    images: tuple[str, ...]
    interval: Duration = 0
    linger: Duration = 0
    ends: Literal["release", "abort", "never"] = "release"


class FillDisk(Settings):
    """Breakage: the disk takes no more; lasts until `cleared_after`, or for good.

    Attributes
    ----------
    cleared_after : Duration
        When there is room again.
    """

    cleared_after: Duration | None = None
