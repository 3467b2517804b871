"""The Presentation LUT: a shape, or a table of one P-Value for each grey value (PS3.3 C.11.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.terms import PRESENTATION_LUT_SHAPES, require

ENTRIES = (256, 4096)
"""How many entries a table may have: one for each grey value of 8 or of 12 bits (PS3.3 C.11.4)."""

BITS = range(10, 17)
"""How many bits an entry may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationLut:
    """A Presentation LUT.

    Attributes
    ----------
    shape : str
        IDENTITY: values are P-Values; LIN OD: they are linear in optical density. A table gives P-Values, so it is IDENTITY.
    table : bytes
        Entries of 16 bits, little endian; empty where the shape says all.
    bits : int
        Bits of an entry, 10 to 16; 0 without a table.

    Raises
    ------
    InputError
        If the shape is not defined, or the table is none of PS3.3 C.11.4.
    """

    shape: str = "IDENTITY"
    table: bytes = b""
    bits: int = 0

    def __post_init__(self) -> None:
        require("PresentationLUTShape", self.shape, PRESENTATION_LUT_SHAPES)
        if not self.table and not self.bits:
            return
        if self.shape != "IDENTITY":
            raise InputError("a shape and a table", "PresentationLUTSequence", "give one of the two")
        if len(self.table) not in [2 * entries for entries in ENTRIES]:
            what = f"a table of {len(self.table) // 2} entries"
            raise InputError(what, "LUTDescriptor", "give 256 entries for 8 bits, or 4096 for 12 bits")
        if self.bits not in BITS:
            raise InputError(f"entries of {self.bits} bits", "LUTDescriptor", "give 10 to 16 bits for an entry")

    @classmethod
    def of_table(cls, entries: Iterable[int], bits: int) -> Self:
        """Return the Presentation LUT with these entries.

        Parameters
        ----------
        entries : iterable of int
            256 or 4096 P-Values, 0 to 2^bits - 1.
        bits : int
            10 to 16.

        Raises
        ------
        InputError
            If there are not so many, or they have not so few bits.
        """
        return cls(table=np.asarray(list(entries), dtype="<u2").tobytes(), bits=bits)

    def p_values(self, values: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
        """Return what the table makes of grey values.

        Parameters
        ----------
        values : numpy.ndarray
            Grey values of any shape, 0 to 2^bits - 1. A table of another depth is entered at the same share of its length.
        bits : int
            Depth of the grey values.

        Returns
        -------
        numpy.ndarray
            P-Values, same shape, 0 to 2^`self.bits` - 1; the values themselves if there is no table.
        """
        if not self.table:
            return values
        table = _entries(self.table, (1 << self.bits) - 1)
        return np.asarray(table[np.rint(values * (len(table) - 1) / ((1 << bits) - 1)).astype(np.int64)])


IDENTITY = PresentationLut(shape="IDENTITY")
LIN_OD = PresentationLut(shape="LIN OD")


@lru_cache(maxsize=16)
def _entries(table: bytes, top: int) -> NDArray[np.int64]:
    # an entry of more bits than were promised is as bright as can be
    return np.minimum(np.frombuffer(table, dtype="<u2").astype(np.int64), top)
