"""The stacks that are not ours, as the stack under test: how each is started, and what the scenarios of its role are told of it.

A stack gets the values of the parameters that the scenarios of its role have. All have timeouts of 3 s for the connection
and 4 s for everything else, where they can be told so.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.interop.datasets import bundled, many, wedge
from tests.interop.dcmtk import free_port, program, run
from tests.interop.orthanc import HOST, running
from tests.interop.printing import PrintFolder

CLIENT = ("-v", "-to", "3", "-ta", "4", "-td", "4")
SERVER = ("-v", "-ta", "4", "-td", "4")
ARCHIVE = ("{ARCHIVE.host}", "{ARCHIVE.port}")
IMAGES = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")
STUDY = "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"
"""That of CT_small.dcm."""
ORTHANC = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
_ORTHANC_CLIENT = Path(__file__).with_name("orthanc_client.py")
_QRSCP = """\
NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
dest = (DEST, 127.0.0.1, {dest})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP {folder} RW (200, 1024mb) ANY
AETable END
"""


class Given(NamedTuple):
    """What the scenarios are given.

    Attributes
    ----------
    values : mapping of str to value
        Of their parameters.
    ports : mapping of str to int
        Where peers listen that the stack has to know before they do.
    """

    values: Mapping[str, Any]
    ports: Mapping[str, int] = {}


Prepared = AbstractContextManager[Given]


class Stack(NamedTuple):
    """A stack in a role.

    Attributes
    ----------
    name : str
        What the tables call it.
    product : str
        Whose it is: ``DCMTK`` or ``Orthanc``.
    prepare : callable
        Makes a context of what the scenarios are given, in a folder of its own; whatever has to run, runs meanwhile.
    """

    name: str
    product: str
    prepare: Callable[[Path], Prepared]


def _client(name: str, *arguments: str, keys: tuple[str, ...] = ()) -> Stack:
    """Return a program of DCMTK that is a client of the archive."""
    words = [*arguments, "-aec", "ARCHIVE", *keys, *ARCHIVE]

    @contextmanager
    def prepared(_folder: Path) -> Iterator[Given]:
        yield Given({"command": [program(name), *words]})

    return Stack(name, "DCMTK", prepared)


def _sender(name: str, *options: str) -> Stack:
    @contextmanager
    def prepared(_folder: Path) -> Iterator[Given]:
        files = [str(bundled(image)) for image in IMAGES]
        yield Given({"command": [program(name), *options, "-aec", "ARCHIVE", *ARCHIVE, *files]})

    return Stack(name, "DCMTK", prepared)


# retrieving


@contextmanager
def _movescu(folder: Path) -> Iterator[Given]:
    port = free_port()
    command = [
        program("movescu"),
        *CLIENT,
        "-S",
        "-aet",
        "MOVESCU",
        "-aem",
        "MOVESCU",
        "+P",
        str(port),
        "-od",
        str(folder),
    ]
    keys = ["-aec", "ARCHIVE", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}"]
    where = {"MOVESCU": {"host": HOST, "port": port}}
    yield Given({"command": [*command, *keys, *ARCHIVE], "destinations": where, "files": _series(folder)})


@contextmanager
def _getscu(folder: Path) -> Iterator[Given]:
    keys = ["-aec", "ARCHIVE", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={STUDY}"]
    yield Given(
        {
            "command": [program("getscu"), *CLIENT, "-S", "-od", str(folder), *keys, *ARCHIVE],
            "files": _series(folder),
        }
    )


def _series(folder: Path) -> list[str]:
    return [str(path) for path in many(folder / "series", 3)]


# Orthanc as a client


def _orthanc_asks(verb: str, *words: str, holds: tuple[str, ...] = ()) -> Stack:
    """Return an Orthanc as a client of the archive; it holds some images, and names them after the other words."""

    @contextmanager
    def prepared(folder: Path) -> Iterator[Given]:
        with running(folder, {}, DicomScuTimeout=4) as orthanc:
            if holds:
                files = [bundled(name) for name in holds]
                run("storescu", "-aec", "ORTHANC", HOST, orthanc.port, *files).assert_good()
            client = [sys.executable, str(_ORTHANC_CLIENT), str(orthanc.http), verb, "ARCHIVE", *ARCHIVE]
            values: dict[str, Any] = {"command": [*client, *words, *(orthanc.get("/instances") if holds else ())]}
            if verb == "move":
                values |= {"destinations": {"ORTHANC": {"host": HOST, "port": orthanc.port}}, "files": _series(folder)}
            yield Given(values)

    return Stack("Orthanc", "Orthanc", prepared)


# printing


@contextmanager
def _dcmprscu(folder: Path) -> Iterator[Given]:
    port = free_port()
    here = PrintFolder(folder / "dcmtk", port)
    here.configuration.write_text(here.configuration.read_text("utf-8").replace("Timeout = 30", "Timeout = 4"), "utf-8")
    job = here.render("FILMS", "-l", "1", "1", wedge(folder / "wedge.dcm"))
    command = [program("dcmprscu"), "-v", "-c", here.configuration, "-p", "FILMS", job]
    yield Given({"command": [str(word) for word in command], "folder": str(here.root)}, {"PRINTER": port})


# serving


def _served(title: str, command: Callable[[Path, int, int], list[str]]) -> Callable[[Path], Prepared]:
    """Return what prepares a stack that listens; a command gets a folder, its port, and that of DEST."""

    @contextmanager
    def prepared(folder: Path) -> Iterator[Given]:
        port, dest = free_port(), free_port()
        words = command(folder, port, dest)
        yield Given({"command": words, "port": port, "title": title}, {"DEST": dest})

    return prepared


def _storescp(folder: Path, port: int, _dest: int) -> list[str]:
    (folder / "taken").mkdir()
    return [program("storescp"), *SERVER, "-ts", "4", "-od", str(folder / "taken"), str(port)]


def _dcmqrscp(folder: Path, port: int, dest: int) -> list[str]:
    (folder / "db").mkdir()
    config = folder / "dcmqrscp.cfg"
    config.write_text(_QRSCP.format(port=port, dest=dest, folder=folder / "db"), "ascii")
    return [program("dcmqrscp"), *SERVER, "-to", "3", "-c", str(config)]


def _orthanc_serves(folder: Path, port: int, dest: int) -> list[str]:
    store, config = str(folder / "orthanc"), folder / "orthanc.json"
    settings = {
        "StorageDirectory": store, "IndexDirectory": store, "Plugins": [], "HttpServerEnabled": False,
        "DicomServerEnabled": True, "DicomAet": "ORTHANC", "DicomPort": port, "DicomCheckModalityHost": False,
        "DicomAlwaysAllowMove": True, "DicomModalities": {"dest": ["DEST", HOST, dest]},
        "DicomScuTimeout": 4, "DicomScpTimeout": 4,
    }  # fmt: skip
    config.write_text(json.dumps(settings), "ascii")
    return [ORTHANC, str(config)]


@contextmanager
def _dcmprscp(folder: Path) -> Iterator[Given]:
    port = free_port()
    here = PrintFolder(folder / "dcmtk", port)
    command = [program("dcmprscp"), "-v", "-c", str(here.configuration), "-p", "IHEFULL"]
    yield Given({"command": command, "folder": str(here.root), "port": port, "title": "IHEFULL"})


def _with_series(prepare: Callable[[Path], Prepared]) -> Callable[[Path], Prepared]:
    @contextmanager
    def prepared(folder: Path) -> Iterator[Given]:
        with prepare(folder) as given:
            yield given._replace(values={**given.values, "files": _series(folder)})

    return prepared


def _without_dest(prepare: Callable[[Path], Prepared]) -> Callable[[Path], Prepared]:
    @contextmanager
    def prepared(folder: Path) -> Iterator[Given]:
        with prepare(folder) as given:
            yield given._replace(ports={})

    return prepared


_STORESCP = _served("STORESCP", _storescp)
_DCMQRSCP = _served("QRSCP", _dcmqrscp)
_ORTHANC = _served("ORTHANC", _orthanc_serves)
_STUDIES = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID", "-k", "StudyInstanceUID")

STACKS: Mapping[str, tuple[Stack, ...]] = {
    "verifying": (_client("echoscu", *CLIENT), _orthanc_asks("echo")),
    "storing": (
        _sender("storescu", *CLIENT, "-ts", "4"),
        _sender("dcmsend", *CLIENT),
        _orthanc_asks("store", holds=IMAGES),
    ),
    "finding": (_client("findscu", *CLIENT, "-S", keys=_STUDIES), _orthanc_asks("find", "3", "PatientID=")),
    "moving": (Stack("movescu", "DCMTK", _movescu), _orthanc_asks("move", STUDY)),
    "getting": (Stack("getscu", "DCMTK", _getscu),),
    "printing": (Stack("dcmprscu", "DCMTK", _dcmprscu),),
    "serving": (
        Stack("storescp", "DCMTK", _without_dest(_STORESCP)),
        Stack("dcmqrscp", "DCMTK", _without_dest(_DCMQRSCP)),
        Stack("Orthanc", "Orthanc", _without_dest(_ORTHANC)),
    ),
    "print-serving": (Stack("dcmprscp", "DCMTK", _dcmprscp),),
    "sending": (
        Stack("dcmqrscp", "DCMTK", _with_series(_DCMQRSCP)),
        Stack("Orthanc", "Orthanc", _with_series(_ORTHANC)),
    ),
}
"""The stacks by role; the role is the folder of its scenarios."""
