"""UIDs of an exporter: its own root, new ones for what it makes, the old ones for what it hands on (PS3.5 9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pydicom import Dataset

from linacsim.conformance.kinds import kind_of
from linacsim.kernel.identity import UID_ROOT, Identity
from linacsim.objects.elements import sequences


@dataclass(frozen=True, slots=True)
class Names:
    """How an exporter calls what it makes.

    Attributes
    ----------
    identity : Identity
        Where UIDs come from.
    system, root : str
        The exporter and its UID root; an empty root is linacsim's own.
    own : collection of str
        Kinds that it makes itself; what others made keeps its UIDs.
    """

    identity: Identity
    system: str
    root: str
    own: Collection[str]

    def uid(self, original: str) -> str:
        """Return the exporter's UID for the thing with the UID `original`: always the same."""
        drawn = self.identity.uid("export", self.system, original)
        return f"{self.root.rstrip('.')}.{drawn.removeprefix(UID_ROOT)}"[:64] if self.root else drawn

    def reissue(self, ds: Dataset) -> None:
        """Give an object new UIDs if the exporter makes its kind, and follow that in all references to such objects."""
        if kind_of(ds.SOPClassUID) in self.own:
            self._renew(ds, "SOPInstanceUID")
            self._renew(ds, "SeriesInstanceUID")
        self._follow(ds)

    def _renew(self, item: Dataset, keyword: str) -> None:
        if original := item.get(keyword):
            setattr(item, keyword, self.uid(str(original)))

    def _follow(self, ds: Dataset) -> bool:
        """Renew references below `ds`; tell whether one was to an object of the exporter, whose series is still to name."""
        touched = False
        for _, items in sequences(ds):
            for item in items:
                below = self._follow(item)
                if below and "SeriesInstanceUID" in item:
                    self._renew(item, "SeriesInstanceUID")
                    below = False
                touched = touched or below
        if "ReferencedSOPInstanceUID" in ds and kind_of(ds.get("ReferencedSOPClassUID", "")) in self.own:
            self._renew(ds, "ReferencedSOPInstanceUID")
            return True
        return touched
