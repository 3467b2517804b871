"""What an archive lets whom retrieve."""

from __future__ import annotations

from linacsim.settings import AETitle, Count, Settings

MOST = 0xFFFF
"""Sub-operations that the counters can tell (VR US)."""


class RetrievalSettings(Settings):
    """The limits of C-MOVE and C-GET.

    Attributes
    ----------
    may : list of str
        AE titles that may retrieve, others are not authorised (0124); an empty list lets everybody.
    most : int
        Objects of one retrieval; more are refused (A702). The counters can tell 65,535 (VR US): beyond that the number of
        matches cannot be told (A701), whatever is written here.
    extracts_frames : bool
        Whether new objects are made of frames that are asked for; if not, the answer is AA01.
    """

    may: tuple[AETitle, ...] = ()
    most: Count = MOST
    extracts_frames: bool = True
