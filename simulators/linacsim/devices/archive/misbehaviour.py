"""What is wrong with how an archive answers: quirks that users report of real ones. Settings and what is in effect; no network.

A quirk is a parameter of the personality, for an archive that has always been so, or a breakage that begins and ends during
a run. What hardware does (a database that is down, a tape that is slow) is not here: there the right answer has a cause.
"""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.devices.uids import is_uid
from linacsim.settings import Count, Duration, Settings, StatusCode, did_you_mean

CANCELLED = 0xFE00


class Quirks(Settings):
    """How the archive differs from the standard when it answers; as shipped, it does not.

    Attributes
    ----------
    ignores_cancel : bool
        A C-CANCEL changes nothing (PS3.4 C.4.1.3.3 wants FE00 or the end of what was asked).
    cancelled_as : int
        The final status after a C-CANCEL.
    counters : str
        ``exact``, ``zero`` (all are 0), ``stuck`` (those of the first response, for ever), ``ahead`` (one more is said to be
        completed than has been), or ``absent``.
    remaining : str
        Number of Remaining Sub-operations: ``exact``, ``absent``, or ``in-final`` (also where the standard forbids it).
    failures_as : str
        What failed sub-operations lead to: ``told`` as the standard wants, ``warning`` (B000 though all failed), or
        ``success`` (0000, and they are counted as completed).
    failed_list : str
        Failed SOP Instance UID List: ``exact``, or ``absent``.
    unknown_destination : str
        What a C-MOVE to nobody's AE title gets: ``refused`` (A801), ``abort``, ``unable`` (A702), ``success``, or ``silence``.
    pending : str
        Pending responses after ``each`` sub-operation, or ``none``.
    repeats : str
        Which responses are sent twice: ``none``, ``pending``, or ``final``.
    after_final : str
        What follows the final response: ``nothing``, ``pending``, or ``failure``.
    message_id : str
        Message ID Being Responded To: ``right``, or ``wrong`` (one too many).
    fails : list of str
        Kinds of objects (``ct``) or SOP Class UIDs whose sub-operations fail, though the objects are there.
    leaves_out : list of str
        Kinds or SOP Class UIDs that are not sent and not counted.
    leaves_out_after : int or None
        Only so many objects of a retrieval are sent and counted.
    calls_for_nothing : bool
        A C-MOVE without a match opens an association with its destination all the same.
    silence : Duration
        How long nothing is said before the first response.
    """

    ignores_cancel: bool = False
    cancelled_as: StatusCode = CANCELLED
    counters: Literal["exact", "zero", "stuck", "ahead", "absent"] = "exact"
    remaining: Literal["exact", "absent", "in-final"] = "exact"
    failures_as: Literal["told", "warning", "success"] = "told"
    failed_list: Literal["exact", "absent"] = "exact"
    unknown_destination: Literal["refused", "abort", "unable", "success", "silence"] = "refused"
    pending: Literal["each", "none"] = "each"
    repeats: Literal["none", "pending", "final"] = "none"
    after_final: Literal["nothing", "pending", "failure"] = "nothing"
    message_id: Literal["right", "wrong"] = "right"
    fails: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()
    leaves_out_after: Count | None = None
    calls_for_nothing: bool = False
    silence: Duration = 0

    @field_validator("fails", "leaves_out")
    @classmethod
    def _are_kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a word that is no kind of object: nothing would ever be of it."""
        for kind in kinds:
            if kind not in SOP_CLASSES and not is_uid(kind):
                raise ValueError(
                    f"{kind!r} is no kind of object and no UID: {did_you_mean(kind, SOP_CLASSES, 'kinds')}"
                )
        return kinds


class Misbehave(Quirks):
    """Breakage: from now on it answers so; lasts until `cleared_after`, or for good. What is left out stays as it was.

    Attributes
    ----------
    cleared_after : Duration
        When it behaves again.
    """

    cleared_after: Duration | None = None


class Manner:
    """The quirks that are in effect.

    Parameters
    ----------
    own : Quirks
        Those of the personality.

    Attributes
    ----------
    quirks : Quirks
        What is in effect now.
    """

    def __init__(self, own: Quirks) -> None:
        self._own = own
        self.quirks = own

    def take_on(self, more: Misbehave) -> None:
        """Answer as `more` says, in what it names."""
        named = {name: getattr(more, name) for name in more.model_fields_set & set(Quirks.model_fields)}
        self.quirks = self.quirks.model_copy(update=named)

    def behave(self) -> None:
        """Answer as the personality says."""
        self.quirks = self._own


def names(sop_class: str, kinds: tuple[str, ...]) -> bool:
    """Tell whether one of `kinds`, which are words such as ``ct`` or SOP Class UIDs, is that of an object."""
    return any(sop_class in (kind, SOP_CLASSES.get(kind)) for kind in kinds)
