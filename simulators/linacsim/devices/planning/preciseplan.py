"""Elekta PrecisePLAN 2.15: what a logical destination can take, its texts for statuses, and whether warnings count."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field
from pydicom.dataset import Dataset

from linacsim.conformance.model import Activity, Does
from linacsim.conformance.statuses import Category, category_of
from linacsim.devices.planning.outcome import Outcome, judged
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.planning.sending import StorageSCU

Capability = Literal["RTPLAN", "RTIMAGE", "RTSTRUCT", "RTDOSE", "CTIMAGE", "CRIMAGE", "SCIMAGE"]
_KINDS = {
    "RTPLAN": "rtplan",
    "RTIMAGE": "rtimage",
    "RTSTRUCT": "rtstruct",
    "RTDOSE": "rtdose",
    "CTIMAGE": "ct",
    "CRIMAGE": "cr",
    "SCIMAGE": "sc",
}


class PrecisePlanPersonality(PlanningPersonality):
    """PrecisePLAN with one logical destination (Appendix G).

    Attributes
    ----------
    capabilities : list of str
        What the destination takes; a DRR is an RT Image, else a CR Image, else a Secondary Capture Image.
    ignore_warnings : bool
        Whether a warning is as good as Success.
    status_texts : mapping of str to str
        The resource file: a text for each status code (Appendix F), as ``A700``.
    """

    capabilities: tuple[Capability, ...] = get_args(Capability)
    ignore_warnings: bool = False
    status_texts: dict[str, str] = Field(default_factory=dict)


class PrecisePlanExport(StorageSCU):
    """The export client; a text of its own for each status, and a switch for warnings."""

    personality: PrecisePlanPersonality
    site = PrecisePlanPersonality

    def groups(self, activity: Activity | None) -> list[tuple[str, ...]]:
        """Return the kinds of each step, as far as the destination takes them."""
        able = {_KINDS[one] for one in self.personality.capabilities}
        groups = [tuple(kind for kind in group if kind in able) for group in super().groups(activity)]
        return [group for group in groups if group]

    def rule(self, told: Dataset) -> Outcome:
        """Show code and text of a warning or an error (section 3.1.3.1, Appendix F); a warning may be ignored."""
        rows = self.entity.status_handling
        ignored = self.personality.ignore_warnings and category_of(int(told.Status)) is Category.WARNING
        if ignored:
            rows = tuple(row for row in rows if row.does is Does.LOG)
        else:
            rows = tuple(row for row in rows if row.does is not Does.LOG)
        found = judged(rows, "C-STORE", told)
        text = self.personality.status_texts.get(f"{found.status:04X}", "")
        cause = f"status 0x{found.status:04X}{f' {text}' if text else ''}"
        comment = f", {told.ErrorComment}" if told.get("ErrorComment") else ""
        return Outcome(found.does, found.status, cause + comment, found.behaviour)
