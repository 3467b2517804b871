"""The C-STORE sub-operations of a C-MOVE or C-GET: what has become of them, and the statuses of the responses (PS3.7 9.1.3, 9.1.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from linacsim.conformance.statuses import Category, category_of

SUCCESS = 0x0000
SOP_CLASS_NOT_SUPPORTED = 0x0122
NOT_AUTHORISED = 0x0124
DUPLICATE_INVOCATION = 0x0210
UNRECOGNISED_OPERATION = 0x0211
MISTYPED_ARGUMENT = 0x0212
UNABLE_TO_COUNT = 0xA701
UNABLE_TO_PERFORM = 0xA702
DESTINATION_UNKNOWN = 0xA801
IDENTIFIER_MISMATCH = 0xA900
NO_SUCH_FRAMES = 0xAA00
CANNOT_CREATE = 0xAA01
CANNOT_EXTRACT = 0xAA02
NOT_TIME_BASED = 0xAA03
INVALID_FRAME_REQUEST = 0xAA04
SOME_FAILED = 0xB000
UNABLE_TO_PROCESS = 0xC001
CANCELLED = 0xFE00
PENDING = 0xFF00


@dataclass(slots=True)
class Suboperations:
    """What has become of the sub-operations so far; the four numbers always add up to `total`.

    Attributes
    ----------
    total : int
        How many there are.
    completed, failed, warning : int
        How many have ended how.
    failed_instances : list of str
        Failed SOP Instance UID List (0008,0058).
    """

    total: int
    completed: int = 0
    failed: int = 0
    warning: int = 0
    failed_instances: list[str] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        """How many have not been tried yet."""
        return self.total - self.completed - self.failed - self.warning

    def count(self, sop_instance: str, status: int | None) -> None:
        """Count one that has ended with `status`; ``None`` is one that has not been answered, or could not be sent."""
        category = Category.FAILURE if status is None else category_of(status)
        if category is Category.SUCCESS:
            self.completed += 1
        elif category is Category.WARNING:
            self.warning += 1
        else:
            self.failed += 1
            self.failed_instances.append(sop_instance)

    @property
    def status(self) -> int:
        """The final status (PS3.4 C.4.2.3.1): Success, Warning if some failed, Failure if all did."""
        if self.total and self.failed == self.total:
            return UNABLE_TO_PERFORM
        return SOME_FAILED if self.failed or self.warning else SUCCESS
