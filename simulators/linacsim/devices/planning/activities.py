"""The parameters of activities: what the user of a planning system chooses before pressing the button."""

from __future__ import annotations

from typing import Literal

from linacsim.devices.caseof import CaseOf
from linacsim.kernel.units import seconds
from linacsim.settings import AETitle, Count, Duration, Settings, StatusCode

Kind = Literal["ct", "mr", "pet", "reg", "rtstruct", "rtplan", "rtionplan", "rtdose", "rtimage", "cr", "sc", "mfsc"]
"""A kind of object (`linacsim.conformance.kinds`)."""


class Objects(Settings):
    """Which objects: files, or a case that is built for the system as its tables say.

    Attributes
    ----------
    files : list of str
        Paths of files, of folders (with everything below them that is DICOM), or ``pydicom:NAME``. They are taken as
        they are.
    case : CaseOf
        What is built if there are no files.
    what : list of str
        The kinds of objects that are chosen; all that the activity is for, if left out.
    """

    files: tuple[str, ...] = ()
    case: CaseOf = CaseOf()
    what: tuple[Kind, ...] = ()


class Export(Objects):
    """Send objects to a peer.

    Attributes
    ----------
    to : str
        The peer.
    called : str
        The AE title to call, if not the peer's own.
    """

    to: AETitle
    called: AETitle | None = None


class Verify(Settings):
    """Ask a peer whether it is there, with C-ECHO.

    Attributes
    ----------
    to : str
        The peer.
    called : str
        The AE title to call, if not the peer's own.
    """

    to: AETitle
    called: AETitle | None = None


class Serve(Settings):
    """Wait until this has been done for a remote system; what was done before and not waited for yet counts.

    Attributes
    ----------
    objects : int
        How many objects or C-ECHOs.
    within : Duration
        How long to wait.
    """

    objects: Count = 1
    within: Duration = seconds(60)


class Search(Settings):
    """Search for a patient at a peer.

    Attributes
    ----------
    to : str
        The peer.
    called : str
        The AE title to call, if not the peer's own.
    root : str
        The information model, ``patient`` or ``study``; the system's own choice if left out.
    patient_name, patient_id : str
        What is searched for.
    patient : int or str
        Which match is looked into: the first, the second..., or the one with this Patient ID.
    """

    to: AETitle
    called: AETitle | None = None
    root: Literal["patient", "study"] | None = None
    patient_name: str = ""
    patient_id: str = ""
    patient: Count | str = 1


class Query(Search):
    """Query a peer, and look into what is found.

    Attributes
    ----------
    study, series : int or str
        Which match is looked into: the first, the second..., or the one with this Study or Series Instance UID.
    """

    study: Count | str = 1
    series: Count | str = 1


class FileImport(Settings):
    """Read files and import what the system takes.

    Attributes
    ----------
    files : list of str
        Paths of files or folders, or ``pydicom:NAME``.
    mask : str
        Which files of a folder are looked at: ``*.dcm``.
    strict : bool
        Whether the step fails if an object is rejected.
    """

    files: tuple[str, ...]
    mask: str = "*"
    strict: bool = True


class LocalImport(Settings):
    """Import what has been received.

    Attributes
    ----------
    patient_id : str
        Only the objects of this patient; all, if left out.
    strict : bool
        Whether the step fails if an object is rejected.
    """

    patient_id: str | None = None
    strict: bool = True


class FileExport(Objects):
    """Write objects as files."""


class AnswerWith(Settings):
    """Breakage: the next objects are answered with a status that the system documents to return.

    Attributes
    ----------
    status : int
        The code, as ``A700``.
    times : int
        How many objects.
    """

    status: StatusCode
    times: Count = 1
