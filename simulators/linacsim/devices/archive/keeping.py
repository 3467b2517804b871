"""How an archive keeps what it takes."""

from __future__ import annotations

from typing import Literal

from linacsim.settings import Settings


class KeepingSettings(Settings):
    """How an archive keeps what it takes.

    Attributes
    ----------
    store : str or None
        The folder of its objects and its index; the run's folder if left out, or memory if the run has none.
    database : str or None
        The URL of the index's database; a file of SQLite in the store if left out.
    outlasts : str
        What an acknowledged object outlasts: the end of the ``process`` at any moment, or a loss of ``power``, too. The
        latter waits for the disk with every object.
    same_instance : str
        What becomes of an instance whose SOP Instance UID is known and whose data set is another one: ``keep-both`` (the
        first is the one that is found), ``keep-first`` (what has come is dropped, with the warning B000), ``replace``, or
        ``refuse`` (C0DD).
    changed_patient : str
        What becomes of an instance that tells of its patient otherwise than what is kept, or that names another patient for
        a known study: ``keep-first`` (it is filed, and what is kept of the patient stays), ``replace`` (what is kept becomes
        what has come), or ``refuse`` (C0DE).
    """

    store: str | None = None
    database: str | None = None
    outlasts: Literal["process", "power"] = "process"
    same_instance: Literal["keep-both", "keep-first", "replace", "refuse"] = "keep-both"
    changed_patient: Literal["keep-first", "replace", "refuse"] = "keep-first"


COERCION = 0xB000
"""Coercion of Data Elements (PS3.4 B.2.3): what is kept is not what has come."""
DUPLICATE = 0xC0DD
"""Cannot understand (PS3.4 B.2.3), with a comment: the instance is known with other contents."""
ANOTHER_PATIENT = 0xC0DE
"""Cannot understand (PS3.4 B.2.3), with a comment: the patient is known otherwise."""

EVENTS = frozenset(
    {
        "instance-differs",
        "patient-differs",
        "object-recovered",
        "object-unfinished",
        "index-rebuilt",
        "index-failed",
    }
)
FIELDS = frozenset({"policy", "attributes", "objects"})
