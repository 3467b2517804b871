"""Everything that other programs draw from chance or from the wall: keyed draws, UIDs, dates.

A draw is a function of the seed and of what it is for, never the next number of a shared stream. So one more peer
shifts nothing, and a decision is the same on the virtual and on the live clock.
"""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta

from linacsim.kernel.units import SECOND

UID_ROOT = "2.25."
"""UUID-derived UIDs (PS3.5 B.2): the number under this root is 128 bits drawn from the seed."""

DEFAULT_EPOCH = datetime(2024, 5, 6, 8, 0, 0, tzinfo=UTC)
"""When a bench's time starts, unless the scenario says otherwise."""

_VARIANT_MASK = ~(0xC000 << 48) & ((1 << 128) - 1)


class Identity:
    """Draws, UIDs and dates of one run.

    Parameters
    ----------
    seed : int
        The seed of the run.
    epoch : datetime
        The moment of time 0, with a time zone.
    """

    def __init__(self, seed: int, epoch: datetime = DEFAULT_EPOCH) -> None:
        self.seed = seed
        self.epoch = epoch
        self._ordinals: dict[tuple[str, ...], int] = {}

    def _bits(self, *key: object) -> int:
        text = "\x1f".join(str(part) for part in (self.seed, *key))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")

    def uid(self, *key: object) -> str:
        """Return the UID that belongs to `key`, the same for the same seed (PS3.5 B.2, at most 44 characters)."""
        number = self._bits("uid", *key)
        # version 5 and the RFC 4122 variant, so that the number is that of a well-formed UUID
        number = (number & ~(0xF000 << 64)) | (5 << 76)
        number = (number & _VARIANT_MASK) | (0x8000 << 48)
        return f"{UID_ROOT}{number}"

    def next_uid(self, *purpose: str) -> str:
        """Return a UID that has not been given for this `purpose` before: the 1st, the 2nd..."""
        self._ordinals[purpose] = self._ordinals.get(purpose, 0) + 1
        return self.uid(*purpose, self._ordinals[purpose])

    def generator(self, *key: object) -> random.Random:
        """Return a random generator of its own for `key`."""
        return random.Random(self._bits("stream", *key))  # noqa: S311 - repeatable by design, no secret

    def chance(self, probability: float, *key: object) -> bool:
        """Decide with `probability`; 0 and 1 draw nothing."""
        if probability <= 0:
            return False
        if probability >= 1:
            return True
        return self._bits("chance", *key) / (1 << 128) < probability

    def between(self, low: int, high: int, *key: object) -> int:
        """Return the whole number from `low` to `high` that belongs to `key`."""
        return low + self._bits("between", *key) % (high - low + 1)

    def moment(self, now: int) -> datetime:
        """Return the date and time of `now` microseconds since the start of the run."""
        return self.epoch + timedelta(microseconds=now)

    @property
    def epoch_us(self) -> int:
        """The epoch as microseconds since 1970-01-01 UTC."""
        return round((self.epoch - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def wall_seconds(identity: Identity, now: int) -> float:
    """Return bench time `now` as seconds since 1970, for ``time.time()``."""
    return (identity.epoch_us + now) / SECOND
