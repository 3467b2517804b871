"""Bytes turned, dropped and slipped in, and values of every shape at every path: findings, never an exception."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import pydicom.config
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from linacsim.conformance import load_system, systems
from linacsim.conformance.check import check, gather
from linacsim.report.check_json import check_json
from linacsim.report.check_junit import check_junit
from linacsim.report.check_text import check_text
from tests.conformance.check.witness import NUMBERS, Builder, vr_of

NAMES = ("rtplan.dcm", "rtstruct.dcm", "rtdose_1frame.dcm", "CT_small.dcm", "image_dfl.dcm", "nested_priv_SQ.dcm")
HEADER = 6000


def damaged(data: bytes, draw: np.random.Generator) -> bytes:
    """Return a file with a few bytes turned, dropped or slipped in."""
    found = bytearray(data)
    for _ in range(int(draw.choice([1, 3, 10, 60]))):
        at = int(draw.integers(132, min(len(found), HEADER)))
        kind = draw.random()
        if kind < 0.6:
            found[at] = int(draw.integers(256))
        elif kind < 0.8:
            del found[at : at + int(draw.integers(1, 9))]
        else:
            found[at:at] = draw.bytes(int(draw.integers(1, 9)))
    return bytes(found)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_files(seed: int, tmp_path: Path) -> None:
    draw = np.random.default_rng(seed)
    sources = [Path(str(get_testdata_file(name))).read_bytes() for name in NAMES]
    for number in range(60):
        (tmp_path / f"{number}.dcm").write_bytes(damaged(sources[int(draw.integers(len(sources)))], draw))
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = gather([tmp_path])
            assert len(found.objects) + len(found.unread) == 60
            for name in systems():
                system = load_system(name)
                report = check(found.objects, system, "export" if name == "preciseplan" else "import", found.unread)
                assert all(write(report) for write in (check_text, check_json, check_junit))
    finally:
        logging.disable(logging.NOTSET)


def odd_value(vr: str, draw: np.random.Generator) -> object:
    """Return a value of a VR that nobody expects."""
    if vr == "SQ":
        return int(draw.integers(4))
    if vr in NUMBERS:
        numbers: list[object] = [0, 1, 2, 100, [1, 2, 3], [0] * 6, [1, 0, 0, 0, 1, 0], None, list(range(12))]
        return numbers[int(draw.integers(len(numbers)))]
    if vr in ("OB", "OW", "UN"):
        return b"\0\1" * int(draw.integers(5))
    words: list[object] = ["", "A", "STATIC", "PHOTON", "2026", "é" * 70, ["A", "B"], "\0", "NONE"]
    return "1.2.3" if vr == "UI" else words[int(draw.integers(len(words)))]


@pytest.mark.parametrize("name", systems())
def test_odd_values_at_every_path(name: str) -> None:
    draw = np.random.default_rng(7)
    system = load_system(name)
    with pydicom.config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for round_ in range(3):
            objects: list[Dataset] = []
            for iod in system.iods:
                builder = Builder(system, iod)
                one = builder.start()
                one.SOPInstanceUID = f"1.2.{round_}.{len(objects)}"
                for row in iod.rows:
                    value = odd_value(vr_of(row.path[-1], row, None), draw)
                    try:
                        builder.put(one, row, value)
                    except (TypeError, ValueError, AttributeError, IndexError):
                        continue  # a parent of it has a value that is no sequence, or no item
                objects.append(one)
            for way in ("import", "export"):
                report = check(objects, system, way)
                assert check_text(report, 80, everything=True)
                assert not [one for one in report.findings if "cannot be worked out" in one.reason]
