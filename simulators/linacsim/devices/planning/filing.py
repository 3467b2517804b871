"""Files in and out, without a network: what is read, what of it the system takes, and what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from linacsim.conformance.check.engine import check
from linacsim.conformance.check.findings import Finding, State
from linacsim.conformance.check.scope import Instance
from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.conformance.model import Activity, Entity
from linacsim.devices.device import Action
from linacsim.devices.planning.activities import FileExport, FileImport
from linacsim.devices.planning.network import SYNTAXES
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.sources import chosen, files_below
from linacsim.devices.planning.transcode import transcoded
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.shelf import Shelf
from linacsim.objects.export import exported_kinds
from linacsim.objects.imagefile import pydicom_errors, read_instance

READ = Action(FileImport, "import_files")
WRITE = Action(FileExport, "export_files")
_NAMED = 3
"""Rejected objects that a message names; the others are counted."""


class Importing(Peer):
    """A system that imports objects: each is held against its tables, as the whole set is."""

    def take_in(self, objects: Sequence[tuple[str, Dataset]]) -> tuple[list[str], str]:
        """Import objects and tell the user which were rejected.

        Parameters
        ----------
        objects : list of (str, Dataset)
            Names, for messages, and objects.

        Returns
        -------
        imported : list of str
            The names of those that were imported.
        complaint : str
            What the user was told; empty if nothing was rejected.

        Raises
        ------
        PlayFailure
            If there is nothing to import.
        """
        if not objects:
            raise PlayFailure(f"{self.system.head.title}: there is nothing to import")
        rejected = self._rejected(objects)
        for name, ds in objects:
            event = "object-rejected" if name in rejected else "object-imported"
            fields = {"sop_class": str(ds.get("SOPClassUID", "")), "sop_instance": str(ds.get("SOPInstanceUID", ""))}
            self.place.log(event, object=name, **fields, comment=rejected.get(name))
        imported = [name for name, _ in objects if name not in rejected]
        self.place.log("import-done", objects=len(imported), rejected=len(rejected))
        if not rejected:
            return imported, ""
        shown = [f"{name}: {why}" for name, why in rejected.items()][:_NAMED]
        more = [f"and {len(rejected) - _NAMED} more"] * (len(rejected) > _NAMED)
        text = f"{len(imported)} of {len(objects)} objects imported; rejected: {'; '.join([*shown, *more])}"
        self.tell(text)
        return imported, text

    def _rejected(self, objects: Sequence[tuple[str, Dataset]]) -> dict[str, str]:
        """Return the objects that the system documents not to take, by name, with the first reason for each."""
        given = [Instance(ds, name) for name, ds in objects]
        report = self.compute(lambda: check(given, self.system, "import"), "the objects to be looked at")
        reasons = {name: why for name, ds in objects if (why := self.refused(ds))}
        for finding in report.of(State.BROKEN):
            if self.rejects(finding):
                reasons.setdefault(finding.about.file, _reason(finding))
        return reasons

    def refused(self, ds: Dataset) -> str:
        """Return why the system does not take an object at all, whatever its tables say; empty: it does."""
        del ds
        return ""

    def rejects(self, finding: Finding) -> bool:
        """Whether the system does not take an object with this finding; a SOP class that it does not import, ever."""
        return finding.effect.effect == "rejected" or finding.rule == "sop-class"


class FileImporting(Importing):
    """A system that imports files."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return an action for each activity that reads files."""
        reads = {one.id: READ for one in entity.activities if any(step.op == "READ" for step in one.steps)}
        return {**super().actions(entity), **reads}

    def import_files(self, what: FileImport, activity: Activity | None) -> None:
        """Scan files, show them as patients, studies and series, and import them.

        Raises
        ------
        PlayFailure
            If there is nothing to import, or an object was rejected.
        """
        del activity
        objects = [(name, ds) for name, ds in self.scan(what)]
        self.show(objects)
        _, complaint = self.take_in(objects)
        if complaint and what.strict:
            raise PlayFailure(complaint)

    def scan(self, what: FileImport) -> Iterable[tuple[str, Dataset]]:
        """Return the objects of files and folders; in a folder, what is no DICOM object is passed over."""
        for given in what.files:
            path = Path(self.find_file(given))
            if given.startswith("pydicom:") or not path.is_dir():
                yield given, read_instance(str(path) if not given.startswith("pydicom:") else given)
                continue
            for file in files_below(path, what.mask):
                try:
                    yield file.relative_to(path).as_posix(), read_instance(file)
                except InputError as exc:
                    self.place.log("file-left-out", object=file.name, complaint=exc.what)

    def show(self, objects: Sequence[tuple[str, Dataset]]) -> None:
        """Show what was found, as patients, studies and series."""
        keywords = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")
        counts = [len({str(ds.get(keyword, "")) for _, ds in objects}) for keyword in keywords]
        self.place.log("files-shown", objects=len(objects), patients=counts[0], studies=counts[1], series=counts[2])


class FileExporting(Peer):
    """A system that writes files."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return an action for each activity that writes files."""
        writes = {one.id: WRITE for one in entity.activities if any(step.op == "WRITE" for step in one.steps)}
        return {**super().actions(entity), **writes}

    @property
    def folder(self) -> str:
        """Where its files go on the shelf."""
        return f"export/{self.file_name}"

    def export_files(self, what: FileExport, activity: Activity | None) -> None:
        """Write the chosen objects, a file each."""
        del activity
        self.write(chosen(self, what, [], self.writable()))

    def writable(self) -> list[str]:
        """Return the SOP classes that it writes."""
        return [SOP_CLASSES[kind] for kind in exported_kinds(self.system)]

    def write(self, objects: list[Dataset]) -> None:
        """Write objects as Part 10 files, in the transfer syntax that the site has set, else Implicit VR Little Endian.

        A name is the SOP Instance UID; where documents say nothing of names, this is ours.
        """
        chosen_syntax = (self.personality.transfer_syntaxes or ("implicit-little",))[0]
        for ds in objects:
            where = write_file(
                self.shelf, self.folder, f"{ds.SOPInstanceUID}.dcm", transcoded(ds, SYNTAXES[chosen_syntax])
            )
            self.place.log(
                "object-written", object=where, sop_class=str(ds.SOPClassUID), sop_instance=str(ds.SOPInstanceUID)
            )
        self.place.log("export-done", objects=len(objects))


def write_file(shelf: Shelf, folder: str, name: str, ds: Dataset) -> str:
    """Write an object as a Part 10 file (PS3.10 7.1) on the shelf; return its path there."""
    buffer = BytesIO()
    with pydicom_errors(name, "check the object"):
        ds.save_as(buffer, enforce_file_format=True)
    return shelf.put(folder, name, buffer.getvalue())


def read_back(shelf: Shelf, where: str) -> Dataset:
    """Return an object that lies on the shelf."""
    with pydicom_errors(where):
        ds: Dataset = dcmread(BytesIO(shelf.read(where)))
        return ds


def _reason(finding: Finding) -> str:
    """Return why an object is rejected."""
    where = f"{finding.path} " if finding.path else ""
    words = f" ({finding.effect.words})" if finding.effect.words else ""
    return (
        f"{where}is {finding.found or 'missing'}, wanted {finding.wanted or finding.sentence} [{finding.rule}]{words}"
    )
