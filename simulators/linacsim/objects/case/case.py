"""A case: the objects of one patient, built when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.case.dose import rtdose
from linacsim.objects.case.images import ct, mr, pet
from linacsim.objects.case.ionplan import rtionplan
from linacsim.objects.case.plan import rtplan
from linacsim.objects.case.projections import cr, rtimage, sc
from linacsim.objects.case.registration import reg
from linacsim.objects.case.scene import Scene
from linacsim.objects.case.screenshot import mfsc
from linacsim.objects.case.settings import CaseSettings
from linacsim.objects.case.structures import rtstruct
from linacsim.settings import did_you_mean

BUILDERS: dict[str, Callable[[Scene], list[Dataset]]] = {
    "ct": ct,
    "mr": mr,
    "pet": pet,
    "reg": reg,
    "rtstruct": rtstruct,
    "rtplan": rtplan,
    "rtionplan": rtionplan,
    "rtdose": rtdose,
    "rtimage": rtimage,
    "cr": cr,
    "sc": sc,
    "mfsc": mfsc,
}
"""What builds each kind, in the order of an export: what is referred to comes first."""


_SHAPED_BY = {
    "technique": {"rtplan", "rtdose", "rtimage", "cr", "sc"},
    "beams": {"rtplan", "rtdose", "rtimage", "cr", "sc"},
    "radiograph": {"rtimage", "cr", "sc"},
    "ion": {"rtionplan"},
    "marker_subtype": {"rtstruct"},
    "beam_doses": {"rtdose"},
    "dose_spacing": {"rtdose"},
}
"""The kinds that a setting shapes; any other setting shapes all."""


class Case:
    """The objects of one synthetic patient, consistent as a set.

    ``case.ct``, ``case.rtplan``... are lists of data sets with File Meta Information; each list is built once, when it is
    first asked for. The data sets belong to the case: copy one before you change it.

    Parameters
    ----------
    identity : Identity
        UIDs and dates of the run: the same seed gives the same bytes.
    settings : CaseSettings
        What the case is made of.
    """

    def __init__(self, identity: Identity, settings: CaseSettings) -> None:
        self.scene = Scene(identity, settings)
        self._built: dict[str, list[Dataset]] = {}

    @property
    def settings(self) -> CaseSettings:
        """What the case is made of."""
        return self.scene.settings

    def build(self, kind: str) -> list[Dataset]:
        """Return the objects of one kind.

        Raises
        ------
        InputError
            If there is no such kind.
        """
        if kind not in BUILDERS:
            raise InputError(f"unknown kind of object {kind!r}", "", did_you_mean(kind, BUILDERS, "kinds"))
        if kind not in self._built:
            self._built[kind] = BUILDERS[kind](self.scene)
        return self._built[kind]

    def objects(self, kinds: Iterable[str] = BUILDERS) -> list[Dataset]:
        """Return the objects of several kinds, those that are referred to first."""
        wanted = set(kinds)
        ordered = [kind for kind in BUILDERS if kind in wanted] + sorted(wanted - set(BUILDERS))
        return [ds for kind in ordered for ds in self.build(kind)]

    def altered(self, **changes: Any) -> Case:
        """Return the case with other settings; what stays the same keeps its UIDs, and is not built again."""
        other = Case(self.scene.identity, replace(self.settings, **changes))
        new = {name for name in changes if getattr(other.settings, name) != getattr(self.settings, name)}
        touched = set().union(*(_SHAPED_BY.get(name, set(BUILDERS)) for name in new))
        other._built.update({kind: built for kind, built in self._built.items() if kind not in touched})
        return other

    @property
    def ct(self) -> list[Dataset]:
        """The CT series."""
        return self.build("ct")

    @property
    def mr(self) -> list[Dataset]:
        """The MR series."""
        return self.build("mr")

    @property
    def pet(self) -> list[Dataset]:
        """The PET series."""
        return self.build("pet")

    @property
    def reg(self) -> list[Dataset]:
        """The registration of MR to CT."""
        return self.build("reg")

    @property
    def rtstruct(self) -> list[Dataset]:
        """The structure set."""
        return self.build("rtstruct")

    @property
    def rtplan(self) -> list[Dataset]:
        """The plan."""
        return self.build("rtplan")

    @property
    def rtionplan(self) -> list[Dataset]:
        """The ion plan."""
        return self.build("rtionplan")

    @property
    def rtdose(self) -> list[Dataset]:
        """The dose of the plan, or of each beam."""
        return self.build("rtdose")

    @property
    def rtimage(self) -> list[Dataset]:
        """A DRR for each beam."""
        return self.build("rtimage")

    @property
    def cr(self) -> list[Dataset]:
        """A DRR as CR Image."""
        return self.build("cr")

    @property
    def sc(self) -> list[Dataset]:
        """A DRR as Secondary Capture Image."""
        return self.build("sc")

    @property
    def mfsc(self) -> list[Dataset]:
        """Screenshots."""
        return self.build("mfsc")


def build_case(identity: Identity, settings: CaseSettings | None = None) -> Case:
    """Return a synthetic patient case.

    Parameters
    ----------
    identity : Identity
        UIDs and dates of the run.
    settings : CaseSettings, optional
        What the case is made of.
    """
    return Case(identity, settings or CaseSettings())
