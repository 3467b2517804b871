"""The statuses of print management that this printer returns, and how a request is refused with one (PS3.4 H.4, PS3.7 C)."""

from __future__ import annotations

SUCCESS = 0x0000
INVALID_ATTRIBUTE_VALUE = 0x0106
ATTRIBUTE_LIST_ERROR = 0x0107
PROCESSING_FAILURE = 0x0110
DUPLICATE_SOP_INSTANCE = 0x0111
NO_SUCH_SOP_INSTANCE = 0x0112
ATTRIBUTE_VALUE_OUT_OF_RANGE = 0x0116
INVALID_SOP_INSTANCE = 0x0117
NO_SUCH_SOP_CLASS = 0x0118
CLASS_INSTANCE_CONFLICT = 0x0119
MISSING_ATTRIBUTE = 0x0120
NO_SUCH_ACTION = 0x0123
RESOURCE_LIMITATION = 0x0213
COLLATION_NOT_SUPPORTED = 0xB601
SESSION_EMPTY = 0xB602
FILM_EMPTY = 0xB603
DEMAGNIFIED = 0xB604
DENSITY_OUT_OF_RANGE = 0xB605
NO_FILM_BOX = 0xC600
SESSION_QUEUE_FULL = 0xC601
FILM_QUEUE_FULL = 0xC602
INSUFFICIENT_MEMORY = 0xC605
UNPRINTED_FILM_BOX = 0xC616


class RefusedError(Exception):
    """The request is refused with `status`; `comment` becomes the Error Comment (PS3.7 C)."""

    def __init__(self, status: int, comment: str) -> None:
        super().__init__(status, comment)
        self.status = status
        self.comment = comment
