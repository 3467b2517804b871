"""Pictures, scans and sessions to make objects of: arrays of chance, small, with true geometry."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy as np
from pydicom import Dataset, dcmread, dcmwrite

from linacsim.kernel.identity import Identity
from linacsim.objects.case import Case, build_case
from linacsim.objects.imaging import (
    BeamReference,
    Session,
    ct_slices,
    isocentre_set,
    marker_set,
    registration,
    rt_image,
    subject_of,
)
from linacsim.physics.fdk import Grid
from linacsim.physics.geometry import Couch, Panel, PatientPosition, kv_gaze, mv_gaze
from linacsim.physics.mvbeam import Aperture
from linacsim.physics.presets import cbct_preset
from linacsim.physics.room import Axis, Radiograph, Scan

SEED = 20240506
PANEL = Panel(rows=48, columns=64, pitch=6.208)
JAWS = Aperture(x1=-60.5, x2=40.0, y1=-50.0, y2=70.25, collimator=10.0)
MARKERS = ((3.5, 4.25), (10.0, 11.0))


@cache
def case() -> Case:
    return build_case(Identity(SEED))


def session(label: str = "today", position: PatientPosition = "HFS") -> Session:
    subject = replace(subject_of(case().rtplan[0]), position=position)
    return Session(Identity(SEED), subject, label, manufacturer="Varian Medical Systems")


def radiograph(
    axis: Axis = "kV", gantry: float = 0.0, *, couch: Couch | None = None, panel: Panel = PANEL, sid: float = 1500.0,
    shift: tuple[float, float] = (0.7, -0.4),
) -> Radiograph:  # fmt: skip
    """Return a picture of chance that was seen with a corrected gaze."""
    kv = axis == "kV"
    gaze = replace((kv_gaze if kv else mv_gaze)(gantry, panel, sid), panel_shift=(*shift, 0.0))
    pixels = np.random.default_rng(1).integers(2000, 50000, (panel.rows, panel.columns)).astype(np.uint16)
    return Radiograph(
        axis=axis, gantry=gantry, gaze=gaze, pixels=pixels, open_field=50000.0,
        water=np.zeros(pixels.shape, np.float32), kvp=100.0 if kv else None, ma=80.0 if kv else None,
        ms=120.0 if kv else None, mu=None if kv else 2.5, aperture=None if kv else JAWS,
        collimator=0.0 if kv else JAWS.collimator, couch=couch or Couch(), truth={},
    )  # fmt: skip


def scan(couch: Couch | None = None, grid: Grid | None = None) -> Scan:
    grid = grid or Grid(columns=24, rows=20, slices=5, pitch=4.0, thickness=3.0)
    values = np.random.default_rng(2).normal(-500, 400, (grid.slices, grid.rows, grid.columns))
    return Scan(
        volume=np.rint(values).astype(np.float32), grid=grid, preset=cbct_preset("obi-pelvis"),
        couch=couch or Couch(), truth={},
    )  # fmt: skip


@cache
def objects() -> dict[str, list[Dataset]]:
    """Return one of each object that an imager makes."""
    day, planned = session(), case()
    kv = rt_image(
        day, radiograph(), number=1, label="kV 1", beam=BeamReference(number=2, fraction_group=1), markers=MARKERS,
        at=1_000_000,
    )  # fmt: skip
    beam = BeamReference(number=1, fraction_group=1, description="Setup of AP")
    mv = rt_image(day, radiograph("MV", couch=Couch(x=3, y=-2, z=5)), number=2, label="MV 1", beam=beam, at=2_500_000)
    ct = ct_slices(day, scan(Couch(x=3)), number=4, at=4_000_000)
    names = ["Seed 1", "Seed 2"]
    return {
        "kv": [kv],
        "mv": [mv],
        "dose": [rt_image(day, radiograph("MV"), number=3, label="Dose", dose=True, at=3_000_000)],
        "ct": ct,
        "isocentres": [
            isocentre_set(day, ct, laser=(0, 0, 0), acquired=(-3, 0, 0), matched=(-3, 1.5, 2), couch_angle=2, at=5)
        ],
        "markers": [marker_set(day, planned.ct, planned.rtstruct[0], [(1, 2, 3.3), (4, 5, 6)], names, at=6)],
        "2d": [_registered(day, planned.rtimage[:2], [kv, mv], "2D2D")],
        "3d": [_registered(day, planned.ct, ct, "3D3D")],
        "marker match": [_registered(day, planned.ct, [kv, mv], "Marker")],
        "ihe-ro": [_registered(day, planned.ct, ct, "3D3D IHE-RO", ihe_ro=True)],
    }


def _registered(
    day: Session, reference: list[Dataset], acquired: list[Dataset], sub_type: str, *, ihe_ro: bool = False
) -> Dataset:
    matrix = np.eye(4)
    matrix[:3, 3] = (1.25, -2.5, 3.75)
    return registration(
        day, reference=reference, acquired=acquired, matrix=matrix, sub_type=sub_type, ihe_ro=ihe_ro, at=7
    )


def encoded(ds: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def read_back(ds: Dataset) -> Dataset:
    """Return what a receiver reads."""
    return dcmread(BytesIO(encoded(ds)))
