"""The C library's memory allocator, told to keep what it has.

A PDU is larger than glibc's limit for blocks that are mapped and unmapped one by one, so each image costs hundreds of page
faults: a third of all the time that storing it takes. A process that does nothing but serve keeps such blocks instead.
"""

from __future__ import annotations

import ctypes
import ctypes.util

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGEST_KEPT = 64 << 20
_KEPT = 256 << 20


def keep_large_blocks() -> bool:
    """Let the allocator keep blocks of up to 64 MiB, 256 MiB in all; return whether it could be told (glibc)."""
    try:
        mallopt = ctypes.CDLL(ctypes.util.find_library("c")).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT) and mallopt(_M_TRIM_THRESHOLD, _KEPT))
